"""The references of the chapter on optimization against independent oracles: torch.optim, autograd, SciPy-free algebra."""

import math

import pytest
import torch

from autograder.reference import optimization as reference
from coursekit.cases import optimization as cases


def walk_of_torch(make, gradients, w):
    p = torch.nn.Parameter(w.clone())
    optimizer, path = make([p]), []
    for g in gradients:
        p.grad = g(p.detach()) if callable(g) else g
        optimizer.step()
        path.append(p.detach().clone())
    return torch.stack(path)


W = torch.tensor([1.0, -2.0, 0.5], dtype=torch.float64)
ZERO = torch.zeros_like(W)
GRADIENTS = torch.randn(100, 3, dtype=torch.float64, generator=torch.Generator().manual_seed(0)) + 0.5


@pytest.mark.parametrize(
    ("make", "path"),
    [
        (
            lambda p: torch.optim.SGD(p, lr=0.05, momentum=0.9),
            lambda: cases.with_velocity(reference.momentum_step, W, GRADIENTS, ZERO, 0.05),
        ),
        (
            lambda p: torch.optim.Adam(p, lr=0.05),
            lambda: cases.with_moments(reference.adam_step, W, GRADIENTS, ZERO, ZERO, 1, 0.05),
        ),
        (
            lambda p: torch.optim.AdamW(p, lr=0.05),
            lambda: cases.with_moments(reference.adamw_step, W, GRADIENTS, ZERO, ZERO, 1, 0.05),
        ),
        (
            lambda p: torch.optim.Adagrad(p, lr=0.05),
            lambda: cases.with_squares(reference.adagrad_step, W, GRADIENTS, ZERO, 0.05),
        ),
        (
            lambda p: torch.optim.RMSprop(p, lr=0.05),
            lambda: cases.with_squares(reference.rmsprop_step, W, GRADIENTS, ZERO, 0.05),
        ),
    ],
    ids=["momentum", "Adam", "AdamW", "AdaGrad", "RMSProp"],
)
def test_a_step_is_torchs_for_a_hundred_steps_with_its_default_constants(make, path):
    assert (path()[0] - walk_of_torch(make, GRADIENTS, W)).abs().max() < 1e-6


def test_nesterovs_points_ahead_are_torchs_weights():
    A, b, lr, mu = torch.diag(torch.tensor([0.5, 1, 4], dtype=torch.float64)), W / 2, 0.05, 0.9
    theirs = walk_of_torch(
        lambda p: torch.optim.SGD(p, lr=lr, momentum=mu, nesterov=True), [lambda w: A @ w - b] * 100, W
    )
    w, v = W, ZERO
    for point in theirs:
        w, v = reference.nesterov_step(w, lambda at: A @ at - b, v, lr, mu)
        assert (w - lr * mu * v - point).abs().max() < 1e-6


def test_the_measured_gradient_is_autograds():
    def f(w):
        return (w.sin() * w.roll(1)).sum() + w.prod()

    w = W.clone().requires_grad_()
    assert torch.allclose(reference.numerical_gradient(f, W), torch.autograd.grad(f(w), w)[0], atol=1e-8)


def test_the_cosine_is_torchs_scheduler():
    optimizer = torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=0.4)
    scheduler = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, 50, eta_min=0.1)
    for t in range(51):
        ours = reference.warmup_cosine(10 + t, 60, 10, 0.4, 0.1)
        assert math.isclose(ours, optimizer.param_groups[0]["lr"], rel_tol=1e-9)
        optimizer.step()
        scheduler.step()


def test_the_runs_found_sick_are_sick_and_no_rate_of_plain_descent_saves_them():
    for name, run in cases.RUNS.items():
        assert not cases.train(name, *run.sick)[-1] <= run.goal
        for rate in (1e-6, 1e-5, 1e-4, 1e-3, 3e-3, 6e-3, 1e-2, 3e-2, 0.1, 0.3, 1):
            assert not cases.train(name, "sgd", rate)[-1] <= run.goal, (name, rate)


def test_the_market_tells_a_rate_that_falls_from_one_that_does_not():
    """The best constant rate of each method stays above the goal, a cosine comes below it, both with room to spare."""
    constant = [("sgd", 0.14), ("momentum", 0.013), ("nesterov", 0.014), ("adam", 0.35)]
    falling = [("sgd", 0.4), ("momentum", 0.03), ("nesterov", 0.03), ("adam", 0.8)]
    for settings, schedule in (constant, "constant"), (falling, "cosine"):
        for method, rate in settings:
            ends = [cases.train("market", method, rate, schedule, seed)[-1] for seed in range(cases.DRAWS)]
            share = sum(ends) / cases.DRAWS / cases.RUNS["market"].goal
            assert share > 1.25 if schedule == "constant" else share < 0.85, (method, rate, schedule, share)
