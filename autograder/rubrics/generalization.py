"""How the exercises on generalization are judged.

Random functions are judged by invariants (coursekit/cases/generalization.py): each case draws so often that a right
answer fails less than once in a million, and that a wrong one shows. Images to be shifted hold each number once, so
that every pixel of an answer says where it came from.
"""

import copy
import math

import numpy as np
import torch
from torch import nn
from torch.nn import functional as F

from autograder.reference import generalization as reference
from autograder.reference.generalization import shifted
from autograder.rubric import Kept, Rubric
from coursekit import data
from coursekit.cases.generalization import MARK

TEST = "generalization#generalization-test"
STOPPING = "generalization#generalization-stopping"
DROPOUT = "generalization#generalization-dropout"
AUGMENTATION = "generalization#generalization-augmentation"
TESTTIME = "generalization#generalization-testtime"
TUNING = "generalization#generalization-tuning"
SEARCH = "generalization#generalization-search"
PRACTICE = "generalization#generalization-practice"


# ── Dropout ───────────────────────────────────────────────────────────────────────────────────────────────────────────

dropout = Rubric(
    reference.dropout,
    title="Dropout",
    points=3,
    minutes=6,
    returns="a tensor of the shape of x",
    when="drawn",
    then="masks",
)


def values(rng, *shape):
    """A tensor of numbers of both signs, none near 0."""
    return torch.tensor(rng.uniform(0.5, 2, shape) * rng.choice([-1, 1], shape), dtype=torch.float32)


@dropout.given("training, one value in four is dropped")
def _(rng):
    return values(rng, 36, 32), 0.25, True


@dropout.given("training, most values are dropped")
def _(rng):
    return values(rng, 40, 44), 0.7, True


@dropout.given("at evaluation nothing is dropped")
def _(rng):
    return values(rng, 6, 5), 0.4, False


@dropout.given("p = 0", public=False, weight=0.5)
def _(rng):
    return values(rng, 5, 4), 0.0, True


@dropout.given("feature maps of shape (n, channels, height, width)", public=False)
def _(rng):
    return values(rng, 70, 3, 5, 6), 0.5, True


@dropout.given("double precision (float64)", public=False, weight=0.5)
def _(rng):
    return values(rng, 80, 70).double(), 0.4, True


@dropout.given("at evaluation, a large p", public=False)
def _(rng):
    return values(rng, 30, 20), 0.8, False


def mask(x, p):
    return (torch.rand_like(x) >= p).to(x.dtype)


@dropout.mistake(
    "The kept values are not rescaled",
    question="If a quarter of the values becomes 0, how large is the sum over many of them compared with before?",
    hint="It loses a quarter. Divide what is kept by 1 − p, so that the mean stays what it was.",
    section=DROPOUT,
)
def _(x, p, training=True):
    return x * mask(x, p) if training else x


@dropout.mistake(
    "Active at evaluation",
    question="Should the same input give two different answers once training is over?",
    hint="At evaluation the whole network answers: `if not training: return x`.",
    section=DROPOUT,
)
def _(x, p, training=True):
    return x * mask(x, p) / (1 - p)


@dropout.mistake(
    "Rescaled by 1/p",
    question="With p = 0.25, three values in four are kept. By what must these be multiplied for the mean to stay?",
    hint="By 4/3 = 1/(1 − p): divide by the probability of being kept, not of being dropped.",
    section=DROPOUT,
)
def _(x, p, training=True):
    return x * mask(x, p) / p if training else x


@dropout.mistake(
    "p is taken for the probability of being kept",
    question="How often is `torch.rand_like(x) < p` true, and is that what happens to a value that is dropped, or kept?",
    hint="It is true with probability p, which is that of being *dropped*. Kept is `torch.rand_like(x) >= p`.",
    section=DROPOUT,
)
def _(x, p, training=True):
    return x * (torch.rand_like(x) < p) / p if training else x


@dropout.mistake(
    "Rescaled at evaluation instead",
    question="Which two ways are there to make training and evaluation agree, and which does this exercise ask for?",
    hint="The paper of 2014 multiplies by 1 − p at evaluation. Here, as in PyTorch, the kept values are divided by 1 − p while "
    "training, and evaluation does nothing.",
    section=DROPOUT,
)
def _(x, p, training=True):
    return x * mask(x, p) if training else x * (1 - p)


@dropout.mistake(
    "One mask for the whole batch",
    question="Do the rows of your output have their zeros in the same places?",
    hint="Each example gets a network of its own: draw as many numbers as x has, `torch.rand_like(x)`.",
    section=DROPOUT,
)
def _(x, p, training=True):
    return x * mask(x[:1], p) / (1 - p) if training else x


@dropout.mistake(
    "Whole examples are dropped",
    question="Is there a row in your output of which nothing is left?",
    hint="Dropout switches off single values, not examples: draw as many numbers as x has, `torch.rand_like(x)`.",
    section=DROPOUT,
)
def _(x, p, training=True):
    m = (torch.rand(len(x)) >= p).to(x.dtype).reshape(-1, *[1] * (x.ndim - 1))
    return x * m / (1 - p) if training else x


@dropout.mistake(
    "The same mask every time",
    question="Call your function twice. Which values are 0 the first time, and which the second?",
    hint="A seed that is set inside the function makes every draw the same. Set it outside, once, if at all.",
    section=DROPOUT,
)
def _(x, p, training=True):
    torch.manual_seed(0)
    return x * mask(x, p) / (1 - p) if training else x


@dropout.alternative("PyTorch's own")
def _(x, p, training=True):
    return F.dropout(x, p, training)


@dropout.alternative("with bernoulli")
def _(x, p, training=True):
    return x * torch.bernoulli(torch.full_like(x, 1 - p)) / (1 - p) if training else x


@dropout.alternative("in NumPy, out and all")
def _(x, p, training=True):
    x = x.numpy()
    return np.where(np.random.default_rng().random(x.shape) < p, 0.0, x / (1 - p)) if training else x


# ── Early stopping ────────────────────────────────────────────────────────────────────────────────────────────────────

EarlyStopping = Rubric(
    reference.EarlyStopping,
    title="Early stopping",
    points=4,
    minutes=15,
    returns="a class with the methods step and restore",
    when="watched",
)


def course(rng, *losses):
    """These losses, and what the network holds after each of these epochs."""
    return [float(v) for v in losses], [float(v) for v in rng.permutation(np.arange(2, 60))[: len(losses)] / 8]


@EarlyStopping.given("it falls, rises, and falls lower before patience is used up")
def _(rng):
    return 3, *course(rng, 9, 7, 8, 6, 6.5, 5, 5.5, 5.2, 5.1, 4, 3), False


@EarlyStopping.given("patience 1")
def _(rng):
    return 1, *course(rng, 4, 3, 2, 2.5, 1, 0.5), False


@EarlyStopping.given("the best weights go into another network of the same kind")
def _(rng):
    return 2, *course(rng, 5, 3, 4, 2, 2.9, 2.4, 1), True


@EarlyStopping.given("the loss stays at its best value for a while")
def _(rng):
    return 3, *course(rng, 5, 2, 2, 2, 2, 2, 1), False


@EarlyStopping.given("it rises, and falls again, but not below its best")
def _(rng):
    return 4, *course(rng, 5, 2, 6, 5, 4, 3, 2.5, 1), False


@EarlyStopping.given("the first epoch is the best", public=False)
def _(rng):
    return 3, *course(rng, 1, 2, 3, 4, 0.5), False


@EarlyStopping.given("patience is never used up", public=False)
def _(rng):
    return 5, *course(rng, 5, 4, 3, 3.5, 3.2, 3.1, 2, 2.6), True


@EarlyStopping.given("negative losses, as log-likelihoods give them", public=False)
def _(rng):
    return 2, *course(rng, 1, -1, -3, -2, -2.5, -9), False


@EarlyStopping.given("twenty epochs of noise", public=False)
def _(rng):
    return 4, *course(rng, *(np.round(3 * np.exp(-np.arange(20) / 5) + rng.uniform(0, 1, 20), 3) + 1)), False


class Wrong(reference.EarlyStopping):
    """A right answer to be spoiled in one place: `better` and `over` say when a loss counts and when patience ends."""

    def better(self, loss):
        return loss < self.best

    def over(self):
        return self.waited >= self.patience

    def keep(self, model):
        self.kept = copy.deepcopy(model.state_dict())

    def step(self, loss, model):
        if self.better(loss):
            self.best, self.waited = loss, 0
            self.keep(model)
        else:
            self.waited += 1
        return self.over()


@EarlyStopping.mistake(
    "Patience is one too long",
    question="With patience 1, how many epochs without a better loss are there before it stops?",
    hint="One: as soon as `waited` reaches `patience`. The comparison is `>=`, not `>`.",
    section=STOPPING,
)
class _(Wrong):
    def over(self):
        return self.waited > self.patience


@EarlyStopping.mistake(
    "Patience is one too short",
    question="How many epochs has one waited in the epoch that is itself the best?",
    hint="None: a better loss sets the counter to 0, and the next worse one makes it 1.",
    section=STOPPING,
)
class _(Wrong):
    def over(self):
        return self.waited >= max(self.patience - 1, 1)


@EarlyStopping.mistake(
    "The best weights are not copied",
    question="You keep `model.state_dict()`. What does it hold after the next step of training?",
    hint="The newest weights: it shares its memory with the model. Keep a copy, `copy.deepcopy(model.state_dict())`.",
    section=STOPPING,
)
class _(Wrong):
    def keep(self, model):
        self.kept = model.state_dict()


@EarlyStopping.mistake(
    "The best weights are not restored",
    question="What has changed in the model after `restore`?",
    hint="`model.load_state_dict(…)` writes kept numbers into a model. (Binding the name `model` to something else changes "
    "nothing outside the function.)",
    section=STOPPING,
)
class _(Wrong):
    def restore(self, model):
        pass


@EarlyStopping.mistake(
    "Running statistics are not kept",
    question="Which numbers of a batch norm are in `model.parameters()`, and which are not?",
    hint="Running mean and variance are buffers, no parameters. `model.state_dict()` holds both.",
    section=STOPPING,
)
class _(Wrong):
    def keep(self, model):
        self.kept = [p.detach().clone() for p in model.parameters()]

    def restore(self, model):
        with torch.no_grad():
            for p, kept in zip(model.parameters(), self.kept):
                p.copy_(kept)


@EarlyStopping.mistake(
    "The counter is never set back",
    question="The loss was worse twice, then best of all. How many epochs has one waited now?",
    hint="None: a better loss sets the counter back to 0. Otherwise bad epochs add up over the whole training.",
    section=STOPPING,
)
class _(Wrong):
    def step(self, loss, model):
        if loss < self.best:
            self.best = loss
            self.keep(model)
        else:
            self.waited += 1
        return self.over()


@EarlyStopping.mistake(
    "Compared with the epoch before",
    question="The losses are 5, 2, 6, 5, 4, 3. Has anything become better since the second epoch?",
    hint="No: nothing fell below 2. Compare with the best loss so far, not with the last one.",
    section=STOPPING,
)
class _(Wrong):
    def step(self, loss, model):
        if loss < self.best:
            self.waited = 0
            self.keep(model)
        else:
            self.waited += 1
        self.best = loss
        return self.over()


@EarlyStopping.mistake(
    "An equal loss counts as better",
    question="If the loss stays exactly what it is, when does your rule stop?",
    hint="Never, and it keeps the last of these epochs. Better means lower: `<`, not `<=`.",
    section=STOPPING,
)
class _(Wrong):
    def better(self, loss):
        return loss <= self.best


@EarlyStopping.alternative("with a list of all losses and a copy of the whole model")
class _:
    def __init__(self, patience):
        self.patience, self.losses, self.model = patience, [], None

    def step(self, loss, model):
        self.losses.append(loss)
        best = self.losses.index(min(self.losses))
        if best == len(self.losses) - 1:
            self.model = copy.deepcopy(model)
        return len(self.losses) - 1 - best >= self.patience

    def restore(self, model):
        model.load_state_dict(self.model.state_dict())


@EarlyStopping.alternative("counting down, with clones")
class _:
    def __init__(self, patience):
        self.patience = self.left = patience
        self.best = None

    def step(self, loss, model):
        if self.best is None or loss < self.best:
            self.best, self.left = loss, self.patience
            self.state = {name: numbers.clone() for name, numbers in model.state_dict().items()}
        else:
            self.left -= 1
        return self.left <= 0

    def restore(self, model):
        with torch.no_grad():
            for name, numbers in model.state_dict().items():
                numbers.copy_(self.state[name])


# ── Augmentation ──────────────────────────────────────────────────────────────────────────────────────────────────────

augment = Rubric(
    reference.augment,
    title="Shifted copies",
    points=3,
    minutes=12,
    returns="a pair (x, y) of tensors, of shape (copies·n, channels, height, width) and (copies·n,)",
    when="copied",
    then="copies",
)


def marked(rng, n, c, h, w):
    """Images in which each number stands once, none of them 0; and labels, each twice or three times."""
    x = torch.tensor((1 + rng.permutation(n * c * h * w)) / MARK, dtype=torch.float32).reshape(n, c, h, w)
    return x, torch.tensor(rng.permutation(np.arange(n) % max(n // 2, 2)))


@augment.given("up to one pixel")
def _(rng):
    return *marked(rng, 12, 1, 4, 3), 24, 1


@augment.given("up to two pixels, three channels")
def _(rng):
    return *marked(rng, 25, 3, 4, 5), 3, 2


@augment.given("not at all: plain copies", public=False, weight=0.5)
def _(rng):
    return *marked(rng, 4, 1, 3, 5), 3, 0


@augment.given("one copy of each", public=False)
def _(rng):
    return *marked(rng, 200, 1, 8, 8), 1, 1


@augment.given("up to three pixels", public=False)
def _(rng):
    return *marked(rng, 80, 1, 11, 9), 4, 3


@augment.given("double precision (float64)", public=False, weight=0.5)
def _(rng):
    x, y = marked(rng, 60, 1, 5, 6)
    return x.double(), y, 3, 1


def moved(x, y, copies, draw, move=shifted):
    """Copies of x, copy i moved by draw(i) = (dy, dx)."""
    x = x.repeat(copies, 1, 1, 1)
    return torch.cat([move(x[i : i + 1], *draw(i)) for i in range(len(x))]), y.repeat(copies)


def rolled(x, dy, dx):
    return x.roll((dy, dx), dims=(-2, -1))


def anywhere(most):
    return lambda i: torch.randint(-most, most + 1, (2,)).tolist()


@augment.mistake(
    "What leaves on one side comes in on the other",
    question="Move an image to the right by one. What stands in its leftmost column afterwards?",
    hint="With `torch.roll`, what was the rightmost column. Ink does not wrap around: pad with zeros, and cut out a window.",
    section=AUGMENTATION,
)
def _(x, y, copies, most):
    return moved(x, y, copies, anywhere(most), rolled)


@augment.mistake(
    "Images and labels in different order",
    question="Copy 1 of the images comes before copy 2 of all of them. In which order are your labels?",
    hint="`repeat` repeats the whole list, a b c a b c; `repeat_interleave` each entry, a a b b c c. Use one of them for both.",
    section=AUGMENTATION,
)
def _(x, y, copies, most):
    return moved(x, y, copies, anywhere(most))[0], y.repeat_interleave(copies)


@augment.mistake(
    "All images are moved alike",
    question="How many shifts do you draw, and how many images are there?",
    hint="Every image of every copy needs its own dy and dx: as many draws as there are images to return.",
    section=AUGMENTATION,
)
def _(x, y, copies, most):
    draws = [torch.randint(-most, most + 1, (2,)).tolist() for _ in range(copies)]
    return moved(x, y, copies, lambda i: draws[i // len(x)])


@augment.mistake(
    "The copies of an image are moved alike",
    question="How do the copies of the first image differ from each other?",
    hint="Not at all: you draw one shift for each image, and copy afterwards. Copy first, and draw for each copy.",
    section=AUGMENTATION,
)
def _(x, y, copies, most):
    draws = [torch.randint(-most, most + 1, (2,)).tolist() for _ in x]
    return moved(x, y, copies, lambda i: draws[i % len(x)])


@augment.mistake(
    "The upper end is left out",
    question="Which numbers can `torch.randint(-1, 1, …)` give?",
    hint="−1 and 0: the upper end is not included. Draw from `torch.randint(-most, most + 1, …)`.",
    section=AUGMENTATION,
)
def _(x, y, copies, most):
    return moved(x, y, copies, lambda i: torch.randint(-most, most, (2,)).tolist())


@augment.mistake(
    "Down by as much as to the right",
    question="Can an image move to the right without moving down, as you draw it?",
    hint="One draw serves for both directions. Draw dy and dx separately: two numbers for each image.",
    section=AUGMENTATION,
)
def _(x, y, copies, most):
    return moved(x, y, copies, lambda i: torch.randint(-most, most + 1, (1,)).tolist() * 2)


@augment.mistake(
    "The same shifts every time",
    question="What does your function return when it is called a second time?",
    hint="Exactly the same, because the seed is set inside. In each epoch the network is to see other copies.",
    section=AUGMENTATION,
)
def _(x, y, copies, most):
    torch.manual_seed(0)
    return moved(x, y, copies, anywhere(most))


@augment.alternative("with a loop and slices")
def _(x, y, copies, most):
    n, c, h, w = x.shape
    out, labels = x.new_zeros(copies * n, c, h, w), []
    for m in range(copies * n):
        dy, dx = np.random.randint(-most, most + 1, 2)
        for r in range(h):
            for s in range(w):
                if 0 <= r - dy < h and 0 <= s - dx < w:
                    out[m, :, r, s] = x[m % n, :, r - dy, s - dx]
        labels.append(y[m % n])
    return out, torch.stack(labels)


@augment.alternative("each image's copies together, in NumPy")
def _(x, y, copies, most):
    x, y = np.repeat(x.numpy(), copies, axis=0), np.repeat(y.numpy(), copies)
    h, w = x.shape[2:]
    wide = np.pad(x, ((0, 0), (0, 0), (most, most), (most, most)))
    corners = np.random.default_rng().integers(0, 2 * most + 1, (len(x), 2))
    return np.stack([wide[i, :, r : r + h, s : s + w] for i, (r, s) in enumerate(corners)]), y


# ── Averaging at test time ────────────────────────────────────────────────────────────────────────────────────────────

test_time_average = Rubric(
    reference.test_time_average,
    title="Ask more than once",
    points=3,
    minutes=8,
    returns="a tensor of probabilities, of shape (n, k)",
    when="averaged",
)


def asked(rng, n, k, h, w, shifts, steep=3.0):
    """The model's numbers, images, shifts: where votes, logits and probabilities lead to other answers."""
    d = h * w
    weight = torch.tensor(rng.normal(size=(k, d)) * steep / math.sqrt(d), dtype=torch.float32)
    mean = torch.tensor(rng.uniform(0.2, 0.8, d), dtype=torch.float32)
    var = torch.tensor(rng.uniform(0.3, 2, d), dtype=torch.float32)
    x = torch.tensor(rng.uniform(0, 1.5, (n, 1, h, w)), dtype=torch.float32)
    return {"weight": weight, "running mean": mean, "running var": var}, x, [list(s) for s in shifts]


ALL_NINE = [(dy, dx) for dy in (-1, 0, 1) for dx in (-1, 0, 1)]


@test_time_average.given("two shifts")
def _(rng):
    return asked(rng, 2, 3, 4, 5, [(0, 0), (0, 1)])


@test_time_average.given("nine shifts")
def _(rng):
    return asked(rng, 4, 3, 5, 4, ALL_NINE)


@test_time_average.given("one shift, not zero")
def _(rng):
    return asked(rng, 3, 2, 3, 4, [(-1, 2)])


@test_time_average.given("one shift given three times, another once", public=False)
def _(rng):
    return asked(rng, 3, 4, 4, 4, [(1, 0), (1, 0), (1, 0), (0, -1)])


@test_time_average.given("digits: ten classes, 8 × 8 pixels", public=False)
def _(rng):
    return asked(rng, 20, 10, 8, 8, ALL_NINE)


@test_time_average.given("double precision (float64)", public=False, weight=0.5)
def _(rng):
    model, x, shifts = asked(rng, 5, 3, 4, 4, ALL_NINE[:5])
    return {name: numbers.double() for name, numbers in model.items()}, x.double(), shifts


def answers(model, x, shifts, mode="eval", move=shifted):
    """The logits for each shift, (copies, n, k)."""
    model.train(mode == "train")
    with torch.no_grad():
        return torch.stack([model(move(x, dy, dx)) for dy, dx in shifts])


@test_time_average.mistake(
    "Logits are averaged",
    question="What do you average: what the model returns, or the probabilities?",
    hint="Softmax first, for each copy; the mean afterwards.",
    section=TESTTIME,
)
def _(model, x, shifts):
    return answers(model, x, shifts).mean(0).softmax(dim=1)


@test_time_average.mistake(
    "No softmax at all",
    question="Does each row of your answer sum to one?",
    hint="The model returns logits. Turn each copy's into probabilities: `.softmax(dim=1)`.",
    section=TESTTIME,
)
def _(model, x, shifts):
    return answers(model, x, shifts).mean(0)


@test_time_average.mistake(
    "The model is still in train mode",
    question="Does the answer for one image depend on which others are in the batch?",
    hint="In train mode batch norm uses the batch's own statistics, and dropout drops. Call `model.eval()` first.",
    section=PRACTICE,
)
def _(model, x, shifts):
    return answers(model, x, shifts, "train").softmax(dim=2).mean(0)


@test_time_average.mistake(
    "The sum instead of the mean",
    question="What does each row of your answer sum to?",
    hint="To the number of shifts. Divide by it.",
    section=TESTTIME,
)
def _(model, x, shifts):
    return answers(model, x, shifts).softmax(dim=2).sum(0)


@test_time_average.mistake(
    "Softmax over the images",
    question="Over which axis do your probabilities sum to one: over the classes, or over the images?",
    hint="Each image has its own distribution over the classes, the last axis: `.softmax(dim=1)` on logits of shape (n, k).",
    section=TESTTIME,
)
def _(model, x, shifts):
    return answers(model, x, shifts).softmax(dim=1).mean(0)


@test_time_average.mistake(
    "Votes instead of probabilities",
    question="One copy says 51 to 49, another 1 to 99. Should they cancel?",
    hint="Averaging the winners throws away how sure each copy is. Average the probabilities.",
    section=TESTTIME,
)
def _(model, x, shifts):
    z = answers(model, x, shifts)
    return F.one_hot(z.argmax(dim=2), z.shape[2]).to(x.dtype).mean(0)


@test_time_average.mistake(
    "Only the last copy counts",
    question="What does your variable hold after the second turn of the loop?",
    hint="Only the newest answer. Add it to a sum, or put it into a list.",
    section=TESTTIME,
)
def _(model, x, shifts):
    return answers(model, x, shifts).softmax(dim=2)[-1]


@test_time_average.alternative("all copies as one batch")
def _(model, x, shifts):
    model.eval()
    views = torch.cat([shifted(x, dy, dx) for dy, dx in shifts])
    return F.softmax(model(views), dim=-1).reshape(len(shifts), len(x), -1).mean(dim=0)


@test_time_average.alternative("a running sum, in NumPy")
def _(model, x, shifts):
    model.eval()
    total = 0
    for dy, dx in shifts:
        z = model(shifted(x, dy, dx)).detach().numpy()
        e = np.exp(z - z.max(axis=1, keepdims=True))
        total = total + e / e.sum(axis=1, keepdims=True) / len(shifts)
    return total


# ── Random search ─────────────────────────────────────────────────────────────────────────────────────────────────────

random_search = Rubric(
    reference.random_search,
    title="Search at random",
    points=3,
    minutes=12,
    returns="three numbers: lr, p, and the test accuracy of this setting",
    when="searched",
    then="search",
)


def peaks(rng):
    """Where validation and test accuracy are best: far apart; log lr and p as shares of their ranges."""
    a, b = rng.uniform(0.15, 0.35, 2), rng.uniform(0.65, 0.85, 2)
    return {"best for validation at": [float(v) for v in a], "best on the test set at": [float(v) for v in b]}


@random_search.given("eight trials")
def _(rng):
    return peaks(rng), [1e-4, 1.0], [0.1, 0.8], 8


@random_search.given("a hundred and twenty trials, learning rates from 0.0001 to 1")
def _(rng):
    return peaks(rng), [1e-4, 1.0], [0.0, 0.8], 120


@random_search.given("a hundred and fifty trials, learning rates from 0.003 to 0.3")
def _(rng):
    return peaks(rng), [0.003, 0.3], [0.2, 0.5], 150


@random_search.given("one trial", public=False, weight=0.5)
def _(rng):
    return peaks(rng), [0.01, 0.1], [0.0, 0.5], 1


@random_search.given("two hundred trials, learning rates from 0.000002 to 20", public=False)
def _(rng):
    return peaks(rng), [2e-6, 20.0], [0.3, 0.9], 200


@random_search.given("the best is in another place", public=False)
def _(rng):
    (validation, a), (test, b) = peaks(rng).items()
    return {validation: b, test: a}, [1e-3, 1.0], [0.0, 0.6], 40


def tried(evaluate, trials, draw):
    """(lr, p, validation, test) of each trial; draw(i) = (lr, p)."""
    settings = [draw(i) for i in range(trials)]
    return [(lr, p, *evaluate(lr, p)) for lr, p in settings]


def log_uniform(low, high):
    return low * (high / low) ** torch.rand(()).item()


def uniform(low, high):
    return low + (high - low) * torch.rand(()).item()


def right_draws(lr_range, p_range):
    return lambda i: (log_uniform(*lr_range), uniform(*p_range))


def winner(rows, by=2, report=3):
    best = max(rows, key=lambda row: row[by])
    return best[0], best[1], best[report]


@random_search.mistake(
    "The learning rate is drawn on a linear scale",
    question="Drawn evenly from 0.0001 to 1, how many of ten learning rates lie below 0.1?",
    hint="One. Draw its logarithm evenly: `10 ** u` with u from log10(low) to log10(high).",
    section=SEARCH,
)
def _(evaluate, lr_range, p_range, trials):
    return winner(tried(evaluate, trials, lambda i: (uniform(*lr_range), uniform(*p_range))))


@random_search.mistake(
    "The test set chooses the setting",
    question="Which of the two accuracies that `measure` returns decides who wins?",
    hint="The first, on the validation set. Whatever has had a say in the choice can no longer tell how good it is.",
    section=TEST,
)
def _(evaluate, lr_range, p_range, trials):
    return winner(tried(evaluate, trials, right_draws(lr_range, p_range)), by=3)


@random_search.mistake(
    "The validation accuracy of the winner is reported",
    question="The winner was chosen because its validation accuracy is high. Is that number still an honest estimate?",
    hint="No: the best of many looks better than it is. Report the winner's test accuracy, the second number.",
    section=TEST,
)
def _(evaluate, lr_range, p_range, trials):
    return winner(tried(evaluate, trials, right_draws(lr_range, p_range)), report=2)


@random_search.mistake(
    "A logarithm to base 10, undone with base e",
    question="`math.exp(math.log10(0.01))` is how much?",
    hint="About 0.14: `10 ** u` undoes `math.log10`, and `math.exp` undoes `math.log`. Use one pair.",
    section=SEARCH,
)
def _(evaluate, lr_range, p_range, trials):
    low, high = (math.log10(v) for v in lr_range)
    return winner(tried(evaluate, trials, lambda i: (math.exp(uniform(low, high)), uniform(*p_range))))


@random_search.mistake(
    "A natural logarithm, undone with base 10",
    question="`10 ** math.log(0.01)` is how much?",
    hint="About 0.000025: `math.exp` undoes `math.log`, and `10 ** u` undoes `math.log10`. Use one pair.",
    section=SEARCH,
)
def _(evaluate, lr_range, p_range, trials):
    low, high = (math.log(v) for v in lr_range)
    return winner(tried(evaluate, trials, lambda i: (10 ** uniform(low, high), uniform(*p_range))))


@random_search.mistake(
    "One draw for both",
    question="When the learning rate is high, can p be low, as you draw them?",
    hint="The same random number decides both, so only a line through the square is searched. Draw two.",
    section=SEARCH,
)
def _(evaluate, lr_range, p_range, trials):
    def draw(i):
        u = torch.rand(()).item()
        return lr_range[0] * (lr_range[1] / lr_range[0]) ** u, p_range[0] + u * (p_range[1] - p_range[0])

    return winner(tried(evaluate, trials, draw))


@random_search.mistake(
    "A grid instead of random draws",
    question="How many different learning rates do you try in all your trials?",
    hint="A grid repeats each value many times. Draw a new learning rate and a new p for each trial.",
    section=SEARCH,
)
def _(evaluate, lr_range, p_range, trials):
    side = math.ceil(math.sqrt(trials))
    lrs = [lr_range[0] * (lr_range[1] / lr_range[0]) ** ((i + 0.5) / side) for i in range(side)]
    ps = [p_range[0] + (p_range[1] - p_range[0]) * (i + 0.5) / side for i in range(side)]
    return winner(tried(evaluate, trials, lambda i: (lrs[i % side], ps[i // side])))


@random_search.mistake(
    "The worst wins",
    question="Are the numbers that `measure` returns losses or accuracies?",
    hint="Accuracies: the largest is the best.",
    section=SEARCH,
)
def _(evaluate, lr_range, p_range, trials):
    rows = tried(evaluate, trials, right_draws(lr_range, p_range))
    worst = min(rows, key=lambda row: row[2])
    return worst[0], worst[1], worst[3]


@random_search.alternative("all draws first, in NumPy")
def _(evaluate, lr_range, p_range, trials):
    rng = np.random.default_rng()
    lr = np.exp(rng.uniform(np.log(lr_range[0]), np.log(lr_range[1]), trials))
    p = rng.uniform(*p_range, trials)
    scores = np.array([evaluate(a, b) for a, b in zip(lr, p)])
    i = scores[:, 0].argmax()
    return lr[i], p[i], scores[i, 1]


@random_search.alternative("powers of ten, and the best so far")
def _(evaluate, lr_range, p_range, trials):
    import random

    best, found = -math.inf, None
    for _ in range(trials):
        lr = 10 ** random.uniform(math.log10(lr_range[0]), math.log10(lr_range[1]))
        p = random.uniform(*p_range)
        validation, test = evaluate(lr, p)
        if validation > best:
            best, found = validation, (lr, p, test)
    return found


# ── Find the bug ──────────────────────────────────────────────────────────────────────────────────────────────────────

augmented_split = Rubric(
    reference.augmented_split,
    title="Find the bug: too good to be true",
    points=3,
    minutes=10,
    returns="four tensors: images and labels to train with, images and labels to validate with",
    when="divided",
    then="division",
)

FIVE = [[0, 0], [0, 1], [0, -1], [1, 0], [-1, 0]]


def sorted_by_class(rng, n, c, h, w, classes):
    """Marked images, those of class 0 first, then those of class 1, …"""
    return marked(rng, n, c, h, w)[0], torch.tensor(sorted(np.arange(n) % classes))


@augmented_split.given("twelve images, five shifts")
def _(rng):
    return *sorted_by_class(rng, 12, 1, 3, 4, 6), 4, FIVE


@augmented_split.given("thirty images, three shifts")
def _(rng):
    return *sorted_by_class(rng, 30, 1, 4, 3, 10), 10, FIVE[:3]


@augmented_split.given("one image to validate with")
def _(rng):
    return *sorted_by_class(rng, 10, 1, 4, 4, 5), 1, FIVE[:2]


@augmented_split.given("color images", public=False)
def _(rng):
    return *sorted_by_class(rng, 30, 3, 5, 4, 10), 10, FIVE[1:]


@augmented_split.given("a hundred images, nine shifts", public=False)
def _(rng):
    return *sorted_by_class(rng, 100, 1, 8, 8, 50), 20, [list(s) for s in ALL_NINE]


def all_copies(x, y, shifts):
    return torch.cat([shifted(x, dy, dx) for dy, dx in shifts]), y.repeat(len(shifts))


@augmented_split.mistake(
    "Copies of one image fall on both sides",
    question="Take one image to validate with. Where are the other copies of the same image?",
    hint="Most are among those to train with. Split first; make copies afterwards, of the training images only.",
    section=TEST,
)
def _(x, y, n_validation, shifts):
    x, y = all_copies(x, y, shifts)
    order = torch.randperm(len(x))
    held, rest = order[: n_validation * len(shifts)], order[n_validation * len(shifts) :]
    return x[rest], y[rest], x[held], y[held]


@augmented_split.mistake(
    "Copies of all images go into training",
    question="Of which images do you make the copies to train with?",
    hint="Of all of them, those held out included. Only `x[training]` may be copied.",
    section=TEST,
)
def _(x, y, n_validation, shifts):
    held = torch.randperm(len(x))[:n_validation]
    return *all_copies(x, y, shifts), x[held], y[held]


@augmented_split.mistake(
    "The images to validate with are shifted too",
    question="Which images will the network meet when it is used: shifted ones, or images as they are?",
    hint="Images as they are. Return `x[validation]` itself; make copies of the training images only.",
    section=TEST,
)
def _(x, y, n_validation, shifts):
    order = torch.randperm(len(x))
    held, rest = order[:n_validation], order[n_validation:]
    return *all_copies(x[rest], y[rest], shifts), *all_copies(x[held], y[held], shifts)


@augmented_split.mistake(
    "Images and labels in different order",
    question="Which label does the first image have in your answer, and which one had it before?",
    hint="One permutation for both: draw `order` once, and index x and y with it. And copies made shift by shift need their "
    "labels shift by shift: `y.repeat(…)`, not `repeat_interleave`.",
    section=AUGMENTATION,
)
def _(x, y, n_validation, shifts):
    x, y = x[torch.randperm(len(x))], y[torch.randperm(len(y))]
    held, rest = slice(n_validation), slice(n_validation, None)
    order = torch.randperm(len(x))
    del order
    return *all_copies(x[rest], y[rest], shifts), x[held], y[held]


@augmented_split.mistake(
    "The first images are held out",
    question="The images come sorted by class. Which classes are in your validation set?",
    hint="Only the first few. Draw at random which to hold out: `torch.randperm(len(x))`.",
    section=TEST,
)
def _(x, y, n_validation, shifts):
    held, rest = slice(n_validation), slice(n_validation, None)
    return *all_copies(x[rest], y[rest], shifts), x[held], y[held]


@augmented_split.alternative("with a mask, and a loop")
def _(x, y, n_validation, shifts):
    held = torch.zeros(len(x), dtype=torch.bool)
    held[torch.randperm(len(x))[:n_validation]] = True
    images, labels = [], []
    for dy, dx in shifts:
        images.append(shifted(x[~held], dy, dx))
        labels.append(y[~held])
    return torch.cat(images), torch.cat(labels), x[held], y[held]


@augmented_split.alternative("shuffled once more, in NumPy")
def _(x, y, n_validation, shifts):
    rng = np.random.default_rng()
    order = rng.permutation(len(x))
    held, rest = order[:n_validation], order[n_validation:]
    many, labels = all_copies(x[rest], y[rest], shifts)
    again = rng.permutation(len(many))
    return many.numpy()[again], labels.numpy()[again], x.numpy()[held], y.numpy()[held]


# ── Fine-tuning ───────────────────────────────────────────────────────────────────────────────────────────────────────

fine_tune = Rubric(
    reference.fine_tune,
    title="A new head on an old body",
    points=4,
    minutes=12,
    returns="the model",
    kinds="fi",
    when="tuned",
    then="tuning",
)


def clusters(rng, n, n_new, d, h, classes, steps=60, lr=0.5):
    """A body of h units whose features separate `classes` clouds of d numbers; n to tune with, n_new to answer."""
    while True:
        centers = rng.normal(size=(classes, d)) * 2
        gaps = [np.linalg.norm(a - b) for i, a in enumerate(centers) for b in centers[:i]]
        if min(gaps) > 3:
            break
    weight, bias = rng.normal(size=(h, d)) / math.sqrt(d), rng.normal(size=h) * 0.3

    def some(m):
        y = rng.permutation(np.arange(m) % classes)
        return centers[y] + 0.3 * rng.normal(size=(m, d)), y

    (x, y), (x_new, y_new) = some(n), some(n_new)
    floats = (torch.tensor(v, dtype=torch.float32) for v in (weight, bias, x))
    new = torch.tensor(x_new, dtype=torch.float32)
    weight, bias, x = floats
    return Kept(({"weight": weight, "bias": bias}, x, torch.tensor(y), classes, steps, lr, new), torch.tensor(y_new))


@fine_tune.given("three classes instead of four")
def _(rng):
    return clusters(rng, 30, 60, 5, 40, 3)


@fine_tune.given("six classes instead of four")
def _(rng):
    return clusters(rng, 48, 90, 8, 60, 6, steps=120)


@fine_tune.given("four classes, but others")
def _(rng):
    return clusters(rng, 32, 80, 6, 50, 4, steps=90)


@fine_tune.given("two classes, few examples", public=False)
def _(rng):
    return clusters(rng, 10, 50, 4, 40, 2, steps=80)


@fine_tune.given("five classes", public=False)
def _(rng):
    return clusters(rng, 50, 100, 7, 64, 5, steps=120)


def training_loop(model, parameters, x, y, steps, lr):
    optimizer = torch.optim.SGD(parameters, lr=lr)
    for _ in range(steps):
        optimizer.zero_grad()
        F.cross_entropy(model(x), y).backward()
        optimizer.step()
    return model


def new_head(model, classes):
    model[-1] = nn.Linear(model[-1].in_features, classes)
    return model


@fine_tune.mistake(
    "The new head stands behind the old one",
    question="How many numbers come into your new head, and how many features does the body have?",
    hint="It gets the old classes' logits. The new head takes the place of the old one: "
    "`model[-1] = nn.Linear(model[-1].in_features, classes)`.",
    section=TUNING,
)
def _(model, x, y, classes, steps, lr):
    model.requires_grad_(False).eval()
    model.append(nn.Linear(model[-1].out_features, classes))
    return training_loop(model, model[-1].parameters(), x, y, steps, lr)


@fine_tune.mistake(
    "The body is not frozen",
    question="Which parameters does your optimizer change: all, or those of the new head?",
    hint="Give the optimizer `model[-1].parameters()` alone, and switch the others off with `requires_grad_(False)`.",
    section=TUNING,
)
def _(model, x, y, classes, steps, lr):
    new_head(model, classes).eval()
    return training_loop(model, model.parameters(), x, y, steps, lr)


@fine_tune.mistake(
    "Batch norm goes on counting",
    question="The body's parameters are frozen. Which of its numbers are no parameters, and in which mode do they move?",
    hint="Running mean and variance, in train mode. Put the model (or at least its body) into `eval()` while tuning.",
    section=TUNING,
)
def _(model, x, y, classes, steps, lr):
    model.requires_grad_(False)
    new_head(model, classes).train()
    return training_loop(model, model[-1].parameters(), x, y, steps, lr)


@fine_tune.mistake(
    "The new head is frozen too",
    question="You switch gradients off for the whole model. Before the new head is put in, or after?",
    hint="Freeze first, then put in the new head: a new layer's parameters require gradients.",
    section=TUNING,
)
def _(model, x, y, classes, steps, lr):
    new_head(model, classes).requires_grad_(False).eval()
    return training_loop(model, model[-1].parameters(), x, y, steps, lr)


@fine_tune.mistake(
    "The optimizer holds the old head",
    question="Whose parameters did the optimizer get: those of the head that is now in the model?",
    hint="It was made before the new head was put in, and goes on changing a layer that nobody uses. Make it afterwards.",
    section=TUNING,
)
def _(model, x, y, classes, steps, lr):
    model.requires_grad_(False)
    old = [p.requires_grad_() for p in model[-1].parameters()]
    new_head(model, classes).eval()
    return training_loop(model, old, x, y, steps, lr)


@fine_tune.mistake(
    "Everything starts from nothing",
    question="What is left in your model of the one that you were given?",
    hint="Keep `model[0]` as it is. Only the last layer, `model[-1]`, is replaced.",
    section=TUNING,
)
def _(model, x, y, classes, steps, lr):
    for layer in model[0]:
        if hasattr(layer, "reset_parameters"):
            layer.reset_parameters()
    new_head(model, classes).train()
    return training_loop(model, model.parameters(), x, y, steps, lr)


@fine_tune.mistake(
    "The model is not returned",
    question="What does your function return?",
    hint="Nothing yet: end with `return model`.",
    section=TUNING,
)
def _(model, x, y, classes, steps, lr):
    reference.fine_tune(model, x, y, classes, steps, lr)


@fine_tune.alternative("features computed once")
def _(model, x, y, classes, steps, lr):
    body = model[0].eval()
    with torch.no_grad():
        features = body(x)
    head = nn.Linear(features.shape[1], classes)
    training_loop(head, head.parameters(), features, y, steps, lr)
    return nn.Sequential(body, head)


@fine_tune.alternative("gradients switched off one by one, and Adam")
def _(model, x, y, classes, steps, lr):
    model = copy.deepcopy(model).eval()
    for p in model.parameters():
        p.requires_grad = False
    new_head(model, classes)
    optimizer = torch.optim.Adam([p for p in model.parameters() if p.requires_grad], lr=0.05)
    for _ in range(steps):
        loss = -model(x).log_softmax(dim=1)[torch.arange(len(y)), y].mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    return model


# ── A hundred labels ──────────────────────────────────────────────────────────────────────────────────────────────────

hundred_labels = Rubric(
    reference.hundred_labels,
    title="A hundred labels",
    points=5,
    minutes=18,
    returns="a tensor of digits, of shape (m,)",
    kinds="if",
    seconds=8.0,
    when="predicted",
    then="accuracy",
)

STRAIGHT, OFF_CENTER = 0.85, 0.70  # shares that must be right; a plain network has about 0.89 and 0.3


def hundred(rng, new, wanted, off_center=False):
    """Ten labeled digits of each kind, `new` others; off_center: these moved by a pixel, each in another direction."""
    digits = data.load("digits")
    order = torch.tensor(rng.permutation(len(digits.y)))
    labeled = torch.cat([order[digits.y[order] == k][:10] for k in range(10)])
    labeled = labeled[torch.tensor(rng.permutation(100))]
    rest = order[~torch.isin(order, labeled)][:new]
    x_new = digits.x[rest]
    if off_center:
        around = [s for s in ALL_NINE if s != (0, 0)]
        x_new = torch.cat([shifted(x_new[i : i + 1], *around[rng.integers(8)]) for i in range(new)])
    return Kept((digits.x[labeled], digits.y[labeled], x_new, wanted), digits.y[rest])


@hundred_labels.given("two hundred and fifty new digits")
def _(rng):
    return hundred(rng, 250, STRAIGHT)


@hundred_labels.given("new digits, a pixel off center")
def _(rng):
    return hundred(rng, 250, OFF_CENTER, off_center=True)


@hundred_labels.given("another hundred labels", public=False)
def _(rng):
    return hundred(rng, 400, STRAIGHT)


@hundred_labels.given("another hundred labels, off center", public=False)
def _(rng):
    return hundred(rng, 400, OFF_CENTER, off_center=True)


@hundred_labels.given("a third hundred", public=False)
def _(rng):
    return hundred(rng, 300, STRAIGHT)


def trained(x, y, steps=150, most=1, labels=lambda y: y):
    """A small network after so many steps of Adam, on copies that are shifted by up to `most` pixels."""
    model = nn.Sequential(nn.Flatten(), nn.Linear(64, 128), nn.ReLU(), nn.Linear(128, 10))
    optimizer = torch.optim.Adam(model.parameters(), lr=0.01)
    for _ in range(steps):
        optimizer.zero_grad()
        F.cross_entropy(model(reference.augment(x, y, 1, most)[0]), labels(y)).backward()
        optimizer.step()
    return model


@hundred_labels.mistake(
    "It has never seen a digit off its place",
    question="Move a digit by one pixel. Has your network ever been told that it is still the same digit?",
    hint="Train on shifted copies, drawn anew for each step: `augment(x, y, copies=1, most=1)` inside the loop.",
    section=AUGMENTATION,
)
def _(x, y, x_new):
    return trained(x, y, most=0)(x_new).argmax(dim=1)


@hundred_labels.mistake(
    "The labels do not go with the images",
    question="When you make copies or shuffle, do images and labels stay in the same order?",
    hint="Print the accuracy on your own training digits as they are: it is near 10 %. Use the labels that `augment` returns.",
    section=AUGMENTATION,
)
def _(x, y, x_new):
    return trained(x, y, labels=lambda y: y[torch.randperm(len(y))])(x_new).argmax(dim=1)


@hundred_labels.mistake(
    "Training has hardly begun",
    question="How large is the training loss at the end, and what is it for a network that knows nothing (ln 10 = 2.30)?",
    hint="A hundred digits make few steps in an epoch. Make some hundred steps in all; you have seconds.",
    section=STOPPING,
)
def _(x, y, x_new):
    return trained(x, y, steps=4)(x_new).argmax(dim=1)


@hundred_labels.mistake(
    "Probabilities instead of digits",
    question="What is the shape of your answer, and what is asked for?",
    hint="One digit for each new image: `.argmax(dim=1)` of the probabilities.",
    section=TESTTIME,
)
def _(x, y, x_new):
    return trained(x, y, steps=20)(x_new).softmax(dim=1)


@hundred_labels.alternative("nine fixed copies of each digit, dropout")
def _(x, y, x_new):
    many, labels = all_copies(x, y, ALL_NINE)
    model = nn.Sequential(nn.Flatten(), nn.Linear(64, 100), nn.ReLU(), nn.Dropout(0.3), nn.Linear(100, 10))
    optimizer = torch.optim.Adam(model.parameters(), lr=0.01)
    for _ in range(80):
        optimizer.zero_grad()
        F.cross_entropy(model(many), labels).backward()
        optimizer.step()
    return reference.test_time_average(model, x_new, ALL_NINE).argmax(dim=1)


@hundred_labels.alternative("shifted on the way, in NumPy at the end")
def _(x, y, x_new):
    model = trained(x, y, steps=200)
    return reference.test_time_average(model, x_new, ALL_NINE).numpy().argmax(axis=1)
