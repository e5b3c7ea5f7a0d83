"""Broadcasting: two arrays of different shapes, stretched until they fit."""

import traitlets

from .figure import Figure

SHAPES = ["(3, 1)", "(3,)", "(4,)", "(1, 4)", "(3, 4)", "(2, 3, 1)", "()"]


class Broadcasting(Figure):
    """What happens when shapes do not match?

    Two arrays as grids of boxes, and the result of a + b or of (a − b)². The shapes are aligned from the right; a
    missing axis counts as 1; an axis of size 1 stretches to the other's size; two other sizes that differ refuse. Then
    result[i, j] = a[i or 0, j or 0] + b[i or 0, j or 0], where the 0 is taken on a stretched axis.

    For the sum, a holds 1, 2, 3 … and b 10, 20, 30 …; for the square both hold 1, 2, 3 …, as a perfect prediction and
    its target do: of shapes (n, 1) and (n,) their mean squared error is not 0, for it is a mean over n × n numbers.

    The rules are NumPy's (https://numpy.org/doc/stable/user/basics.broadcasting.html), and PyTorch's.
    """

    a = traitlets.Enum(SHAPES, "(3, 1)", help="shape of a").tag(sync=True)
    b = traitlets.Enum(SHAPES, "(3,)", help="shape of b").tag(sync=True)
    operation = traitlets.Enum(["sum", "loss"], "sum", help="sum: a + b; loss: (a − b)²").tag(sync=True)
    stretch = traitlets.Float(0.0, help="how far the axes of size 1 are stretched: 0 not at all, 1 fully").tag(
        sync=True
    )
    box = traitlets.List(traitlets.Int(), [0, 1, 2], help="the framed box: layer, row, column").tag(sync=True)
