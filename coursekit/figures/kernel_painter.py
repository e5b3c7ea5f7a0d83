"""A photograph, seen through nine weights."""

from pathlib import Path

import traitlets

from .figure import Figure

# The photograph china.jpg that comes with scikit-learn, by danielbuechele, CC BY 2.0: its left part, gray, reduced to
# 90 × 60 pixels of one byte, row by row from the top, in base64.
_PHOTO = (Path(__file__).parent / "data/china.txt").read_text(encoding="ascii").replace("\n", "")


class KernelPainter(Figure):
    """What does a kernel see in a photograph?

    Each pixel of the output is the sum of 3 × 3 pixels times the kernel's weights: with input X and kernel W

        Y[i, j] = Σ_a Σ_b W[a, b] X[i + a, j + b]      (cross-correlation: what deep learning calls convolution).

    In mathematics and signal processing the kernel of a convolution is turned by 180° first: W[2 − a, 2 − b]. The
    photograph has 60 × 90 gray values from 0 to 255, the output, without padding, 58 × 88. It is china.jpg of
    scikit-learn's sample images, reduced: photograph by danielbuechele, CC BY 2.0.
    """

    kernel = traitlets.List(
        traitlets.Float(), [-0.5, 0.0, 0.5, -1.0, 0.0, 1.0, -0.5, 0.0, 0.5], help="W, row by row, (9,)"
    ).tag(sync=True)
    flip = traitlets.Bool(False, help="whether the kernel is turned by 180° before").tag(sync=True)
    at = traitlets.List(
        traitlets.Int(), [20, 47], help="row and column of the output's pixel that is shown in numbers"
    ).tag(sync=True)
    photo = traitlets.Unicode(_PHOTO, help="60 × 90 bytes in base64").tag(sync=True)
