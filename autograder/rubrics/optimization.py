"""How the exercises on optimization are judged.

Everything is in double precision, so that two right answers differ by rounding alone, far below the tolerance. Where an
exercise is an optimizer of torch.optim, the case *a hundred steps* asserts here that the reference takes torch's steps.
"""

import math

import numpy as np
import torch

from autograder.reference import optimization as reference
from autograder.rubric import Kept, Rubric
from coursekit.cases.optimization import RUNS, on_a_bowl, with_moments, with_squares, with_velocity

NUMERICAL = "optimization#optimization-numerical"
BATCHES = "optimization#optimization-batches"
RAVINE = "optimization#optimization-ravine"
MOMENTUM = "optimization#optimization-momentum"
NESTEROV = "optimization#optimization-nesterov"
SCALES = "optimization#optimization-scales"
ADAM = "optimization#optimization-adam"
ADAMW = "optimization#optimization-adamw"
SCHEDULES = "optimization#optimization-schedules"
CHOOSING = "optimization#optimization-choosing"


def normal(rng, *shape, size=1.0):
    """Normal numbers of that spread, in double precision."""
    return torch.tensor(size * rng.normal(size=shape), dtype=torch.float64)


def apart(rng, *shape):
    """Numbers between 0.5 and 2, of either sign: none is near zero, so that what is left out shows."""
    return torch.tensor(rng.uniform(0.5, 2, shape) * rng.choice([-1, 1], shape), dtype=torch.float64)


def squares(rng, *shape):
    """Positive numbers between 0.5 and 2: sums or averages of squares."""
    return torch.tensor(rng.uniform(0.5, 2, shape), dtype=torch.float64)


def number(rng, low, high):
    """A number between `low` and `high`, of four decimals."""
    return round(float(rng.uniform(low, high)), 4)


def takes_the_steps_of(make, w, gradients, path):
    """Assert that torch's optimizer, fed the same gradients, goes through the same points to 1e-6."""
    p = torch.nn.Parameter(w.clone())
    optimizer = make([p])
    for g, point in zip(gradients, path, strict=True):
        p.grad = g.clone()
        optimizer.step()
        assert (p.detach() - point).abs().max() < 1e-6, "the reference does not take the steps of torch.optim"


def single(*given):
    """The same in single precision."""
    return tuple(g.float() if isinstance(g, torch.Tensor) else g for g in given)


# ── The gradient, felt out ────────────────────────────────────────────────────────────────────────────────────────────

numerical_gradient = Rubric(
    reference.numerical_gradient,
    title="The gradient, felt out",
    points=3,
    minutes=10,
    returns="a tensor of shape (d,), one slope for each weight",
    when="of_a_polynomial",
)


def polynomial(rng, d):
    """(c, A), w: every weight has a slope, a curvature and a third derivative of its own, and they influence each other."""
    A = normal(rng, d, d)
    return (apart(rng, d), A + A.T + 3 * torch.eye(d, dtype=torch.float64)), apart(rng, d)


@numerical_gradient.given("two weights, a step of 0.1")
def _(rng):
    return *polynomial(rng, 2), 0.1


@numerical_gradient.given("three weights, a step of 0.25")
def _(rng):
    return *polynomial(rng, 3), 0.25


@numerical_gradient.given("one weight", weight=0.5)
def _(rng):
    return *polynomial(rng, 1), 0.5


@numerical_gradient.given("four weights, the step not given")
def _(rng):
    return polynomial(rng, 4)


@numerical_gradient.given("at the origin")
def _(rng):
    parts, w = polynomial(rng, 3)
    return parts, torch.zeros_like(w), 0.25


@numerical_gradient.given("eleven weights", public=False)
def _(rng):
    return *polynomial(rng, 11), 0.125


@numerical_gradient.given("weights of very different size, the step not given", public=False)
def _(rng):
    parts, w = polynomial(rng, 3)
    return parts, w * torch.tensor([0.001, 1, 10], dtype=torch.float64)


def shifted(w, i, h):
    """A copy of w with h added to entry i."""
    w = w.clone()
    w[i] += h
    return w


@numerical_gradient.mistake(
    "A forward difference",
    question="For f(w) = w² at w = 0 with h = 0.1: what does (f(w + h) − f(w)) / h give, and what is the slope?",
    hint="0.1, and 0. Step to both sides: `(f(w + e) - f(w - e)) / (2 * h)`; then the curvature cancels.",
    section=NUMERICAL,
)
def _(f, w, h=1e-5):
    return torch.stack([(f(shifted(w, i, h)) - f(w)) / h for i in range(len(w))])


@numerical_gradient.mistake(
    "A backward difference",
    question="For f(w) = w² at w = 0 with h = 0.1: what does (f(w) − f(w − h)) / h give, and what is the slope?",
    hint="−0.1, and 0. Step to both sides: `(f(w + e) - f(w - e)) / (2 * h)`; then the curvature cancels.",
    section=NUMERICAL,
)
def _(f, w, h=1e-5):
    return torch.stack([(f(w) - f(shifted(w, i, -h))) / h for i in range(len(w))])


@numerical_gradient.mistake(
    "Divided by h, not by 2h",
    question="How far apart are the two points w + h e_i and w − h e_i?",
    hint="2h, and a slope is rise over run: divide by `2 * h`.",
    section=NUMERICAL,
)
def _(f, w, h=1e-5):
    return torch.stack([(f(shifted(w, i, h)) - f(shifted(w, i, -h))) / h for i in range(len(w))])


@numerical_gradient.mistake(
    "Divided by 2, multiplied by h",
    question="In which order does Python work through `a / 2 * h`?",
    hint="From left to right: (a / 2) · h. The denominator needs parentheses: `/ (2 * h)`.",
    section=NUMERICAL,
)
def _(f, w, h=1e-5):
    return torch.stack([(f(shifted(w, i, h)) - f(shifted(w, i, -h))) / 2 * h for i in range(len(w))])


@numerical_gradient.mistake(
    "All weights are shifted at once",
    question="`w + h` adds h to every entry. Which slope does that measure, and how many slopes are wanted?",
    hint="The slope along (1, 1, …, 1), a single number. Shift one weight at a time: a loop over i, and a copy of w with h added to "
    "entry i alone.",
    section=NUMERICAL,
)
def _(f, w, h=1e-5):
    return (f(w + h) - f(w - h)) / (2 * h)


@numerical_gradient.mistake(
    "A shifted weight is not put back",
    question="When you shift the second weight, where is the first?",
    hint="Still shifted, from the round before. Start every round from a fresh copy: `w.clone()`.",
    section=NUMERICAL,
)
def _(f, w, h=1e-5):
    w, slopes = w.clone(), []
    for i in range(len(w)):
        w[i] += h
        above = f(w)
        w[i] -= 2 * h
        slopes.append((above - f(w)) / (2 * h))
    return torch.stack(slopes)


@numerical_gradient.mistake(
    "Both points are one tensor",
    question="After `up = w` and `down = w`, how many tensors are there?",
    hint="One, under three names: what is added to one is added to all, so both losses are the same. `w.clone()` makes another.",
    section=NUMERICAL,
)
def _(f, w, h=1e-5):
    slopes = torch.zeros_like(w)
    for i in range(len(w)):
        up = w
        up[i] += h
        down = w
        down[i] -= h
        slopes[i] = (f(up) - f(down)) / (2 * h)
    return slopes


@numerical_gradient.mistake(
    "The given w is shifted, not a copy",
    question="After your function has been called, does the caller's own w hold what it held before?",
    hint="`w[i] += h` writes into the tensor that you were given. Work on a copy: `w.clone()`.",
    section=NUMERICAL,
)
def _(f, w, h=1e-5):
    slopes = []
    for i in range(len(w)):
        w[i] += h
        above = f(w)
        w[i] -= 2 * h
        slopes.append((above - f(w)) / (2 * h))
    return torch.stack(slopes)


@numerical_gradient.mistake(
    "Two names for one tensor",
    question="After `up = w` and `down = w`, how many tensors are there?",
    hint="One. What is added through one name is taken away through the other, and every slope is 0. Copy: `up = w.clone()`.",
    section=NUMERICAL,
)
def _(f, w, h=1e-5):
    return torch.zeros_like(w)


@numerical_gradient.mistake(
    "The old value is no copy",
    question="At which two points is your f evaluated: is one of them w itself?",
    hint="It is, so the rise belongs to a run of h, not 2h. After `old = w[i]`, `old` is a second name for that entry and changes with "
    "it. Start from a fresh copy, `w.clone()`, for each point.",
    section=NUMERICAL,
)
def _(f, w, h=1e-5):
    slopes = torch.zeros_like(w)
    for i in range(len(w)):
        old = w[i]
        w[i] = old + h
        above = f(w)
        w[i] = old - h  # `old` is w[i] + h by now
        slopes[i] = (above - f(w)) / (2 * h)
        w[i] = old
    return slopes


@numerical_gradient.mistake(
    "The exact gradient",
    question="Does your answer depend on h?",
    hint="It does not: autograd or a formula gives the exact slope. Here two values of f are wanted for each weight, nothing else: this "
    "is how one checks the exact one.",
    section=NUMERICAL,
)
def _(f, w, h=1e-5):
    w = w.clone().requires_grad_()
    return torch.autograd.grad(f(w), w)[0]


@numerical_gradient.alternative("with a loop, filling in zeros")
def _(f, w, h=1e-5):
    slopes = torch.zeros_like(w)
    for i in range(len(w)):
        up, down = w.clone(), w.clone()
        up[i] += h
        down[i] -= h
        slopes[i] = (f(up) - f(down)) / (2 * h)
    return slopes


@numerical_gradient.alternative("with NumPy")
def _(f, w, h=1e-5):
    w = w.numpy()
    e = h * np.eye(len(w))
    return np.array([float(f(w + e[i]) - f(w - e[i])) / (2 * h) for i in range(len(w))])


# ── Minibatches ───────────────────────────────────────────────────────────────────────────────────────────────────────

minibatches = Rubric(
    reference.minibatches,
    title="One epoch of minibatches",
    points=4,
    minutes=12,
    returns="a list of pairs (x_b, y_b), one for each batch",
    when="two_epochs",
    then="an_epoch",
)


def table(rng, n, d):
    """x, y: n rows, no two alike, each with a label of its own, so that a pair torn apart is seen."""
    return normal(rng, n, d).float(), torch.tensor(rng.permutation(n), dtype=torch.float32)


@minibatches.given("ten rows, four at a time")
def _(rng):
    return *table(rng, 10, 3), 4


@minibatches.given("twelve rows, three at a time")
def _(rng):
    return *table(rng, 12, 2), 3


@minibatches.given("thirty-two rows, five at a time", weight=2)
def _(rng):
    return *table(rng, 32, 2), 5


@minibatches.given("one row at a time", weight=0.5)
def _(rng):
    return *table(rng, 11, 2), 1


@minibatches.given("all rows in one batch", weight=0.5)
def _(rng):
    return *table(rng, 10, 4), 10


@minibatches.given("a batch larger than there are rows", weight=0.5, public=False)
def _(rng):
    return *table(rng, 10, 2), 16


@minibatches.given("a hundred rows, seven at a time", weight=2, public=False)
def _(rng):
    return *table(rng, 100, 5), 7


def cut(x, y, batch_size):
    """Batches of rows in their order."""
    return [(x[i : i + batch_size], y[i : i + batch_size]) for i in range(0, len(x), batch_size)]


@minibatches.mistake(
    "The last batch is dropped",
    question="Ten rows, four at a time: how many batches must there be for every row to be seen once?",
    hint="Three: 4, 4 and 2. Let the start run over `range(0, n, batch_size)`; a slice that reaches beyond the end is cut off by itself.",
    section=BATCHES,
)
def _(x, y, batch_size):
    order = torch.randperm(len(x))
    return [(x[rows], y[rows]) for rows in order.split(batch_size) if len(rows) == batch_size]


@minibatches.mistake(
    "The last batch is filled up with rows that were there before",
    question="How often is each row seen in one epoch, and how often in yours?",
    hint="Once. The last batch is smaller where n is no multiple of the batch size, and that is right: leave it so.",
    section=BATCHES,
)
def _(x, y, batch_size):
    order = torch.randperm(len(x))
    return cut(*(v[torch.cat([order, order[: -len(x) % batch_size]])] for v in (x, y)), batch_size)


@minibatches.mistake(
    "Never shuffled",
    question="Look at the labels that come first in your first batch, and in the data. What if the data were sorted by class?",
    hint="Then whole batches would be of one class. Draw an order, `torch.randperm(n)`, and take the rows in that order.",
    section=BATCHES,
)
def _(x, y, batch_size):
    return cut(x, y, batch_size)


@minibatches.mistake(
    "The same order in every epoch",
    question="Call your function twice. Why do the same rows come in the same order?",
    hint="The generator is seeded inside the function, so it begins again every time. Seed once, outside; here draw a fresh "
    "`torch.randperm(n)`.",
    section=BATCHES,
)
def _(x, y, batch_size):
    order = torch.randperm(len(x), generator=torch.Generator().manual_seed(0))
    return cut(x[order], y[order], batch_size)


@minibatches.mistake(
    "Rows and labels are shuffled separately",
    question="Take the first row of your first batch. Is the label beside it its own?",
    hint="Two calls of randperm give two orders. Draw one, and use it for both: `x[order]`, `y[order]`.",
    section=BATCHES,
)
def _(x, y, batch_size):
    return cut(x[torch.randperm(len(x))], y[torch.randperm(len(x))], batch_size)


@minibatches.mistake(
    "Only the rows are shuffled",
    question="Take the first row of your first batch. Is the label beside it its own?",
    hint="The labels stayed where they were. Use the same order for both: `x[order]`, `y[order]`.",
    section=BATCHES,
)
def _(x, y, batch_size):
    return cut(x[torch.randperm(len(x))], y, batch_size)


@minibatches.mistake(
    "Drawn with replacement",
    question="If every batch draws its rows from all n anew, how many rows are never seen in an epoch?",
    hint="About 37 %, and others come twice. An epoch goes through one permutation: `torch.randperm(n)`, cut into pieces.",
    section=BATCHES,
)
def _(x, y, batch_size):
    rows = torch.randint(len(x), (len(x),))
    rows[1] = rows[0]  # so that it shows even where chance would hide it
    return cut(x[rows], y[rows], batch_size)


@minibatches.mistake(
    "The batches are shuffled, not the rows",
    question="In the second epoch, who is in one batch with the first row?",
    hint="The same rows as before: the data were cut first and shuffled then. Shuffle the rows, then cut.",
    section=BATCHES,
)
def _(x, y, batch_size):
    batches = cut(x, y, batch_size)
    return [batches[i] for i in torch.randperm(len(batches))]


@minibatches.mistake(
    "The number of batches for the number of rows in each",
    question="`chunk(4)`: pieces of four rows, or four pieces?",
    hint="Four pieces, at most. `split(batch_size)` makes pieces of batch_size rows.",
    section=BATCHES,
)
def _(x, y, batch_size):
    order = torch.randperm(len(x))
    return list(zip(x[order].chunk(batch_size), y[order].chunk(batch_size)))


@minibatches.mistake(
    "A new order for each batch",
    question="How many orders do you draw in one epoch, and can a row of the second batch have been in the first?",
    hint="It can: each batch is cut from an order of its own. Draw one order, before the loop, and cut all batches from it.",
    section=BATCHES,
)
def _(x, y, batch_size):
    batches = [torch.randperm(len(x))[i : i + batch_size] for i in range(0, len(x), batch_size)]
    return [(x[rows], y[rows]) for rows in batches]


@minibatches.alternative("a generator, with yield")
def _(x, y, batch_size):
    order = torch.randperm(len(x))
    for start in range(0, len(x), batch_size):
        rows = order[start : start + batch_size]
        yield x[rows], y[rows]


@minibatches.alternative("PyTorch's DataLoader")
def _(x, y, batch_size):
    from torch.utils.data import DataLoader, TensorDataset

    return [tuple(batch) for batch in DataLoader(TensorDataset(x, y), batch_size=batch_size, shuffle=True)]


@minibatches.alternative("with NumPy")
def _(x, y, batch_size):
    order = np.random.permutation(len(x))
    return cut(x.numpy()[order], y.numpy()[order], batch_size)


# ── Momentum ──────────────────────────────────────────────────────────────────────────────────────────────────────────

momentum_step = Rubric(
    reference.momentum_step,
    title="A step with momentum",
    points=2,
    minutes=6,
    returns="a pair (w, v) of tensors of shape (d,)",
)


@momentum_step.given("one step of three weights")
def _(rng):
    return apart(rng, 3), apart(rng, 3), apart(rng, 3), number(rng, 0.1, 0.3), number(rng, 0.6, 0.95)


@momentum_step.given("the first step: the velocity is zero")
def _(rng):
    return apart(rng, 2), apart(rng, 2), torch.zeros(2, dtype=torch.float64), number(rng, 0.1, 0.3), 0.9


@momentum_step.given("the default μ")
def _(rng):
    return apart(rng, 4), apart(rng, 4), apart(rng, 4), number(rng, 0.1, 0.3)


@momentum_step.given("six steps in a row", when="with_velocity")
def _(rng):
    return apart(rng, 2), apart(rng, 6, 2), torch.zeros(2, dtype=torch.float64), number(rng, 0.1, 0.3), 0.8


@momentum_step.given("a hundred steps, as torch.optim.SGD takes them", when="with_velocity", weight=2)
def _(rng):
    w, g, lr, mu = apart(rng, 3), apart(rng, 100, 3), number(rng, 0.01, 0.1), number(rng, 0.8, 0.95)
    given = w, g, torch.zeros(3, dtype=torch.float64), lr, mu
    path = with_velocity(reference.momentum_step, *given)[0]
    takes_the_steps_of(lambda p: torch.optim.SGD(p, lr=lr, momentum=mu), w, g, path)
    return given


@momentum_step.given("μ = 0", public=False, weight=0.5)
def _(rng):
    return apart(rng, 3), apart(rng, 3), apart(rng, 3), number(rng, 0.1, 0.3), 0.0


@momentum_step.given("a hundred steps of nine weights", when="with_velocity", public=False, weight=2)
def _(rng):
    return apart(rng, 9), apart(rng, 100, 9), torch.zeros(9, dtype=torch.float64), number(rng, 0.01, 0.1), 0.9


@momentum_step.given("single precision (float32)", public=False, weight=0.5)
def _(rng):
    return single(apart(rng, 5), apart(rng, 5), apart(rng, 5), number(rng, 0.1, 0.3), 0.9)


@momentum_step.mistake(
    "It averages where PyTorch sums",
    question="With μ = 0.9 and the gradient 1 at every step: toward which number does your velocity go?",
    hint="Toward 1; PyTorch's goes toward 10. The gradient enters in full: `mu * v + g`, without a factor 1 − μ.",
    section=MOMENTUM,
)
def _(w, g, v, lr, mu=0.9):
    v = mu * v + (1 - mu) * g
    return w - lr * v, v


@momentum_step.mistake(
    "The weights move with the old velocity",
    question="What does your very first step do, when the velocity is still 0?",
    hint="Nothing: the weights should follow the new velocity. First `v = mu * v + g`, then `w - lr * v`.",
    section=MOMENTUM,
)
def _(w, g, v, lr, mu=0.9):
    return w - lr * v, mu * v + g


@momentum_step.mistake(
    "Uphill",
    question="The gradient is positive: the loss grows with w. Which way should w move?",
    hint="Down: the velocity gathers gradients, and the weights move against it, `w - lr * v`.",
    section=MOMENTUM,
)
def _(w, g, v, lr, mu=0.9):
    v = mu * v + g
    return w + lr * v, v


@momentum_step.mistake(
    "The learning rate is inside the velocity",
    question="What does v hold after the first step from zero: g, or η g?",
    hint="In PyTorch's form v gathers bare gradients, `mu * v + g`, and η stands in front of v: `w - lr * v`. While η stays the same "
    "both forms walk the same path; when a schedule lowers η, they part.",
    section=MOMENTUM,
)
def _(w, g, v, lr, mu=0.9):
    v = mu * v + lr * g
    return w - v, v


@momentum_step.mistake(
    "The displacement in place of the velocity",
    question="What does your v hold after the first step from zero: g, or −η g?",
    hint="−η g: that is Polyak's form, which keeps the displacement. In PyTorch's form v gathers bare gradients, `mu * v + g`, and the "
    "weights move by `- lr * v`.",
    section=MOMENTUM,
)
def _(w, g, v, lr, mu=0.9):
    v = mu * v - lr * g
    return w + v, v


@momentum_step.mistake(
    "The old velocity is returned",
    question="From what does the next step start, if you hand back the v that you were given?",
    hint="From no memory of this gradient. Return the new velocity along with the new weights.",
    section=MOMENTUM,
)
def _(w, g, v, lr, mu=0.9):
    return w - lr * (mu * v + g), v


@momentum_step.mistake(
    "The friction also brakes the new gradient",
    question="By which number is the newest gradient multiplied when it enters the velocity?",
    hint="By 1. Only what was there before fades: `mu * v + g`, not `mu * (v + g)`.",
    section=MOMENTUM,
)
def _(w, g, v, lr, mu=0.9):
    v = mu * (v + g)
    return w - lr * v, v


@momentum_step.mistake(
    "The given tensors are changed in place",
    question="After your function was called, do the caller's own w and v hold what they held before?",
    hint="`v *= mu` and `w -= …` write into what you were given. Make new ones: `v = mu * v + g`.",
    section=MOMENTUM,
)
def _(w, g, v, lr, mu=0.9):
    v *= mu
    v += g
    w -= lr * v
    return w, v


@momentum_step.alternative("torch.optim's own")
def _(w, g, v, lr, mu=0.9):
    p = torch.nn.Parameter(w.clone())
    optimizer = torch.optim.SGD([p], lr=lr, momentum=mu)
    p.grad = g.clone()
    if mu:
        optimizer.state[p]["momentum_buffer"] = v.clone()
    optimizer.step()
    return p.detach(), optimizer.state[p]["momentum_buffer"] if mu else g.clone()


@momentum_step.alternative("weight by weight, with a loop")
def _(w, g, v, lr, mu=0.9):
    new_v = torch.stack([mu * v[i] + g[i] for i in range(len(v))])
    return torch.stack([w[i] - lr * new_v[i] for i in range(len(w))]), new_v


@momentum_step.alternative("with NumPy")
def _(w, g, v, lr, mu=0.9):
    w, g, v = w.numpy(), g.numpy(), v.numpy()
    return w - lr * (mu * v + g), mu * v + g


# ── Nesterov ──────────────────────────────────────────────────────────────────────────────────────────────────────────

nesterov_step = Rubric(
    reference.nesterov_step,
    title="Look before you leap: Nesterov",
    points=3,
    minutes=8,
    returns="a pair (w, v) of tensors of shape (d,)",
    when="on_a_bowl",
)


def bowl(rng, d, steep=4.0):
    """(A, b): a bowl with curvatures between 0.5 and `steep`, turned, its lowest point away from the origin."""
    axes = np.linalg.qr(rng.normal(size=(d, d)))[0]
    A = torch.tensor(axes * np.linspace(0.5, steep, d) @ axes.T)
    return A, apart(rng, d)


@nesterov_step.given("one step of two weights")
def _(rng):
    return apart(rng, 2), bowl(rng, 2), apart(rng, 2), number(rng, 0.1, 0.2), number(rng, 0.6, 0.9), 1


@nesterov_step.given("the first step: the velocity is zero", weight=0.5)
def _(rng):
    return apart(rng, 3), bowl(rng, 3), torch.zeros(3, dtype=torch.float64), number(rng, 0.1, 0.2), 0.9, 1


@nesterov_step.given("five steps in a row")
def _(rng):
    return apart(rng, 2), bowl(rng, 2), torch.zeros(2, dtype=torch.float64), number(rng, 0.1, 0.2), 0.8, 5


@nesterov_step.given("one weight, a large velocity")
def _(rng):
    return apart(rng, 1), bowl(rng, 1), 3 * apart(rng, 1), number(rng, 0.1, 0.2), 0.5, 1


@nesterov_step.given("a hundred steps, as torch.optim.SGD takes them", weight=2)
def _(rng):
    w, (A, b), v = apart(rng, 3), bowl(rng, 3), torch.zeros(3, dtype=torch.float64)
    given = w, (A, b), v, number(rng, 0.02, 0.04), number(rng, 0.8, 0.95), 100
    lr, mu = given[3:5]
    path, points = [], w  # torch's weights are the points that we look at
    for t in range(1, 101):
        here, velocity = on_a_bowl(reference.nesterov_step, *given[:5], t)
        path.append(here[-1] - lr * mu * velocity)
    gradients = [A @ point - b for point in [points, *path[:-1]]]
    takes_the_steps_of(lambda p: torch.optim.SGD(p, lr=lr, momentum=mu, nesterov=True), w, gradients, path)
    return given


@nesterov_step.given("one step of seven weights", public=False)
def _(rng):
    return apart(rng, 7), bowl(rng, 7), apart(rng, 7), number(rng, 0.1, 0.2), 0.9, 1


@nesterov_step.given("sixty steps of six weights", public=False)
def _(rng):
    return apart(rng, 6), bowl(rng, 6), apart(rng, 6), number(rng, 0.02, 0.05), 0.9, 60


@nesterov_step.mistake(
    "The gradient at the old point",
    question="Where are the weights when you ask for the gradient: where they stand, or where the velocity is about to carry them?",
    hint="Where they stand: that is plain momentum. Ask at the point ahead: `gradient(w - lr * mu * v)`.",
    section=NESTEROV,
)
def _(w, gradient, v, lr, mu=0.9):
    v = mu * v + gradient(w)
    return w - lr * v, v


@nesterov_step.mistake(
    "The look goes backward",
    question="The weights move by −η v. On which side of w does the velocity lead?",
    hint="To w − η μ v, with a minus: `gradient(w - lr * mu * v)`.",
    section=NESTEROV,
)
def _(w, gradient, v, lr, mu=0.9):
    v = mu * v + gradient(w + lr * mu * v)
    return w - lr * v, v


@nesterov_step.mistake(
    "The look goes too far: η is missing",
    question="By how much do the weights move when the velocity is v: by v, or by η v?",
    hint="By η v. So the point ahead is `w - lr * mu * v`.",
    section=NESTEROV,
)
def _(w, gradient, v, lr, mu=0.9):
    v = mu * v + gradient(w - mu * v)
    return w - lr * v, v


@nesterov_step.mistake(
    "The look goes too far: μ is missing",
    question="Which part of the step is known before the gradient is: η v, or η μ v?",
    hint="The velocity fades before the gradient is added, so η μ v: `gradient(w - lr * mu * v)`.",
    section=NESTEROV,
)
def _(w, gradient, v, lr, mu=0.9):
    v = mu * v + gradient(w - lr * v)
    return w - lr * v, v


@nesterov_step.mistake(
    "The step starts from the point ahead",
    question="How often is η μ v taken in your step: once, or twice?",
    hint="Twice: on the way to the point ahead, and again inside the new velocity. The point ahead is only looked at; the step starts at "
    "w: `w - lr * v`.",
    section=NESTEROV,
)
def _(w, gradient, v, lr, mu=0.9):
    ahead = w - lr * mu * v
    v = mu * v + gradient(ahead)
    return ahead - lr * v, v


@nesterov_step.mistake(
    "PyTorch's form, with the gradient where the weights are",
    question="Which point do PyTorch's weights stand for: w, or the point ahead of it?",
    hint="The point ahead: the same path, seen from another place, so the numbers differ. Here the weights are w itself: "
    "`v = mu * v + gradient(w - lr * mu * v)`, then `w - lr * v`.",
    section=NESTEROV,
)
def _(w, gradient, v, lr, mu=0.9):
    g = gradient(w)
    v = mu * v + g
    return w - lr * (g + mu * v), v


@nesterov_step.mistake(
    "It averages where PyTorch sums",
    question="With μ = 0.9 and the gradient 1 at every step: toward which number does your velocity go?",
    hint="Toward 1; it should go toward 10. The gradient enters in full, without a factor 1 − μ.",
    section=MOMENTUM,
)
def _(w, gradient, v, lr, mu=0.9):
    v = mu * v + (1 - mu) * gradient(w - lr * mu * v)
    return w - lr * v, v


@nesterov_step.alternative("Nesterov's two sequences")
def _(w, gradient, v, lr, mu=0.9):
    ahead = w + mu * (-lr * v)
    new = ahead - lr * gradient(ahead)
    return new, (w - new) / lr


@nesterov_step.alternative("with NumPy")
def _(w, gradient, v, lr, mu=0.9):
    w, v = w.numpy(), v.numpy()
    g = gradient(w - lr * mu * v).numpy()
    return w - lr * (mu * v + g), mu * v + g


# ── Adam ──────────────────────────────────────────────────────────────────────────────────────────────────────────────

adam_step = Rubric(
    reference.adam_step,
    title="A step of Adam",
    points=4,
    minutes=14,
    returns="a triple (w, m, s) of tensors of shape (d,)",
)


def zeros(d):
    return torch.zeros(d, dtype=torch.float64)


@adam_step.given("the first step, t = 1")
def _(rng):
    return apart(rng, 3), apart(rng, 3), zeros(3), zeros(3), 1, number(rng, 0.1, 0.3), 0.9, 0.99, 1e-8


@adam_step.given("the fifth step")
def _(rng):
    return apart(rng, 2), apart(rng, 2), apart(rng, 2), squares(rng, 2), 5, number(rng, 0.1, 0.3), 0.8, 0.95, 1e-8


@adam_step.given("the default constants, third step")
def _(rng):
    return apart(rng, 4), apart(rng, 4), 0.2 * apart(rng, 4), 0.002 * squares(rng, 4), 3


@adam_step.given("a large ε", weight=1.5)
def _(rng):
    return apart(rng, 2), apart(rng, 2), apart(rng, 2), squares(rng, 2), 4, 0.5, 0.9, 0.9, 0.5


@adam_step.given("tiny gradients, as small as ε", weight=0.5)
def _(rng):
    return apart(rng, 2), 1e-8 * apart(rng, 2), zeros(2), zeros(2), 1, 0.5, 0.9, 0.99, 1e-8


@adam_step.given("a hundred steps, as torch.optim.Adam takes them", when="with_moments", weight=2)
def _(rng):
    w, g, lr = apart(rng, 3), apart(rng, 100, 3) + 1, number(rng, 0.01, 0.1)
    given = w, g, zeros(3), zeros(3), 1, lr, 0.9, 0.999, 1e-8
    path = with_moments(reference.adam_step, *given)[0]
    takes_the_steps_of(lambda p: torch.optim.Adam(p, lr=lr), w, g, path)
    return given


@adam_step.given("nine weights, seventh step", public=False)
def _(rng):
    return apart(rng, 9), apart(rng, 9), apart(rng, 9), squares(rng, 9), 7, number(rng, 0.1, 0.3), 0.7, 0.9, 1e-3


@adam_step.given("a hundred steps of gradients of very different size", when="with_moments", public=False, weight=2)
def _(rng):
    g = apart(rng, 100, 4) * torch.tensor([1e-3, 1, 30, 1e3], dtype=torch.float64)
    return apart(rng, 4), g, zeros(4), zeros(4), 1, 0.01, 0.9, 0.999, 1e-8


def moments(g, m, s, beta1, beta2):
    return beta1 * m + (1 - beta1) * g, beta2 * s + (1 - beta2) * g**2


@adam_step.mistake(
    "No bias correction",
    question="At the first step m = (1 − β₁) g, a tenth of the gradient. Which step should Adam take then?",
    hint="One of size η. Divide m by 1 − β₁ᵗ and s by 1 − β₂ᵗ before you use them.",
    section=ADAM,
)
def _(w, g, m, s, t, lr=1e-3, beta1=0.9, beta2=0.999, eps=1e-8):
    m, s = moments(g, m, s, beta1, beta2)
    return w - lr * m / (s.sqrt() + eps), m, s


@adam_step.mistake(
    "The bias correction counts from 0",
    question="What is 1 − β⁰, and what happens if the first step divides by it?",
    hint="Zero: the answer is nan. The first step is t = 1, and it is handed to you as such: `1 - beta1**t`.",
    section=ADAM,
)
def _(w, g, m, s, t, lr=1e-3, beta1=0.9, beta2=0.999, eps=1e-8):
    m, s = moments(g, m, s, beta1, beta2)
    return w - lr * (m / (1 - beta1 ** (t - 1))) / ((s / (1 - beta2 ** (t - 1))).sqrt() + eps), m, s


@adam_step.mistake(
    "The bias correction without its power",
    question="By what do you divide m at step t = 100, and is it still needed then?",
    hint="By 1 − β₁ at every step, but the need fades: the factor is 1 − β₁ᵗ, which goes to 1.",
    section=ADAM,
)
def _(w, g, m, s, t, lr=1e-3, beta1=0.9, beta2=0.999, eps=1e-8):
    m, s = moments(g, m, s, beta1, beta2)
    return w - lr * (m / (1 - beta1)) / ((s / (1 - beta2)).sqrt() + eps), m, s


@adam_step.mistake(
    "Only m is corrected",
    question="Which of the two averages began at zero: m, s, or both?",
    hint="Both. Divide s by 1 − β₂ᵗ too, before the root.",
    section=ADAM,
)
def _(w, g, m, s, t, lr=1e-3, beta1=0.9, beta2=0.999, eps=1e-8):
    m, s = moments(g, m, s, beta1, beta2)
    return w - lr * (m / (1 - beta1**t)) / (s.sqrt() + eps), m, s


@adam_step.mistake(
    "The corrected averages are kept as the state",
    question="At the next step, should β₁ multiply m or m / (1 − β₁ᵗ)?",
    hint="m: corrected is only what enters this step. Give the corrected ones names of their own, `m_hat` and `s_hat`, and return m and s.",
    section=ADAM,
)
def _(w, g, m, s, t, lr=1e-3, beta1=0.9, beta2=0.999, eps=1e-8):
    m, s = moments(g, m, s, beta1, beta2)
    m, s = m / (1 - beta1**t), s / (1 - beta2**t)
    return w - lr * m / (s.sqrt() + eps), m, s


@adam_step.mistake(
    "ε inside the root",
    question="With a gradient of 0 and ε = 10⁻⁸: by what do you divide, by 10⁻⁸ or by 10⁻⁴?",
    hint="The root of ε is far larger than ε. It stands outside: `s_hat.sqrt() + eps`.",
    section=ADAM,
)
def _(w, g, m, s, t, lr=1e-3, beta1=0.9, beta2=0.999, eps=1e-8):
    m, s = moments(g, m, s, beta1, beta2)
    return w - lr * (m / (1 - beta1**t)) / (s / (1 - beta2**t) + eps).sqrt(), m, s


@adam_step.mistake(
    "ε is added before the correction",
    question="Which is the smaller number at t = 1, √s or √(s / (1 − β₂))? To which of them do you add ε?",
    hint="To √s, where it weighs more. Correct first, take the root, then add ε: `(s / (1 - beta2**t)).sqrt() + eps`.",
    section=ADAM,
)
def _(w, g, m, s, t, lr=1e-3, beta1=0.9, beta2=0.999, eps=1e-8):
    m, s = moments(g, m, s, beta1, beta2)
    return w - lr * math.sqrt(1 - beta2**t) / (1 - beta1**t) * m / (s.sqrt() + eps), m, s


@adam_step.mistake(
    "The root is missing",
    question="All gradients get ten times as large. How does your step change, and how should it?",
    hint="Yours gets ten times as short; Adam's stays. s has the size of g², so divide by its root.",
    section=ADAM,
)
def _(w, g, m, s, t, lr=1e-3, beta1=0.9, beta2=0.999, eps=1e-8):
    m, s = moments(g, m, s, beta1, beta2)
    return w - lr * (m / (1 - beta1**t)) / (s / (1 - beta2**t) + eps), m, s


@adam_step.mistake(
    "The gradient is not squared",
    question="Can your s become negative, and what is its root then?",
    hint="s is an average of squares: `beta2 * s + (1 - beta2) * g**2`.",
    section=ADAM,
)
def _(w, g, m, s, t, lr=1e-3, beta1=0.9, beta2=0.999, eps=1e-8):
    m, s = beta1 * m + (1 - beta1) * g, beta2 * s + (1 - beta2) * g
    return w - lr * (m / (1 - beta1**t)) / ((s / (1 - beta2**t)).sqrt() + eps), m, s


@adam_step.mistake(
    "The bare gradient in place of m",
    question="Which number stands above the fraction bar of Adam's step?",
    hint="The corrected average m / (1 − β₁ᵗ). With the bare g it is RMSProp with a correction, and the noise is not averaged.",
    section=ADAM,
)
def _(w, g, m, s, t, lr=1e-3, beta1=0.9, beta2=0.999, eps=1e-8):
    m, s = moments(g, m, s, beta1, beta2)
    return w - lr * g / ((s / (1 - beta2**t)).sqrt() + eps), m, s


@adam_step.alternative("torch.optim's own")
def _(w, g, m, s, t, lr=1e-3, beta1=0.9, beta2=0.999, eps=1e-8):
    p = torch.nn.Parameter(w.clone())
    optimizer = torch.optim.Adam([p], lr=lr, betas=(beta1, beta2), eps=eps)
    p.grad = g.clone()
    state = {"step": torch.tensor(float(t - 1)), "exp_avg": m.clone(), "exp_avg_sq": s.clone()}
    optimizer.state[p] = state
    optimizer.step()
    return p.detach(), state["exp_avg"], state["exp_avg_sq"]


@adam_step.alternative("with lerp, and the correction in the rate")
def _(w, g, m, s, t, lr=1e-3, beta1=0.9, beta2=0.999, eps=1e-8):
    m, s = torch.lerp(m, g, 1 - beta1), torch.lerp(s, g * g, 1 - beta2)
    root = math.sqrt(1 - beta2**t)
    return w - lr / (1 - beta1**t) * m * root / (s.sqrt() + eps * root), m, s


@adam_step.alternative("with NumPy")
def _(w, g, m, s, t, lr=1e-3, beta1=0.9, beta2=0.999, eps=1e-8):
    w, g, m, s = (v.numpy() for v in (w, g, m, s))
    m, s = moments(g, m, s, beta1, beta2)
    return w - lr * (m / (1 - beta1**t)) / (np.sqrt(s / (1 - beta2**t)) + eps), m, s


# ── AdamW, to be mended ───────────────────────────────────────────────────────────────────────────────────────────────

adamw_step = Rubric(
    reference.adamw_step,
    title="Find the bug: a decay that does not decay",
    points=3,
    minutes=10,
    returns="a triple (w, m, s) of tensors of shape (d,)",
)

adam = reference.adam_step


@adamw_step.given("the first step, t = 1")
def _(rng):
    return apart(rng, 3), apart(rng, 3), zeros(3), zeros(3), 1, 0.2, 0.9, 0.99, 1e-8, number(rng, 0.3, 0.6)


@adamw_step.given("the sixth step")
def _(rng):
    return apart(rng, 2), apart(rng, 2), apart(rng, 2), squares(rng, 2), 6, 0.3, 0.8, 0.9, 1e-8, number(rng, 0.3, 0.6)


@adamw_step.given("the default constants, second step")
def _(rng):
    return 20 * apart(rng, 4), apart(rng, 4), 0.1 * apart(rng, 4), 0.001 * squares(rng, 4), 2


@adamw_step.given("no gradient at all: only the decay is left")
def _(rng):
    return apart(rng, 3), zeros(3), zeros(3), zeros(3), 1, 0.5, 0.9, 0.999, 1e-8, 0.4


@adamw_step.given("no decay: λ = 0", weight=0.5)
def _(rng):
    return apart(rng, 2), apart(rng, 2), apart(rng, 2), squares(rng, 2), 3, 0.3, 0.8, 0.9, 1e-8, 0.0


@adamw_step.given("a hundred steps, as torch.optim.AdamW takes them", when="with_moments", weight=2)
def _(rng):
    w, g, lr, decay = apart(rng, 3), apart(rng, 100, 3), number(rng, 0.01, 0.1), number(rng, 0.1, 0.5)
    given = w, g, zeros(3), zeros(3), 1, lr, 0.9, 0.999, 1e-8, decay
    path = with_moments(reference.adamw_step, *given)[0]
    takes_the_steps_of(lambda p: torch.optim.AdamW(p, lr=lr, weight_decay=decay), w, g, path)
    return given


@adamw_step.given("eight weights, ninth step", public=False)
def _(rng):
    return apart(rng, 8), apart(rng, 8), apart(rng, 8), squares(rng, 8), 9, 0.3, 0.7, 0.95, 1e-8, number(rng, 0.3, 0.6)


@adamw_step.given("a hundred steps of gradients of very different size", when="with_moments", public=False, weight=2)
def _(rng):
    g = apart(rng, 100, 4) * torch.tensor([1e-3, 1, 30, 1e3], dtype=torch.float64)
    return apart(rng, 4), g, zeros(4), zeros(4), 1, 0.01, 0.9, 0.999, 1e-8, 0.3


@adamw_step.mistake(
    "The decay is coupled into the moments",
    question="λ w is added to the gradient. Through which division does it go on its way to the weights?",
    hint="Through √s, like the gradient: a weight with large gradients hardly decays. Hand Adam the bare g, and shrink w beside it: "
    "`w - lr * weight_decay * w`.",
    section=ADAMW,
)
def _(w, g, m, s, t, lr=1e-3, beta1=0.9, beta2=0.999, eps=1e-8, weight_decay=0.01):
    return adam(w, g + weight_decay * w, m, s, t, lr, beta1, beta2, eps)


@adamw_step.mistake(
    "The shrinking comes after the step, and shrinks it too",
    question="Is it the old w that loses the share η λ, or the w that Adam's step has already moved?",
    hint="The old one: shrink first, then step. The other order differs by η² λ, little, but not nothing.",
    section=ADAMW,
)
def _(w, g, m, s, t, lr=1e-3, beta1=0.9, beta2=0.999, eps=1e-8, weight_decay=0.01):
    w, m, s = adam(w, g, m, s, t, lr, beta1, beta2, eps)
    return w - lr * weight_decay * w, m, s


@adamw_step.mistake(
    "The decay forgets the learning rate",
    question="A schedule lowers η to 0 at the end. Does your decay then stop?",
    hint="It goes on. The decay is part of the step, so η stands in front of it: `w - lr * weight_decay * w`.",
    section=ADAMW,
)
def _(w, g, m, s, t, lr=1e-3, beta1=0.9, beta2=0.999, eps=1e-8, weight_decay=0.01):
    return adam(w - weight_decay * w, g, m, s, t, lr, beta1, beta2, eps)


@adamw_step.mistake(
    "The weights grow instead of shrinking",
    question="With no gradient at all: is your w nearer to zero after the step than before?",
    hint="It should be: subtract, `w - lr * weight_decay * w`.",
    section=ADAMW,
)
def _(w, g, m, s, t, lr=1e-3, beta1=0.9, beta2=0.999, eps=1e-8, weight_decay=0.01):
    return adam(w + lr * weight_decay * w, g, m, s, t, lr, beta1, beta2, eps)


@adamw_step.mistake(
    "A constant amount is taken away",
    question="Two weights, 1 and 10. Which loses more to the decay?",
    hint="The larger: each loses the same share of itself. Multiply by w: `w - lr * weight_decay * w`.",
    section=ADAMW,
)
def _(w, g, m, s, t, lr=1e-3, beta1=0.9, beta2=0.999, eps=1e-8, weight_decay=0.01):
    return adam(w - lr * weight_decay * w.sign(), g, m, s, t, lr, beta1, beta2, eps)


@adamw_step.mistake(
    "No decay at all",
    question="With no gradient at all: does your w change?",
    hint="The fault is gone, and so is the decay. Shrink the weights before the step: `w - lr * weight_decay * w`.",
    section=ADAMW,
)
def _(w, g, m, s, t, lr=1e-3, beta1=0.9, beta2=0.999, eps=1e-8, weight_decay=0.01):
    return adam(w, g, m, s, t, lr, beta1, beta2, eps)


@adamw_step.alternative("torch.optim's own")
def _(w, g, m, s, t, lr=1e-3, beta1=0.9, beta2=0.999, eps=1e-8, weight_decay=0.01):
    p = torch.nn.Parameter(w.clone())
    optimizer = torch.optim.AdamW([p], lr=lr, betas=(beta1, beta2), eps=eps, weight_decay=weight_decay)
    p.grad = g.clone()
    state = {"step": torch.tensor(float(t - 1)), "exp_avg": m.clone(), "exp_avg_sq": s.clone()}
    optimizer.state[p] = state
    optimizer.step()
    return p.detach(), state["exp_avg"], state["exp_avg_sq"]


@adamw_step.alternative("the decay of the old weights, taken off at the end")
def _(w, g, m, s, t, lr=1e-3, beta1=0.9, beta2=0.999, eps=1e-8, weight_decay=0.01):
    stepped, m, s = adam(w, g, m, s, t, lr, beta1, beta2, eps)
    return stepped - lr * weight_decay * w, m, s


@adamw_step.alternative("with NumPy")
def _(w, g, m, s, t, lr=1e-3, beta1=0.9, beta2=0.999, eps=1e-8, weight_decay=0.01):
    w, g, m, s = (v.numpy() for v in (w, g, m, s))
    m, s = moments(g, m, s, beta1, beta2)
    step = (m / (1 - beta1**t)) / (np.sqrt(s / (1 - beta2**t)) + eps)
    return (1 - lr * weight_decay) * w - lr * step, m, s


# ── Warm-up and cosine ────────────────────────────────────────────────────────────────────────────────────────────────

warmup_cosine = Rubric(
    reference.warmup_cosine,
    title="Warm up, then cool down",
    points=2,
    minutes=8,
    returns="the learning rate of step t, a single number",
    kinds="fi",
)


@warmup_cosine.given("the first step")
def _(rng):
    return 1, 40, 5, number(rng, 0.1, 0.5)


@warmup_cosine.given("in the warm-up, with a smallest rate")
def _(rng):
    return 1, 50, 8, number(rng, 0.2, 0.5), number(rng, 0.07, 0.1)


@warmup_cosine.given("the last step of the warm-up")
def _(rng):
    return 10, 70, 10, number(rng, 0.1, 0.5), number(rng, 0.02, 0.05)


@warmup_cosine.given("a third of the way down")
def _(rng):
    return 30, 70, 10, number(rng, 0.1, 0.5), number(rng, 0.02, 0.05)


@warmup_cosine.given("most of the way down, to zero")
def _(rng):
    return 80, 100, 4, number(rng, 0.1, 0.5)


@warmup_cosine.given("the last step")
def _(rng):
    return 60, 60, 12, number(rng, 0.1, 0.5), number(rng, 0.02, 0.05)


@warmup_cosine.given("no warm-up", weight=0.5)
def _(rng):
    return 1, 20, 0, number(rng, 0.1, 0.5)


@warmup_cosine.given("somewhere in the warm-up", public=False)
def _(rng):
    return int(rng.integers(2, 30)), 300, 30, number(rng, 0.1, 0.5), number(rng, 0.02, 0.05)


@warmup_cosine.given("somewhere on the way down", public=False)
def _(rng):
    return int(rng.integers(100, 250)), 300, 30, number(rng, 0.1, 0.5), number(rng, 0.02, 0.05)


def half_cosine(done, lr_max, lr_min):
    return lr_min + (lr_max - lr_min) * (1 + math.cos(math.pi * done)) / 2


@warmup_cosine.mistake(
    "The warm-up starts at zero",
    question="By how much does the first step, t = 1, change the weights if its rate is 0?",
    hint="Not at all: it is wasted. Steps count from 1, so the warm-up is `lr_max * t / warmup`.",
    section=SCHEDULES,
)
def _(t, steps, warmup, lr_max, lr_min=0.0):
    if t <= warmup:
        return lr_max * (t - 1) / warmup
    return half_cosine((t - warmup) / (steps - warmup), lr_max, lr_min)


@warmup_cosine.mistake(
    "The cosine has begun before the warm-up is over",
    question="Which rate does your schedule have one step after the warm-up? Is there a jump?",
    hint="The cosine is stretched over all steps. It starts when the warm-up is over: use (t − warmup) / (steps − warmup).",
    section=SCHEDULES,
)
def _(t, steps, warmup, lr_max, lr_min=0.0):
    return lr_max * t / warmup if t <= warmup else half_cosine(t / steps, lr_max, lr_min)


@warmup_cosine.mistake(
    "The cosine ends too late",
    question="Which rate does your schedule have at the last step, t = steps?",
    hint="More than the smallest one: after the warm-up only steps − warmup steps are left. Divide by these.",
    section=SCHEDULES,
)
def _(t, steps, warmup, lr_max, lr_min=0.0):
    return lr_max * t / warmup if t <= warmup else half_cosine((t - warmup) / steps, lr_max, lr_min)


@warmup_cosine.mistake(
    "A whole turn of the cosine",
    question="Where is your rate lowest: at the end, or in the middle?",
    hint="cos goes from 1 to −1 over half a turn, π. With 2π it comes up again.",
    section=SCHEDULES,
)
def _(t, steps, warmup, lr_max, lr_min=0.0):
    return lr_max * t / warmup if t <= warmup else half_cosine(2 * (t - warmup) / (steps - warmup), lr_max, lr_min)


@warmup_cosine.mistake(
    "A quarter of a turn of the cosine",
    question="Halfway down: is your rate halfway between the largest and the smallest?",
    hint="A quarter turn falls late and ends on a slope. Half a turn, lifted and halved: ½ (1 + cos π p), where p goes from 0 to 1.",
    section=SCHEDULES,
)
def _(t, steps, warmup, lr_max, lr_min=0.0):
    if t <= warmup:
        return lr_max * t / warmup
    return lr_min + (lr_max - lr_min) * math.cos(math.pi / 2 * (t - warmup) / (steps - warmup))


@warmup_cosine.mistake(
    "The smallest rate is added on top",
    question="What is your rate right after the warm-up: lr_max, or lr_max + lr_min?",
    hint="It should fall from lr_max to lr_min, so the cosine spans only the difference: `lr_min + (lr_max - lr_min) * …`.",
    section=SCHEDULES,
)
def _(t, steps, warmup, lr_max, lr_min=0.0):
    if t <= warmup:
        return lr_max * t / warmup
    return lr_min + half_cosine((t - warmup) / (steps - warmup), lr_max, 0)


@warmup_cosine.mistake(
    "The smallest rate is ignored",
    question="Which rate does the last step have, and which should it have?",
    hint="Yours ends at 0; it should end at lr_min: `lr_min + (lr_max - lr_min) * …`.",
    section=SCHEDULES,
)
def _(t, steps, warmup, lr_max, lr_min=0.0):
    return lr_max * t / warmup if t <= warmup else half_cosine((t - warmup) / (steps - warmup), lr_max, 0)


@warmup_cosine.mistake(
    "The warm-up starts from the smallest rate",
    question="What is the rate of the warm-up's step t, as a share of lr_max?",
    hint="t / warmup, whatever lr_min is: that is only where the cosine ends.",
    section=SCHEDULES,
)
def _(t, steps, warmup, lr_max, lr_min=0.0):
    if t <= warmup:
        return lr_min + (lr_max - lr_min) * t / warmup
    return half_cosine((t - warmup) / (steps - warmup), lr_max, lr_min)


@warmup_cosine.mistake(
    "No warm-up",
    question="Which rate does your first step have?",
    hint="Nearly the largest. For t ≤ warmup the rate is `lr_max * t / warmup`.",
    section=SCHEDULES,
)
def _(t, steps, warmup, lr_max, lr_min=0.0):
    return half_cosine(t / steps, lr_max, lr_min)


@warmup_cosine.alternative("with torch")
def _(t, steps, warmup, lr_max, lr_min=0.0):
    if t < warmup:
        return torch.tensor(lr_max * t / warmup, dtype=torch.float64)
    turn = torch.tensor(math.pi * (t - warmup) / (steps - warmup), dtype=torch.float64)
    return lr_min + 0.5 * (lr_max - lr_min) * (1 + turn.cos())


@warmup_cosine.alternative("with the square of a cosine")
def _(t, steps, warmup, lr_max, lr_min=0.0):
    if warmup and t <= warmup:
        return np.interp(t, [0, warmup], [0, lr_max])
    return lr_min + (lr_max - lr_min) * np.cos(np.pi / 2 * (t - warmup) / (steps - warmup)) ** 2


# ── Three runs to be saved ────────────────────────────────────────────────────────────────────────────────────────────

rescue = Rubric(
    reference.rescue,
    title="Rescue three runs",
    points=4,
    minutes=20,
    returns='a list of three triples (method, learning rate, schedule), such as ("sgd", 0.1, "constant")',
    kinds="fi",
    then="saved",
)


@rescue.given("the quarry")
def _(rng):
    return Kept((), ("quarry", 0))


@rescue.given("the hospital")
def _(rng):
    return Kept((), ("hospital", 0))


@rescue.given("the market")
def _(rng):
    return Kept((), ("market", 0))


@rescue.given("another quarry of the same kind", public=False)
def _(rng):
    return Kept((), ("quarry", int(rng.integers(10**6))))


@rescue.given("another hospital of the same kind", public=False)
def _(rng):
    return Kept((), ("hospital", int(rng.integers(10**6))))


@rescue.given("another market of the same kind", public=False)
def _(rng):
    return Kept((), ("market", int(rng.integers(10**6))))


SICK = [run.sick for run in RUNS.values()]
CURED = reference.rescue()


@rescue.mistake(
    "Nothing has been changed",
    question="Which of the three runs diverges, and what is the first thing to try then?",
    hint="The quarry diverges: its rate is beyond 2 over the largest curvature. For the two others ask why they stall: every weight in a "
    "unit of its own, and noise that a constant rate never lets settle.",
    section=CHOOSING,
)
def _():
    return SICK


@rescue.mistake(
    "A smaller rate in the quarry, and nothing else",
    question="How large is the quarry's condition number, and how many steps does plain descent need for that?",
    hint="300, and several times 300. It no longer diverges, but it creeps along the ravine. What needs only about √300 steps?",
    section=RAVINE,
)
def _():
    return [("sgd", 0.005, "constant"), *CURED[1:]]


@rescue.mistake(
    "The hospital with one rate for all weights",
    question="The measurements differ in size a thousandfold. How much do the slopes of their weights differ?",
    hint="A thousandfold too. With one rate for all, it is too large for some or too small for others, with momentum or without. Which "
    "optimizer divides each slope by its own size?",
    section=SCALES,
)
def _():
    return [CURED[0], ("momentum", 1e-5, "constant"), CURED[2]]


@rescue.mistake(
    "The market with a rate that never falls",
    question="Near the minimum the true slope is almost 0. What is each step made of then?",
    hint="Of noise, η times as large. A small constant rate has little noise but never arrives in 300 steps; a schedule begins large and "
    "ends at 0.",
    section=SCHEDULES,
)
def _():
    return [*CURED[:2], ("sgd", 0.1, "constant")]


@rescue.mistake(
    "A smaller rate for each",
    question="A smaller rate mends what diverges. Does it also make a run that stalls go faster?",
    hint="It does not. Ask of each run why it fails: too steep in one direction (momentum), weights of different scale (Adam), noise "
    "(a schedule).",
    section=CHOOSING,
)
def _():
    return [("sgd", 0.003, "constant"), ("sgd", 1e-6, "constant"), ("sgd", 0.03, "constant")]


@rescue.mistake(
    "A larger rate for each",
    question="Which runs diverge now, and which still stall?",
    hint="Beyond 2 over the largest curvature every run diverges. A run that stalls needs another method or a schedule rather than a "
    "longer step.",
    section=CHOOSING,
)
def _():
    return [("sgd", 0.1, "constant"), ("sgd", 1e-1, "constant"), ("sgd", 2.0, "constant")]


@rescue.mistake(
    "Adam with its default rate everywhere",
    question="How far can a weight get in 300 steps of at most about 0.001?",
    hint="0.3, and in the market the weights have to go farther. Adam's rate is a length: choose it for the distance to be covered, "
    "and let it fall.",
    section=ADAM,
)
def _():
    return [("adam", 0.001, "constant")] * 3


@rescue.alternative("Adam and a cosine for all three")
def _():
    return [("adam", 0.1, "cosine"), ("adam", 0.05, "cosine"), ("adam", 0.8, "cosine")]


@rescue.alternative("Nesterov, Adam at a constant rate, momentum")
def _():
    return [("nesterov", 0.003, "constant"), ("adam", 0.02, "constant"), ("momentum", 0.03, "cosine")]


# ── Stretch: AdaGrad ──────────────────────────────────────────────────────────────────────────────────────────────────

adagrad_step = Rubric(
    reference.adagrad_step,
    title="Stretch: AdaGrad",
    points=0,
    minutes=8,
    returns="a pair (w, s) of tensors of shape (d,)",
)


@adagrad_step.given("one step of three weights")
def _(rng):
    return apart(rng, 3), apart(rng, 3), squares(rng, 3), number(rng, 0.1, 0.5), 1e-10


@adagrad_step.given("the first step: nothing seen yet")
def _(rng):
    return apart(rng, 2), apart(rng, 2), zeros(2), number(rng, 0.1, 0.5), 1e-10


@adagrad_step.given("the default constants")
def _(rng):
    return 0.01 * apart(rng, 4), apart(rng, 4), squares(rng, 4)


@adagrad_step.given("a large ε")
def _(rng):
    return apart(rng, 2), apart(rng, 2), squares(rng, 2), 0.5, 0.5


@adagrad_step.given("a hundred steps, as torch.optim.Adagrad takes them", when="with_squares", weight=2)
def _(rng):
    w, g, lr = apart(rng, 3), apart(rng, 100, 3), number(rng, 0.1, 0.5)
    given = w, g, zeros(3), lr, 1e-10
    path = with_squares(reference.adagrad_step, *given)[0]
    takes_the_steps_of(lambda p: torch.optim.Adagrad(p, lr=lr), w, g, path)
    return given


@adagrad_step.given("nine weights", public=False)
def _(rng):
    return apart(rng, 9), apart(rng, 9), squares(rng, 9), number(rng, 0.1, 0.5), 1e-3


@adagrad_step.given("gradients of very different size", when="with_squares", public=False)
def _(rng):
    g = apart(rng, 50, 4) * torch.tensor([1e-3, 1, 30, 1e3], dtype=torch.float64)
    return apart(rng, 4), g, zeros(4), 0.1, 1e-10


@adagrad_step.mistake(
    "An average in place of the sum",
    question="After a thousand steps with gradient 1: how large is your s?",
    hint="1; AdaGrad's is 1000, and its steps have become small. It adds the squares up: `s + g**2`. (Yours is on the way to RMSProp.)",
    section=SCALES,
)
def _(w, g, s, lr=0.01, eps=1e-10):
    s = 0.99 * s + 0.01 * g**2
    return w - lr * g / (s.sqrt() + eps), s


@adagrad_step.mistake(
    "ε inside the root",
    question="Where does ε stand in the formula: under the root, or beside it?",
    hint="Beside it: `s.sqrt() + eps`. The root of a small number is much larger than the number.",
    section=SCALES,
)
def _(w, g, s, lr=0.01, eps=1e-10):
    s = s + g**2
    return w - lr * g / (s + eps).sqrt(), s


@adagrad_step.mistake(
    "The root is missing",
    question="All gradients get ten times as large, from the first on. How does your step change, and how should it?",
    hint="Yours gets ten times as short; AdaGrad's stays the same. Divide by the root of s.",
    section=SCALES,
)
def _(w, g, s, lr=0.01, eps=1e-10):
    s = s + g**2
    return w - lr * g / (s + eps), s


@adagrad_step.mistake(
    "The newest gradient is not in the sum yet",
    question="By what do you divide at the very first step?",
    hint="By 0 + ε, and the step is enormous. First add the square, then divide by the root of the new s.",
    section=SCALES,
)
def _(w, g, s, lr=0.01, eps=1e-10):
    return w - lr * g / (s.sqrt() + eps), s + g**2


@adagrad_step.mistake(
    "One sum for all weights",
    question="Two weights, one with gradients a thousand times as large. Do they get rates of their own?",
    hint="Not if the squares of all are added together. Keep one entry of s for each weight: `s + g**2`, without `.sum()`.",
    section=SCALES,
)
def _(w, g, s, lr=0.01, eps=1e-10):
    s = s + (g**2).sum()
    return w - lr * g / (s.sqrt() + eps), s


@adagrad_step.alternative("torch.optim's own")
def _(w, g, s, lr=0.01, eps=1e-10):
    p = torch.nn.Parameter(w.clone())
    optimizer = torch.optim.Adagrad([p], lr=lr, eps=eps)
    p.grad = g.clone()
    optimizer.state[p]["sum"] = s.clone()
    optimizer.step()
    return p.detach(), optimizer.state[p]["sum"]


@adagrad_step.alternative("with NumPy, and hypot")
def _(w, g, s, lr=0.01, eps=1e-10):
    w, g, s = w.numpy(), g.numpy(), s.numpy()
    return w - lr * g / (np.hypot(np.sqrt(s), g) + eps), s + g**2


# ── Stretch: RMSProp ──────────────────────────────────────────────────────────────────────────────────────────────────

rmsprop_step = Rubric(
    reference.rmsprop_step,
    title="Stretch: RMSProp",
    points=0,
    minutes=8,
    returns="a pair (w, s) of tensors of shape (d,)",
)


@rmsprop_step.given("one step of three weights")
def _(rng):
    return apart(rng, 3), apart(rng, 3), squares(rng, 3), number(rng, 0.1, 0.5), 0.8, 1e-8


@rmsprop_step.given("the first step: nothing seen yet")
def _(rng):
    return apart(rng, 2), apart(rng, 2), zeros(2), number(rng, 0.1, 0.5), 0.9, 1e-8


@rmsprop_step.given("the default constants")
def _(rng):
    return 0.01 * apart(rng, 4), apart(rng, 4), 0.01 * squares(rng, 4)


@rmsprop_step.given("a large ε")
def _(rng):
    return apart(rng, 2), apart(rng, 2), squares(rng, 2), 0.5, 0.7, 0.5


@rmsprop_step.given("a hundred steps, as torch.optim.RMSprop takes them", when="with_squares", weight=2)
def _(rng):
    w, g, lr = apart(rng, 3), apart(rng, 100, 3), number(rng, 0.01, 0.1)
    given = w, g, zeros(3), lr, 0.99, 1e-8
    path = with_squares(reference.rmsprop_step, *given)[0]
    takes_the_steps_of(lambda p: torch.optim.RMSprop(p, lr=lr), w, g, path)
    return given


@rmsprop_step.given("nine weights", public=False)
def _(rng):
    return apart(rng, 9), apart(rng, 9), squares(rng, 9), number(rng, 0.1, 0.5), 0.6, 1e-3


@rmsprop_step.given("gradients of very different size", when="with_squares", public=False)
def _(rng):
    g = apart(rng, 50, 4) * torch.tensor([1e-3, 1, 30, 1e3], dtype=torch.float64)
    return apart(rng, 4), g, zeros(4), 0.1, 0.9, 1e-8


@rmsprop_step.mistake(
    "The squares are added up, as in AdaGrad",
    question="After a thousand steps with gradient 1: how large is your s, and how large should it be?",
    hint="1000, and about 1. RMSProp averages, so that old gradients are forgotten: `alpha * s + (1 - alpha) * g**2`.",
    section=SCALES,
)
def _(w, g, s, lr=0.01, alpha=0.99, eps=1e-8):
    s = s + g**2
    return w - lr * g / (s.sqrt() + eps), s


@rmsprop_step.mistake(
    "The past is not braked by the newest: 1 − α is missing",
    question="With gradient 1 at every step and α = 0.99: toward which number does your s go?",
    hint="Toward 100; an average of ones is 1. The weights of an average add up to 1: α for the old, 1 − α for the new.",
    section=SCALES,
)
def _(w, g, s, lr=0.01, alpha=0.99, eps=1e-8):
    s = alpha * s + g**2
    return w - lr * g / (s.sqrt() + eps), s


@rmsprop_step.mistake(
    "α and 1 − α are swapped",
    question="With α = 0.99, is it the past or the newest gradient that counts for 99 %?",
    hint="The past: `alpha * s + (1 - alpha) * g**2`.",
    section=SCALES,
)
def _(w, g, s, lr=0.01, alpha=0.99, eps=1e-8):
    s = (1 - alpha) * s + alpha * g**2
    return w - lr * g / (s.sqrt() + eps), s


@rmsprop_step.mistake(
    "ε inside the root",
    question="Where does ε stand in the formula: under the root, or beside it?",
    hint="Beside it: `s.sqrt() + eps`. The root of a small number is much larger than the number.",
    section=SCALES,
)
def _(w, g, s, lr=0.01, alpha=0.99, eps=1e-8):
    s = alpha * s + (1 - alpha) * g**2
    return w - lr * g / (s + eps).sqrt(), s


@rmsprop_step.mistake(
    "The root is missing",
    question="All gradients get ten times as large. How does your step change, and how should it?",
    hint="Yours gets ten times as short; RMSProp's stays the same. Divide by the root of s.",
    section=SCALES,
)
def _(w, g, s, lr=0.01, alpha=0.99, eps=1e-8):
    s = alpha * s + (1 - alpha) * g**2
    return w - lr * g / (s + eps), s


@rmsprop_step.mistake(
    "The old average is used",
    question="By what do you divide at the very first step?",
    hint="By 0 + ε, and the step is enormous. First the new s, then its root.",
    section=SCALES,
)
def _(w, g, s, lr=0.01, alpha=0.99, eps=1e-8):
    return w - lr * g / (s.sqrt() + eps), alpha * s + (1 - alpha) * g**2


@rmsprop_step.alternative("torch.optim's own")
def _(w, g, s, lr=0.01, alpha=0.99, eps=1e-8):
    p = torch.nn.Parameter(w.clone())
    optimizer = torch.optim.RMSprop([p], lr=lr, alpha=alpha, eps=eps)
    p.grad = g.clone()
    optimizer.state[p] = {"step": torch.tensor(0.0), "square_avg": s.clone()}
    optimizer.step()
    return p.detach(), optimizer.state[p]["square_avg"]


@rmsprop_step.alternative("with NumPy")
def _(w, g, s, lr=0.01, alpha=0.99, eps=1e-8):
    w, g, s = w.numpy(), g.numpy(), s.numpy()
    s = s + (1 - alpha) * (g**2 - s)
    return w - lr * g / (np.sqrt(s) + eps), s
