"""The references on linear models agree with oracles that are not themselves."""

import numpy as np
import pytest
import torch
from sklearn.linear_model import QuantileRegressor, Ridge
from sklearn.metrics import mean_pinball_loss
from sklearn.model_selection import cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer

from autograder.reference import linear_models as reference

seeds = pytest.mark.parametrize("seed", range(4))


def problem(seed, n=30, d=3):
    """(x, y) in double precision, far from zero, with noise."""
    rng = np.random.default_rng(seed)
    x = 2 + rng.normal(size=(n, d)) * [0.5, 2.0, 1.0][:d]
    y = 1 + x @ rng.normal(size=d) + rng.standard_exponential(n)
    return torch.tensor(x), torch.tensor(y)


@seeds
def test_predict_is_numpys_polynomial(seed):
    x, y = problem(seed)
    coefficients = np.polynomial.polynomial.polyval(x[:, 0].numpy(), [0.5, *y[:4].numpy()])
    assert np.allclose(reference.predict(x[:, 0], y[:4], torch.tensor(0.5).double()), coefficients)


@seeds
def test_mse_gradient_is_autograds(seed):
    x, y = problem(seed)
    w, b = torch.randn(3).double().requires_grad_(), torch.randn(()).double().requires_grad_()
    torch.nn.functional.mse_loss(x @ w + b, y).backward()
    for ours, theirs in zip(reference.mse_gradient(x, y, w.detach(), b.detach()), (w.grad, b.grad), strict=True):
        assert torch.allclose(ours, theirs)


@seeds
@pytest.mark.parametrize("tau", [0.1, 0.5, 0.95])
def test_quantile_loss_is_the_pinball_loss(seed, tau):
    x, y = problem(seed)
    assert np.isclose(reference.quantile_loss(x[:, 1], y, tau), mean_pinball_loss(y, x[:, 1], alpha=tau))


@seeds
def test_gradient_descent_walks_as_sgd_does(seed):
    x, y = problem(seed)
    layer = torch.nn.Linear(3, 1).double()
    torch.nn.init.zeros_(layer.weight), torch.nn.init.zeros_(layer.bias)
    optimizer = torch.optim.SGD(layer.parameters(), lr=0.02)
    for steps in range(30):
        w, b = reference.gradient_descent(x, y, 0.02, steps)
        assert torch.allclose(w, layer.weight[0])
        assert torch.allclose(b, layer.bias[0])
        optimizer.zero_grad()
        torch.nn.functional.mse_loss(layer(x).squeeze(1), y).backward()
        optimizer.step()


@seeds
@pytest.mark.parametrize("lam", [0.0, 0.3, 50.0])
def test_ridge_fit_is_sklearns(seed, lam):
    x, y = problem(seed)
    model = Ridge(alpha=len(x) * lam).fit(x, y)
    w, b = reference.ridge_fit(x, y, lam)
    assert np.allclose(w, model.coef_)
    assert np.isclose(b, model.intercept_)


@seeds
def test_cross_validate_is_sklearns_with_the_scale_in_the_pipeline(seed):
    x, y = problem(seed)
    folds = [(np.flatnonzero(np.arange(30) % 6 != i), np.flatnonzero(np.arange(30) % 6 == i)) for i in range(6)]

    class Scale(FunctionTransformer):  # with n − 1, as torch's std; StandardScaler divides by n
        def fit(self, x, y=None):
            self.mean, self.std = x.mean(axis=0), x.std(axis=0, ddof=1)
            return self

        def transform(self, x):
            return (x - self.mean) / self.std

    model = make_pipeline(Scale(), Ridge(alpha=25 * 0.4))
    scores = cross_val_score(model, x.numpy(), y.numpy(), cv=folds, scoring="neg_mean_squared_error")
    assert np.allclose(reference.cross_validate(x, y, 0.4, k=6), -scores)


def test_a_prognosis_does_not_depend_on_the_neighbors():
    x, y = problem(0)
    new, _ = problem(1, n=7)
    together = reference.prognosis(x, y, new, 0.2)
    alone = torch.cat([reference.prognosis(x, y, new[i : i + 1], 0.2) for i in range(7)])
    assert torch.allclose(together, alone)
    model = Ridge(alpha=30 * 0.2).fit((x - x.mean(dim=0)) / x.std(dim=0), y)
    assert np.allclose(together, model.predict((new - x.mean(dim=0)) / x.std(dim=0)))
    moved = torch.tensor([3.0, 0.1, 20.0]).double()
    assert torch.allclose(together, reference.prognosis(x * moved + 5, y, new * moved + 5, 0.2))  # units do not matter


@seeds
@pytest.mark.parametrize("level", [0.9, 0.6])
def test_prediction_interval_is_the_linear_programs(seed, level):
    x, y = problem(seed, n=300)
    new, _ = problem(seed + 10, n=50)
    for tau, end in zip(
        ((1 - level) / 2, (1 + level) / 2), reference.prediction_interval(x, y, new, level), strict=True
    ):
        exact = QuantileRegressor(quantile=tau, alpha=0).fit(x, y).predict(new)
        assert np.abs(end.numpy() - exact).max() < 0.05 * y.std()
