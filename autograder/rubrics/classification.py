"""How the exercises on classification are judged.

Logits are drawn to two decimals; none lies near a threshold unless it lies exactly on it. Large ones are large enough
to overflow in single and in double precision.
"""

import numpy as np
import torch
import torch.nn.functional as F

from autograder.givens import doubles
from autograder.reference import classification as reference
from autograder.rubric import Kept, Rubric
from coursekit import data

LOGIT = "classification#classification-logit"
LIKELIHOOD = "classification#classification-likelihood"
SOFTMAX = "classification#classification-softmax"
STABLE = "classification#classification-stable"
LOSSES = "classification#classification-losses"
KINDS = "classification#classification-kinds"
HINGE = "classification#classification-hinge"
METRICS = "classification#classification-metrics"


def logits(rng, *shape, size=3.0):
    """A tensor of numbers with two decimals, between −size and size, none of them within 0.2 of 0."""
    z = rng.uniform(0.2, size, shape) * rng.choice([-1, 1], shape)
    return torch.tensor(z.round(2), dtype=torch.float32)


def yes_or_no(rng, *shape):
    """0. and 1., both of them (where there is room)."""
    while True:
        y = rng.integers(0, 2, shape)
        if y.size < 2 or len(set(y.flatten().tolist())) == 2:
            return torch.tensor(y, dtype=torch.float32)


def classes(rng, n, C):
    """n classes of 0 … C − 1, at least two of them different, and class 0 not alone."""
    while True:
        y = rng.integers(0, C, n)
        if n == 1 or len(set(y.tolist())) > 1:
            return torch.tensor(y)


def softplus(z):
    """log(1 + e^z), without overflow."""
    return z.clamp(min=0) + torch.log1p(torch.exp(-z.abs()))


# ── From a score to a probability ─────────────────────────────────────────────────────────────────────────────────────

sigmoid = Rubric(
    reference.sigmoid,
    title="From a score to a probability",
    points=2,
    minutes=8,
    returns="a tensor of the shape of z, with numbers between 0 and 1",
)


@sigmoid.given("five logits")
def _(rng):
    return logits(rng, 5)


@sigmoid.given("very large logits, of both signs")
def _(rng):
    return torch.tensor([1000.0, -1000.0, 0.0, 120.0, -120.0])[torch.tensor(rng.permutation(5))] * float(
        rng.integers(1, 4)
    )


@sigmoid.given("one very large logit among negative ones")
def _(rng):
    return torch.tensor([300.0, -150.0, -250.0, -2.0])[torch.tensor(rng.permutation(4))]


@sigmoid.given("a table of logits")
def _(rng):
    return logits(rng, 2, 3)


@sigmoid.given("a single number, far below zero")
def _(rng):
    return torch.tensor(float(-800 - rng.integers(0, 100)))


@sigmoid.given("double precision (float64)", weight=0.5)
def _(rng):
    return logits(rng, 4).double() * 300


@sigmoid.given("small logits", public=False)
def _(rng):
    return logits(rng, 7) / 16


@sigmoid.given("another table, with large numbers in it", public=False)
def _(rng):
    z = logits(rng, 4, 3)
    z[rng.integers(4), rng.integers(3)] = 2000.0
    return z


@sigmoid.mistake(
    "e^z over 1 + e^z, whatever z is",
    question="What is e^1000 on a computer, and what is that divided by itself?",
    hint="inf / inf is nan. This form is for z < 0 only; for z ≥ 0 use 1 / (1 + e^−z). `torch.where` takes each where it "
    "belongs; `z.clamp(min=0)` in the one and `z.clamp(max=0)` in the other keep both from overflowing.",
    section=STABLE,
)
def _(z):
    return torch.exp(z) / (1 + torch.exp(z))


@sigmoid.mistake(
    "The sign of the exponent",
    question="Should a larger score give a larger probability, or a smaller one?",
    hint="A larger one: the exponent is −z, so that e^−z goes to 0 as z grows.",
    section=LOGIT,
)
def _(z):
    e = torch.exp(-z.abs())
    return torch.where(z >= 0, e / (1 + e), 1 / (1 + e))


@sigmoid.mistake(
    "Parentheses: 1/1 + e^−z",
    question="What does Python compute for `1 / 1 + a`: one over the sum, or one plus a?",
    hint="1 / 1 + a is 1 + a. Put the sum in parentheses: 1 / (1 + …).",
    section=LOGIT,
)
def _(z):
    return 1 / 1 + torch.exp(-z)


@sigmoid.mistake(
    "The numbers share one probability",
    question="What do your answers add up to, and should one logit's probability depend on its neighbors?",
    hint="Each number is a question of its own here: 1 / (1 + e^−z), entry by entry. What adds up to one is softmax.",
    section=KINDS,
)
def _(z):
    return torch.softmax(z.flatten(), dim=0).reshape(z.shape)


@sigmoid.mistake(
    "tanh for sigmoid",
    question="What is your answer at z = 0, and what should the probability be when nothing speaks for either side?",
    hint="tanh runs from −1 to 1. A probability runs from 0 to 1: σ(z) = (1 + tanh(z/2)) / 2.",
    section=LOGIT,
)
def _(z):
    return torch.tanh(z)


@sigmoid.mistake(
    "A step instead of a slope",
    question="Is a score of 0.5 as sure as a score of 50?",
    hint="The answer is a probability, not a decision: 1 / (1 + e^−z).",
    section=LOGIT,
)
def _(z):
    return (z >= 0).to(z.dtype)


@sigmoid.mistake(
    "One `if` for a whole tensor",
    question="Is `z >= 0` one answer or many, and which of them should an `if` believe?",
    hint="Many. `torch.where(z >= 0, a, b)` decides for each entry.",
    section=STABLE,
)
def _(z):
    if z >= 0:
        return 1 / (1 + torch.exp(-z))
    return torch.exp(z) / (1 + torch.exp(z))


@sigmoid.mistake(
    "math.exp for torch.exp",
    question="How many numbers does math.exp take at once, and what does it do when the result is too large?",
    hint="math.exp takes one number, and raises an OverflowError. torch.exp takes a tensor of any shape.",
    section=STABLE,
)
def _(z):
    import math

    return torch.tensor(1 / (1 + math.exp(-z)))


@sigmoid.mistake(
    "One form for the whole tensor",
    question="Your `if` is answered once. Which form do the logits get that lie on the other side?",
    hint="The wrong one for them: a single large logit among many negative ones gives inf/inf = nan. `torch.where` decides entry by entry.",
    section=STABLE,
)
def _(z):
    return 1 / (1 + torch.exp(-z)) if z.sum() >= 0 else torch.exp(z) / (1 + torch.exp(z))


@sigmoid.alternative("number by number")
def _(z):
    import math

    def one(s):
        return 1 / (1 + math.exp(-s)) if s >= 0 else math.exp(s) / (1 + math.exp(s))

    return torch.tensor([one(s) for s in z.flatten().tolist()], dtype=z.dtype).reshape(z.shape)


@sigmoid.alternative("with tanh")
def _(z):
    return (1 + torch.tanh(z / 2)) / 2


@sigmoid.alternative("torch's own")
def _(z):
    return torch.sigmoid(z)


@sigmoid.alternative("1 / (1 + e^−z), which PyTorch forgives")
def _(z):
    return 1 / (1 + torch.exp(-z))


@sigmoid.alternative("with NumPy, out and all")
def _(z):
    return np.exp(-np.logaddexp(0, -z.numpy()))


# ── Binary cross-entropy from logits ──────────────────────────────────────────────────────────────────────────────────

bce_with_logits = Rubric(
    reference.bce_with_logits,
    title="Binary cross-entropy from logits",
    points=3,
    minutes=12,
    returns="a single number (a tensor of shape ())",
)


def sure(rng, n, right):
    """z, y: n logits of hundreds, all on the labels' side or none, between two of ordinary size."""
    y = yes_or_no(rng, n)
    z = (2 * y - 1) * torch.tensor(rng.integers(150, 400, n), dtype=torch.float32) * (1 if right else -1)
    return torch.cat([z, torch.tensor([1.5, -0.5])]), torch.cat([y, torch.tensor([1.0, 0.0])])


@bce_with_logits.given("six logits and their labels")
def _(rng):
    return logits(rng, 6), yes_or_no(rng, 6)


@bce_with_logits.given("one example of class 0")
def _(rng):
    return logits(rng, 1), torch.zeros(1)


@bce_with_logits.given("very sure and right")
def _(rng):
    return sure(rng, 3, right=True)


@bce_with_logits.given("very sure and wrong", weight=2)
def _(rng):
    return sure(rng, 3, right=False)


@bce_with_logits.given("four examples with three labels each")
def _(rng):
    return logits(rng, 4, 3), yes_or_no(rng, 4, 3)


@bce_with_logits.given("double precision (float64)", weight=0.5)
def _(rng):
    return doubles(logits(rng, 5), yes_or_no(rng, 5))


@bce_with_logits.given("two hundred examples", public=False)
def _(rng):
    return logits(rng, 200, size=8), yes_or_no(rng, 200)


@bce_with_logits.given("hundreds of times wrong, in a table", public=False)
def _(rng):
    y = yes_or_no(rng, 3, 2)
    return (1 - 2 * y) * 300.0, y


@bce_with_logits.mistake(
    "It overflows for large logits",
    question="What is σ(200) in single precision, what is log(1 − σ(200)), and what is 0 times that?",
    hint="σ(200) rounds to 1, log 0 is −inf, and 0 · inf is nan. Do not go by way of the probability: "
    "max(z, 0) − y z + log(1 + e^−|z|) is the same loss.",
    section=STABLE,
)
def _(z, y):
    p = torch.sigmoid(z)
    return -(y * p.log() + (1 - y) * (1 - p).log()).mean()


@bce_with_logits.mistake(
    "The sigmoid twice",
    question="What goes into the formula max(z, 0) − y z + …: a logit or a probability?",
    hint="A logit: the sigmoid is already inside this loss. σ(σ(z)) lies between 0.5 and 0.73, whatever z is.",
    section=LOSSES,
)
def _(z, y):
    return F.binary_cross_entropy_with_logits(torch.sigmoid(z), y)


@bce_with_logits.mistake(
    "No sigmoid at all",
    question="What is log z for a negative logit z?",
    hint="It is nan: a logit is no probability. The loss takes logits, so the sigmoid has to happen inside it.",
    section=LOSSES,
)
def _(z, y):
    return -(y * z.log() + (1 - y) * (1 - z).log()).mean()


@bce_with_logits.mistake(
    "The sum for the mean",
    question="If every example stood there twice, should the loss double?",
    hint="No: it is the average over all entries. `.mean()`, not `.sum()`.",
    section=LIKELIHOOD,
)
def _(z, y):
    return (softplus(z) - y * z).sum()


@bce_with_logits.mistake(
    "A loss for each example",
    question="How many numbers do you return, and how many can one go downhill on?",
    hint="One: the mean over all entries, `.mean()`.",
    section=LIKELIHOOD,
)
def _(z, y):
    return softplus(z) - y * z


@bce_with_logits.mistake(
    "The sign is missing",
    question="Can −log p be negative, if p is a probability?",
    hint="log p ≤ 0, so the loss is −log p ≥ 0. You return the log-likelihood; the loss is minus that.",
    section=LIKELIHOOD,
)
def _(z, y):
    return (y * z - softplus(z)).mean()


@bce_with_logits.mistake(
    "Only the examples of class 1 count",
    question="What does an example with y = 0 add to your loss?",
    hint="Nothing, so saying yes to everything would be perfect. Class 0 adds −log(1 − p).",
    section=LIKELIHOOD,
)
def _(z, y):
    return (y * softplus(-z)).mean()


@bce_with_logits.mistake(
    "The formula for labels −1 and +1",
    question="What is log(1 + e^(−y z)) for y = 0, whatever z is?",
    hint="log 2, always: that formula is for labels −1 and +1. Here they are 0 and 1: use 2y − 1 in it, or the other form.",
    section=LIKELIHOOD,
)
def _(z, y):
    return softplus(-y * z).mean()


@bce_with_logits.mistake(
    "Probabilities clipped before the logarithm",
    question="How large can your loss become for one example, and how large should it be at z = −300 with y = 1?",
    hint="It should be 300. With p cut off at 1e-7 it stops at 16, and there the slope is 0: the worst example teaches "
    "nothing. max(z, 0) − y z + log(1 + e^−|z|) needs no clipping.",
    section=STABLE,
)
def _(z, y):
    p = torch.sigmoid(z).clamp(1e-7, 1 - 1e-7)
    return -(y * p.log() + (1 - y) * (1 - p).log()).mean()


@bce_with_logits.alternative("one at a time")
def _(z, y):
    import math

    total = 0.0
    for s, t in zip(z.flatten().tolist(), y.flatten().tolist()):
        total += max(s, 0) - t * s + math.log(1 + math.exp(-abs(s)))
    return torch.tensor(total / z.numel())


@bce_with_logits.alternative("torch's own")
def _(z, y):
    return F.binary_cross_entropy_with_logits(z, y)


@bce_with_logits.alternative("with logsigmoid")
def _(z, y):
    return -(y * F.logsigmoid(z) + (1 - y) * F.logsigmoid(-z)).mean()


@bce_with_logits.alternative("with NumPy, out and all")
def _(z, y):
    z, y = z.numpy(), y.numpy()
    return np.mean(np.logaddexp(0, z) - y * z)


# ── Log-softmax ───────────────────────────────────────────────────────────────────────────────────────────────────────

log_softmax = Rubric(
    reference.log_softmax,
    title="Log-softmax",
    points=3,
    minutes=10,
    returns="a tensor of shape (n, C)",
    atol=5e-4,  # z − logsumexp(z) is right, and loses three digits when z is near a thousand
)


@log_softmax.given("four examples, three classes")
def _(rng):
    return logits(rng, 4, 3)


@log_softmax.given("logits around a thousand")
def _(rng):
    return logits(rng, 2, 4) + 1000


@log_softmax.given("one class far below the others")
def _(rng):
    z = logits(rng, 3, 4)
    z[1, rng.integers(4)] = -300.0
    return z


@log_softmax.given("one example large, the other small")
def _(rng):
    return logits(rng, 2, 3) + torch.tensor([[600.0], [-600.0]])


@log_softmax.given("a single example")
def _(rng):
    return logits(rng, 1, 5)


@log_softmax.given("double precision (float64)", weight=0.5)
def _(rng):
    return doubles(logits(rng, 3, 2) * 400)[0]


@log_softmax.given("as many examples as classes", public=False)
def _(rng):
    return logits(rng, 4, 4)


@log_softmax.given("sixty examples, ten classes", public=False)
def _(rng):
    return logits(rng, 60, 10, size=9)


@log_softmax.given("all logits at minus a thousand", public=False)
def _(rng):
    return logits(rng, 3, 4) - 1000


@log_softmax.mistake(
    "The exponentials overflow",
    question="What is e^1000 on a computer, and what is inf divided by inf?",
    hint="Take each row's largest logit off first. The answer is the same, and the largest exponent becomes 0.",
    section=STABLE,
)
def _(z):
    e = z.exp()
    return (e / e.sum(dim=1, keepdim=True)).log()


@log_softmax.mistake(
    "The sum overflows",
    question="z − log Σ e^z is right on paper. What is e^1000 on a computer?",
    hint="inf, and z − inf is −inf. Take each row's largest logit off first; the answer does not change.",
    section=STABLE,
)
def _(z):
    return z - z.exp().sum(dim=1, keepdim=True).log()


@log_softmax.mistake(
    "The logarithm of a probability that has become 0",
    question="Which probability does a logit of −300 get in single precision, and what is its logarithm?",
    hint="It rounds to 0, and log 0 is −inf, where about −300 was wanted. Do not form the probability: z − m − log Σ e^(z − m).",
    section=STABLE,
)
def _(z):
    return torch.softmax(z, dim=1).log()


@log_softmax.mistake(
    "One maximum for all examples",
    question="If one row is near 600 and another near −600, what is left of the second when 600 is taken off both?",
    hint="e^−1200 is 0, and log 0 is −inf. Each row needs its own maximum: `z.max(dim=1, keepdim=True).values`.",
    section=STABLE,
)
def _(z):
    z = z - z.max()
    return z - z.exp().sum(dim=1, keepdim=True).log()


@log_softmax.mistake(
    "The wrong axis",
    question="Over what should the probabilities add up to one: over the classes of an example, or over the examples?",
    hint="Over the classes, which are the columns: `dim=1`, not `dim=0`.",
    section=SOFTMAX,
)
def _(z):
    return torch.log_softmax(z, dim=0)


@log_softmax.mistake(
    "One sum over the whole table",
    question="How many sums does a table of n rows need?",
    hint="n, one for each example: `sum(dim=1, keepdim=True)`.",
    section=SOFTMAX,
)
def _(z):
    z = z - z.max()
    return z - z.exp().sum().log()


@log_softmax.mistake(
    "Probabilities, not their logarithms",
    question="Can the logarithm of a probability be positive?",
    hint="You return softmax. The exercise wants its logarithm: z − m − log Σ e^(z − m).",
    section=SOFTMAX,
)
def _(z):
    return torch.softmax(z, dim=1)


@log_softmax.mistake(
    "The sums lost their axis",
    question="Which shapes do `z` and `z.exp().sum(dim=1)` have, and along which axis does broadcasting pair them?",
    hint="(n, C) and (n,): the sums are paired with the columns, which raises an error or, if n = C, is wrong. "
    "`keepdim=True` keeps (n, 1).",
    section=SOFTMAX,
)
def _(z):
    z = z - z.max(dim=1, keepdim=True).values
    return z - z.exp().sum(dim=1).log()


@log_softmax.alternative("row by row")
def _(z):
    rows = []
    for row in z:
        m = row.max()
        rows.append(row - m - torch.log(sum(torch.exp(v - m) for v in row)))
    return torch.stack(rows)


@log_softmax.alternative("with torch.logsumexp")
def _(z):
    return z - torch.logsumexp(z, dim=-1, keepdim=True)


@log_softmax.alternative("torch's own")
def _(z):
    return torch.log_softmax(z, dim=1)


@log_softmax.alternative("with NumPy, out and all")
def _(z):
    z = z.numpy()
    return z - np.logaddexp.reduce(z, axis=1, keepdims=True)


# ── Cross-entropy ─────────────────────────────────────────────────────────────────────────────────────────────────────

cross_entropy = Rubric(
    reference.cross_entropy,
    title="Cross-entropy",
    points=3,
    minutes=10,
    returns="a single number (a tensor of shape ())",
    atol=5e-4,  # z − logsumexp(z) is right, and loses three digits when z is near a thousand
)


@cross_entropy.given("five examples, three classes")
def _(rng):
    return logits(rng, 5, 3), classes(rng, 5, 3)


@cross_entropy.given("one example")
def _(rng):
    return logits(rng, 1, 4), classes(rng, 1, 4)


@cross_entropy.given("very sure and wrong")
def _(rng):
    y = classes(rng, 3, 4)
    z = logits(rng, 3, 4)
    z[torch.arange(3), (y + 1) % 4] = float(rng.integers(200, 400))
    return z, y


@cross_entropy.given("two classes")
def _(rng):
    return logits(rng, 7, 2), classes(rng, 7, 2)


@cross_entropy.given("double precision (float64)", weight=0.5)
def _(rng):
    return doubles(logits(rng, 4, 5), classes(rng, 4, 5))


@cross_entropy.given("forty examples, ten classes", public=False)
def _(rng):
    return logits(rng, 40, 10, size=6), classes(rng, 40, 10)


@cross_entropy.given("logits around a thousand", public=False)
def _(rng):
    return logits(rng, 4, 3) + 1000, classes(rng, 4, 3)


@cross_entropy.given("as many examples as classes", public=False)
def _(rng):
    return logits(rng, 4, 4), classes(rng, 4, 4)


@cross_entropy.mistake(
    "Softmax before the cross-entropy",
    question="How often is softmax applied on the way from z to your loss?",
    hint="Twice: it is already inside log_softmax. This loss takes the logits as they are. With softmax before it, ten "
    "classes cannot get below 1.46, even if every answer is right.",
    section=LOSSES,
)
def _(z, y):
    return F.cross_entropy(torch.softmax(z, dim=1), y)


@cross_entropy.mistake(
    "The sum for the mean",
    question="If every example stood there twice, should the loss double?",
    hint="No: it is the average over the examples, `.mean()`.",
    section=SOFTMAX,
)
def _(z, y):
    return F.cross_entropy(z, y, reduction="sum")


@cross_entropy.mistake(
    "Averaged over the classes as well",
    question="How many examples are there, and by what do you divide?",
    hint="You divide by n · C. Only one entry of each row counts, the true class's: divide by n.",
    section=SOFTMAX,
)
def _(z, y):
    return F.cross_entropy(z, y) / z.shape[1]


@cross_entropy.mistake(
    "The sign is missing",
    question="Can −log p be negative, if p is a probability?",
    hint="log p ≤ 0. The loss is minus that, and never below 0.",
    section=SOFTMAX,
)
def _(z, y):
    return -F.cross_entropy(z, y)


@cross_entropy.mistake(
    "The wrong axis",
    question="Over what do the probabilities inside your loss add up to one?",
    hint="Over the classes of one example: `log_softmax(z, dim=1)`. With dim=0 the examples compete with one another.",
    section=SOFTMAX,
)
def _(z, y):
    return -torch.log_softmax(z, dim=0)[torch.arange(len(y)), y].mean()


@cross_entropy.mistake(
    "A whole table where one entry of each row was wanted",
    question="Which shape has log_p[:, y]?",
    hint="(n, n): every row, with the columns of all examples. One entry of each row is log_p[torch.arange(n), y].",
    section=SOFTMAX,
)
def _(z, y):
    return -torch.log_softmax(z, dim=1)[:, y].mean()


@cross_entropy.mistake(
    "Logits where log-probabilities belong",
    question="What keeps your loss from falling forever, when every logit of the true class is raised?",
    hint="Nothing: −z of the true class has no floor. Make log-probabilities of the logits first, with log_softmax.",
    section=LOSSES,
)
def _(z, y):
    return -z[torch.arange(len(y)), y].mean()


@cross_entropy.mistake(
    "The logarithm of a probability that has become 0",
    question="Which probability does the true class get if another logit is 300 larger, and what is its logarithm?",
    hint="It rounds to 0, and the loss is inf. log_softmax does not form the probability.",
    section=STABLE,
)
def _(z, y):
    return -torch.softmax(z, dim=1)[torch.arange(len(y)), y].log().mean()


@cross_entropy.mistake(
    "The favorite class for the true one",
    question="Does your loss change when the labels y change?",
    hint="It should: what counts is the probability of the true class, not the largest one.",
    section=SOFTMAX,
)
def _(z, y):
    return -torch.log_softmax(z, dim=1).max(dim=1).values.mean()


@cross_entropy.alternative("one example at a time")
def _(z, y):
    total = 0.0
    for row, k in zip(z, y):
        total = total + torch.logsumexp(row, dim=0) - row[k]
    return total / len(z)


@cross_entropy.alternative("with one-hot rows and einsum")
def _(z, y):
    Y = F.one_hot(y, z.shape[1]).to(z.dtype)
    return -torch.einsum("nc,nc->", Y, torch.log_softmax(z, dim=1)) / len(z)


@cross_entropy.alternative("torch's own")
def _(z, y):
    return F.cross_entropy(z, y)


@cross_entropy.alternative("with NumPy, out and all")
def _(z, y):
    z, y = z.numpy(), y.numpy()
    return np.mean(np.logaddexp.reduce(z, axis=1) - z[np.arange(len(y)), y])


# ── The hinge ─────────────────────────────────────────────────────────────────────────────────────────────────────────

hinge_loss = Rubric(
    reference.hinge_loss,
    title="The hinge",
    points=2,
    minutes=8,
    returns="a single number (a tensor of shape ())",
)


def four_kinds(rng, n):
    """s, y: n scores of both classes; on each side some far enough, some not, some wrong, and the sum is told apart."""
    while True:
        s, y = logits(rng, n), torch.tensor(rng.integers(0, 2, n))
        sure_ = (2 * y - 1) * s
        kinds = {(int(t), -1 if m < 0 else 1 if m < 1 else 2) for t, m in zip(y, sure_)}
        if len(kinds) >= min(n - 1, 5) and (sure_ < 0).any() and (sure_ > 1).any() and len(set(y.tolist())) == 2:
            return s, y


@hinge_loss.given("six scores")
def _(rng):
    return four_kinds(rng, 6)


@hinge_loss.given("one example of class 0, on its side but near")
def _(rng):
    return torch.tensor([-(rng.integers(2, 8) / 10)], dtype=torch.float32), torch.tensor([0])


@hinge_loss.given("all far enough")
def _(rng):
    y = torch.tensor([0, 1, 1, 0, 1])[torch.tensor(rng.permutation(5))]
    return (2 * y - 1) * torch.tensor(rng.uniform(1.5, 6, 5).round(2), dtype=torch.float32), y


@hinge_loss.given("scores of exactly −1, 0 and 1")
def _(rng):
    order = torch.tensor(rng.permutation(6))
    return torch.tensor([-1.0, 0.0, 1.0, -1.0, 0.0, 1.0])[order], torch.tensor([0, 0, 0, 1, 1, 1])[order]


@hinge_loss.given("double precision (float64)", weight=0.5)
def _(rng):
    return doubles(*four_kinds(rng, 7))


@hinge_loss.given("a hundred scores", public=False)
def _(rng):
    return four_kinds(rng, 100)


@hinge_loss.given("one class only", public=False)
def _(rng):
    s, y = four_kinds(rng, 9)
    return s, torch.zeros_like(y)


@hinge_loss.given("nine scores", public=False)
def _(rng):
    return four_kinds(rng, 9)


@hinge_loss.mistake(
    "Labels 0 and 1 in a formula for −1 and +1",
    question="What is max(0, 1 − y s) for y = 0, whatever the score?",
    hint="It is 1: class 0 costs the same whatever you answer, and teaches nothing. Use t = 2y − 1.",
    section=HINGE,
)
def _(s, y):
    return (1 - y * s).clamp(min=0).mean()


@hinge_loss.mistake(
    "The sum for the mean",
    question="If every example stood there twice, should the loss double?",
    hint="No: it is the average over the examples, `.mean()`.",
    section=HINGE,
)
def _(s, y):
    return (1 - (2 * y - 1) * s).clamp(min=0).sum()


@hinge_loss.mistake(
    "Right is enough",
    question="What should a point cost whose score is on the right side, but only 0.1 from zero?",
    hint="0.9: the hinge asks for a score of 1 on the right side. max(0, −t s) is the perceptron's loss.",
    section=HINGE,
)
def _(s, y):
    return (-(2 * y - 1) * s).clamp(min=0).mean()


@hinge_loss.mistake(
    "Nothing stops at zero",
    question="What does an example with a score of 5 on its own side add to your loss?",
    hint="−4: it pays for the mistakes of others. Each example costs at least 0: `.clamp(min=0)`.",
    section=HINGE,
)
def _(s, y):
    return (1 - (2 * y - 1) * s).mean()


@hinge_loss.mistake(
    "The zero comes after the mean",
    question="May one example that is far on the right side pay for another that is wrong?",
    hint="No: max(0, ·) belongs to each example, before the mean.",
    section=HINGE,
)
def _(s, y):
    return (1 - (2 * y - 1) * s).mean().clamp(min=0)


@hinge_loss.mistake(
    "The sides are exchanged",
    question="Which class should a positive score speak for?",
    hint="Class 1: t = 2y − 1 is +1 there, and the loss falls as t s grows: 1 − t s.",
    section=HINGE,
)
def _(s, y):
    return (1 + (2 * y - 1) * s).clamp(min=0).mean()


@hinge_loss.mistake(
    "Squared",
    question="How much dearer is a shortfall of 2 than one of 1, by the formula?",
    hint="Twice as dear, not four times: the hinge is a straight line. (The squared hinge exists, but is another loss.)",
    section=HINGE,
)
def _(s, y):
    return ((1 - (2 * y - 1) * s).clamp(min=0) ** 2).mean()


@hinge_loss.alternative("one at a time")
def _(s, y):
    return torch.tensor(sum(max(0.0, 1 - (v if t == 1 else -v)) for v, t in zip(s.tolist(), y.tolist())) / len(s))


@hinge_loss.alternative("with where and relu")
def _(s, y):
    return torch.relu(1 - torch.where(y == 1, s, -s)).mean()


@hinge_loss.alternative("torch's own, for the other labels")
def _(s, y):
    return F.multi_margin_loss(torch.stack([-s / 2, s / 2], dim=1), y) * 2


@hinge_loss.alternative("with NumPy, out and all")
def _(s, y):
    s, y = s.numpy(), y.numpy()
    return np.maximum(0, 1 - (2 * y - 1) * s).mean()


# ── Several tags at once ──────────────────────────────────────────────────────────────────────────────────────────────

multilabel_predict = Rubric(
    reference.multilabel_predict,
    title="Several tags at once",
    points=2,
    minutes=8,
    returns="a tensor of shape (n, k) that holds 0 and 1",
    kinds="bif",
)


def tags(rng, n, k, threshold=0.5):
    """z (n, k): rows with no tag, with one, with several; no probability near the threshold; every way to miss it shows."""
    while True:
        z = logits(rng, n, k)
        p = torch.sigmoid(z)
        count = (p >= threshold).sum(dim=1).tolist()
        shared = (torch.softmax(z, dim=1) >= threshold).sum(dim=1)
        if (p - threshold).abs().min() < 0.02 or (torch.softmax(z, dim=1) - threshold).abs().min() < 0.01:
            continue
        enough = {0, 1, 2} if n > 2 else {2}
        if enough <= set(count) and (shared != torch.tensor(count)).any():
            answers = [z >= threshold, z > 0, p >= threshold]
            if threshold == 0.5 and (answers[0] == answers[2]).all():
                continue
            if threshold != 0.5 and any((a == answers[2]).all() for a in answers[:2]):
                continue
            return z


@multilabel_predict.given("five examples, three tags")
def _(rng):
    return tags(rng, 5, 3)


@multilabel_predict.given("a threshold of 0.8")
def _(rng):
    return tags(rng, 5, 4, threshold=0.8), 0.8


@multilabel_predict.given("logits of exactly 0")
def _(rng):
    z = tags(rng, 4, 3)
    z[rng.integers(4)] = 0.0
    return z


@multilabel_predict.given("one example, two tags")
def _(rng):
    return torch.tensor(rng.permutation([[0.9, 0.4]], axis=1), dtype=torch.float32)


@multilabel_predict.given("nothing to see: all logits negative")
def _(rng):
    return -logits(rng, 3, 4).abs()


@multilabel_predict.given("sixty examples, seven tags", public=False)
def _(rng):
    return logits(rng, 60, 7)


@multilabel_predict.given("a threshold of 0.2", public=False)
def _(rng):
    return tags(rng, 6, 3, threshold=0.2), 0.2


@multilabel_predict.given("double precision (float64)", public=False, weight=0.5)
def _(rng):
    return tags(rng, 5, 2).double()


@multilabel_predict.mistake(
    "argmax: exactly one tag for each example",
    question="A photograph shows a dog and a ball. How many tags can your answer give it?",
    hint="argmax always gives one, also where none fits. Here each tag decides by itself: compare every probability with the threshold.",
    section=KINDS,
)
def _(z, threshold=0.5):
    return F.one_hot(z.argmax(dim=1), z.shape[1])


@multilabel_predict.mistake(
    "The number of the best tag",
    question="What shape has your answer, and can it say “both” or “neither”?",
    hint="argmax returns one index for each example. Wanted is a 0 or a 1 for every tag: compare with the threshold.",
    section=KINDS,
)
def _(z, threshold=0.5):
    return z.argmax(dim=1)


@multilabel_predict.mistake(
    "Softmax lets the tags compete",
    question="Two tags have large and equal logits. Which probability does softmax give each of them?",
    hint="One half at most, because softmax shares out one. These are separate questions: a sigmoid for each.",
    section=KINDS,
)
def _(z, threshold=0.5):
    return (torch.softmax(z, dim=1) >= threshold).long()


@multilabel_predict.mistake(
    "A logit compared with a probability",
    question="On which scale is the threshold: that of logits or that of probabilities?",
    hint="A threshold of 0.5 is a probability; its logit is 0. Apply the sigmoid before you compare.",
    section=KINDS,
)
def _(z, threshold=0.5):
    return (z >= threshold).long()


@multilabel_predict.mistake(
    "The threshold is ignored",
    question="Does your answer change when the threshold does?",
    hint="z ≥ 0 is the same as σ(z) ≥ 0.5, and only that. For another threshold compare σ(z) with it.",
    section=KINDS,
)
def _(z, threshold=0.5):
    return (z >= 0).long()


@multilabel_predict.mistake(
    "Probabilities, not decisions",
    question="Can an example carry 0.7 of a tag?",
    hint="The answer is 0 or 1: compare the probabilities with the threshold.",
    section=KINDS,
)
def _(z, threshold=0.5):
    return torch.sigmoid(z)


@multilabel_predict.mistake(
    "Exactly on the threshold counts as no",
    question="The formula says σ(z) ≥ threshold. What happens at equality?",
    hint="It counts as yes: `>=`, not `>`.",
    section=KINDS,
)
def _(z, threshold=0.5):
    return (torch.sigmoid(z) > threshold).long()


@multilabel_predict.mistake(
    "At least one tag for everybody",
    question="What should the answer be for a photograph that shows none of these things?",
    hint="No tag at all is a legal answer. Do not fill it up with the best one.",
    section=KINDS,
)
def _(z, threshold=0.5):
    on = (torch.sigmoid(z) >= threshold).long()
    return torch.where(on.sum(dim=1, keepdim=True) == 0, F.one_hot(z.argmax(dim=1), z.shape[1]), on)


@multilabel_predict.alternative("with loops")
def _(z, threshold=0.5):
    import math

    return torch.tensor([[1.0 if 1 / (1 + math.exp(-v)) >= threshold else 0.0 for v in row] for row in z.tolist()])


@multilabel_predict.alternative("the threshold as a logit")
def _(z, threshold=0.5):
    import math

    return z >= math.log(threshold / (1 - threshold))


@multilabel_predict.alternative("with NumPy, out and all")
def _(z, threshold=0.5):
    return (1 / (1 + np.exp(-z.numpy())) >= threshold).astype(int)


# ── Find the bug: tags that exclude each other ────────────────────────────────────────────────────────────────────────

train_tagger = Rubric(
    reference.train_tagger,
    title="Find the bug: tags that fight",
    points=3,
    minutes=12,
    returns="a pair (W, b) of tensors, of shape (k, d) and (k,)",
    rtol=1e-3,
    atol=1e-4,
)


def tagged(rng, n, d, k):
    """x, y: n examples, each tag the side of a random plane; every tag is on somewhere and off somewhere."""
    while True:
        x, W = rng.normal(size=(n, d)).round(2), rng.normal(size=(k, d))
        y = (x @ W.T + rng.normal(size=k) / 2 > 0).astype(float)
        if ((y.sum(axis=0) > 0) & (y.sum(axis=0) < n)).all() and (y.sum(axis=1) > 1).any():
            return torch.tensor(x, dtype=torch.float32), torch.tensor(y, dtype=torch.float32)


@train_tagger.given("three tags, ten steps")
def _(rng):
    return *tagged(rng, 12, 2, 3), 0.5, 10


@train_tagger.given("a single step")
def _(rng):
    return *tagged(rng, 5, 3, 2), 1.0, 1


@train_tagger.given("no step at all", weight=0.5)
def _(rng):
    return *tagged(rng, 4, 2, 3), 1.0, 0


@train_tagger.given("every tag at once")
def _(rng):
    x, y = tagged(rng, 6, 2, 3)
    return x, torch.ones_like(y), 0.5, 5


@train_tagger.given("double precision (float64)", weight=0.5)
def _(rng):
    return *doubles(*tagged(rng, 7, 3, 4)), 0.5, 8


@train_tagger.given("two hundred steps", public=False)
def _(rng):
    return *tagged(rng, 30, 4, 3), 0.3, 200


@train_tagger.given("one tag only", public=False)
def _(rng):
    x, y = tagged(rng, 15, 3, 2)
    return x, y[:, :1], 0.5, 20


@train_tagger.given("five tags", public=False)
def _(rng):
    return *tagged(rng, 25, 3, 5), 0.8, 30


def fit(loss):
    """A tagger trained by `loss(z, y)`."""

    def train(x, y, lr, steps):
        W = x.new_zeros(y.shape[1], x.shape[1], requires_grad=True)
        b = x.new_zeros(y.shape[1], requires_grad=True)
        for _ in range(steps):
            dW, db = torch.autograd.grad(loss(x @ W.T + b, y), [W, b])
            with torch.no_grad():
                W -= lr * dW
                b -= lr * db
        return W.detach(), b.detach()

    return train


def tagger_mistake(name, loss, *, question, hint, section):
    train_tagger.mistake(name, question=question, hint=hint, section=section)(fit(loss))


tagger_mistake(
    "The fault is still there: softmax",
    lambda z, y: F.binary_cross_entropy(torch.softmax(z, dim=1), y),
    question="What do the probabilities of one example's tags add up to, and what should they add up to for a digit without any tag?",
    hint="Softmax makes them add up to 1, so one tag can only win what another loses. Each tag is a yes-or-no question: "
    "a sigmoid for each, or F.binary_cross_entropy_with_logits on z.",
    section=KINDS,
)
tagger_mistake(
    "The sigmoid twice",
    lambda z, y: F.binary_cross_entropy_with_logits(torch.sigmoid(z), y),
    question="What does F.binary_cross_entropy_with_logits do with what it is given, before it takes the logarithm?",
    hint="It applies the sigmoid itself. Give it the logits z.",
    section=LOSSES,
)
tagger_mistake(
    "Softmax, then a loss that takes logits",
    lambda z, y: F.binary_cross_entropy_with_logits(torch.softmax(z, dim=1), y),
    question="Which two things does your loss still do to z: is softmax one of them?",
    hint="Leave softmax out altogether: F.binary_cross_entropy_with_logits takes z as it is, and applies a sigmoid to each entry.",
    section=LOSSES,
)
tagger_mistake(
    "Cross-entropy with several labels",
    F.cross_entropy,
    question="What does F.cross_entropy take a row of floats for, and does your row add up to one?",
    hint="For the probabilities of classes that exclude each other. Tags do not: F.binary_cross_entropy_with_logits.",
    section=KINDS,
)
tagger_mistake(
    "Logits where probabilities are wanted",
    F.binary_cross_entropy,
    question="What does F.binary_cross_entropy want: logits or probabilities?",
    hint="Probabilities: either torch.sigmoid(z) goes in, or z goes into F.binary_cross_entropy_with_logits.",
    section=LOSSES,
)
tagger_mistake(
    "The sum for the mean",
    lambda z, y: F.binary_cross_entropy_with_logits(z, y, reduction="sum"),
    question="Over how many entries does the loss go, and does your step grow with their number?",
    hint="It should not: the loss is the mean over all examples and tags, which is PyTorch's default.",
    section=LIKELIHOOD,
)
tagger_mistake(
    "Squared error on the probabilities",
    lambda z, y: ((torch.sigmoid(z) - y) ** 2).mean(),
    question="Which loss does the likelihood of a yes-or-no answer lead to?",
    hint="−y log p − (1 − y) log(1 − p). Squared error on top of a sigmoid hardly moves where the answer is sure and wrong.",
    section=LIKELIHOOD,
)
tagger_mistake(
    "A sigmoid of |z|, whose slope at 0 is lost",
    lambda z, y: F.binary_cross_entropy(
        torch.where(z >= 0, 1 / (1 + torch.exp(-z.abs())), 1 - 1 / (1 + torch.exp(-z.abs()))), y
    ),
    question="All logits are 0 at the first step. Which slope does autograd give |z| there, and what reaches W?",
    hint="0, so nothing reaches W, and it stays 0. Your sigmoid has the right values but not the right slope at 0: write it "
    "with z.clamp(min=0) and z.clamp(max=0), or take torch.sigmoid or F.binary_cross_entropy_with_logits.",
    section=STABLE,
)
tagger_mistake(
    "max(z, 0) by clamp, whose slope at 0 is 1",
    lambda z, y: (softplus(z) - y * z).mean(),
    question="All logits are 0 at the first step. Which slope does autograd give your loss there, and which should it be?",
    hint="½ − y. But z.clamp(min=0) has slope 1 at 0 and |z| has slope 0, together 1 − y. torch.maximum(z, torch.zeros_like(z)) "
    "gives ½ at a tie; F.binary_cross_entropy_with_logits is right as well.",
    section=STABLE,
)
tagger_mistake(
    "The mean over the examples, the sum over the tags",
    lambda z, y: F.binary_cross_entropy_with_logits(z, y) * y.shape[1],
    question="Over how many numbers does the mean in the formula go, if there are n examples with k tags each?",
    hint="n · k of them, so divide by that: `y.numel()`. Dividing by n makes each step k times as long.",
    section=KINDS,
)


@train_tagger.alternative("sigmoid, then binary cross-entropy")
def _(x, y, lr, steps):
    return fit(lambda z, y: F.binary_cross_entropy(torch.sigmoid(z), y))(x, y, lr, steps)


@train_tagger.alternative("one logistic regression after the other")
def _(x, y, lr, steps):
    k = y.shape[1]
    parts = [
        fit(lambda z, t: F.binary_cross_entropy_with_logits(z, t) / k)(x, y[:, j : j + 1], lr, steps) for j in range(k)
    ]
    return torch.cat([W for W, _ in parts]), torch.cat([b for _, b in parts])


@train_tagger.alternative("the gradient by hand, in NumPy")
def _(x, y, lr, steps):
    x, y = x.numpy(), y.numpy()
    W, b = np.zeros((y.shape[1], x.shape[1]), x.dtype), np.zeros(y.shape[1], x.dtype)
    for _ in range(steps):
        gap = (1 / (1 + np.exp(-(x @ W.T + b))) - y) / y.size
        W, b = W - lr * gap.T @ x, b - lr * gap.sum(axis=0)
    return W, b


@train_tagger.alternative("with backward and torch's optimizer")
def _(x, y, lr, steps):
    layer = torch.nn.Linear(x.shape[1], y.shape[1]).to(x.dtype)
    for parameter in layer.parameters():
        torch.nn.init.zeros_(parameter)
    optimizer = torch.optim.SGD(layer.parameters(), lr=lr)
    for _ in range(steps):
        optimizer.zero_grad()
        F.binary_cross_entropy_with_logits(layer(x), y).backward()
        optimizer.step()
    return layer.weight.detach(), layer.bias.detach()


# ── Softmax regression ────────────────────────────────────────────────────────────────────────────────────────────────

softmax_regression = Rubric(
    reference.softmax_regression,
    title="Softmax regression",
    points=5,
    minutes=22,
    returns="a tensor of shape (m, C) that holds probabilities, a row for each new example",
    seconds=4.0,
    then="held_out",
)

DIGITS = []  # read once


def digits(rng, n, m):
    """n digits to learn from and m others, in random order; all ten classes are among the first."""
    if not DIGITS:
        DIGITS.append(data.load("digits"))
    x, y = DIGITS[0].x.reshape(-1, 64), DIGITS[0].y
    order = torch.tensor(rng.permutation(len(y)))
    return x[order[:n]], y[order[:n]], x[order[n : n + m]], y[order[n : n + m]]


def clouds(rng, n, m, C, spread, turn=0.0):
    """Clouds of C classes in the plane: n points to learn from, and m others."""
    points = data.blobs(n=n + m, centers=C, spread=spread, seed=rng)
    x = points.x @ torch.tensor([[np.cos(turn), np.sin(turn)], [-np.sin(turn), np.cos(turn)]], dtype=torch.float32)
    return x[:n], points.y[:n], x[n:], points.y[n:]


def judged(x, y, x_new, y_new, *, accuracy, loss):
    return Kept((x, y, x_new), (y_new, accuracy, loss))


@softmax_regression.given("three clouds in the plane")
def _(rng):
    return judged(*clouds(rng, 150, 200, 3, 0.4), accuracy=0.85, loss=0.45)


@softmax_regression.given("two clouds")
def _(rng):
    return judged(*clouds(rng, 100, 150, 2, 0.6), accuracy=0.8, loss=0.4)


@softmax_regression.given("handwritten digits: 400 to learn from, 250 new", weight=3)
def _(rng):
    return judged(*digits(rng, 400, 250), accuracy=0.82, loss=0.55)


@softmax_regression.given("five clouds", public=False)
def _(rng):
    return judged(*clouds(rng, 250, 200, 5, 0.25, turn=1.0), accuracy=0.86, loss=0.6)


@softmax_regression.given("other digits", public=False, weight=3)
def _(rng):
    return judged(*digits(rng, 400, 250), accuracy=0.82, loss=0.55)


def trained(x, y, lr, steps, loss=F.cross_entropy):
    """W and b that `loss(logits, labels)` leads to, from zero."""
    C = int(y.max()) + 1
    W, b = x.new_zeros(C, x.shape[1], requires_grad=True), x.new_zeros(C, requires_grad=True)
    for _ in range(steps):
        dW, db = torch.autograd.grad(loss(x @ W.T + b, y), [W, b])
        with torch.no_grad():
            W -= lr * dW
            b -= lr * db
    return W.detach(), b.detach()


def answer(make, loss=F.cross_entropy):
    """Train, then turn the logits of the new examples into an answer with `make`."""

    def implementation(x, y, x_new, lr=1.0, steps=100):
        W, b = trained(x, y, lr, steps, loss)
        return make(x_new @ W.T + b)

    return implementation


def regression_mistake(name, implementation, *, question, hint, section):
    softmax_regression.mistake(name, question=question, hint=hint, section=section)(implementation)


regression_mistake(
    "Softmax before the cross-entropy",
    answer(lambda z: z.softmax(1), lambda z, y: F.cross_entropy(z.softmax(1), y)),
    question="What is the loss after the last step, and can it fall below 1.46 with ten classes?",
    hint="F.cross_entropy takes logits and applies softmax itself. Twice softmax leaves hardly any slope, and after 100 "
    "steps some digits are never answered. In the gradient, P − Y belongs to the logits.",
    section=LOSSES,
)
regression_mistake(
    "Softmax over the wrong axis",
    answer(lambda z: z.softmax(0)),
    question="What do the probabilities of one example add up to in your answer?",
    hint="They must add up to 1 in each row: softmax over the classes, dim=1.",
    section=SOFTMAX,
)
regression_mistake(
    "Logits instead of probabilities",
    answer(lambda z: z),
    question="Can a probability be negative?",
    hint="You return the logits of the new examples. Apply softmax to them, row by row.",
    section=SOFTMAX,
)
regression_mistake(
    "Log-probabilities instead of probabilities",
    answer(lambda z: z.log_softmax(1)),
    question="Can a probability be negative?",
    hint="You return logarithms. exp of them are the probabilities.",
    section=SOFTMAX,
)
regression_mistake(
    "A sigmoid for each class",
    answer(lambda z: z.sigmoid()),
    question="The classes exclude each other. What must their probabilities add up to?",
    hint="To 1 in each row. Sigmoids are for tags that do not exclude each other; here it is softmax.",
    section=KINDS,
)
regression_mistake(
    "Decisions instead of probabilities",
    answer(lambda z: F.one_hot(z.argmax(1), z.shape[1]).float()),
    question="What does the loss −log p cost for a wrong answer that was given with probability 1?",
    hint="It is infinite. Return the probabilities themselves, not a 1 for the largest.",
    section=LIKELIHOOD,
)
regression_mistake(
    "Softmax applied twice to the new examples",
    answer(lambda z: z.softmax(1).softmax(1)),
    question="How sure is your surest answer, and what is softmax of (1, 0, …, 0)?",
    hint="With ten classes it is at most e / (e + 9) = 0.23. Softmax once is enough.",
    section=LOSSES,
)
regression_mistake(
    "Uphill",
    lambda x, y, x_new, lr=1.0, steps=100: answer(lambda z: z.softmax(1))(x, y, x_new, -lr, 5),
    question="Does the loss fall from one step to the next?",
    hint="It grows: a step goes against the gradient. The gradient by the logits is P − Y, and W − lr · gradient.",
    section=SOFTMAX,
)
regression_mistake(
    "Logits into nll_loss",
    answer(lambda z: z.softmax(1), F.nll_loss),
    question="Which loss do you minimize, what does it take, and can it fall below 0?",
    hint="−z of the true class falls forever, so the answers get ever surer, right or wrong. Take log_softmax of the logits first.",
    section=LOSSES,
)
regression_mistake(
    "The steps are far too long",
    answer(lambda z: z.softmax(1), lambda z, y: F.cross_entropy(z, y, reduction="sum")),
    question="How sure are your answers, and what is added up in the gradient of one step?",
    hint="Right often enough, but far too sure: the weights overshoot. Either the sum over the examples was not divided by n, or, with "
    "`backward`, the gradients of all earlier steps are still in it: clear them in each step.",
    section=LIKELIHOOD,
)
regression_mistake(
    "A single step",
    lambda x, y, x_new, lr=1.0, steps=100: answer(lambda z: z.softmax(1))(x, y, x_new, lr, 1),
    question="How many steps does your loop make before the function returns?",
    hint="One: the `return` stands inside the loop, or W and b are set back to 0 in it. `steps` of them are wanted.",
    section="classification#classification-digits",
)


@softmax_regression.alternative("torch's loss, autograd, from small random weights")
def _(x, y, x_new, lr=1.0, steps=100):
    layer = torch.nn.Linear(x.shape[1], int(y.max()) + 1)
    optimizer = torch.optim.SGD(layer.parameters(), lr=lr)
    for _ in range(steps):
        optimizer.zero_grad()
        F.cross_entropy(layer(x), y).backward()
        optimizer.step()
    return torch.softmax(layer(x_new), dim=1).detach()


@softmax_regression.alternative("scikit-learn, strongly and hardly regularized")
def _(x, y, x_new, lr=1.0, steps=100):
    from sklearn.linear_model import LogisticRegression

    fitted = LogisticRegression(C=1.0, max_iter=1000).fit(x.numpy(), y.numpy())
    return fitted.predict_proba(x_new.numpy())


@softmax_regression.alternative("the gradient by hand, in NumPy")
def _(x, y, x_new, lr=1.0, steps=100):
    x, y, x_new = x.numpy(), y.numpy(), x_new.numpy()
    Y = np.eye(y.max() + 1)[y]
    W, b = np.zeros((Y.shape[1], x.shape[1])), np.zeros(Y.shape[1])

    def softmax(z):
        e = np.exp(z - z.max(axis=1, keepdims=True))
        return e / e.sum(axis=1, keepdims=True)

    for _ in range(steps):
        gap = (softmax(x @ W.T + b) - Y) / len(x)
        W, b = W - lr * gap.T @ x, b - lr * gap.sum(axis=0)
    return softmax(x_new @ W.T + b)


@softmax_regression.alternative("in small batches")
def _(x, y, x_new, lr=1.0, steps=100):
    layer = torch.nn.Linear(x.shape[1], int(y.max()) + 1)
    optimizer = torch.optim.SGD(layer.parameters(), lr=0.3)
    for _ in range(12):
        for some in torch.randperm(len(x)).split(16):
            optimizer.zero_grad()
            F.cross_entropy(layer(x[some]), y[some]).backward()
            optimizer.step()
    return torch.softmax(layer(x_new), dim=1).detach()


# ── Balanced accuracy ─────────────────────────────────────────────────────────────────────────────────────────────────

balanced_accuracy = Rubric(
    reference.balanced_accuracy,
    title="Stretch: balanced accuracy",
    points=0,
    minutes=10,
    returns="a single number (a tensor of shape ())",
)


def unbalanced(rng, n, C, missing=None):
    """ŷ, y: class 0 is the common one, each class has another recall; precision and accuracy are other numbers."""
    while True:
        share = np.array([0.6] + [0.4 / (C - 1)] * (C - 1))
        if missing is not None:
            share[missing] = 0
        y = rng.choice(C, n, p=share / share.sum())
        y_hat = np.where(rng.random(n) < 0.65, y, rng.integers(0, C, n))
        there = set(y.tolist())
        if len(there) < C - (missing is not None) or there != set(y_hat.tolist()) - {missing}:
            continue
        recall = np.mean([(y_hat[y == c] == c).mean() for c in there])
        precision = np.mean([(y[y_hat == c] == c).mean() for c in there])
        if min(abs(recall - precision), abs(recall - (y_hat == y).mean()), abs(precision - (y_hat == y).mean())) > 0.01:
            return torch.tensor(y_hat), torch.tensor(y)


@balanced_accuracy.given("twelve examples, two classes")
def _(rng):
    return unbalanced(rng, 12, 2)


@balanced_accuracy.given("always the commonest class", weight=2)
def _(rng):
    y = torch.zeros(10, dtype=torch.long)
    y[torch.tensor(rng.choice(10, int(rng.integers(1, 3)), replace=False))] = 1
    return torch.zeros_like(y), y


@balanced_accuracy.given("thirty examples, four classes")
def _(rng):
    return unbalanced(rng, 30, 4)


@balanced_accuracy.given("a class that does not occur, but is answered")
def _(rng):
    while True:
        y_hat, y = unbalanced(rng, 20, 3, missing=1)
        if (y_hat == 1).any():
            return y_hat, y


@balanced_accuracy.given("all right", weight=0.5)
def _(rng):
    y = classes(rng, 6, 3)
    return y.clone(), y


@balanced_accuracy.given("three hundred examples, six classes", public=False)
def _(rng):
    return unbalanced(rng, 300, 6)


@balanced_accuracy.given("fifteen examples, three classes", public=False)
def _(rng):
    return unbalanced(rng, 15, 3)


def by_class(y_hat, y, over):
    """The share of right answers among the examples of each class, `over` (ŷ or y) saying which is whose."""
    right = (y_hat == y).float()
    return [
        right[over == c].mean() if (over == c).any() else torch.tensor(0.0)
        for c in range(int(max(y_hat.max(), y.max())) + 1)
    ]


@balanced_accuracy.mistake(
    "Plain accuracy",
    question="What do you give to a model that always answers with the commonest class, if that class makes up 90 %?",
    hint="0.9, and it has learned nothing. Take the share of right answers within each class first, then the mean over the classes.",
    section=METRICS,
)
def _(y_hat, y):
    return (y_hat == y).float().mean()


@balanced_accuracy.mistake(
    "Precision for recall",
    question="Do you divide by how often a class was answered, or by how often it was there?",
    hint="Recall divides by how often it was there: look at the examples with y == c.",
    section=METRICS,
)
def _(y_hat, y):
    right = (y_hat == y).float()
    return torch.stack([right[y_hat == c].mean() for c in y_hat.unique()]).mean()


@balanced_accuracy.mistake(
    "Precision for recall, of a class that is never answered",
    question="Whose examples do you look at: those that were answered with c, or those that are c?",
    hint="Those that are c: y == c. Where c is never answered, y_hat == c selects nothing, and the mean of nothing is nan.",
    section=METRICS,
)
def _(y_hat, y):
    right = (y_hat == y).float()
    return torch.stack([right[y_hat == c].mean() for c in y.unique()]).mean()


@balanced_accuracy.mistake(
    "A class that does not occur counts as 0",
    question="Which recall has a class of which there is no example?",
    hint="None: average over the classes that occur, y.unique().",
    section=METRICS,
)
def _(y_hat, y):
    return torch.stack(by_class(y_hat, y, y)).mean()


@balanced_accuracy.mistake(
    "The mean of nothing",
    question="What is the mean of an empty tensor?",
    hint="nan. A class that does not occur has no recall: loop over y.unique(), not over all numbers.",
    section=METRICS,
)
def _(y_hat, y):
    right = (y_hat == y).float()
    return torch.stack([right[y == c].mean() for c in range(int(max(y.max(), y_hat.max())) + 1)]).mean()


@balanced_accuracy.mistake(
    "The rare class alone",
    question="What would you give to a model that calls everything class 1?",
    hint="1, though it is useless. The recall of class 1 is one of the numbers to average; the others count as much.",
    section=METRICS,
)
def _(y_hat, y):
    return (y_hat == y).float()[y == 1].mean() if (y == 1).any() else torch.tensor(0.0)


@balanced_accuracy.mistake(
    "The sum for the mean",
    question="How large can your number become with four classes?",
    hint="4. It is the mean over the classes, not the sum.",
    section=METRICS,
)
def _(y_hat, y):
    return torch.stack(by_class(y_hat, y, y)).sum()


@balanced_accuracy.alternative("scikit-learn's")
def _(y_hat, y):
    from sklearn.metrics import recall_score

    return recall_score(y.numpy(), y_hat.numpy(), labels=sorted(set(y.tolist())), average="macro")


@balanced_accuracy.alternative("counting")
def _(y_hat, y):
    recalls = []
    for c in sorted(set(y.tolist())):
        there = [h for h, t in zip(y_hat.tolist(), y.tolist()) if t == c]
        recalls.append(there.count(c) / len(there))
    return sum(recalls) / len(recalls)


@balanced_accuracy.alternative("with one-hot rows")
def _(y_hat, y):
    C = int(max(y.max(), y_hat.max())) + 1
    Y = F.one_hot(y, C).float()
    hits, there = (Y * F.one_hot(y_hat, C)).sum(dim=0), Y.sum(dim=0)
    return (hits[there > 0] / there[there > 0]).mean()
