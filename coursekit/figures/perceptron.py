"""The perceptron's rule, seen among the points and among the weights."""

from types import MappingProxyType

import traitlets

from .figure import Figure

# Ten points that a line through the origin separates, with little room to spare: y, x1, x2. From the weights below the
# rule needs seven steps, and some of them make more points wrong than they mend.
_POINTS = """
+1 -1.7  1.9 | +1  1.2 -0.9 | -1  0.3 -0.8 | +1  2.0 -1.5 | -1 -0.8 -0.7
-1  0.6 -1.1 | -1 -1.6  1.0 | -1 -0.6 -1.2 | +1  1.8 -0.3 | -1 -2.1  0.7
"""
_ROWS = [
    [float(number) for number in point.split()] for point in _POINTS.replace("\n", "|").split("|") if point.strip()
]


class Perceptron(Figure):
    """Why does one wrong point move the line?

    Left the points and the line w·x + b = 0, right the plane of all weights. There every point cuts off the half
    where it is on its wrong side; what all points leave over is the wedge of the weights that make no mistake. A step
    of the rule looks at the next point, and if y (w·x + b) ≤ 0 adds y x to w (and y to b, where b is learned).

    `Perceptron(update=perceptron_update)` lets your own function take the steps: it gets w (2,), b (), x (2,)
    and y () as tensors of float64 and returns the new w and b.
    """

    w = traitlets.List(traitlets.Float(), [1.2, -1.0], help="weights, (2,)").tag(sync=True)
    b = traitlets.Float(0.0, help="bias").tag(sync=True)
    bias = traitlets.Bool(False, help="whether a step changes b, too").tag(sync=True)
    next = traitlets.Int(0, help="the point that the next step looks at").tag(sync=True)
    trail = traitlets.List(help="[w, b] before each step that changed them").tag(sync=True)
    points = traitlets.List([row[1:] for row in _ROWS], help="x, (n, 2)").tag(sync=True)
    labels = traitlets.List([row[0] for row in _ROWS], help="y, (n,), each −1 or +1").tag(sync=True)
    drivers = MappingProxyType({"update": "_update"})

    def _update(self, update, *values):
        import torch

        w, b = update(*(torch.tensor(value, dtype=torch.float64) for value in values))
        w = [float(value) for value in w]
        if len(w) != 2:
            raise ValueError(f"the new w must hold 2 numbers, not {len(w)}")
        return [w, float(b)]
