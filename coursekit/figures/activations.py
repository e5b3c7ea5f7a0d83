"""Seven activations: their values, their slopes, and what many layers leave of a gradient."""

import traitlets

from .figure import Figure


class Activations(Figure):
    """What does each activation do to a signal and its slope?

    Left an activation φ, its slope, and the tangent at z; the shade is where the slope is below a tenth. Right what is
    left of a gradient of 1 that goes back through some layers, one unit in each, with weight 1 and all at this z: the
    slope to the power of the number of layers.

    Leaky ReLU has slope 0.01 below 0, ELU has α = 1. At 0, ReLU and leaky ReLU have their slope from the left, as in
    PyTorch. BRU is the bionodal root unit with r = 2, (r² z + 1)^(1/r) − 1/r for z ≥ 0 and exp(r z) − 1/r for z < 0:
    G. S. Bhumbra, "Deep learning improved by biological activation functions", arXiv:1804.11237 (2018).
    """

    activation = traitlets.Enum(
        ["sigmoid", "tanh", "relu", "leaky", "elu", "softplus", "bru"], "sigmoid", help="the one that is drawn"
    ).tag(sync=True)
    z = traitlets.Float(2.5, help="what goes into the activation, −5 … 5").tag(sync=True)
    layers = traitlets.Int(10, help="how many slopes are multiplied, 1 … 20").tag(sync=True)
