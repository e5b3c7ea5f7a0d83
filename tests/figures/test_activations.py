"""The figure of activations and their slopes."""

import pytest
import torch
from driver import plain, same
from torch.nn import functional


def bru(z, r=2):
    return torch.where(z >= 0, (r**2 * z.clamp(min=0) + 1) ** (1 / r), torch.exp(r * z.clamp(max=0))) - 1 / r


ACTIVATIONS = {
    "sigmoid": torch.sigmoid,
    "tanh": torch.tanh,
    "relu": torch.relu,
    "leaky": functional.leaky_relu,
    "elu": functional.elu,
    "softplus": functional.softplus,
    "bru": bru,
}


def slopes(name, z):
    z = torch.as_tensor(z, dtype=torch.float64).requires_grad_()
    value = ACTIVATIONS[name](z)
    (slope,) = torch.autograd.grad(value.sum(), z)
    return value.detach(), slope


def truth(state):
    name, z = state["activation"], state["z"]
    value, slope = slopes(name, z)
    products = [slopes(each, z)[1] ** state["layers"] for each in ACTIVATIONS]
    _, everywhere = slopes(name, torch.arange(-250, 251, dtype=torch.float64) / 50)
    return {
        "value": value,
        "slope": slope,
        "products": products,
        "largest": everywhere.max(),
        "flatShare": (everywhere < 0.1).double().mean(),
    }


def test_it_says_what_python_computes(drive):
    drive("activations", truth)


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_every_activation_is_right_everywhere(screen, name):
    figure = screen("activations")
    figure.skip()
    for z in (-5, -1.7, -0.01, 0, 0.01, 2.34, 5):
        state, readout = figure.set(activation=name, z=z, layers=3)
        same(readout, plain(truth(state)))


def test_ten_sigmoids_leave_at_most_a_millionth(screen):
    figure = screen("activations")
    figure.skip()
    state, readout = figure.set(z=0)
    assert state["layers"] == 10
    assert readout["largest"] == pytest.approx(1 / 4)
    assert readout["slope"] == pytest.approx(1 / 4)
    assert readout["products"][0] == pytest.approx(4**-10)
    _, readout = figure.set(z=-1, activation="relu")
    assert readout["products"][2] == 0
    assert "dead" in figure.says()
