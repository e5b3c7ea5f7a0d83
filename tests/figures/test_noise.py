"""The noise figure."""

import math

import numpy as np
import pytest
import torch
from scipy.optimize import linprog


def density(state):
    """The noise model as a distribution's −log density, from its definition."""
    tau = state["tau"]
    return {
        "gaussian": lambda r: -torch.distributions.Normal(0.0, 1.0).log_prob(r),
        "laplace": lambda r: -torch.distributions.Laplace(0.0, 1.0).log_prob(r),
        "quantile": lambda r: -torch.log(tau * (1 - tau) * torch.exp(-torch.maximum(tau * r, (tau - 1) * r))),
    }[state["noise"]]


def best_line(state):
    """Least squares, or the linear program of quantile regression."""
    points = torch.tensor([*state["points"], state["outlier"]], dtype=torch.float64)
    x, y = points.T
    design = torch.stack([torch.ones_like(x), x], 1)
    if state["noise"] == "gaussian":
        return torch.linalg.lstsq(design, y).solution
    tau, n = {"laplace": 0.5}.get(state["noise"], state["tau"]), len(y)
    costs = np.r_[0, 0, np.full(n, tau), np.full(n, 1 - tau)]
    rows = np.c_[design.numpy(), np.eye(n), -np.eye(n)]
    found = linprog(costs, A_eq=rows, b_eq=y.numpy(), bounds=[(None, None)] * 2 + [(0, None)] * 2 * n)
    return torch.tensor(found.x[:2])


def truth(state):
    points = torch.tensor([*state["points"], state["outlier"]], dtype=torch.float64)
    x, y = points.T
    best = best_line(state)
    left, right = state["line"]
    line = best if state["fitted"] else torch.tensor([left, (right - left) / 10], dtype=torch.float64)
    minus_log = density(state)
    constant = minus_log(torch.tensor(0.0, dtype=torch.float64))
    r = y - line[0] - line[1] * x
    losses = minus_log(r) - constant
    return {
        "line": line,
        "residuals": r,
        "losses": losses,
        "loss": losses.sum(),
        "logLikelihood": -minus_log(r).sum(),
        "least": (minus_log(y - best[0] - best[1] * x) - constant).sum(),
        "below": int((r < -1e-9).sum()),
    }


def test_it_says_what_python_computes(drive):
    drive("noise", truth)


def slopes(figure, **changes):
    """The line's slopes as the far point is dragged down."""
    found = []
    for y in (0.4, -0.8, -2.0):
        _, readout = figure.set(outlier=[9.21, y], **changes)
        found.append(readout["line"][1])
    return found


def test_a_far_point_pulls_the_gaussian_line_and_not_laplaces(screen):
    figure = screen("noise")
    figure.skip()
    first, second, third = slopes(figure, noise="gaussian")
    assert first - second == pytest.approx(second - third)  # the further, the more, in proportion
    assert first - second > 0.05
    first, second, third = slopes(figure, noise="laplace")
    assert first == second == third
    assert first == pytest.approx(0.6, abs=0.15)  # the slope that made the others


def test_quantile_lines_leave_their_share_below(screen):
    figure = screen("noise")
    figure.skip()
    for tau in (0.1, 0.25, 0.5, 0.75, 0.9):
        state, readout = figure.set(noise="quantile", tau=tau)
        n = len(state["points"]) + 1
        on = sum(abs(r) < 1e-9 for r in readout["residuals"])
        assert readout["below"] <= n * tau <= readout["below"] + on


def test_no_line_is_more_likely_than_the_fitted_one(screen):
    figure = screen("noise")
    figure.skip()
    for noise in ("gaussian", "laplace", "quantile"):
        _, fitted = figure.set(noise=noise, fitted=True)
        a, b = fitted["line"]
        for da, db in ((0.05, 0), (-0.05, 0), (0, 0.02), (0, -0.02)):
            _, other = figure.set(fitted=False, line=[a + da, a + da + 10 * (b + db)])
            assert other["logLikelihood"] < fitted["logLikelihood"]
            assert math.isclose(other["least"], fitted["loss"], rel_tol=1e-9)
