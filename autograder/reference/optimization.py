"""Optimization: the gradient felt out, minibatches, and the steps that go down, each mending the one before it.

w are the weights of d parameters, g their gradient, lr the learning rate; states begin at zero and steps are counted from
1. A step returns new weights and new states; the given ones stay. Squares, roots and fractions act entry by entry.
"""

import math
from collections.abc import Callable

import torch
from jaxtyping import Float
from torch import Tensor


def numerical_gradient(f: Callable, w: Float[Tensor, "d"], h: float = 1e-5) -> Float[Tensor, "d"]:
    """The slope along each weight, felt out by a small step to both sides.

        ∂f/∂w_i ≈ (f(w + h e_i) − f(w − h e_i)) / 2h

    The two sides cancel every even power of h: the error falls like h², not like h; below h ≈ 1e-5 rounding takes over.
    Nocedal & Wright (2006), section 8.1.

    >>> numerical_gradient(lambda w: w[0] ** 2 + 3 * w[1], torch.tensor([1.0, 5.0], dtype=torch.float64), h=0.5)
    tensor([2., 3.], dtype=torch.float64)
    """
    shifts = h * torch.eye(len(w), dtype=w.dtype, device=w.device)  # (d, d)
    return torch.stack([(f(w + e) - f(w - e)) / (2 * h) for e in shifts])


def minibatches(
    x: Float[Tensor, "n d"], y: Float[Tensor, "n"], batch_size: int
) -> list[tuple[Float[Tensor, "size d"], Float[Tensor, "size"]]]:
    """One epoch: every row once, in a new random order, cut into pieces.

        π a permutation of 1 … n;   batch k = rows π(kB + 1) … π(min(kB + B, n))

    The last batch is smaller unless B divides n. It belongs to the epoch: left out, some rows are not seen in it.
    Goodfellow et al. (2016), section 8.1.3.

    >>> [len(y_b) for _, y_b in minibatches(torch.zeros(10, 3), torch.zeros(10), batch_size=4)]
    [4, 4, 2]
    """
    order = torch.randperm(len(x), device=x.device)
    return [(x[rows], y[rows]) for rows in order.split(batch_size)]


def momentum_step(
    w: Float[Tensor, "d"], g: Float[Tensor, "d"], v: Float[Tensor, "d"], lr: float, mu: float = 0.9
) -> tuple[Float[Tensor, "d"], Float[Tensor, "d"]]:
    """Gradients add up in a velocity that forgets slowly, and the weights follow the velocity.

        v ← μ v + g,   w ← w − η v

    A sum, not an average: a steady gradient is soon taken 1/(1 − μ) times, ten times for μ = 0.9.
    Polyak (1964), in the form of torch.optim.SGD.

    >>> momentum_step(torch.tensor([1.0]), torch.tensor([2.0]), torch.tensor([4.0]), lr=0.1, mu=0.5)
    (tensor([0.6000]), tensor([4.]))
    """
    v = mu * v + g
    return w - lr * v, v


def nesterov_step(
    w: Float[Tensor, "d"], gradient: Callable, v: Float[Tensor, "d"], lr: float, mu: float = 0.9
) -> tuple[Float[Tensor, "d"], Float[Tensor, "d"]]:
    """Momentum that looks where it will be before it looks at the slope.

        v ← μ v + ∇L(w − η μ v),   w ← w − η v

    torch.optim.SGD(nesterov=True) keeps the point looked at, w − η μ v, as the weights: the same path, seen from there.
    Nesterov (1983); Sutskever et al. (2013), equations 3 and 4.

    >>> nesterov_step(torch.tensor([1.0]), lambda w: w, torch.tensor([4.0]), lr=0.25, mu=0.5)
    (tensor([0.3750]), tensor([2.5000]))
    """
    v = mu * v + gradient(w - lr * mu * v)
    return w - lr * v, v


def adam_step(
    w: Float[Tensor, "d"],
    g: Float[Tensor, "d"],
    m: Float[Tensor, "d"],
    s: Float[Tensor, "d"],
    t: int,
    lr: float = 1e-3,
    beta1: float = 0.9,
    beta2: float = 0.999,
    eps: float = 1e-8,
) -> tuple[Float[Tensor, "d"], Float[Tensor, "d"], Float[Tensor, "d"]]:
    """The mean gradient over the root of the mean square, both averages cured of having begun at zero.

        m ← β₁ m + (1 − β₁) g,   s ← β₂ s + (1 − β₂) g²,   w ← w − η (m / (1 − β₁ᵗ)) / (√(s / (1 − β₂ᵗ)) + ε)

    t counts from 1. The states are kept as they are: corrected is only what enters the step.
    Kingma & Ba (2015), algorithm 1.

    >>> adam_step(torch.tensor([1.0]), torch.tensor([4.0]), torch.zeros(1), torch.zeros(1), t=1, lr=0.5)[0]
    tensor([0.5000])
    """
    m = beta1 * m + (1 - beta1) * g
    s = beta2 * s + (1 - beta2) * g**2
    m_hat, s_hat = m / (1 - beta1**t), s / (1 - beta2**t)
    return w - lr * m_hat / (s_hat.sqrt() + eps), m, s


def adamw_step(
    w: Float[Tensor, "d"],
    g: Float[Tensor, "d"],
    m: Float[Tensor, "d"],
    s: Float[Tensor, "d"],
    t: int,
    lr: float = 1e-3,
    beta1: float = 0.9,
    beta2: float = 0.999,
    eps: float = 1e-8,
    weight_decay: float = 0.01,
) -> tuple[Float[Tensor, "d"], Float[Tensor, "d"], Float[Tensor, "d"]]:
    """Adam that shrinks all weights alike, beside the moments and not through them.

        w ← w − η λ w, then a step of Adam with the bare gradient

    λ w added to the gradient would be divided by √s: weights with large gradients would hardly decay.
    Loshchilov & Hutter (2019), algorithm 2, with the η of torch.optim.AdamW in front of λ.

    >>> adamw_step(torch.tensor([2.0]), torch.zeros(1), torch.zeros(1), torch.zeros(1), 1, lr=0.5, weight_decay=0.1)[0]
    tensor([1.9000])
    """
    return adam_step(w - lr * weight_decay * w, g, m, s, t, lr, beta1, beta2, eps)


def warmup_cosine(t: int, steps: int, warmup: int, lr_max: float, lr_min: float = 0.0) -> float:
    """Up in a straight line, then down along half a cosine.

        t ≤ T_w:  η = η_max t / T_w;   after:  η = η_min + ½ (η_max − η_min) (1 + cos π (t − T_w)/(T − T_w))

    Steps count from 1: the first is not wasted at rate 0, step T_w has the largest rate, and step T the smallest.
    Loshchilov & Hutter (2017), equation 5; the warm-up: Goyal et al. (2017), section 2.2.

    >>> [round(warmup_cosine(t, steps=6, warmup=2, lr_max=1.0), 3) for t in range(1, 7)]
    [0.5, 1.0, 0.854, 0.5, 0.146, 0.0]
    """
    if t <= warmup:
        return lr_max * t / warmup
    done = (t - warmup) / (steps - warmup)
    return lr_min + (lr_max - lr_min) * (1 + math.cos(math.pi * done)) / 2


def rescue() -> list[tuple[str, float, str]]:
    """Three sick runs, three cures: speed along the ravine, a rate for every weight, steps that die down.

        quarry: η < 2 (1 + μ) / 300;   hospital: a step of size η whatever the unit;   market: η → 0 against the noise

    A smaller rate saves none of them within the budget.
    The settings are among many that do: the judge trains with them.
    """
    return [("momentum", 0.004, "constant"), ("adam", 0.03, "cosine"), ("sgd", 0.3, "cosine")]


def adagrad_step(
    w: Float[Tensor, "d"], g: Float[Tensor, "d"], s: Float[Tensor, "d"], lr: float = 0.01, eps: float = 1e-10
) -> tuple[Float[Tensor, "d"], Float[Tensor, "d"]]:
    """Each weight divides its steps by the size of all the gradients that it has seen.

        s ← s + g²,   w ← w − η g / (√s + ε)

    The first step is η long for every weight, whatever its gradient; later ones can only shrink.
    Duchi, Hazan & Singer (2011), figure 1, with diagonal matrices.

    >>> adagrad_step(torch.tensor([1.0]), torch.tensor([4.0]), torch.tensor([9.0]), lr=0.5)
    (tensor([0.6000]), tensor([25.]))
    """
    s = s + g**2
    return w - lr * g / (s.sqrt() + eps), s


def rmsprop_step(
    w: Float[Tensor, "d"],
    g: Float[Tensor, "d"],
    s: Float[Tensor, "d"],
    lr: float = 0.01,
    alpha: float = 0.99,
    eps: float = 1e-8,
) -> tuple[Float[Tensor, "d"], Float[Tensor, "d"]]:
    """AdaGrad with a memory that fades: the steps are divided by the recent size of the gradients.

        s ← α s + (1 − α) g²,   w ← w − η g / (√s + ε)

    s begins at zero, so the first step is 1/√(1 − α) times as long as η: ten times for α = 0.99.
    Tieleman & Hinton (2012), lecture 6.5, in the form of torch.optim.RMSprop.

    >>> rmsprop_step(torch.tensor([1.0]), torch.tensor([4.0]), torch.tensor([12.0]), lr=0.5, alpha=0.75)[1]
    tensor([13.])
    """
    s = alpha * s + (1 - alpha) * g**2
    return w - lr * g / (s.sqrt() + eps), s
