"""The figure of the learning rate."""

from itertools import pairwise

import pytest
import torch

CURVES = {
    "bowl": lambda w: w**2 / 2,
    "valleys": lambda w: w**4 / 16 - w**2 / 2 + 0.3 * w,
}
MINIMA = {"bowl": [0.0], "valleys": [-2.0, 2.0]}  # about


def minima(curve):
    """By Newton's method."""
    slope = torch.func.grad(CURVES[curve])
    bend = torch.func.grad(slope)
    found = []
    for guess in MINIMA[curve]:
        w = torch.tensor(guess, dtype=torch.float64)
        for _ in range(20):
            w = w - slope(w) / bend(w)
        found.append((w, bend(w)))
    return found


def truth(state):
    f, c = CURVES[state["curve"]], state["curvature"]
    w = torch.tensor(state["start"], dtype=torch.float64, requires_grad=True)
    optimizer = torch.optim.SGD([w], lr=state["rate"])
    trail = [w.item()]
    while len(trail) <= 20 and abs(trail[-1]) < 1e4:
        optimizer.zero_grad()
        (c * f(w)).backward()
        optimizer.step()
        trail.append(w.item())
    found = minima(state["curve"])
    lowest = min(f(place) for place, _ in found)
    return {
        "trail": trail,
        "loss": c * (f(w.detach()) - lowest),
        "edges": [2 / (c * bend) for _, bend in found],
        "factors": [1 - state["rate"] * c * bend for _, bend in found],
    }


def test_it_says_what_python_computes(drive):
    drive("learning_rate", truth)


def test_too_large_is_more_than_two_over_the_curvature(screen):
    figure = screen("learning_rate")
    figure.predict(1)
    for c in (0.5, 2):
        one_side = figure.set(curvature=c, rate=0.9 / c)[1]["trail"]
        assert all(a < b < 0 for a, b in pairwise(one_side))
        across = figure.set(rate=1.9 / c)[1]["trail"]
        assert all(a * b < 0 and abs(b) < abs(a) for a, b in pairwise(across))
        assert "still arrives" in figure.says()
        away = figure.set(rate=2.1 / c)[1]["trail"]
        assert all(abs(b) > abs(a) for a, b in pairwise(away))
        assert "diverging" in figure.says()
    assert "That is what happens" in figure.page.inner_text(".fig-predicted")


def test_at_one_over_the_curvature_one_step_arrives(screen):
    figure = screen("learning_rate")
    _, readout = figure.set(curvature=2, rate=0.5)
    assert readout["trail"][1:] == [0] * 20


def test_a_rate_between_the_edges_rests_only_in_the_flat_valley(screen):
    figure = screen("learning_rate")
    _, readout = figure.set(curve="valleys", rate=1.1, start=-2.6)
    sharp, flat = readout["edges"]
    assert sharp < 1.1 < flat
    assert "comes to no rest in the sharp valley" in figure.says()
    _, readout = figure.set(start=1.0)
    assert readout["trail"][-1] == pytest.approx(1.8286, abs=0.05)
    assert "arrives in the flat valley" in figure.says()
