"""The perceptron: one neuron, the rule it learns by, how surely it decides, and what a second layer adds.

Labels y are −1 or +1. n points of d features; k corners. New tensors take the dtype and the device of those given.
"""

import torch
from jaxtyping import Float
from torch import Tensor


def neuron(x: Float[Tensor, "n d"], w: Float[Tensor, "d"], b: Float[Tensor, ""]) -> Float[Tensor, "n"]:
    """A neuron fires, +1, where the weighted sum of its inputs and the bias reach zero; elsewhere it says −1.

        y_hat = step(w·x + b),   step(s) = +1 if s ≥ 0, else −1

    `torch.sign` is no step: sign(0) = 0, which is neither class; a point on the line fires.
    Rosenblatt (1958); Bishop (2006), equations 4.52 and 4.53.

    >>> neuron(torch.tensor([[2.0, 1.0], [1.0, 1.0], [0.0, 1.0]]), torch.tensor([1.0, -1.0]), torch.tensor(0.0))
    tensor([ 1.,  1., -1.])
    """
    score = x @ w + b  # (n,)
    return torch.where(score >= 0, 1.0, -1.0).to(x.dtype)


def perceptron_update(
    w: Float[Tensor, "d"], b: Float[Tensor, ""], x: Float[Tensor, "d"], y: Float[Tensor, ""]
) -> tuple[Float[Tensor, "d"], Float[Tensor, ""]]:
    """Learn from one point: if the neuron is wrong about it, turn the line toward having it right.

        if y (w·x + b) ≤ 0:   w ← w + y x,   b ← b + y

    A point on the line counts as wrong: learning starts at w = 0, b = 0, where every point is on the "line".
    Rosenblatt (1958); Bishop (2006), equation 4.55.

    >>> perceptron_update(torch.zeros(2), torch.tensor(0.0), torch.tensor([3.0, 1.0]), torch.tensor(-1.0))
    (tensor([-3., -1.]), tensor(-1.))
    """
    wrong = y * (w @ x + b) <= 0
    return (w + y * x, b + y) if wrong else (w, b)


def margin(
    x: Float[Tensor, "n d"], y: Float[Tensor, "n"], w: Float[Tensor, "d"], b: Float[Tensor, ""]
) -> Float[Tensor, ""]:
    """How far the nearest point is from the line, negative if a point is on the wrong side (then: the farthest wrong).

        γ = min_i  y_i (w·x_i + b) / ‖w‖

    The bias is no part of the norm: 2w, 2b is the same line and has the same margin.
    Novikoff (1962); Bishop (2006), equation 4.7 with the label's sign.

    >>> margin(torch.tensor([[5.0, 0.0], [0.0, 0.0]]), torch.tensor([1.0, -1.0]), torch.tensor([3.0, 4.0]), torch.tensor(-5.0))
    tensor(1.)
    """
    score = x @ w + b  # (n,)
    return (y * score).min() / w.norm()


def train_perceptron(
    x: Float[Tensor, "n d"], y: Float[Tensor, "n"], max_epochs: int = 100
) -> tuple[Float[Tensor, "d"], Float[Tensor, ""], int]:
    """Go through the points again and again, learning from each wrong one, until a whole pass finds none.

        from w = 0, b = 0; for i = 1 … n, again and again:   if y_i (w·x_i + b) ≤ 0:   w ← w + y_i x_i,   b ← b + y_i

    If a line separates the classes there are at most (R/γ)² updates, in whatever order the points come;
    if none does, it never ends by itself: hence `max_epochs`.
    Rosenblatt (1958); the bound: Novikoff (1962).

    >>> train_perceptron(torch.tensor([[1.0], [3.0]]), torch.tensor([-1.0, 1.0]))
    (tensor([2.]), tensor(-4.), 10)
    """
    w, b, updates = x.new_zeros(x.shape[1]), x.new_zeros(()), 0
    for _ in range(max_epochs):
        before = updates
        for x_i, y_i in zip(x, y):
            if y_i * (w @ x_i + b) <= 0:
                w, b, updates = w + y_i * x_i, b + y_i, updates + 1
        if updates == before:
            break
    return w, b, updates


def xor_network() -> tuple[Float[Tensor, "2 2"], Float[Tensor, "2"], Float[Tensor, "2"], Float[Tensor, ""]]:
    """Exclusive or: at least one input is on (first hidden unit), but not both (second).

        h = step(W1 x + b1),   XOR(x) = step(w2·h + b2),   step(s) = 1 if s ≥ 0, else 0

    No single line has (0,1) and (1,0) on one side, (0,0) and (1,1) on the other; after the hidden layer one does.
    Minsky & Papert (1969) for what one layer cannot do; Goodfellow et al. (2016), section 6.1, for a hidden layer that can.
    """
    W1 = torch.tensor([[1.0, 1.0], [1.0, 1.0]])  # both hidden units add the inputs up …
    b1 = torch.tensor([-0.5, -1.5])  # … one wants a sum of at least 1, the other of 2
    w2 = torch.tensor([1.0, -1.0])
    b2 = torch.tensor(-0.5)
    return W1, b1, w2, b2


def path(x: Float[Tensor, "n d"], y: Float[Tensor, "n"], epochs: int) -> Float[Tensor, "rows d+1"]:
    """Where learning has been: a row (w, b) for the start at zero and one after each update.

        v_0 = 0,   v_t = v_{t−1} + y_i (x_i, 1) for the t-th wrong point i

    `v += …` would change the one tensor that every row of the list is: a list keeps the tensor, not its value then.
    Rosenblatt (1958); Bishop (2006), equation 4.55 with a 1 appended to x.

    >>> path(torch.tensor([[1.0], [3.0]]), torch.tensor([-1.0, 1.0]), epochs=1)
    tensor([[ 0.,  0.],
            [-1., -1.],
            [ 2.,  0.]])
    """
    x1 = torch.cat([x, x.new_ones(len(x), 1)], dim=1)  # (n, d + 1)
    v = x1.new_zeros(x1.shape[1])
    visited = [v]
    for _ in range(epochs):
        for x_i, y_i in zip(x1, y):
            if y_i * (v @ x_i) <= 0:
                v = v + y_i * x_i
                visited.append(v)
    return torch.stack(visited)


def polygon_network(
    corners: Float[Tensor, "k 2"],
) -> tuple[Float[Tensor, "k 2"], Float[Tensor, "k"], Float[Tensor, "k"], Float[Tensor, ""]]:
    """A network that fires inside a convex polygon: each hidden unit guards one edge, the output asks that all fire.

        edge (p, q) → the unit  w·(z − p) ≥ 0  with w = (−(q−p)_y, (q−p)_x), the edge turned left;   AND: Σ h − k + ½ ≥ 0

    Left is inside because the corners go around counter-clockwise; the last edge leads back to the first corner.
    Lippmann (1987), on the regions that two layers of steps can form.
    """
    edge = corners.roll(-1, dims=0) - corners  # (k, 2)
    W1 = torch.stack([-edge[:, 1], edge[:, 0]], dim=1)  # (k, 2)
    b1 = -(W1 * corners).sum(dim=1)  # (k,)
    w2 = corners.new_ones(len(corners))
    b2 = corners.new_tensor(0.5 - len(corners))
    return W1, b1, w2, b2


def averaged_perceptron(
    x: Float[Tensor, "n d"], y: Float[Tensor, "n"], epochs: int
) -> tuple[Float[Tensor, "d"], Float[Tensor, ""]]:
    """The mean of all the lines held while learning: one that served for long counts for much.

        w̄ = 1/(epochs·n) Σ_t w_t   and b̄ alike, w_t being the weights once the t-th point has been seen

    Where no line separates the classes the last line is as good as its last mistake; the mean settles down.
    Freund & Schapire (1999), figure 1, its votes c_k taken as weights of an average.

    >>> averaged_perceptron(torch.tensor([[1.0], [3.0]]), torch.tensor([-1.0, 1.0]), epochs=1)
    (tensor([0.5000]), tensor(-0.5000))
    """
    w, b = x.new_zeros(x.shape[1]), x.new_zeros(())
    w_sum, b_sum = w, b
    for _ in range(epochs):
        for x_i, y_i in zip(x, y):
            w, b = perceptron_update(w, b, x_i, y_i)
            w_sum, b_sum = w_sum + w, b_sum + b
    return w_sum / (epochs * len(x)), b_sum / (epochs * len(x))
