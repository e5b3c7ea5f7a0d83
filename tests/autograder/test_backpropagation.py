"""The references on backpropagation, each against an oracle that is not itself: autograd, torch.optim, differences."""

import doctest

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from beartype import beartype
from jaxtyping import jaxtyped
from torch import nn

from autograder.reference import backpropagation as reference

SEEDS = pytest.mark.parametrize("seed", range(5))


def typed(name):
    """The reference with every shape checked at every call, as its signature says."""
    return jaxtyped(typechecker=beartype)(getattr(reference, name))


def normal(seed, *shapes):
    torch.manual_seed(seed)
    return [torch.randn(*shape, dtype=torch.float64) for shape in shapes]


def same(ours, theirs):
    torch.testing.assert_close(list(ours), list(theirs))


def test_the_examples_in_the_docstrings():
    assert doctest.testmod(reference).failed == 0


@SEEDS
def test_a_layer_backward_is_autograds(seed):
    x, W, b, g = normal(seed, (5, 3), (2, 3), (2,), (5, 2))
    leaves = [t.requires_grad_() for t in (x, W, b)]
    theirs = torch.autograd.grad(F.linear(*leaves), leaves, g)
    same(typed("linear_backward")(x.detach(), W.detach(), g), theirs)


@SEEDS
def test_a_network_forward_and_backward_is_nn_sequentials(seed):
    torch.manual_seed(seed)
    net = nn.Sequential(nn.Linear(3, 6), nn.ReLU(), nn.Linear(6, 4), nn.ReLU(), nn.Linear(4, 2)).double()
    weights, biases = [m.weight.detach() for m in net[::2]], [m.bias.detach() for m in net[::2]]
    x, g = normal(seed, (7, 3), (7, 2))
    h = typed("mlp_forward")(x, weights, biases)
    same([h[0], h[1], h[-1]], [x, net[:2](x), net(x)])
    theirs = torch.autograd.grad(net(x), list(net.parameters()), g)
    gW, gb = typed("mlp_backward")(g, h, weights)
    same([*gW, *gb], [*theirs[::2], *theirs[1::2]])


@SEEDS
def test_value_agrees_with_differences(seed):
    def function(a, b):
        u = a * b
        v = (u + a).tanh() - 2
        return (u * v * 0.3).exp() * v + 3 * a

    numbers = np.random.default_rng(seed).uniform(-1, 1, 2).tolist()
    leaves = [reference.Value(v) for v in numbers]
    function(*leaves).backward()
    for i, leaf in enumerate(leaves):
        above, below = ([v + s * 1e-6 * (i == k) for k, v in enumerate(numbers)] for s in (1, -1))
        rise = function(*map(reference.Value, above)).data - function(*map(reference.Value, below)).data
        assert leaf.grad == pytest.approx(rise / 2e-6, rel=1e-5, abs=1e-7)


def test_value_walks_every_edge_once():
    a = reference.Value(1.5)
    u = a
    for _ in range(2000):  # more than Python's stack, and 2²⁰⁰⁰ paths
        u = u * 0.5 + u * 0.5
    u.backward()
    assert a.grad == 1


@SEEDS
def test_a_step_is_torch_optims(seed):
    x, y, *parameters = normal(seed, (6, 3), (6, 2), (5, 3), (5,), (2, 5), (2,))
    leaves = [p.clone().requires_grad_() for p in parameters]
    loss = 0.5 * (F.linear(torch.tanh(F.linear(x, *leaves[:2])), *leaves[2:]) - y).square().sum(dim=1).mean()
    loss.backward()
    torch.optim.SGD(leaves, lr=0.3).step()
    same(typed("sgd_step")(x, y, *parameters, 0.3), leaves)


@pytest.mark.parametrize("shape", [(3,), (4, 1), (4, 3), (1, 3), (1, 1), (), (2, 1, 1), (1, 4, 1)])
def test_unbroadcast_is_sum_to_size(shape):
    (g,) = normal(0, (2, 4, 3))
    same([typed("unbroadcast")(g, shape)], [g.sum_to_size(shape)])


@SEEDS
def test_tensor_is_autograd(seed):
    def function(x, W, b, V, T):
        h = (x @ W.T + b).relu() * (x @ W.T).tanh()
        s = h @ V + T(torch.tensor(0.5, dtype=torch.float64))
        return (s * s).sum() + h.sum()

    arrays = normal(seed, (6, 3), (4, 3), (4,), (4, 2))
    ours = [reference.Tensor(a) for a in arrays]
    function(*ours, reference.Tensor).backward()
    theirs = [a.clone().requires_grad_() for a in arrays]
    function(*theirs, lambda a: a).backward()
    same([t.grad for t in ours], [t.grad for t in theirs])


@SEEDS
def test_training_is_torch_optims(seed):
    x, W1, b1, W2, b2 = normal(seed, (9, 2), (6, 2), (6,), (1, 6), (1,))
    y = (x[:, :1] * x[:, 1:] > 0).double()
    leaves = [w.clone().requires_grad_() for w in (W1, b1, W2, b2)]
    optimizer, theirs = torch.optim.SGD(leaves, lr=0.5), []
    for _ in range(20):
        loss = F.binary_cross_entropy_with_logits(F.linear(F.relu(F.linear(x, *leaves[:2])), *leaves[2:]), y)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        theirs.append(loss.item())
    weights, losses = typed("train_mlp")(x, y, [W1, b1, W2, b2], 20, 0.5)
    same(weights, leaves)
    assert losses == pytest.approx(theirs)


TORCH = {"sigmoid": torch.sigmoid, "tanh": torch.tanh, "relu": F.relu, "leaky_relu": F.leaky_relu, "elu": F.elu}
TORCH["softplus"] = F.softplus


@pytest.mark.parametrize("name", TORCH)
def test_activations_are_torchs_with_autograds_slopes(name):
    z = torch.cat([torch.linspace(-90, 90, 181), torch.linspace(-2, 2, 41)]).double().requires_grad_()
    value = TORCH[name](z)
    theirs = torch.autograd.grad(value.sum(), z)[0]
    same(typed("activations")(name, z.detach()), [value.detach(), theirs])


def test_bru_and_its_slope():
    z = torch.tensor([-3.0, -0.5, 0.0, 0.75, 6.0], dtype=torch.float64)
    value, slope = typed("activations")("bru", z)
    r = 2
    theirs = [(r**2 * v + 1) ** (1 / r) - 1 / r if v >= 0 else np.exp(r * v) - 1 / r for v in z.tolist()]
    assert value.tolist() == pytest.approx(theirs)
    rise = (reference.activations("bru", z + 1e-6)[0] - reference.activations("bru", z - 1e-6)[0]) / 2e-6
    torch.testing.assert_close(slope, rise, rtol=1e-5, atol=1e-5)


@SEEDS
def test_softmax_and_cross_entropy_backward_is_autograds(seed):
    (z,) = normal(seed, (6, 4))
    y = torch.randint(0, 4, (6,))
    z.requires_grad_()
    theirs = torch.autograd.grad(F.cross_entropy(z, y), z)[0]
    same([typed("softmax_cross_entropy_backward")(z.detach(), y)], [theirs])
