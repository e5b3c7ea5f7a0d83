"""References of *Training deep networks* against independent oracles."""

import torch
from torch.nn import functional as F

from autograder.reference import training as reference


def test_random_weights_are_those_of_torch():
    weight = torch.zeros(40, 70, dtype=torch.float64)
    own, theirs = torch.Generator().manual_seed(3), torch.Generator().manual_seed(3)
    xavier = torch.nn.init.xavier_uniform_(weight.clone(), generator=theirs)
    assert torch.allclose(reference.xavier_uniform(weight, own), xavier)
    own, theirs = torch.Generator().manual_seed(3), torch.Generator().manual_seed(3)
    kaiming = torch.nn.init.kaiming_normal_(weight.clone(), nonlinearity="relu", generator=theirs)
    assert torch.allclose(reference.kaiming_normal(weight, own), kaiming)
    assert not weight.any()


def test_batch_norm_follows_torch_through_training_and_evaluation():
    torch.manual_seed(0)
    layer = torch.nn.BatchNorm1d(3, momentum=0.3)
    torch.nn.init.normal_(layer.weight)
    torch.nn.init.normal_(layer.bias)
    mean, var = torch.zeros(3), torch.ones(3)
    for training in (True, True, False):
        x = 3 * torch.randn(5, 3) + 1
        layer.train(training)
        wanted = layer(x).detach()
        y, mean, var = reference.batch_norm(x, layer.weight.detach(), layer.bias.detach(), mean, var, training, 0.3)
        assert torch.allclose(y, wanted, atol=1e-5)
        assert torch.allclose(mean, layer.running_mean, atol=1e-6)
        assert torch.allclose(var, layer.running_var, atol=1e-5)


def test_batch_norm_backward_is_a_finite_difference():
    torch.manual_seed(0)
    x, g, gamma = (torch.randn(*shape, dtype=torch.float64) for shape in ((4, 2), (4, 2), (2,)))
    eps, h = 0.3, 1e-6

    def loss(x, gamma):
        y, _, _ = reference.batch_norm(x, gamma, torch.zeros(2).double(), x[0], x[0], True, eps=eps)
        return (g * y).sum()

    grad_x, grad_gamma, grad_beta = reference.batch_norm_backward(g, x, gamma, eps)
    for i in range(4):
        for j in range(2):
            step = torch.zeros_like(x)
            step[i, j] = h
            assert abs((loss(x + step, gamma) - loss(x - step, gamma)) / (2 * h) - grad_x[i, j]) < 1e-6
    step = torch.tensor([h, 0.0], dtype=torch.float64)
    assert abs((loss(x, gamma + step) - loss(x, gamma - step)) / (2 * h) - grad_gamma[0]) < 1e-6
    assert torch.allclose(grad_beta, g.sum(dim=0))


def test_layer_norm_is_torchs():
    torch.manual_seed(0)
    x, gamma, beta = 3 * torch.randn(2, 3, 5) + 1, torch.randn(5), torch.randn(5)
    assert torch.allclose(reference.layer_norm(x, gamma, beta), F.layer_norm(x, (5,), gamma, beta), atol=1e-5)
