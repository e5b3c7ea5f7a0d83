"""The figure of ReLU units that sum to a curve."""

import math
from functools import cache

import torch

GRID = torch.tensor([-3 + 6 * i / 240 for i in range(241)], dtype=torch.float64)
TARGETS = {
    "chirp": lambda x: torch.sin((x + 3) ** 2 / 4),
    "sine": lambda x: torch.sin(2 * x),
    "corner": lambda x: x.abs() / 1.5 - 1,
    "step": lambda x: torch.where(x < 0.5, -1.0, 1.0).double(),
}


def fit(target, hinges):
    """b and c by least squares with the units themselves as columns, and the error."""
    t = torch.tensor(sorted(set(hinges)), dtype=torch.float64)
    y = TARGETS[target](GRID)
    columns = torch.cat([torch.ones(len(GRID), 1, dtype=torch.float64), torch.relu(GRID[:, None] - t)], dim=1)
    solution = torch.linalg.lstsq(columns, y[:, None], driver="gelsd").solution[:, 0]
    return t, solution[0], solution[1:], (columns @ solution - y).square().mean().sqrt()


@cache
def evenly(target):
    return [fit(target, [-3 + 6 * i / n for i in range(n)])[3] for n in range(1, 33)]


def truth(state):
    n, hinges = state["n"], [-3 + 6 * i / state["n"] for i in range(state["n"])]
    if len(state["hinges"]) == n:
        hinges = [round(min(max(math.floor(t / 0.05 + 0.5) * 0.05, -3), 2.9), 2) for t in state["hinges"]]
    t, bias, bends, error = fit(state["target"], hinges)
    return {"hinges": t, "bends": bends, "bias": bias, "error": error, "evenly": evenly(state["target"])}


def test_it_says_what_python_computes(drive):
    drive("relu_pieces", truth)


def test_hinges_that_move_lower_the_error_and_go_where_the_curve_bends(screen):
    figure = screen("relu_pieces", motion="reduce")
    figure.skip()
    _, before = figure.settled()
    state, after = figure.press("Play")
    assert after["error"] < before["error"] / 3
    assert len(state["hinges"]) == state["n"] == 7
    lowest, highest = 1.3416, 2.6050  # where (x + 3)² / 4 is 3π/2 and 5π/2: the chirp bends most
    for place in (lowest, highest):
        assert min(abs(t - place) for t in after["hinges"]) < 0.22
        assert min(abs(t - place) for t in before["hinges"]) < 0.6
    _, back = figure.press("Spread evenly")
    assert back["error"] == before["error"]


def test_a_corner_needs_one_hinge_and_twice_the_units_leave_a_quarter_of_a_sine(screen):
    figure = screen("relu_pieces")
    figure.skip()
    _, corner = figure.set(target="corner", n=2, hinges=[-3, 0])
    assert corner["error"] < 1e-12
    _, sine = figure.set(target="sine", hinges=[])
    assert 3.5 < sine["evenly"][11] / sine["evenly"][23] < 7
    _, step = figure.set(target="step")
    assert step["evenly"][11] / step["evenly"][23] < 2.5
