"""Forward and reverse mode race over the same graph."""

import traitlets

from .figure import Figure


class Backwards(Figure):
    """Why backwards?

    The same graph twice: n inputs, two layers of three nodes, m outputs, and on each edge a local derivative. Forward
    mode starts at one input and carries ∂node/∂x_i to the right: a pass gives one column of the Jacobian ∂y/∂x. Reverse
    mode starts at one output and carries ∂y_j/∂node to the left: a pass gives one row. Either way a pass multiplies
    once on each of the E = 3n + 9 + 3m edges (also where a 0 is carried, as array code does), so all of the Jacobian
    costs n E forward and m E backward.

    Reverse mode: S. Linnainmaa, master's thesis, University of Helsinki (1970); on its cost A. Griewank and A. Walther,
    "Evaluating Derivatives", SIAM (2008).
    """

    n = traitlets.Float(4.0, help="number of inputs, 1 … 10⁶; rounded to a whole number").tag(sync=True)
    m = traitlets.Int(1, help="number of outputs, 1 … 4").tag(sync=True)
    step = traitlets.Int(0, help="layers of edges that each mode has gone over; a pass has three").tag(sync=True)
    seed = traitlets.Int(3, help="of the local derivatives, each −2, −1, 1 or 2").tag(sync=True)
