"""Weights and multiplications of a dense layer, a locally connected one, and a convolution."""

import traitlets

from .figure import Figure


class ParameterCount(Figure):
    """What does sharing save?

    Three layers from an image of H × H pixels with C channels to F maps of H × H, without biases (k odd, padding
    (k − 1)/2, and the taps on the padding counted like the others):

    - dense: each output has its own weight for each input, H⁴ C F weights;
    - locally connected: each output has its own weights for the k × k pixels around it, H² k² C F weights;
    - convolution: all outputs of a map share them, k² C F weights.

    Each weight of the first two is used once for an image, each of the convolution's H² times: locality saves
    multiplications, sharing saves weights. LeNet-5 (LeCun, Bottou, Bengio and Haffner 1998) has about 60,000 weights,
    AlexNet (Krizhevsky, Sutskever and Hinton 2012) 60 million, GPT-3 (Brown et al. 2020) 175 billion.
    """

    side = traitlets.Int(64, help="H, pixels along each side, 8 to 512").tag(sync=True)
    channels = traitlets.Int(3, help="C, channels of the image").tag(sync=True)
    kernel = traitlets.Int(3, help="k, pixels along each side of the kernel").tag(sync=True)
    filters = traitlets.Int(16, help="F, maps of the output").tag(sync=True)
