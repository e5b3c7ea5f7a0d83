"""Six optimizers from one start, on four landscapes."""

import traitlets

from .figure import Figure


class OptimizerRace(Figure):
    """Which optimizer gets there first, and where does each fail?

    SGD, momentum and Nesterov's momentum (μ = 0.9) take steps that grow with the slope; AdaGrad (Duchi et al., 2011),
    RMSProp (Hinton, 2012) and Adam (Kingma and Ba, 2015) divide by the size of the gradients seen, and take steps of
    about the learning rate, however steep it is. All with PyTorch's conventions and defaults. One has arrived when the
    loss is less than 0.01 above the minimum, and is lost when it is more than 100 away from the origin.

    bowl (x² + y²) / 2; ravine (x² / 25 + y²) / 2; saddle (x² − y²) / 2 + y⁴ / 8, with minima at (0, ±√2); and Beale's
    function (1.5 − x + x y)² + (2.25 − x + x y²)² + (2.625 − x + x y³)², with its minimum at (3, 0.5).
    """

    landscape = traitlets.Unicode("beale", help="`bowl`, `ravine`, `saddle` or `beale`").tag(sync=True)
    starts = traitlets.List(
        [[-2.5, 1.5], [-3.0, 1.2], [-2.5, 0.01], [1.0, 1.5]], help="where all begin: on bowl, ravine, saddle, Beale"
    ).tag(sync=True)
    rate = traitlets.Float(0.1, help="learning rate, the same for all").tag(sync=True)
    step = traitlets.Int(0, help="steps taken, 0 to 120").tag(sync=True)
