"""A network that learns, or memorizes: labels replaced by coin flips."""

import numpy as np
import traitlets

from .figure import Figure


def _points(n, apart, seed):
    """n points of the square [−2, 2]², no two nearer than `apart`, none near the true boundary."""
    draw = np.random.default_rng(seed)
    points = []
    while len(points) < n:
        point = draw.uniform(-1.95, 1.95, 2)
        clear = abs(point[1] - 0.8 * np.sin(1.6 * point[0])) > 0.25
        if clear and all(np.hypot(*(point - other)) > apart for other in points):
            points.append(point.round(2))
    return [[float(value) for value in point] for point in points]


class Memorizing(Figure):
    """Learning or memorizing?

    A network of one hidden layer, f(x) = v·tanh(W x + b) + c with 64 units (257 weights), learns to tell the points
    above the curve x₂ = 0.8 sin(1.6 x₁) from those below: full-batch Adam on the mean of log(1 + exp(−y f(x))). It is
    trained in the page. A share of the training labels is replaced by coin flips; the held-out points keep the true
    ones. Training accuracy reaches 100 % all the same. After Zhang, Bengio, Hardt, Recht and Vinyals, Understanding
    deep learning requires rethinking generalization (ICLR 2017), who did this to networks for images.
    """

    share = traitlets.Float(1.0, help="share of the training labels that are coin flips, 0 to 1").tag(sync=True)
    steps = traitlets.Int(0, help="steps of training, 0 to 400").tag(sync=True)
    seed = traitlets.Int(2, help="draws the coins, which labels they replace, and the first weights").tag(sync=True)
    rate = traitlets.Float(0.05, help="Adam's learning rate").tag(sync=True)
    points = traitlets.List(_points(60, 0.32, 0), help="training points, (60, 2)").tag(sync=True)
    held = traitlets.List(_points(200, 0.05, 1), help="held-out points, (200, 2)").tag(sync=True)
