"""Classification: scores become probabilities, likelihood becomes the loss, and overflow is kept out of both.

z are logits (scores of any size), y classes 0, 1, …; n examples of d features, C classes, k tags.
"""

import torch
import torch.nn.functional as F
from jaxtyping import Float, Int
from torch import Tensor


def sigmoid(z: Float[Tensor, "*shape"]) -> Float[Tensor, "*shape"]:
    """The probability whose log-odds are z.

        σ(z) = 1 / (1 + e^−z)  for z ≥ 0,   e^z / (1 + e^z)  for z < 0

    The two forms are equal; each overflows on one side, so each gets only numbers of its own side. (e^−|z| would do
    as well, but |z| has a corner: autograd takes its slope at 0 as 0, and a model that starts from W = 0 never moves.)
    Bishop (2006), equation 4.59.

    >>> sigmoid(torch.tensor([0.0, 1000.0, -1000.0]))
    tensor([0.5000, 1.0000, 0.0000])
    """
    e = torch.exp(z.clamp(max=0))
    return torch.where(z >= 0, 1 / (1 + torch.exp(-z.clamp(min=0))), e / (1 + e))


def bce_with_logits(z: Float[Tensor, "*shape"], y: Float[Tensor, "*shape"]) -> Float[Tensor, ""]:
    """How surprised a yes-or-no model is by the labels, on average: −log of the probability that it gave to each.

        L = mean of  max(z, 0) − y z + log(1 + e^−|z|)   =   mean of  −y log σ(z) − (1 − y) log(1 − σ(z))

    The second form is 0 · ∞ = nan as soon as σ(z) rounds to 1, which in single precision is at z = 17.
    At z = 0 `maximum` shares the slope, ½ to each side, which is right; that of `clamp` and `relu` is 1 or 0.
    Bishop (2006), equation 4.90, divided by n.

    >>> bce_with_logits(torch.tensor([0.0, 200.0]), torch.tensor([1.0, 0.0]))
    tensor(100.3466)
    """
    return (torch.maximum(z, torch.zeros_like(z)) - y * z + torch.log1p(torch.exp(-z.abs()))).mean()


def log_softmax(z: Float[Tensor, "n C"]) -> Float[Tensor, "n C"]:
    """The logarithm of the probability of each class: every logit, less the log of what all of them add up to.

        log p_k = z_k − m − log Σ_j e^(z_j − m),   m = max_j z_j

    Taking m off changes nothing, but now the largest exponent is 0: no overflow, and the sum is at least 1.
    Blanchard, Higham & Higham (2021), section 1, on shifting.

    >>> log_softmax(torch.tensor([[1000.0, 1000.0], [0.0, -200.0]]))
    tensor([[  -0.6931,   -0.6931],
            [   0.0000, -200.0000]])
    """
    shifted = z - z.max(dim=1, keepdim=True).values  # (n, C)
    return shifted - shifted.exp().sum(dim=1, keepdim=True).log()


def cross_entropy(z: Float[Tensor, "n C"], y: Int[Tensor, "n"]) -> Float[Tensor, ""]:
    """How surprised the model is by the true classes, on average.

        L = −(1/n) Σ_i log softmax(z_i)_{y_i}

    It takes logits. Fed with probabilities it runs, and cannot fall below log(1 + (C − 1)/e).
    Bishop (2006), equation 4.108, divided by n.

    >>> cross_entropy(torch.zeros(2, 3), torch.tensor([0, 2]))
    tensor(1.0986)
    """
    log_p = log_softmax(z)  # (n, C)
    return -log_p[torch.arange(len(y), device=y.device), y].mean()


def hinge_loss(s: Float[Tensor, "n"], y: Int[Tensor, "n"]) -> Float[Tensor, ""]:
    """How far the scores fall short of 1 on their own side, on average; beyond 1 nothing is asked.

        L = (1/n) Σ_i max(0, 1 − t_i s_i),   t_i = 2 y_i − 1 ∈ {−1, +1}

    With y itself in place of t every example of class 0 costs 1 and teaches nothing: its slope is 0.
    Cortes & Vapnik (1995); Bishop (2006), equation 7.45.

    >>> hinge_loss(torch.tensor([2.0, 0.5, 0.5]), torch.tensor([1, 1, 0]))
    tensor(0.6667)
    """
    t = 2 * y - 1  # (n,)
    return (1 - t * s).clamp(min=0).mean()


def multilabel_predict(z: Float[Tensor, "n k"], threshold: float = 0.5) -> Int[Tensor, "n k"]:
    """Which of k tags an example carries: none, some or all; every tag decides by itself.

        ŷ_ij = 1 if σ(z_ij) ≥ threshold, else 0

    argmax would give every example exactly one tag. The threshold is a probability, not a logit.

    >>> multilabel_predict(torch.tensor([[2.0, 1.5, -3.0], [-1.0, -2.0, -4.0]]))
    tensor([[1, 1, 0],
            [0, 0, 0]])
    """
    return (sigmoid(z) >= threshold).long()


def train_tagger(
    x: Float[Tensor, "n d"], y: Float[Tensor, "n k"], lr: float, steps: int
) -> tuple[Float[Tensor, "k d"], Float[Tensor, "k"]]:
    """k logistic regressions side by side, trained by gradient descent from zero.

        W ← W − η ∂L/∂W,   b ← b − η ∂L/∂b,   L = mean over examples and tags of −y log σ(z) − (1 − y) log(1 − σ(z))

    Softmax makes the tags share one probability: its values are legal food for the loss, and wrong.
    Bishop (2006), equation 4.91, for each tag.

    >>> train_tagger(torch.tensor([[1.0]]), torch.tensor([[1.0, 0.0]]), lr=1.0, steps=1)
    (tensor([[ 0.2500],
            [-0.2500]]), tensor([ 0.2500, -0.2500]))
    """
    W = x.new_zeros(y.shape[1], x.shape[1], requires_grad=True)
    b = x.new_zeros(y.shape[1], requires_grad=True)
    for _ in range(steps):
        loss = F.binary_cross_entropy_with_logits(x @ W.T + b, y)
        dW, db = torch.autograd.grad(loss, [W, b])
        with torch.no_grad():
            W -= lr * dW
            b -= lr * db
    return W.detach(), b.detach()


def softmax_regression(
    x: Float[Tensor, "n d"], y: Int[Tensor, "n"], x_new: Float[Tensor, "m d"], lr: float = 1.0, steps: int = 100
) -> Float[Tensor, "m C"]:
    """Learn from (x, y), then give each new example a probability for every class.

        P = softmax(x W^T + b) by rows;   W ← W − η (P − Y)^T x / n,   b ← b − η Σ_i (P − Y)_i / n

    Y is y as one-hot rows. The gradient of the loss by the logits is P − Y: what is said less what is so.
    Bishop (2006), equations 4.104 and 4.109.
    """
    Y = F.one_hot(y).to(x.dtype)  # (n, C)
    W, b = x.new_zeros(Y.shape[1], x.shape[1]), x.new_zeros(Y.shape[1])
    for _ in range(steps):
        gap = (log_softmax(x @ W.T + b).exp() - Y) / len(x)  # (n, C)
        W, b = W - lr * gap.T @ x, b - lr * gap.sum(dim=0)
    return log_softmax(x_new @ W.T + b).exp()


def balanced_accuracy(y_hat: Int[Tensor, "n"], y: Int[Tensor, "n"]) -> Float[Tensor, ""]:
    """The recall of each class, averaged over the classes: the rare one counts as much as the common one.

        (1/C) Σ_c  #{ŷ = c and y = c} / #{y = c},   over the C classes that occur in y

    Always answering with the commonest class gives 1/C, however common that class is.
    Brodersen, Ong, Stephan & Buhmann (2010).

    >>> balanced_accuracy(torch.tensor([0, 0, 0, 0, 1]), torch.tensor([0, 0, 0, 1, 1]))
    tensor(0.7500)
    """
    right = (y_hat == y).float()
    return torch.stack([right[y == c].mean() for c in y.unique()]).mean()
