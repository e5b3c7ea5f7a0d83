"""A small expression graph, forward and backward node by node."""

import traitlets

from .figure import Figure


class GraphSteps(Figure):
    """Who passes what to whom?

    The graph of e = (a b + a)²: u = a b, v = u + a, e = v². Forward each node passes its value on. Backward it takes
    the gradient that came in and passes (local derivative) × (what came in) to each node that it was made from. The
    input a was used twice, so it gets two gradients and adds them. Right e over a, with the line through the current
    point that has the gradient found so far as its slope.
    """

    a = traitlets.Float(2.0, help="input that is used twice, −2.5 … 2.5").tag(sync=True)
    b = traitlets.Float(0.5, help="input that is used once, −3 … 2").tag(sync=True)
    step = traitlets.Int(3, help="steps taken: 1–3 forward (u, v, e), 4–7 backward (e, v, a and u, a and b)").tag(
        sync=True
    )
    overwrite = traitlets.Bool(False, help="whether a new gradient replaces the old one: a bug").tag(sync=True)
