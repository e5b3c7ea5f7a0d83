"""The figure of the ridge path."""

import numpy as np
import pytest
import torch
from sklearn.linear_model import lars_path_gram


def tensors(state):
    names = ("gram", "xy", "valid_gram", "valid_xy")
    return [torch.tensor(state[name], dtype=torch.float64) for name in names]


def weights(state, strength=None):
    """Ridge by its equation; the lasso by LARS, which walks its path from corner to corner."""
    strength = state["strength"] if strength is None else strength
    gram, xy, *_ = tensors(state)
    if state["penalty"] == "ridge":
        return torch.linalg.solve(gram + strength * torch.eye(10, dtype=torch.float64), xy)
    corners, _, path = lars_path_gram(
        xy.numpy(), gram.numpy(), n_samples=1, method="lasso", alpha_min=1e-4, return_path=True
    )
    return torch.tensor(np.array([np.interp(strength, corners[::-1], w[::-1]) for w in path]))


def errors(state, w):
    gram, xy, valid_gram, valid_xy = tensors(state)
    return 1 - 2 * xy @ w + w @ gram @ w, state["valid_yy"] - 2 * valid_xy @ w + w @ valid_gram @ w


def truth(state):
    w = weights(state)
    train, valid = errors(state, w)
    strengths = np.logspace(-3, 1, 97)
    path = [errors(state, weights(state, strength))[1].item() for strength in strengths]
    return {
        "coefficients": w,
        "zeros": int((w.abs() < 1e-12).sum()),
        "train": train,
        "valid": valid,
        "norm": w.norm(),
        "best": strengths[int(np.argmin(path))],
        "leastValid": min(path),
    }


def test_it_says_what_python_computes(drive):
    drive("ridge_path", truth)


def test_the_moments_are_those_of_the_data(screen):
    from sklearn.datasets import load_diabetes
    from sklearn.linear_model import Ridge

    figure = screen("ridge_path")
    figure.skip()
    _, readout = figure.set(strength=0.1)
    data = load_diabetes(scaled=False)
    order = np.random.default_rng(7).permutation(442)
    train, valid = order[:40], order[40:]
    x = (data.data - data.data[train].mean(0)) / data.data[train].std(0)
    y = (data.target - data.target[train].mean()) / data.target[train].std()
    model = Ridge(alpha=0.1 * 40).fit(x[train], y[train])
    assert readout["coefficients"] == pytest.approx(model.coef_, abs=1e-3)
    assert readout["valid"] == pytest.approx(((model.predict(x[valid]) - y[valid]) ** 2).mean(), abs=1e-3)


def test_the_lasso_puts_one_after_the_other_to_zero_and_ridge_none(screen):
    figure = screen("ridge_path")
    figure.skip()
    zeros = {}
    for penalty in ("ridge", "lasso"):
        seen = [figure.set(penalty=penalty, strength=strength)[1] for strength in (0.001, 0.01, 0.1, 0.3, 10)]
        zeros[penalty] = [readout["zeros"] for readout in seen]
        training = [readout["train"] for readout in seen]
        assert training == sorted(training)
        least = min(readout["valid"] for readout in seen)
        assert least < 0.7 * seen[0]["valid"]
        assert least < 0.7 * seen[4]["valid"]
    assert zeros["ridge"] == [0] * 5
    assert zeros["lasso"] == sorted(zeros["lasso"])
    assert zeros["lasso"][0] == 0
    assert zeros["lasso"][-1] == 10


def test_what_goes_first_is_the_quarrel_of_two_that_say_the_same(screen):
    figure = screen("ridge_path")
    figure.skip()
    state, before = figure.settled()
    assert state["gram"][4][5] > 0.9
    _, after = figure.set(strength=0.1)
    lost = [abs(a) - abs(b) for a, b in zip(before["coefficients"], after["coefficients"], strict=True)]
    assert sorted(sorted(range(10), key=lambda j: -lost[j])[:2]) == [4, 5]
