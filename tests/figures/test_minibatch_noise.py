"""The figure of the mini-batches' noise."""

import math
from itertools import pairwise

import pytest
import torch
from draws import Random


def data(state):
    x, y = (torch.tensor(state[name], dtype=torch.float64) for name in "xy")
    return torch.stack([x, torch.ones_like(x)], 1), y


def loss(w, x, y):
    return ((x @ w - y) ** 2).mean() / 2


def descend(state, size, start, least):
    """Loss above the least possible after each step, with torch's gradients."""
    x, y = data(state)
    draw = Random(state["seed"] + 1000)
    picks = [[k if size == 256 else draw.integer(256) for k in range(size)] for _ in range(2048 // size)]
    w, losses = start.tolist(), []
    rows, targets = state["x"], state["y"]
    for batch in picks:
        errors = [w[0] * rows[i] + w[1] - targets[i] for i in batch]
        slope = [sum(e * rows[i] for e, i in zip(errors, batch, strict=True)) / size, sum(errors) / size]
        w = [w[0] - state["rate"] * slope[0], w[1] - state["rate"] * slope[1]]
        losses.append(w)
    away = torch.tensor(losses, dtype=torch.float64) @ x.T - y
    return (away**2).mean(1) / 2 - least


def truth(state):
    x, y = data(state)
    start = torch.tensor([-1.0, 1.5], dtype=torch.float64)
    least = loss(torch.linalg.lstsq(x, y).solution, x, y)
    each = torch.func.vmap(torch.func.grad(loss), (None, 0, 0))(start, x[:, None], y[:, None])
    full = torch.func.grad(loss)(start, x, y)
    size = 2 ** state["power"]
    draw = Random(state["seed"])
    picks = torch.tensor([[draw.integer(256) for _ in range(size)] for _ in range(120)])
    cloud = each[picks].mean(1)
    sizes = [1, size, 256]
    runs = [descend(state, b, start, least) for b in sizes]
    return {
        "full": full,
        "spread": (cloud - full).norm(dim=1).pow(2).mean().sqrt(),
        "expected": (torch.cov(each.T, correction=0).trace() / size).sqrt(),
        "first": cloud[0],
        "steps": [len(run) for run in runs],
        "ends": [run[-max(1, len(run) // 4) :].mean() for run in runs],
        "early": [run[math.ceil(256 / b) - 1] for run, b in zip(runs, sizes, strict=True)],
    }


def test_it_says_what_python_computes(drive):
    drive("minibatch_noise", truth)


def test_four_times_the_batch_halves_the_spread(screen):
    figure = screen("minibatch_noise")
    figure.predict(1)
    spreads = [figure.set(power=power)[1] for power in (0, 2, 4, 6)]
    for one, other in pairwise(spreads):
        assert other["expected"] == pytest.approx(one["expected"] / 2)
        assert other["spread"] == pytest.approx(one["spread"] / 2, rel=0.25)
    figure.set(power=4)
    assert "That is what happens" in figure.page.inner_text(".fig-predicted")


def test_for_the_same_examples_small_batches_are_ahead_and_their_noise_stays(screen):
    figure = screen("minibatch_noise")
    _, readout = figure.set(power=4)
    assert readout["steps"] == [2048, 128, 8]
    one, sixteen, full = readout["early"]  # after 256 examples
    assert one < sixteen < full
    one, sixteen, full = readout["ends"]
    assert sixteen < one / 4 < full


def test_the_handle_goes_from_one_power_of_two_to_the_next(screen):
    figure = screen("minibatch_noise")
    figure.skip()
    handle = figure.page.locator(".fig-handle")
    handle.press("ArrowRight")
    assert figure.settled()[0]["power"] == 3
    handle.press("ArrowLeft")
    handle.press("ArrowLeft")
    assert figure.settled()[0]["power"] == 1
