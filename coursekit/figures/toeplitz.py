"""A convolution as one matrix multiplication: what is shared, and what is zero."""

import traitlets

from .figure import Figure


class Toeplitz(Figure):
    """What is shared?

    A convolution layer is a linear layer whose matrix T holds few different numbers: row i is the kernel, moved to
    where output i looks, and zero everywhere else. In one dimension, with stride s and padding p,

        y[i] = Σ_k w[k] x[s i + k − p],   so   T[i, s i + k − p] = w[k],

    a banded matrix with constant diagonals for s = 1 (a Toeplitz matrix). In two dimensions the image is read row by
    row into one long vector, and a row of T holds the kernel's rows with gaps between them. Weights that stand on the
    padding fall off the matrix. As everywhere in deep learning the kernel is not flipped (cross-correlation).
    """

    dims = traitlets.Int(1, help="1: ten numbers and three weights; 2: an image of 5 × 5 and 3 × 3 weights").tag(
        sync=True
    )
    kernel = traitlets.List(traitlets.Float(), [1.0, 2.0, -1.5], help="w in one dimension, (3,)").tag(sync=True)
    kernel2 = traitlets.List(
        traitlets.Float(), [-1.0, -2.0, -1.0, 0.5, 0.5, 0.5, 1.0, 2.0, 1.0], help="w in two, row by row, (9,)"
    ).tag(sync=True)
    at = traitlets.Int(2, help="the output that is looked at: the row of T that is lit").tag(sync=True)
    held = traitlets.Int(-1, help="the weight that was moved last, or −1").tag(sync=True)
    padding = traitlets.Int(0, help="zeros put around the input, 0 or 1 on each side").tag(sync=True)
    stride = traitlets.Int(1, help="how far the kernel goes from one output to the next, 1 or 2").tag(sync=True)
    x = traitlets.List([0, 1, 3, 3, 2, 0, 0, 2, 4, 1], help="the input in one dimension, (10,)").tag(sync=True)
    image = traitlets.List(
        [0, 0, 0, 0, 0, 0, 3, 4, 3, 0, 0, 4, 0, 0, 0, 0, 2, 3, 4, 0, 0, 0, 0, 4, 1],
        help="the input in two dimensions, row by row, (25,)",
    ).tag(sync=True)
