"""Warm-up: axes put in order, every point against every other, one scale for all features, how likely numbers are,
and a line found by five lines.

n examples of d features, m others. New tensors take the dtype and the device of those given.
"""

import torch
from jaxtyping import Float
from torch import Tensor


def channels_first(images: Float[Tensor, "n height width channels"]) -> Float[Tensor, "n channels height width"]:
    """Bring the axis of the colors to the place where PyTorch's layers expect it.

        out[i, c, row, column] = images[i, row, column, c]

    `reshape` to the same shape raises no error and shreds the picture: it keeps the order of the numbers in memory.
    PyTorch documentation, torch.permute.

    >>> channels_first(torch.zeros(2, 4, 5, 3)).shape
    torch.Size([2, 3, 4, 5])
    """
    return images.permute(0, 3, 1, 2)


def pairwise_distances(a: Float[Tensor, "n d"], b: Float[Tensor, "m d"]) -> Float[Tensor, "n m"]:
    """How far every point of a is from every point of b.

        D[i, j] = ‖a_i − b_j‖ = √ Σ_k (a[i, k] − b[j, k])²

    No loop: an axis of size 1 in each, and broadcasting lets every point meet every other. It costs n·m·d numbers.
    Harris et al. (2020), on broadcasting.

    >>> pairwise_distances(torch.tensor([[0.0, 0.0]]), torch.tensor([[3.0, 4.0], [0.0, 1.0]]))
    tensor([[5., 1.]])
    """
    difference = a[:, None, :] - b[None, :, :]  # (n, m, d)
    return difference.square().sum(dim=2).sqrt()  # (n, m)


def standardize(
    train: Float[Tensor, "n d"], test: Float[Tensor, "m d"]
) -> tuple[Float[Tensor, "n d"], Float[Tensor, "m d"]]:
    """Every feature to mean 0 and standard deviation 1 on the training set; the test set by the same two numbers.

        z[i, j] = (x[i, j] − μ_j) / σ_j,   μ_j = 1/n Σ_i train[i, j],   σ_j² = 1/n Σ_i (train[i, j] − μ_j)²

    The test set's own mean is not 0 then, and must not be: of a single new example it would be the example itself.
    Hastie, Tibshirani & Friedman (2009), section 7.10.2, for what happens to estimates otherwise.

    >>> standardize(torch.tensor([[1.0], [3.0]]), torch.tensor([[4.0]]))
    (tensor([[-1.],
            [ 1.]]), tensor([[2.]]))
    """
    mean, std = train.mean(dim=0), train.std(dim=0, correction=0)  # (d,), (d,)
    return (train - mean) / std, (test - mean) / std


def log_likelihood(x: Float[Tensor, "n"], mu: Float[Tensor, ""], sigma: Float[Tensor, ""]) -> Float[Tensor, ""]:
    """The logarithm of the density that the Gaussian N(μ, σ²) gives to all n numbers together.

        log L = Σ_i log N(x_i; μ, σ²) = −Σ_i [ (x_i − μ)² / 2σ² + log σ + ½ log 2π ]

    The product of a few hundred densities underflows to 0, and log 0 is −∞: take the logarithm before any exp.
    Bishop (2006), equation 1.54.

    >>> log_likelihood(torch.tensor([1.0, 1.0]), torch.tensor(1.0), torch.tensor(1.0))
    tensor(-1.8379)
    """
    z = (x - mu) / sigma  # (n,)
    return (-0.5 * z**2 - sigma.log() - 0.5 * torch.tensor(2 * torch.pi).log()).sum()


def next_letter(counts: Float[Tensor, "k k"]) -> Float[Tensor, "k k"]:
    """From how often letter j came after letter i, the probability that it comes next.

        P[i, j] = counts[i, j] / Σ_k counts[i, k]

    Without `keepdim` the sums, of shape (k,), lie along the columns; the table is square, so nothing complains.
    Shannon (1948), section 3: letters drawn by the pairs that they form.

    >>> next_letter(torch.tensor([[1.0, 3.0], [2.0, 2.0]]))
    tensor([[0.2500, 0.7500],
            [0.5000, 0.5000]])
    """
    return counts / counts.sum(dim=1, keepdim=True)


def fit_line(
    x: Float[Tensor, "n"], y: Float[Tensor, "n"], lr: float = 0.1, steps: int = 100
) -> tuple[Float[Tensor, ""], Float[Tensor, ""]]:
    """Slope and intercept, from zero, after so many steps down the gradient of the mean squared error.

        L(w, b) = 1/n Σ_i (w x_i + b − y_i)²;   w ← w − η ∂L/∂w,   b ← b − η ∂L/∂b

    `backward` adds to the gradients that are there: without `zero_grad` each step repeats all earlier ones.
    Paszke et al. (2019) for the loop; Bishop (2006), equation 3.22 for one example at a time.

    >>> fit_line(torch.tensor([-1.0, 1.0]), torch.tensor([1.0, 5.0]))
    (tensor(2.0000), tensor(3.0000))
    """
    w, b = x.new_zeros((), requires_grad=True), x.new_zeros((), requires_grad=True)
    for _ in range(steps):
        y_hat = w * x + b  # (n,)
        loss = ((y_hat - y) ** 2).mean()
        w.grad = b.grad = None  # what zero_grad does
        loss.backward()
        with torch.no_grad():  # what step does
            w -= lr * w.grad
            b -= lr * b.grad
    return w.detach(), b.detach()


def kl_divergence(p: Float[Tensor, "k"], q: Float[Tensor, "k"]) -> Float[Tensor, ""]:
    """What it costs, in nats for each draw, to believe q where p is true.

        KL(p ‖ q) = Σ_k p_k log(p_k / q_k),   with 0 log 0 = 0

    It is no distance: KL(p ‖ q) and KL(q ‖ p) differ, and it is infinite where q rules out what happens.
    Kullback & Leibler (1951); Bishop (2006), equation 1.113.

    >>> kl_divergence(torch.tensor([1.0, 0.0]), torch.tensor([0.5, 0.5]))
    tensor(0.6931)
    """
    return torch.where(p > 0, p * (p / q).log(), 0.0).sum()
