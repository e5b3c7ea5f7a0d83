"""Fifty layers at one gain: what arrives forward, and what arrives backward."""

import traitlets

from .figure import Figure


class Signal(Figure):
    """Where does the signal die?

    Eight inputs from N(0, 1) go through fifty layers of 64 units, z_l = W_l a_{l−1} and a_l = φ(z_l), whose weights
    are drawn from N(0, gain²/64). Left the histogram of z in each layer, right its standard deviation, and the root mean
    square of ∂L/∂z_l, where L = Σ r a_50 with r from N(0, 1) stands for a loss. The weights are drawn once; the gain
    only scales them. For ReLU this multiplies z_l by gain^l and ∂L/∂z_l by gain^(50 − l).

    ReLU halves the mean square, so gain √2 keeps it on average: K. He, X. Zhang, S. Ren, J. Sun, "Delving deep into
    rectifiers", ICCV 2015.
    """

    gain = traitlets.Float(1.0, help="√n times the standard deviation of the weights, 0.8 … 2.2").tag(sync=True)
    activation = traitlets.Enum(["relu", "tanh"], "relu", help="φ").tag(sync=True)
    seed = traitlets.Int(1, help="of inputs and weights").tag(sync=True)
