"""The figure of signal and gradient in a deep stack."""

import math
from functools import cache

import torch
from draws import Random

DEPTH, N, BATCH = 50, 64, 8


@cache
def drawn(seed):
    draw = Random(seed)

    def some(*shape):
        return torch.tensor([draw.normal() for _ in range(math.prod(shape))], dtype=torch.float64).reshape(shape)

    return some(BATCH, N), some(BATCH, N), [some(N, N) / math.sqrt(N) for _ in range(DEPTH)]


def run(state):
    """z of each layer, and ∂L/∂z, from autograd."""
    x, last, weights = drawn(state["seed"])
    a, z = x.clone().requires_grad_(), []
    for w in weights:
        z.append(a @ (state["gain"] * w).T)
        z[-1].retain_grad()
        a = {"relu": torch.relu, "tanh": torch.tanh}[state["activation"]](z[-1])
    (last * a).sum().backward()
    return [v.detach() for v in z], [v.grad for v in z]


def truth(state):
    z, gradients = run(state)
    sizes = [v.std(correction=0) for v in z]
    lost = [not 2**-24 <= size <= 65504 for size in sizes]
    return {
        "forward": [size.log10() for size in sizes],
        "backward": [g.square().mean().sqrt().log10() for g in gradients],
        "lost": lost.index(True) + 1 if any(lost) else 0,
        "atZero": [(z[layer - 1].abs() < 4 / 41).double().mean() for layer in (1, 10, 50)],
    }


def test_it_says_what_python_computes(drive):
    drive("signal", truth)


def test_only_near_the_square_root_of_two_fifty_relu_layers_keep_signal_and_gradient(screen):
    figure = screen("signal")
    figure.skip()
    for seed in (1, 2, 3):
        for gain in (1.0, 1.2, math.sqrt(2), 1.6, 1.8):
            _, readout = figure.set(gain=gain, seed=seed)
            kept = all(abs(readout[way][end]) < 1.5 for way, end in (("forward", -1), ("backward", 0)))
            assert kept == (gain == math.sqrt(2)), (seed, gain, readout["forward"][-1], readout["backward"][0])
            assert ("knife-edge" in figure.says()) == kept


def test_what_is_too_small_for_float16_becomes_zero(screen):
    figure = screen("signal")
    _, readout = figure.settled()
    z, _ = run(figure.settled()[0])
    assert z[readout["lost"] + 1].half().abs().median() == 0
    assert "too small for float16" in figure.says()


def test_tanh_keeps_the_signal_bounded_and_not_the_gradient(screen):
    figure = screen("signal")
    figure.skip()
    _, readout = figure.set(activation="tanh", gain=2.2)
    assert max(readout["forward"]) < 0.5
    assert readout["backward"][0] > 2
