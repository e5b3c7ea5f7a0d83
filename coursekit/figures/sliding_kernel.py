"""Where a kernel stands: size of the output, padding, stride, dilation, and what is lost at the edge."""

import traitlets

from .figure import Figure


class SlidingKernel(Figure):
    """Which output comes from which inputs?

    A square kernel on a square input. With stride s, padding p and dilation d, the tap k of output i looks at the
    input cell s i + d k − p, along both axes alike. An output exists where all its taps are on the padded input.
    The number in an input cell counts the outputs that look at it.
    """

    size = traitlets.Int(8, help="cells of the input along each axis").tag(sync=True)
    kernel = traitlets.Int(3, help="taps of the kernel along each axis").tag(sync=True)
    padding = traitlets.Int(0, help="rings of zeros around the input").tag(sync=True)
    stride = traitlets.Int(1, help="cells from one output to the next").tag(sync=True)
    dilation = traitlets.Int(1, help="cells from one tap to the next").tag(sync=True)
    at = traitlets.Int(0, help="the output that is looked at, counted row by row").tag(sync=True)
