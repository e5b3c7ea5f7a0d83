"""The likelihood of a Gaussian."""

import traitlets

from .figure import Figure


class Likelihood(Figure):
    """Which Gaussian made these points?

    n points, a Gaussian density that can be pulled into any place and width, and the log-likelihood

        log L(μ, σ) = Σᵢ log N(xᵢ; μ, σ²) = −n (log σ√(2π) + (s² + (x̄ − μ)²) / 2σ²)

    as a sum of bars and as a hill over (μ, σ). Its top is at the mean x̄ and the standard deviation s (the sum of squares
    divided by n, not n − 1). Bishop (2006), section 1.2.4.

    The points are draws of the generator in `kit/random.js`: from a seed come μ, uniform in −1.5 … 1.5, then σ, uniform
    in 1 … 2.2, then the points, which are shown in order.
    """

    mu = traitlets.Float(1.0, min=-4, max=4, help="mean of the density, −4 … 4").tag(sync=True)
    sigma = traitlets.Float(1.0, min=0.5, max=3.5, help="standard deviation of the density, 0.5 … 3.5").tag(sync=True)
    n = traitlets.Enum([7, 30, 120], 7, help="how many points").tag(sync=True)
    seed = traitlets.Int(28, help="of the points and what made them").tag(sync=True)
    reveal = traitlets.Bool(False, help="whether the Gaussian that made the points is shown").tag(sync=True)
