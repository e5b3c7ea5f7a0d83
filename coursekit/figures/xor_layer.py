"""XOR with a hidden layer: lines that fold the plane."""

import traitlets

from .figure import Figure


class XorLayer(Figure):
    """How do two layers solve what one cannot?

    The four corners of XOR, and a network of two hidden units and one output. A unit's line goes through a point p with
    the unit normal n, on whose side the unit is on; its value is

        h = σ(k n·(x − p)),   weights k n, bias −k n·p,   σ(z) = 1 / (1 + e^(−z))

    with the steepness k; a very steep one is the step. The output line does the same in the plane of (h₁, h₂), and the
    network says class +1 where n·(h − p) ≥ 0. One line is enough there if the segment between the corners of the one
    class does not cross the other class's. Minsky and Papert (1969), "Perceptrons", for what one layer cannot do.
    """

    first = traitlets.List(
        traitlets.Float(), [0.5, 0.3, 0.0], help="first hidden line: a point on it, and its normal's angle, (3,)"
    ).tag(sync=True)
    second = traitlets.List(traitlets.Float(), [0.3, 0.5, 1.5708], help="second hidden line, likewise").tag(sync=True)
    output = traitlets.List(traitlets.Float(), [0.3, 0.3, 0.7854], help="output line, among (h₁, h₂), likewise").tag(
        sync=True
    )
    steepness = traitlets.Float(5.0, help="k of the hidden units, 1 … 50").tag(sync=True)
