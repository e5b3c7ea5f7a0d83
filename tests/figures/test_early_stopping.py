"""The figure of early stopping: the same training by PyTorch."""

import functools

import torch
from draws import Random


def target(x):
    return 0.8 * torch.sin(2.5 * x) + 0.6 * torch.sin(10 * x + 0.5)


def features(x):
    k = torch.arange(28, dtype=torch.float64)
    return torch.cos(k * torch.pi * (x[:, None] + 1) / 2) / (1 + k / 4) ** 2


@functools.cache
def trained(seed, noise):
    draw = Random(seed)
    places = [torch.tensor([2 * (i + draw.uniform()) / n - 1 for i in range(n)], dtype=torch.float64) for n in (24, 16)]
    x, held = places
    y, held_y = (target(at) + noise * torch.tensor([draw.normal() for _ in at], dtype=torch.float64) for at in places)
    w = torch.zeros(28, dtype=torch.float64, requires_grad=True)
    sgd = torch.optim.SGD([w], lr=0.1)
    mse = torch.nn.functional.mse_loss
    weights, losses, validation = [], [], []
    for _ in range(201):
        weights.append(w.detach().clone())
        losses.append(mse(features(x) @ w, y).item())
        validation.append(mse(features(held) @ w, held_y).item())
        for batch in torch.tensor(draw.permutation(24)).split(2):
            sgd.zero_grad()
            mse(features(x[batch]) @ w, y[batch]).backward()
            sgd.step()
    return weights, losses, validation


def truth(state):
    weights, losses, validation = trained(state["seed"], state["noise"])
    e = state["epoch"]
    best = min(range(1, e + 1), key=validation.__getitem__)
    stop = kept = -1
    lowest, waited = validation[1], 0
    for i in range(2, 201):
        waited = 0 if validation[i] < lowest else waited + 1
        lowest = min(lowest, validation[i])
        if waited == state["patience"]:
            stop = i
            kept = i - waited
            break
    shown = best if state["restore"] else e
    grid = torch.linspace(-1, 1, 161, dtype=torch.float64)
    return {
        "training": losses[e],
        "validation": validation[e],
        "best": best,
        "stop": stop,
        "kept": kept,
        "shown": shown,
        "error": ((features(grid) @ weights[shown] - target(grid)) ** 2).mean(),
    }


def test_it_says_what_python_computes(drive):
    drive("early_stopping", truth)


def test_stopping_at_the_first_bump_and_never_stopping_are_both_worse(screen):
    figure = screen("early_stopping")
    figure.predict(1)
    state, early = figure.settled()
    assert early["stop"] == state["epoch"]
    assert "the rule stops here" in figure.says()
    _, end = figure.set(epoch=200, patience=20)
    assert end["kept"] == end["best"] == 50  # with patience the best epoch is found
    _, best = figure.set(restore=True)
    assert best["shown"] == 50
    assert best["error"] < 0.6 * min(early["error"], end["error"])
    assert end["training"] < early["training"]  # which alone says: go on
    assert "That is what happens" in figure.page.inner_text(".fig-predicted")
