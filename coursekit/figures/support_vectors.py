"""The widest street between two classes, and the points that hold it."""

import traitlets

from .figure import Figure

# y, x1, x2; the first is far from the others.
_POINTS = """
+1 2.9 1.9 | +1 1.1 1.3 | +1 1.9 0.2 | +1 1.5 2.4 | +1 2.6 -0.9 | +1 -0.6 2.2
-1 -3.1 -1.7 | -1 -0.9 -0.3 | -1 0.3 -1.0 | -1 -2.2 0.9 | -1 0.9 -2.6 | -1 -1.7 -1.3
"""
_ROWS = [
    [float(number) for number in point.split()] for point in _POINTS.replace("\n", "|").split("|") if point.strip()
]


class SupportVectors(Figure):
    """Which points hold the line?

    The linear support vector machine minimizes ½ ‖w‖² + C Σ max(0, 1 − y (w·x + b)). The street |w·x + b| < 1 is
    2 / ‖w‖ wide. In the dual form every point has a force α between 0 and C, and w = Σ α y x with Σ α y = 0: the points
    push against the line and balance. A point outside the street has α = 0. (Cortes and Vapnik, 1995. The solver is
    sequential minimal optimization: Platt, 1998.)

    Logistic regression has log(1 + exp(−y (w·x + b))) in place of the hinge, with the same ½ ‖w‖² and C: its slope is
    nowhere 0, so every point pulls.
    """

    points = traitlets.List([row[1:] for row in _ROWS], help="x, (n, 2)").tag(sync=True)
    labels = traitlets.List([row[0] for row in _ROWS], help="y, (n,), each −1 or +1").tag(sync=True)
    C = traitlets.Float(1.0, help="price of a point inside the street or on the wrong side").tag(sync=True)
    logistic = traitlets.Bool(False, help="whether the line of logistic regression is shown, too").tag(sync=True)
    moved = traitlets.Int(-1, help="the point that was dragged last, or −1").tag(sync=True)
