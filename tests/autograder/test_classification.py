"""The references on classification, against torch.nn.functional, autograd, finite differences and scikit-learn."""

import doctest

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import balanced_accuracy_score

from autograder.reference import classification as reference

SEEDS = st.integers(0, 2**32 - 1)
few = settings(max_examples=20, deadline=None)


def drawn(seed, n=7, C=4, size=30.0):
    rng = np.random.default_rng(seed)
    return torch.tensor(rng.uniform(-size, size, (n, C))), torch.tensor(rng.integers(0, C, n))


def test_the_examples_in_the_docstrings_hold():
    assert not doctest.testmod(reference).failed


@few
@given(SEEDS)
def test_probabilities_and_losses_are_torchs(seed):
    z, y = drawn(seed)
    tags = (z.roll(1, 0) > 0).double()
    torch.testing.assert_close(reference.sigmoid(z), torch.sigmoid(z))
    torch.testing.assert_close(reference.log_softmax(z), F.log_softmax(z, dim=1))
    torch.testing.assert_close(reference.cross_entropy(z, y), F.cross_entropy(z, y))
    torch.testing.assert_close(reference.bce_with_logits(z, tags), F.binary_cross_entropy_with_logits(z, tags))


@few
@given(SEEDS)
def test_the_hinge_is_torchs_margin_loss_for_two_classes(seed):
    z, y = drawn(seed, C=2, size=2.0)
    s = z[:, 1] - z[:, 0]
    torch.testing.assert_close(reference.hinge_loss(s, y), 2 * F.multi_margin_loss(z, y))


@few
@given(SEEDS)
def test_the_slope_of_cross_entropy_is_what_is_said_less_what_is_so(seed):
    z, y = drawn(seed, size=5.0)
    nudge, found = 1e-5, torch.zeros_like(z)
    for i in range(z.shape[0]):
        for k in range(z.shape[1]):
            e = torch.zeros_like(z)
            e[i, k] = nudge
            found[i, k] = (reference.cross_entropy(z + e, y) - reference.cross_entropy(z - e, y)) / (2 * nudge)
    gap = (torch.softmax(z, dim=1) - F.one_hot(y, z.shape[1])) / len(y)
    torch.testing.assert_close(found, gap, rtol=1e-5, atol=1e-8)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_nothing_overflows_and_no_gradient_is_nan(dtype):
    z = torch.tensor([[1e4, -1e4, 0.0], [-3e3, -3e3, -3e3]], dtype=dtype, requires_grad=True)
    y = torch.tensor([1, 2])
    for loss in (
        reference.cross_entropy(z, y),
        reference.bce_with_logits(z, F.one_hot(y, 3).to(dtype)),
        reference.sigmoid(z).sum(),
    ):
        assert loss.isfinite()
        assert torch.autograd.grad(loss, z)[0].isfinite().all()


def test_the_slopes_at_zero_where_training_starts_are_torchs():
    z, y = torch.zeros(2, requires_grad=True), torch.tensor([0.0, 1.0])
    (slope,) = torch.autograd.grad(reference.sigmoid(z).sum(), z)
    torch.testing.assert_close(slope, torch.full((2,), 0.25))
    (slope,) = torch.autograd.grad(reference.bce_with_logits(z, y), z)
    torch.testing.assert_close(slope, (0.5 - y) / 2)


def test_a_tagger_is_as_many_logistic_regressions():
    rng = np.random.default_rng(0)
    x = rng.normal(size=(60, 3))
    y = (x @ rng.normal(size=(3, 2)) + rng.normal(size=(60, 2)) > 0).astype(float)
    W, b = reference.train_tagger(torch.tensor(x), torch.tensor(y), lr=2.0, steps=4000)
    for j in range(2):
        fitted = LogisticRegression(C=np.inf, tol=1e-10, max_iter=10_000).fit(x, y[:, j])
        np.testing.assert_allclose(W[j], fitted.coef_[0], rtol=1e-3)
        np.testing.assert_allclose(b[j], fitted.intercept_[0], rtol=1e-3, atol=1e-3)


def test_softmax_regression_steps_where_autograd_points():
    z, y = drawn(1, n=12, C=3, size=2.0)
    x = z @ torch.tensor([[1.0, 0.5], [0.0, 1.0], [-1.0, 0.3]], dtype=z.dtype)
    W, b = torch.zeros(3, 2, dtype=z.dtype, requires_grad=True), torch.zeros(3, dtype=z.dtype, requires_grad=True)
    optimizer = torch.optim.SGD([W, b], lr=0.7)
    for _ in range(25):
        optimizer.zero_grad()
        F.cross_entropy(x @ W.T + b, y).backward()
        optimizer.step()
    wanted = torch.softmax(x @ W.T + b, dim=1).detach()
    torch.testing.assert_close(reference.softmax_regression(x, y, x, lr=0.7, steps=25), wanted)


@few
@given(SEEDS)
def test_balanced_accuracy_is_scikit_learns(seed):
    rng = np.random.default_rng(seed)
    y = rng.choice(3, 40, p=[0.8, 0.15, 0.05])
    y_hat = np.where(rng.random(40) < 0.7, y, rng.choice(sorted(set(y)), 40))
    ours = reference.balanced_accuracy(torch.tensor(y_hat), torch.tensor(y))
    assert ours.item() == pytest.approx(balanced_accuracy_score(y, y_hat), rel=1e-5)
