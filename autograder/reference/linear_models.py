"""Linear models: a weighted sum that answers with a number, the losses it is fitted with, and how far it can be trusted.

n points of d features; w (d,) and b () are weights and bias, τ (tau) a quantile's level, λ (lam) the penalty's strength.
"""

import math

import torch
from jaxtyping import Float
from torch import Tensor


def predict(x: Float[Tensor, "n"], w: Float[Tensor, "k"], b: Float[Tensor, ""]) -> Float[Tensor, "n"]:
    """A polynomial is a linear model: linear in its weights, on the features x, x², …, x^k.

        ŷ_i = b + Σ_j w_j x_i^j,   j = 1 … k

    The first weight belongs to x¹, for x⁰ is the 1 whose weight is the bias.
    Bishop (2006), equations 1.1 and 3.3.

    >>> predict(torch.tensor([0.0, 1.0, 2.0]), torch.tensor([1.0, 3.0]), torch.tensor(10.0))
    tensor([10., 14., 24.])
    """
    powers = torch.arange(1, len(w) + 1, device=x.device)  # (k,)
    features = x[:, None] ** powers  # (n, k)
    return features @ w + b


def mse_gradient(
    x: Float[Tensor, "n d"], y: Float[Tensor, "n"], w: Float[Tensor, "d"], b: Float[Tensor, ""]
) -> tuple[Float[Tensor, "d"], Float[Tensor, ""]]:
    """Which way, and how fast, the mean squared error grows with each weight and with the bias.

        ∂L/∂w = 2/n Σ_i (ŷ_i − y_i) x_i,   ∂L/∂b = 2/n Σ_i (ŷ_i − y_i),   ŷ_i = w·x_i + b

    Both are averages over the points: the same points twice give the same gradient.
    Bishop (2006), equation 3.12 with the mean for the sum.

    >>> mse_gradient(torch.tensor([[1.0], [3.0]]), torch.tensor([0.0, 0.0]), torch.tensor([1.0]), torch.tensor(0.0))
    (tensor([10.]), tensor(4.))
    """
    error = x @ w + b - y  # (n,)
    return 2 * error @ x / len(x), 2 * error.mean()


def quantile_loss(y_hat: Float[Tensor, "n"], y: Float[Tensor, "n"], tau: float) -> Float[Tensor, ""]:
    """What is above the prediction costs τ a unit, what is below it 1 − τ; the mean over the points.

        L = 1/n Σ_i ρ(y_i − ŷ_i),   ρ(r) = τ r if r ≥ 0, else (τ − 1) r

    The least constant is the τ-quantile of the y. At τ = ½ it is half the absolute error, not the whole.
    Koenker & Bassett (1978).

    >>> quantile_loss(torch.tensor([0.0, 0.0]), torch.tensor([1.0, -1.0]), 0.75)
    tensor(0.5000)
    """
    r = y - y_hat  # (n,)
    return torch.maximum(tau * r, (tau - 1) * r).mean()


def gradient_descent(
    x: Float[Tensor, "n d"], y: Float[Tensor, "n"], lr: float, steps: int
) -> tuple[Float[Tensor, "d"], Float[Tensor, ""]]:
    """Least squares without solving an equation: step after step against the gradient of the mean squared error.

        from w = 0, b = 0:   (w, b) ← (w, b) − η ∇L(w, b),   `steps` times

    Both gradients are taken at the same place, before either w or b has moved.
    Cauchy (1847); Bishop (2006), equation 3.22 with all points for one.

    >>> gradient_descent(torch.tensor([[1.0], [3.0]]), torch.tensor([2.0, 4.0]), lr=0.1, steps=1)
    (tensor([1.4000]), tensor(0.6000))
    """
    w, b = x.new_zeros(x.shape[1]), x.new_zeros(())
    for _ in range(steps):
        grad_w, grad_b = mse_gradient(x, y, w, b)
        w, b = w - lr * grad_w, b - lr * grad_b
    return w, b


def ridge_fit(
    x: Float[Tensor, "n d"], y: Float[Tensor, "n"], lam: float
) -> tuple[Float[Tensor, "d"], Float[Tensor, ""]]:
    """Least squares that pays for the length of w, and so leans less on what few points say.

        min over w, b of  1/n ‖Xw + b − y‖² + λ ‖w‖²:   w = (X̃ᵀX̃/n + λI)⁻¹ X̃ᵀỹ/n,   b = ȳ − w·x̄

    X̃, ỹ have their means subtracted, and that keeps b free: a penalized bias would pull all answers toward 0.
    Hoerl & Kennard (1970), equation 2.1, with nλ for k; Hastie et al. (2009), section 3.4.1, for the free intercept.

    >>> ridge_fit(torch.tensor([[-1.0], [1.0]]), torch.tensor([4.0, 8.0]), lam=1.0)
    (tensor([1.]), tensor(6.))
    """
    x_mean, y_mean = x.mean(dim=0), y.mean()
    xc, yc = x - x_mean, y - y_mean
    gram = xc.T @ xc / len(x) + lam * torch.eye(x.shape[1], dtype=x.dtype, device=x.device)  # (d, d)
    w = torch.linalg.solve(gram, xc.T @ yc / len(x))  # (d,)
    return w, y_mean - w @ x_mean


def cross_validate(x: Float[Tensor, "n d"], y: Float[Tensor, "n"], lam: float, k: int = 5) -> Float[Tensor, "k"]:
    """The error on each fold of a ridge regression that has never seen that fold.

        fold i = points i, i + k, i + 2k, …;   error_i = mean over fold i of (y − ŷ)², fitted on the k − 1 others

    Everything that is computed from data is part of the fit: also the means and spreads that standardize the features.
    Stone (1974); Hastie et al. (2009), equation 7.48, and section 7.10.2 for the leak.

    >>> cross_validate(torch.tensor([[0.0], [1.0], [2.0], [3.0]]), torch.tensor([0.0, 1.0, 2.0, 3.0]), lam=0.0, k=2)
    tensor([0., 0.])
    """
    errors = []
    for i in range(k):
        held_out = torch.arange(len(x), device=x.device) % k == i  # (n,)
        seen, mean, std = x[~held_out], x[~held_out].mean(dim=0), x[~held_out].std(dim=0)
        w, b = ridge_fit((seen - mean) / std, y[~held_out], lam)
        y_hat = (x[held_out] - mean) / std @ w + b
        errors.append((y[held_out] - y_hat).square().mean())
    return torch.stack(errors)


def prognosis(
    x: Float[Tensor, "n d"], y: Float[Tensor, "n"], x_new: Float[Tensor, "m d"], lam: float
) -> Float[Tensor, "m"]:
    """Ridge regression on standardized features, for inputs that come later, one at a time or many at once.

        z = (x − mean of the training x) / (std of the training x), for old and new alike;   ŷ_new = w·z_new + b

    The scale is part of the model: by the new inputs' own mean and std, each answer would depend on its neighbors.
    Hastie et al. (2009), section 3.4.1.

    >>> prognosis(torch.tensor([[0.0], [2.0]]), torch.tensor([1.0, 5.0]), torch.tensor([[3.0]]), lam=0.0)
    tensor([7.])
    """
    mean, std = x.mean(dim=0), x.std(dim=0)
    w, b = ridge_fit((x - mean) / std, y, lam)
    return (x_new - mean) / std @ w + b


def prediction_interval(
    x: Float[Tensor, "n d"], y: Float[Tensor, "n"], x_new: Float[Tensor, "m d"], level: float = 0.9
) -> tuple[Float[Tensor, "m"], Float[Tensor, "m"]]:
    """A band that is to hold the answer in `level` of all cases: two quantile fits, the tails shared evenly.

        lower: τ = (1 − level)/2,   upper: τ = (1 + level)/2,   each the least mean quantile loss over w and b

    It is as wide as the data are scattered there, where mean ± a constant is as wide everywhere.
    Koenker & Bassett (1978); Koenker & Hallock (2001). The steps shrink, for the loss has no slope that fades to 0.
    """
    mean, std = x.mean(dim=0), x.std(dim=0)
    ones, tau = x.new_ones(len(x), 1), x.new_tensor([(1 - level) / 2, (1 + level) / 2])
    z = torch.cat([(x - mean) / std, ones], dim=1)  # (n, d + 1)
    v = x.new_zeros(x.shape[1] + 1, 2)  # a column for each quantile
    v[-1] = torch.quantile(y, tau)
    for t in range(1000):
        below = (y[:, None] < z @ v).to(x.dtype)  # (n, 2)
        v = v - 3 * y.std() / (1 + 0.02 * t) * z.T @ (below - tau) / len(x)
    z_new = torch.cat([(x_new - mean) / std, x.new_ones(len(x_new), 1)], dim=1)  # (m, d + 1)
    return tuple((z_new @ v).T)


def calibrate(
    lower: Float[Tensor, "m"], upper: Float[Tensor, "m"], y: Float[Tensor, "m"], level: float = 0.9
) -> Float[Tensor, ""]:
    """By how much a band must be widened on both sides (narrowed, if negative) so that it keeps its promise.

        e_i = max(lower_i − y_i, y_i − upper_i);   the ⌈(m + 1) level⌉-th smallest of e_1, …, e_m

    m + 1, not m: a new answer's e is one more of the same kind, and may fall into any of the m + 1 gaps.
    The y must be of examples that the band was not fitted to. Romano, Patterson & Candès (2019), equations 6 to 8.

    >>> calibrate(torch.zeros(4), torch.ones(4), torch.tensor([0.5, 1.25, 3.0, -0.5]), level=0.5)
    tensor(0.2500)
    """
    outside = torch.maximum(lower - y, y - upper)  # (m,)
    rank = math.ceil((len(y) + 1) * level)
    return outside.sort().values[rank - 1]
