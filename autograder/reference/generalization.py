"""Generalization: techniques that make a network right on what it has not seen, and the care that measuring it takes.

Images x are (n, channels, height, width), labels y (n,) classes 0, 1, …; a model maps images to logits.
"""

import copy
import math

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn
from torch.nn import functional as F


def dropout(x: Float[Tensor, "*shape"], p: float, training: bool = True) -> Float[Tensor, "*shape"]:
    """While training, switch each value off with probability p, and make up for it by enlarging the others.

        training:  m ⊙ x / (1 − p),  each m either 0 (with probability p) or 1;   else:  x

    Divided by 1 − p, the expectation is x itself, so that nothing at all is to be done at evaluation. The original
    multiplied the weights by 1 − p there instead.
    Srivastava et al. (2014), sections 4 and 10.

    >>> dropout(torch.ones(3), p=0.5, training=False)
    tensor([1., 1., 1.])
    """
    if not training:
        return x
    kept = torch.rand_like(x) >= p
    return torch.where(kept, x / (1 - p), 0.0)


class EarlyStopping:
    """Stop when the validation loss has not fallen below its best for `patience` epochs in a row; keep the best weights.

        waited = epochs since the least loss;   stop if waited ≥ patience

    `state_dict()` is no copy: it shares its numbers with the model, and they change with it.
    Goodfellow et al. (2016), algorithm 7.1; how long to wait: Prechelt (1998).

    >>> stopper, model = EarlyStopping(patience=2), nn.Linear(1, 1)
    >>> [stopper.step(loss, model) for loss in (3.0, 1.0, 2.0, 1.5)]
    [False, False, False, True]
    """

    def __init__(self, patience: int):
        self.patience, self.best, self.waited, self.kept = patience, math.inf, 0, None

    def step(self, loss: float, model: nn.Module) -> bool:
        """After an epoch: remember the model if it is the best so far. Is it time to stop?"""
        if loss < self.best:
            self.best, self.waited, self.kept = loss, 0, copy.deepcopy(model.state_dict())
        else:
            self.waited += 1
        return self.waited >= self.patience

    def restore(self, model: nn.Module) -> None:
        """Give the model the best weights (and running statistics) back."""
        model.load_state_dict(self.kept)


def augment(
    x: Float[Tensor, "n c h w"], y: Int[Tensor, "n"], copies: int, most: int
) -> tuple[Float[Tensor, "copies*n c h w"], Int[Tensor, "copies*n"]]:
    """Each image `copies` times, each time shifted by another few pixels, always with its own label.

        x'[r, c] = x[r − dy, c − dx], 0 where that lies outside;   dy, dx drawn evenly from −most … most

    `torch.roll` would bring in on one side what leaves on the other.
    Simard, Steinkraus & Platt (2003), section 2.

    >>> augment(torch.ones(2, 1, 3, 3), torch.tensor([5, 7]), copies=2, most=1)[1]
    tensor([5, 7, 5, 7])
    """
    h, w = x.shape[-2:]
    x, y = x.repeat(copies, 1, 1, 1), y.repeat(copies)  # (copies n, c, h, w), (copies n,)
    wide = F.pad(x, (most, most, most, most))  # zeros all around: a shift is another window
    corners = torch.randint(0, 2 * most + 1, (len(x), 2)).tolist()
    moved = [image[:, r : r + h, c : c + w] for image, (r, c) in zip(wide, corners)]
    return torch.stack(moved), y


def shifted(x: Float[Tensor, "n c h w"], dy: int, dx: int) -> Float[Tensor, "n c h w"]:
    """All images moved down by dy and right by dx pixels; zeros come in."""
    h, w = x.shape[-2:]
    wide = F.pad(x, (abs(dx), abs(dx), abs(dy), abs(dy)))
    top, left = abs(dy) - dy, abs(dx) - dx
    return wide[..., top : top + h, left : left + w]


def test_time_average(
    model: nn.Module, x: Float[Tensor, "n c h w"], shifts: list[tuple[int, int]]
) -> Float[Tensor, "n k"]:
    """Ask about several shifted copies of each image, and average the answers.

        p̄(x) = 1/|S| Σ_{(dy,dx) ∈ S} softmax(model(x shifted by (dy, dx)))

    Probabilities are averaged, not logits: a logit has no upper limit, and one loud copy would outvote the others.
    Krizhevsky, Sutskever & Hinton (2012), section 4.1.

    >>> test_time_average(nn.Flatten(), torch.zeros(1, 1, 1, 2), [(0, 0), (0, 1)])
    tensor([[0.5000, 0.5000]])
    """
    model.eval()
    with torch.no_grad():
        answers = [model(shifted(x, dy, dx)).softmax(dim=1) for dy, dx in shifts]  # each (n, k)
    return torch.stack(answers).mean(dim=0)


def random_search(measure, lr_range, p_range, trials) -> tuple[float, float, float]:
    """Try random settings; the one that is best on the validation set wins, and only its test accuracy is told.

        log lr ~ uniform(log low, log high),   p ~ uniform(low, high);   argmax over validation accuracy

    Uniform draws of lr itself from 0.0001 … 1 would lie above 0.1 in nine trials of ten.
    Bergstra & Bengio (2012), section 2.

    >>> lr, p, test = random_search(lambda lr, p: (-p, 10 * p), (0.1, 1.0), (0.5, 0.5), 3)
    >>> p, test
    (0.5, 5.0)
    """
    best = (-math.inf,)
    for _ in range(trials):
        u, v = torch.rand(2).tolist()
        lr = lr_range[0] * (lr_range[1] / lr_range[0]) ** u
        p = p_range[0] + v * (p_range[1] - p_range[0])
        validation, test = measure(lr, p)
        best = max(best, (validation, lr, p, test))
    return best[1:]


def augmented_split(
    x: Float[Tensor, "n c h w"], y: Int[Tensor, "n"], n_validation: int, shifts: list[tuple[int, int]]
) -> tuple[Float[Tensor, "m c h w"], Int[Tensor, "m"], Float[Tensor, "v c h w"], Int[Tensor, "v"]]:
    """Training images with their shifted copies, and validation images as they are: split first, copy afterwards.

        m = (n − n_validation) · |shifts|,   v = n_validation

    Copied first, nearly every validation image would have a twin among the training images.
    Goodfellow et al. (2016), section 5.3: no information on the held-out examples may reach training.
    """
    order = torch.randperm(len(x))
    validation, training = order[:n_validation], order[n_validation:]
    x_train = torch.cat([shifted(x[training], dy, dx) for dy, dx in shifts])
    y_train = y[training].repeat(len(shifts))
    return x_train, y_train, x[validation], y[validation]


def fine_tune(
    model: nn.Sequential, x: Float[Tensor, "n d"], y: Int[Tensor, "n"], classes: int, steps: int, lr: float
) -> nn.Sequential:
    """Keep what the body has learned, give it a new head for the new classes, and train the head alone.

        w_head ← w_head − lr ∇ cross_entropy,   all else stays

    Frozen parameters are not enough: batch norm's running statistics are no parameters, and move in train mode.
    Yosinski et al. (2014), section 2, the networks whose transferred layers are frozen.
    """
    model.requires_grad_(False)
    model[-1] = nn.Linear(model[-1].in_features, classes)
    optimizer = torch.optim.SGD(model[-1].parameters(), lr=lr)
    model.eval()
    for _ in range(steps):
        optimizer.zero_grad()
        F.cross_entropy(model(x), y).backward()
        optimizer.step()
    return model


def hundred_labels(
    x: Float[Tensor, "n 1 8 8"], y: Int[Tensor, "n"], x_new: Float[Tensor, "m 1 8 8"]
) -> Int[Tensor, "m"]:
    """Train on a hundred labeled digits, and say which digits the new ones are.

        min_w E[cross_entropy(model_w(x shifted at random), y)],   then   argmax of the average over shifts

    What helps most is what is known beforehand: a digit that is moved by a pixel is the same digit.
    Simard, Steinkraus & Platt (2003), on how much that is worth for handwriting.
    """
    model = nn.Sequential(nn.Flatten(), nn.Linear(64, 128), nn.ReLU(), nn.Linear(128, 10))
    optimizer = torch.optim.AdamW(model.parameters(), lr=0.01)
    for _ in range(150):
        optimizer.zero_grad()
        F.cross_entropy(model(augment(x, y, 1, 1)[0]), y).backward()
        optimizer.step()
    shifts = [(dy, dx) for dy in (-1, 0, 1) for dx in (-1, 0, 1)]
    return test_time_average(model, x_new, shifts).argmax(dim=1)
