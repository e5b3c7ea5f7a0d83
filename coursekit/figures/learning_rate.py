"""Steps down a curve, too short, too long, and over the edge."""

import traitlets

from .figure import Figure


class LearningRate(Figure):
    """How large may a step be?

    Gradient descent w ← w − η f′(w) on a curve. On the parabola f = ½ c w² (or anywhere near a minimum with curvature
    c = f″) a step multiplies the distance to the minimum by 1 − η c: it shrinks steadily up to η = 1 / c, where one step
    arrives; jumps from side to side, still shrinking, up to η = 2 / c; and grows beyond. The second curve,
    f = c (w⁴ / 16 − w² / 2 + 3 w / 10), has two minima: the lower one at w = −2.14 is sharp (curvature 2.42 c), the one
    at w = 1.83 is flatter (1.51 c). Between the edges of the two, η = 0.83 / c and 1.33 / c, only the flatter one can
    hold a run; in the sharp one it comes to no rest. The loss shown is the height over the lowest point, after 20 steps.
    """

    curve = traitlets.Unicode("bowl", help="`bowl`: the parabola; `valleys`: the curve with two minima").tag(sync=True)
    curvature = traitlets.Float(1.0, help="c, the scale of the curve; of the parabola its curvature").tag(sync=True)
    rate = traitlets.Float(0.3, help="η").tag(sync=True)
    start = traitlets.Float(-2.6, help="w at the beginning").tag(sync=True)
