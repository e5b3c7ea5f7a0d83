"""Losses as forces on a prediction."""

import traitlets

from .figure import Figure


class Losses(Figure):
    """How hard does each loss pull?

    Five values y and one prediction ŷ for all of them. With r = ŷ − y the losses and their slopes are

        squared     r²/2                                          r
        absolute    |r|                                           sign r
        Huber       r²/2 where |r| ≤ δ, else δ (|r| − δ/2)        r, held between −δ and δ
        quantile    (1 − τ) r where r > 0, else −τ r              1 − τ where r > 0, −τ where r < 0

    A value's pull is minus the slope of its loss, divided by 5 for the mean. The prediction rests where the pulls
    balance: at the mean, at the median, between them, at the τ-quantile (a whole interval where 5τ is an integer).
    Huber (1964), "Robust Estimation of a Location Parameter"; Koenker and Bassett (1978), "Regression Quantiles".
    """

    prediction = traitlets.Float(6.0, help="ŷ, 0 … 12").tag(sync=True)
    far = traitlets.Float(10.0, help="the value that can be dragged, 0 … 12").tag(sync=True)
    values = traitlets.List(traitlets.Float(), [1.13, 2.07, 2.58, 4.21], help="the other values, (4,)").tag(sync=True)
    delta = traitlets.Float(1.5, help="Huber's δ, 0.2 … 6").tag(sync=True)
    tau = traitlets.Float(0.75, help="the quantile loss's τ, 0.05 … 0.95").tag(sync=True)
