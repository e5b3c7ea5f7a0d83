"""The figure of a batch in a deep stack, with batch norm and without."""

import math
from functools import cache

import pytest
import torch
from draws import Random

DEPTH, N, BATCH = 50, 48, 24


@cache
def drawn(seed):
    draw = Random(seed)

    def some(*shape):
        return torch.tensor([draw.normal() for _ in range(math.prod(shape))], dtype=torch.float64).reshape(shape)

    p, q = some(N), some(N)
    angle = 2 * math.pi * torch.arange(BATCH, dtype=torch.float64)[:, None] / BATCH
    return torch.cos(angle) * p + torch.sin(angle) * q, [some(N, N) / math.sqrt(N) for _ in range(DEPTH)]


def stack(state, normalize):
    a, weights = drawn(state["seed"])
    for w in weights[: state["layer"]]:
        z = a @ (state["gain"] * w).T
        if normalize:
            z = (z - z.mean(0)) / z.std(0, correction=0)
        a = torch.relu(z)
    return z, a


def truth(state):
    stacks = [stack(state, normalize) for normalize in (False, True)]
    return {
        "shares": [1 - a.mean(0).square().sum() / a.square().sum(1).mean() for _, a in stacks],
        "logSizes": [a.square().mean().sqrt().log10() for _, a in stacks],
        "inputs": [z[[0, BATCH // 2]][:, [15, 44]] for z, _ in stacks],
    }


def test_it_says_what_python_computes(drive):
    drive("batch_norm", truth)


@pytest.mark.parametrize("seed", [320, 2, 3])
def test_batch_norm_keeps_inputs_apart_that_come_together_without(screen, seed):
    figure = screen("batch_norm", motion="reduce")
    figure.skip()
    figure.set(seed=seed)
    state, readout = figure.press("Play")
    assert state["layer"] == DEPTH
    without, with_norm = readout["shares"]
    assert without < 0.25
    assert with_norm > 0.6


def test_with_batch_norm_the_gain_does_not_matter(screen):
    figure = screen("batch_norm")
    figure.skip()
    seen = [figure.set(layer=30, gain=gain)[1] for gain in (0.8, 1.4, 2.2)]
    assert len({str(readout["inputs"][1]) for readout in seen}) == 1
    assert len({readout["logSizes"][1] for readout in seen}) == 1
    assert seen[2]["logSizes"][0] - seen[0]["logSizes"][0] == pytest.approx(30 * math.log10(2.2 / 0.8))
    assert "at every gain" in figure.says()
