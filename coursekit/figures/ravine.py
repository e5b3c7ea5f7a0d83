"""Gradient descent, momentum and Adam in a ravine that can be turned."""

import traitlets

from .figure import Figure


class Ravine(Figure):
    """Why does descent zigzag?

    The loss is a long valley, f = ½ (v² + u² / κ), with u along it and v across, turned by an angle against the
    coordinates x_1 and x_2. The negative gradient stands at right angles to the contour, which in a long valley is far
    from the way to the minimum. A step of gradient descent, x ← x − η ∇f, multiplies v by 1 − η and u by 1 − η / κ:
    with η near 2 (where it diverges) v jumps from side to side, and u still hardly moves.

    Momentum averages the gradients, m ← 0.9 m + 0.1 ∇f, x ← x − η m (in PyTorch, which sums: a learning rate of
    η / 10). Adam (Kingma and Ba, 2015; β = 0.9 and 0.999, ε = 1e-8) divides the step in each coordinate by the size of
    the gradients in that coordinate. Counted are the steps until a path stays within 0.2 of the minimum for 50 steps.
    Ravine and start turn together; only the coordinates stay. The chart is drawn from 0° up to where they were turned.
    """

    condition = traitlets.Float(50.0, help="κ, the curvature across over the curvature along").tag(sync=True)
    angle = traitlets.Float(0.0, help="how far the valley is turned against x_1, in degrees, 0 to 90").tag(sync=True)
    start = traitlets.List(traitlets.Float(), [-3.6, 2.0], help="where descent begins, [u, v]").tag(sync=True)
    rate = traitlets.Float(1.8, help="η of gradient descent and momentum").tag(sync=True)
    adam_rate = traitlets.Float(0.1, help="η of Adam").tag(sync=True)
