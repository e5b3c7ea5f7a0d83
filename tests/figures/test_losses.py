"""The figure of losses and their pulls."""

import pytest
import torch
from scipy.optimize import brentq
from torch.nn import functional


def values(state):
    return torch.tensor([*state["values"], state["far"]], dtype=torch.float64)


def each(state, prediction, y):
    """The four mean losses; torch's own where it has them."""
    prediction = prediction.expand(y.shape)
    d = y - prediction
    tau = state["tau"]
    pinball = torch.where(d > 0, tau * d, torch.where(d < 0, (tau - 1) * d, 0 * d))
    return [
        functional.mse_loss(prediction, y) / 2,
        functional.l1_loss(prediction, y),
        functional.huber_loss(prediction, y, delta=state["delta"]),
        pinball.mean(),
    ]


def slopes(state, prediction, y):
    at = torch.tensor(prediction, dtype=torch.float64, requires_grad=True)
    return [torch.autograd.grad(loss, at)[0].item() for loss in each(state, at, y)]


def truth(state):
    y = values(state)
    at = torch.tensor(state["prediction"], dtype=torch.float64)
    low, high = y.min().item(), y.max().item()
    huber = brentq(lambda x: slopes(state, x, y)[2], low, high, xtol=1e-12)
    # The predictions with at most a share τ of the values below them, and at most 1 − τ above.
    allowed = [
        v for v in y.tolist()
        if (y < v).sum() <= 5 * state["tau"] + 1e-9 and (y > v).sum() <= 5 * (1 - state["tau"]) + 1e-9
    ]  # fmt: skip
    quantiles = [min(allowed), max(allowed)]
    mean, median = y.mean().item(), y.median().item()
    return {
        "losses": [loss.item() for loss in each(state, at, y)],
        "slopes": slopes(state, state["prediction"], y),
        "far": slopes(state, state["prediction"], y[-1:]),
        "rests": [[mean] * 2, [median] * 2, [huber] * 2, quantiles],
    }


def test_it_says_what_python_computes(drive):
    drive("losses", truth)


def test_pulls_balance_at_mean_median_and_quantile(screen):
    figure = screen("losses")
    figure.predict(0)
    _, readout = figure.settled()
    mean, median, huber, quantile = (rest[0] for rest in readout["rests"])
    assert median < huber < mean
    assert figure.set(prediction=mean)[1]["slopes"][0] == pytest.approx(0, abs=1e-12)
    assert figure.set(prediction=huber)[1]["slopes"][2] == pytest.approx(0, abs=1e-9)
    for place, rest in ((1, median), (3, quantile)):
        before = figure.set(prediction=rest - 0.01)[1]["slopes"][place]
        after = figure.set(prediction=rest + 0.01)[1]["slopes"][place]
        assert before < 0 < after
    figure.set(prediction=median)
    assert "What happens: At the middle one" in figure.page.inner_text(".fig-predicted")


def test_from_afar_only_squared_error_pulls_harder(screen):
    figure = screen("losses")
    figure.skip()
    near = figure.set(far=9)[1]["far"]
    afar = figure.set(far=12)[1]["far"]
    assert [round(b / a, 6) for a, b in zip(near, afar, strict=True)] == [2, 1, 1, 1]


def test_where_the_share_is_whole_an_interval_is_best(screen):
    figure = screen("losses")
    figure.skip()
    _, readout = figure.set(tau=0.8)
    assert readout["rests"][3] == [4.21, 10]
