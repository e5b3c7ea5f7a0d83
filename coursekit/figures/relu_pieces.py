"""A sum of ReLU units, least-squares fitted to a curve."""

import traitlets

from .figure import Figure


class ReluPieces(Figure):
    """How do bends become a curve?

    N units max(0, x − t_i) with hinges t_i make b + Σ c_i max(0, x − t_i). For the hinges as they stand, b and c are
    those with the least squared error on 241 points of −3 … 3. Above target and sum, below the units one by one, and
    the root mean squared error over N for evenly spread hinges, t_i = −3 + 6 i/N. "Move hinges" tries for each hinge
    0.05 and 0.2 to either side and keeps what lowers the error. Any continuous curve on an interval is met as
    closely as wished: M. Leshno et al., "Multilayer feedforward networks with a nonpolynomial activation function can
    approximate any function", Neural Networks 6 (1993).
    """

    target = traitlets.Enum(["chirp", "sine", "corner", "step"], "chirp", help="curve to be fitted").tag(sync=True)
    n = traitlets.Int(7, help="number of units N, 1 … 32").tag(sync=True)
    hinges = traitlets.List(
        traitlets.Float(), [], help="t, (N,), each −3 … 2.9; any other number of them: evenly spread"
    ).tag(sync=True)
