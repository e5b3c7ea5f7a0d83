"""Mini-batch gradients around the full one, and what a batch costs."""

import random

import traitlets

from .figure import Figure

N = 256


def _data():
    draw = random.Random(4)
    x = [round(draw.gauss(0.3, 1), 2) for _ in range(N)]
    return x, [round(1.5 * value - 0.5 + draw.gauss(0, 1), 2) for value in x]


_X, _Y = _data()


class MinibatchNoise(Figure):
    """What does a smaller batch buy?

    A line ŷ = w x + b is fitted to 256 examples with the loss ½ (ŷ − y)². A mini-batch gradient is the mean of B
    examples' gradients, drawn with replacement: its mean is the full gradient, and the root of its mean squared distance
    from it is √(tr Σ / B), Σ being the covariance of one example's gradient. So four times the work halves the noise.

    Left 120 such gradients at the start w = −1, b = 1.5 with the ellipse of two standard deviations, right the spread
    over B. Below, descent from there with B examples a step, with 1, and with all 256, each for 2048 examples in all:
    its loss above the least possible, over the examples seen or over the steps taken.
    """

    power = traitlets.Int(2, help="B = 2^power, 0 to 8").tag(sync=True)
    rate = traitlets.Float(0.1, help="learning rate η, the same for all three runs").tag(sync=True)
    axis = traitlets.Unicode("examples", help="over what the loss is drawn: `examples` or `steps`").tag(sync=True)
    seed = traitlets.Int(1, help="of the batches").tag(sync=True)
    x = traitlets.List(_X, help="inputs, (256,)").tag(sync=True)
    y = traitlets.List(_Y, help="targets, (256,)").tag(sync=True)
