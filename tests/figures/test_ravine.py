"""The figure of the ravine."""

import math

import pytest
import torch

ANGLES = [5 * i for i in range(19)]
NEAR, REST, MOST, LOST = 0.2, 50, 1000, 1e4


def turned(p, degrees):
    c, s = math.cos(math.radians(degrees)), math.sin(math.radians(degrees))
    return [c * p[0] - s * p[1], s * p[0] + c * p[1]]


def paths(method, state, angles):
    """Steps to arrive, whether it diverged, and the place after ten steps, at each angle: by torch.optim."""
    axes = torch.tensor([[turned([1, 0], angle), turned([0, 1], angle)] for angle in angles], dtype=torch.float64)
    bend = torch.tensor([1 / state["condition"], 1.0], dtype=torch.float64)
    x = torch.tensor([turned(state["start"], angle) for angle in angles], dtype=torch.float64, requires_grad=True)
    rate = state["rate"]
    optimizer = [
        lambda: torch.optim.SGD([x], lr=rate),
        # PyTorch sums where the figure averages
        lambda: torch.optim.SGD([x], lr=0.1 * rate, momentum=0.9),
        lambda: torch.optim.Adam([x], lr=state["adam_rate"], foreach=False),
    ][method]()
    steps, lost = torch.zeros(len(angles)), torch.zeros(len(angles), dtype=torch.bool)
    trail = [x.detach().clone()]
    for t in range(1, MOST + 1):
        here = x.detach().norm(dim=1)
        going = t - steps < REST  # who has rested so long is not looked at any more
        steps = torch.where((here > NEAR) & going, t, steps)
        going = t - steps < REST
        if not going.any():
            break
        # the gradient of ½ Σ bend · (axes x)²
        x.grad = torch.einsum("nkd,nk->nd", axes, bend * torch.einsum("nkd,nd->nk", axes, x.detach()))
        optimizer.step()
        trail.append(x.detach().clone())
        lost |= (x.detach().norm(dim=1) > LOST) & going
        if lost.all():
            break
    steps = torch.where(lost, MOST, steps)
    early = trail[min(10, int(steps[0]) if not lost[0] else len(trail) - 1, len(trail) - 1)][0]
    return steps, lost, early


def truth(state):
    runs = [paths(method, state, [state["angle"]]) for method in range(3)]
    u, v = state["start"]
    down, home = torch.tensor([u / state["condition"], v]), torch.tensor([u, v])
    cosine = torch.nn.functional.cosine_similarity(down.double(), home.double(), dim=0).clamp(-1, 1)
    return {
        "steps": [int(steps[0]) for steps, _, _ in runs],
        "lost": [bool(lost[0]) for _, lost, _ in runs],
        "early": [early for _, _, early in runs],
        "adam": paths(2, state, ANGLES)[0],
        "off": math.degrees(math.acos(cosine)) if any(state["start"]) else 0,
    }


def test_it_says_what_python_computes(drive):
    drive("ravine", truth)


def test_turned_by_45_degrees_adam_loses_its_advantage_and_descent_does_not_care(screen):
    figure = screen("ravine")
    figure.predict(2)
    _, straight = figure.settled()
    descent, momentum, adam = straight["steps"]
    assert adam < momentum < descent
    _, askew = figure.set(angle=45)
    assert askew["steps"][:2] == [descent, momentum]
    assert askew["steps"][2] > 4 * descent > 4 * adam
    assert "That is what happens" in figure.page.inner_text(".fig-predicted")
    _, across = figure.set(angle=90)
    assert across["steps"] == straight["steps"]  # the coordinates have changed places, and that is all


def test_the_path_of_descent_turns_with_the_ravine_and_adams_does_not(screen):
    figure = screen("ravine")
    straight, askew = (figure.set(angle=angle)[1]["early"] for angle in (0, 30))
    for method in (0, 1):
        assert askew[method] == pytest.approx(turned(straight[method], 30))
    assert math.dist(askew[2], turned(straight[2], 30)) > 0.5


def test_in_a_round_bowl_nobody_zigzags_and_downhill_is_the_way(screen):
    figure = screen("ravine")
    _, readout = figure.set(condition=1, rate=0.5)
    assert readout["off"] == pytest.approx(0, abs=1e-5)
    assert readout["steps"][0] < 10


def test_a_rate_above_two_diverges(screen):
    figure = screen("ravine")
    assert figure.set(rate=2.1)[1]["lost"] == [True, False, False]
    assert "diverges" in figure.says()
    assert figure.set(rate=1.95)[1]["lost"] == [False, False, False]
