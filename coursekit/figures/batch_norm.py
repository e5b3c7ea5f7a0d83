"""A batch of inputs on its way through fifty layers, with batch norm and without."""

import traitlets

from .figure import Figure


class BatchNorm(Figure):
    """What does batch norm keep alive?

    24 inputs on a circle, x = p cos θ + q sin θ with p and q from N(0, 1), go through fifty layers of 48 ReLU units with
    weights from N(0, gain²/48): once as they are, once with batch norm before each ReLU, which subtracts from each unit
    its mean over the batch and divides by its standard deviation (train mode, scale 1, shift 0, without the small ε).
    Both use the same weights. Shown are two units of a layer (the 16th and the
    45th) before the ReLU, and of what the layer passes on
    the share of the mean square that differs between inputs: 1 − ‖mean over the batch‖² / mean of ‖a‖².

    S. Ioffe, C. Szegedy, "Batch normalization", ICML 2015; that it keeps inputs apart: H. Daneshmand et al., "Batch
    normalization provably avoids rank collapse for randomly initialised deep networks", NeurIPS 2020. Gradients are
    another matter: in such a random stack with batch norm they grow from layer to layer on their way back (G. Yang et
    al., "A mean field theory of batch normalization", ICLR 2019).
    """

    layer = traitlets.Int(1, help="the layer that is shown, 1 … 50").tag(sync=True)
    gain = traitlets.Float(2**0.5, help="√n times the standard deviation of the weights, 0.8 … 2.2").tag(sync=True)
    # At √2 the size drifts, by a factor of ten in some draws; in this one it stays.
    seed = traitlets.Int(320, help="of inputs and weights").tag(sync=True)
