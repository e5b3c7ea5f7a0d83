"""Noise models and the losses that they are."""

import traitlets

from .figure import Figure

# y = 1 + 0.6 x and some noise; the x are uneven, so that the line of least absolute error is the only one.
_TRUTH = [1.0, 0.6]
_X = [0.55, 1.62, 2.71, 3.58, 4.84, 5.73, 6.95, 8.07]
_NOISE = [0.28, -0.39, 0.41, 0.03, -1.1, 0.7, -0.07, 0.43]


class Noise(Figure):
    """Where does squared error come from?

    Points and a line; at each point stands the density that the noise model gives to y around the line's ŷ, and the
    density of the point itself. The most likely line maximizes the product of these densities, so it minimizes the sum
    of −log density, which is the loss of the residual r = y − ŷ and a constant:

        Gaussian, σ = 1                r²/2                         constant log √(2π)
        Laplace, scale 1               |r|                          constant log 2
        asymmetric Laplace             τ r where r ≥ 0, else (τ − 1) r    constant −log τ(1 − τ)

    The first is least squares, the second gives medians, the third τ-quantiles. Bishop (2006), section 3.1.1; Koenker
    and Bassett (1978), "Regression Quantiles"; Yu and Moyeed (2001) for its likelihood. The two latter fits are exact:
    a line of least loss passes through two points, and all pairs are tried.
    """

    noise = traitlets.Enum(["gaussian", "laplace", "quantile"], "gaussian", help="the noise model").tag(sync=True)
    tau = traitlets.Float(0.8, help="τ of the asymmetric Laplace density, 0.05 … 0.95").tag(sync=True)
    outlier = traitlets.List(traitlets.Float(), [9.21, 0.4], help="the far point: x and y, (2,)").tag(sync=True)
    fitted = traitlets.Bool(True, help="whether the line is the most likely one").tag(sync=True)
    line = traitlets.List(
        traitlets.Float(), [1.0, 7.0], help="where it is not: its heights at x = 0 and at x = 10, (2,)"
    ).tag(sync=True)
    points = traitlets.List(
        [[x, round(_TRUTH[0] + _TRUTH[1] * x + e, 2)] for x, e in zip(_X, _NOISE, strict=True)],
        help="the other points: x and y, (8, 2)",
    ).tag(sync=True)
    truth = traitlets.List(traitlets.Float(), _TRUTH, help="intercept and slope that they came from").tag(sync=True)
