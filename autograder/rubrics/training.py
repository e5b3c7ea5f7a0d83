"""How the exercises on training deep networks are judged.

Random weights are judged by what they have in common with all right ones: mean, spread, form, bounds, dtype, and that
the generator decides. Curves come from real runs, small ones, drawn anew for every seed. The deep network is trained by us.
"""

import math
from itertools import pairwise

import numpy as np
import torch
from torch import nn
from torch.nn import functional as F

from autograder.givens import doubles, normal
from autograder.reference import training as reference
from autograder.rubric import Kept, Rubric
from coursekit import data

SIGNAL = "training#training-signal"
SYMMETRY = "training#training-symmetry"
VARIANCE = "training#training-variance"
XAVIER = "training#training-xavier"
KAIMING = "training#training-kaiming"
UNIFORM = "training#training-uniform"
GENERATOR = "training#training-generator"
BATCH_NORM = "training#training-batch-norm"
MODES = "training#training-modes"
BACKWARD = "training#training-batch-norm-backward"
LAYER_NORM = "training#training-layer-norm"
CURVES = "training#training-curves"
RECIPE = "training#training-recipe"
THIRTY = "training#training-thirty"


def positive(rng, *shape, low=0.5, high=2.0):
    return torch.tensor(rng.uniform(low, high, shape), dtype=torch.float32)


def units(rng, n, d):
    """A batch (n, d) whose units have means and spreads of their own, away from 0 and 1."""
    return positive(rng, d, low=1.5, high=3.0) * normal(rng, n, d) + normal(rng, d, shift=2.0)


# ── Random weights ────────────────────────────────────────────────────────────────────────────────────────────────────

xavier_uniform = Rubric(
    reference.xavier_uniform,
    title="Xavier, evenly spread",
    points=2,
    minutes=7,
    returns="a tensor of the shape, dtype and device of `weight`",
    rtol=0.12,
    when="drawn",
    then="spread",
)

kaiming_normal = Rubric(
    reference.kaiming_normal,
    title="Kaiming, Gaussian",
    points=2,
    minutes=5,
    returns="a tensor of the shape, dtype and device of `weight`",
    rtol=0.12,
    when="drawn",
    then="spread",
)


def layer(rng, n_out, n_in, std, form):
    """The weight of a layer, all zero, and a seed; kept: how the new ones should be spread."""
    return Kept((torch.zeros(n_out, n_in), int(rng.integers(1, 10**6))), (std(n_in, n_out), form))


def cases_of_random_weights(exercise, std, form):
    """The same cases for both: a wide layer and a tall one, equal generators, dtype, device; and hidden ones."""

    def given(name, n_out, n_in, **options):
        @exercise.given(name, **options)
        def _(rng):
            return layer(rng, n_out, n_in, std, form)

    given("more inputs than outputs: n_in = 90, n_out = 30", 30, 90)
    given("more outputs than inputs: n_in = 25, n_out = 100", 100, 25)

    @exercise.given("double precision (float64)", when="drawn_again", then="repeatable", weight=0.5)
    def _(rng):
        return torch.zeros(5, 4, dtype=torch.float64), int(rng.integers(1, 10**6))

    @exercise.given("generators of equal seed, and of another", when="drawn_again", then="repeatable")
    def _(rng):
        return torch.zeros(4, 3), int(rng.integers(1, 10**6))

    @exercise.given("a layer on another device (meta)", then="equal", weight=0.5)
    def _(rng):
        return torch.zeros(3, 5, device="meta"), 1

    given("a large layer", 150, 400, public=False)
    given("many more outputs than inputs", 400, 16, public=False)

    @exercise.given("generators once more", when="drawn_again", then="repeatable", public=False)
    def _(rng):
        return torch.zeros(2, 7), int(rng.integers(1, 10**6))


cases_of_random_weights(xavier_uniform, lambda n_in, n_out: math.sqrt(2 / (n_in + n_out)), "flat")
cases_of_random_weights(kaiming_normal, lambda n_in, n_out: math.sqrt(2 / n_in), "bell")


def flat(weight, bound, generator):
    return torch.empty_like(weight).uniform_(-bound, bound, generator=generator)


def bell(weight, std, generator):
    return torch.empty_like(weight).normal_(0, std, generator=generator)


def shares(weight):
    n_out, n_in = weight.shape
    return n_in, n_out


@xavier_uniform.mistake(
    "The standard deviation is used as the bound",
    question="Numbers spread evenly between −b and b: is their standard deviation b?",
    hint="It is b/√3. For a standard deviation of √(2/(n_in + n_out)) the bound must be √3 times that: √(6/(n_in + n_out)).",
    section=UNIFORM,
)
def _(weight, generator=None):
    return flat(weight, math.sqrt(2 / sum(shares(weight))), generator)


@xavier_uniform.mistake(
    "Kaiming's bound",
    question="Xavier's rule stands between two wishes, one for each direction. Which number is missing under your root?",
    hint="n_out: the bound is √(6/(n_in + n_out)). √(6/n_in) is Kaiming's, for ReLU.",
    section=XAVIER,
)
def _(weight, generator=None):
    return flat(weight, math.sqrt(6 / shares(weight)[0]), generator)


@xavier_uniform.mistake(
    "The bound that nn.Linear comes with",
    question="Which standard deviation does a bound of 1/√n_in give, and which one did you want?",
    hint="1/√(3 n_in), which is what PyTorch's layers start with. Xavier's bound is √(6/(n_in + n_out)).",
    section=UNIFORM,
)
def _(weight, generator=None):
    return flat(weight, math.sqrt(1 / shares(weight)[0]), generator)


@xavier_uniform.mistake(
    "A Gaussian instead of even spreading",
    question="Can one of your weights be larger than the bound?",
    hint="A Gaussian has no bound. Use `uniform_(-bound, bound)`, or stretch and shift `torch.rand`.",
    section=UNIFORM,
)
def _(weight, generator=None):
    return bell(weight, math.sqrt(2 / sum(shares(weight))), generator)


@xavier_uniform.mistake(
    "Only positive weights",
    question="What is the mean of your weights?",
    hint="`torch.rand` lies between 0 and 1. Between −b and b lies `(2 * torch.rand(…) - 1) * b`.",
    section=VARIANCE,
)
def _(weight, generator=None):
    return torch.empty_like(weight).uniform_(0, math.sqrt(6 / sum(shares(weight))), generator=generator)


@xavier_uniform.mistake(
    "The generator is not used",
    question="Two calls with generators of the same seed: who decides which numbers come?",
    hint="Hand it on: `uniform_(-bound, bound, generator=generator)`, or `torch.rand(…, generator=generator)`.",
    section=GENERATOR,
)
def _(weight, generator=None):
    return flat(weight, math.sqrt(6 / sum(shares(weight))), None)


@xavier_uniform.mistake(
    "Single precision on the CPU, whatever the layer has",
    question="Which dtype, and which device, has a tensor made by `torch.rand(n_out, n_in)`?",
    hint="float32 on the CPU. `torch.empty_like(weight)` takes both from the layer; `torch.rand(…, dtype=weight.dtype, "
    "device=weight.device)` does too.",
    section=GENERATOR,
)
def _(weight, generator=None):
    bound = math.sqrt(6 / sum(shares(weight)))
    return (2 * torch.rand(weight.shape, generator=generator) - 1) * bound


@xavier_uniform.mistake(
    "The given weight is changed",
    question="After your call, does the caller's own layer still hold what it held?",
    hint="`weight.uniform_(…)` writes into it. Draw into a new tensor: `torch.empty_like(weight).uniform_(…)`.",
    section=GENERATOR,
)
def _(weight, generator=None):
    bound = math.sqrt(6 / sum(shares(weight)))
    return weight.uniform_(-bound, bound, generator=generator)


@xavier_uniform.alternative("torch.rand, stretched and shifted")
def _(weight, generator=None):
    n_out, n_in = weight.shape
    unit = torch.rand(n_out, n_in, generator=generator, dtype=weight.dtype, device=weight.device)
    return (unit - 0.5) * 2 * (6 / (n_out + n_in)) ** 0.5


@xavier_uniform.alternative("torch's own")
def _(weight, generator=None):
    return nn.init.xavier_uniform_(weight.clone(), generator=generator)


@kaiming_normal.mistake(
    "Kaiming's standard deviation is used as a uniform bound",
    question="You draw evenly between two bounds. Which standard deviation do these numbers have?",
    hint="Bounds ±b give b/√3, which is too small by √3, in every layer. Draw from a Gaussian, "
    "`normal_(0, std)`; (evenly spread, the bound would be √3 times the standard deviation).",
    section=UNIFORM,
)
def _(weight, generator=None):
    return flat(weight, math.sqrt(2 / shares(weight)[0]), generator)


@kaiming_normal.mistake(
    "The 2 is missing",
    question="What does a ReLU do to the mean square of what goes through it?",
    hint="It halves it, and the 2 makes up for that: the standard deviation is √(2/n_in), not √(1/n_in).",
    section=KAIMING,
)
def _(weight, generator=None):
    return bell(weight, math.sqrt(1 / shares(weight)[0]), generator)


@kaiming_normal.mistake(
    "The variance is used as the standard deviation",
    question="2/n_in is a variance. What does `normal_(0, …)` want?",
    hint="The standard deviation, its root: √(2/n_in).",
    section=VARIANCE,
)
def _(weight, generator=None):
    return bell(weight, 2 / shares(weight)[0], generator)


@kaiming_normal.mistake(
    "Rows and columns are mixed up",
    question="A layer's weight has a row for each unit. How many products does one unit add up?",
    hint="As many as there are columns: n_in is `weight.shape[1]`.",
    section=VARIANCE,
)
def _(weight, generator=None):
    return bell(weight, math.sqrt(2 / shares(weight)[1]), generator)


@kaiming_normal.mistake(
    "Xavier's standard deviation",
    question="Which activation is Kaiming's rule made for, and is that in your formula?",
    hint="ReLU: √(2/n_in). With n_in + n_out below the line it is Xavier's rule.",
    section=KAIMING,
)
def _(weight, generator=None):
    return bell(weight, math.sqrt(2 / sum(shares(weight))), generator)


@kaiming_normal.mistake(
    "The generator is not used",
    question="Two calls with generators of the same seed: who decides which numbers come?",
    hint="Hand it on: `normal_(0, std, generator=generator)`, or `torch.randn(…, generator=generator)`.",
    section=GENERATOR,
)
def _(weight, generator=None):
    return bell(weight, math.sqrt(2 / shares(weight)[0]), None)


@kaiming_normal.mistake(
    "Single precision on the CPU, whatever the layer has",
    question="Which dtype, and which device, has a tensor made by `torch.randn(n_out, n_in)`?",
    hint="float32 on the CPU. `torch.empty_like(weight)` takes both from the layer; `torch.randn(…, dtype=weight.dtype, "
    "device=weight.device)` does too.",
    section=GENERATOR,
)
def _(weight, generator=None):
    return torch.randn(weight.shape, generator=generator) * math.sqrt(2 / shares(weight)[0])


@kaiming_normal.alternative("torch.randn, scaled")
def _(weight, generator=None):
    noise = torch.randn(*weight.shape, generator=generator, dtype=weight.dtype, device=weight.device)
    return noise * (2 / weight.size(1)) ** 0.5


@kaiming_normal.alternative("torch's own")
def _(weight, generator=None):
    return nn.init.kaiming_normal_(weight.clone(), nonlinearity="relu", generator=generator)


# ── Batch norm, forward ───────────────────────────────────────────────────────────────────────────────────────────────

batch_norm = Rubric(
    reference.batch_norm,
    title="Batch norm, forward",
    points=5,
    minutes=16,
    returns="(y, running_mean, running_var), of shape (n, d), (d,) and (d,)",
)


def batch(rng, n, d, training, **options):
    """x, γ, β, running mean and variance, training; then momentum and ε where they are given."""
    given = (
        units(rng, n, d),
        positive(rng, d),
        normal(rng, d),
        normal(rng, d),
        positive(rng, d, low=2, high=5),
        training,
    )
    return given + tuple(options.values())


@batch_norm.given("training: six examples of three units")
def _(rng):
    return batch(rng, 6, 3, True)


@batch_norm.given("evaluation: four examples of three units")
def _(rng):
    return batch(rng, 4, 3, False)


@batch_norm.given("training, momentum 0.3")
def _(rng):
    return batch(rng, 5, 2, True, momentum=0.3)


@batch_norm.given("training, with ε as large as 0.5")
def _(rng):
    return batch(rng, 5, 2, True, momentum=0.1, eps=0.5)


@batch_norm.given("training, while no gradients are recorded (no_grad)", when="without_gradients")
def _(rng):
    return batch(rng, 4, 2, True)


@batch_norm.given("two batches in training, then evaluation", when="two_batches", weight=2)
def _(rng):
    return (units(rng, 5, 3), units(rng, 4, 3)), positive(rng, 3), normal(rng, 3)


@batch_norm.given("evaluation of a single example")
def _(rng):
    return batch(rng, 1, 4, False)


@batch_norm.given("a batch of two", public=False)
def _(rng):
    return batch(rng, 2, 5, True)


@batch_norm.given("forty examples of seven units, momentum 0.9", public=False)
def _(rng):
    return batch(rng, 40, 7, True, momentum=0.9)


@batch_norm.given("double precision (float64)", public=False, weight=0.5)
def _(rng):
    return doubles(*batch(rng, 8, 3, True))


@batch_norm.given("evaluation, while no gradients are recorded", when="without_gradients", public=False)
def _(rng):
    return batch(rng, 3, 5, False)


@batch_norm.given("three batches of other sizes in turn", when="two_batches", public=False, weight=2)
def _(rng):
    return (units(rng, 3, 4), units(rng, 9, 4)), positive(rng, 4), normal(rng, 4)


def normed(
    x, gamma, beta, running_mean, running_var, training, momentum=0.1, eps=1e-5, *,
    dim=0, here=0, there=1, old=False, batch_in_eval=False, learn_in_eval=False, outside=False, running_first=False,
    spread=False, frozen=False, twice=False,
):  # fmt: skip
    """Batch norm with one thing wrong."""
    keep = dim == 1
    here, there = min(here, x.shape[dim] - 1), min(there, x.shape[dim] - 1)
    mean, var = x.mean(dim=dim, keepdim=keep), x.var(dim=dim, correction=here, keepdim=keep)
    if (training or learn_in_eval) and not frozen:
        m = 1 - momentum if old else momentum
        v = x.std(dim=dim, correction=there, keepdim=keep) if spread else x.var(dim=dim, correction=there, keepdim=keep)
        running_mean, running_var = (1 - m) * running_mean + m * mean, (1 - m) * running_var + m * v
    if not (training or batch_in_eval) or running_first:
        mean, var = running_mean, running_var
    scale = var.sqrt() + eps if outside else (var + eps).sqrt()
    return gamma * (x - mean) / scale + beta, running_mean, running_var


@batch_norm.mistake(
    "The running variance learns the biased one",
    question="The batch stands for all the data to come. Which of the two variances is right on average for those?",
    hint="The unbiased one, over n − 1: `x.var(dim=0)` for the running variance, `x.var(dim=0, correction=0)` to normalize.",
    section=BATCH_NORM,
)
def _(*given):
    return normed(*given, there=0)


@batch_norm.mistake(
    "The batch is normalized with the unbiased variance",
    question="After normalizing, what is the mean of x̂² over the batch: exactly 1, or (n − 1)/n?",
    hint="To have it exactly 1, divide by n: `x.var(dim=0, correction=0)`. The unbiased one is for the running variance only.",
    section=BATCH_NORM,
)
def _(*given):
    return normed(*given, here=1)


@batch_norm.mistake(
    "The two variances are swapped",
    question="Which of the two is for this batch, and which one is to hold for the data at large?",
    hint="Normalize this batch with the biased variance (`correction=0`); let the running variance learn the unbiased one.",
    section=BATCH_NORM,
)
def _(*given):
    return normed(*given, here=1, there=0)


@batch_norm.mistake(
    "The momentum belongs to the old",
    question="With momentum 0.1, what share of the running mean comes from this batch?",
    hint="0.1 of it: PyTorch's momentum is the share of the *new*, (1 − m) · running + m · batch. (An optimizer's is the "
    "share of the old.)",
    section=MODES,
)
def _(*given):
    return normed(*given, old=True)


@batch_norm.mistake(
    "Statistics over the wrong axis",
    question="How many means are there to be: one for each unit, or one for each example?",
    hint="One for each unit, shape (d,): reduce the batch axis, `dim=0`. (One for each example is layer norm.)",
    section=BATCH_NORM,
)
def _(*given):
    return normed(*given, dim=1)


@batch_norm.mistake(
    "Evaluation uses the batch's statistics",
    question="In evaluation, may the answer for one example depend on the others that happen to be in its batch?",
    hint="No: use `running_mean` and `running_var` where `training` is False.",
    section=MODES,
)
def _(*given):
    return normed(*given, batch_in_eval=True)


@batch_norm.mistake(
    "Evaluation goes on learning",
    question="In evaluation, what should the running statistics be afterwards?",
    hint="The same as before: update them only where `training` is True.",
    section=MODES,
)
def _(*given):
    return normed(*given, learn_in_eval=True)


@batch_norm.mistake(
    "no_grad is taken for evaluation",
    question="Who says that this is training: the argument `training`, or whether gradients are recorded?",
    hint="They are two switches. `torch.no_grad()` stops the recording; only `training` decides which statistics are used.",
    section=MODES,
)
def _(x, gamma, beta, running_mean, running_var, training, *rest):
    return normed(x, gamma, beta, running_mean, running_var, torch.is_grad_enabled(), *rest)


@batch_norm.mistake(
    "ε outside of the root",
    question="What is added to what: ε to the variance, or ε to its root?",
    hint="To the variance: `torch.sqrt(var + eps)`.",
    section=BATCH_NORM,
)
def _(*given):
    return normed(*given, outside=True)


@batch_norm.mistake(
    "Training uses the running statistics",
    question="With which mean is a batch normalized in training: its own, or the one remembered?",
    hint="With its own. The running statistics are only for evaluation; in training they are kept up to date.",
    section=MODES,
)
def _(*given):
    return normed(*given, running_first=True)


@batch_norm.mistake(
    "The running variance is a standard deviation",
    question="Which of the two does `running_var` hold: the variance, or its root?",
    hint="The variance: `x.var(dim=0)`, not `x.std(dim=0)`.",
    section=BATCH_NORM,
)
def _(*given):
    return normed(*given, spread=True)


@batch_norm.mistake(
    "The running statistics never change",
    question="After a batch in training, what has the layer remembered of it?",
    hint="Return new ones: (1 − momentum) · running + momentum · batch, for the mean and for the variance.",
    section=MODES,
)
def _(*given):
    return normed(*given, frozen=True)


@batch_norm.alternative("torch's own, on copies")
def _(x, gamma, beta, running_mean, running_var, training, momentum=0.1, eps=1e-5):
    mean, var = running_mean.clone(), running_var.clone()
    y = F.batch_norm(x, mean, var, gamma, beta, training, momentum, eps)
    return y, mean, var


@batch_norm.alternative("with NumPy, out and all")
def _(x, gamma, beta, running_mean, running_var, training, momentum=0.1, eps=1e-5):
    x, gamma, beta, mean, var = (np.asarray(v) for v in (x, gamma, beta, running_mean, running_var))
    used_mean, used_var = (x.mean(axis=0), x.var(axis=0)) if training else (mean, var)
    if training:
        mean = mean + momentum * (x.mean(axis=0) - mean)
        var = var + momentum * (x.var(axis=0, ddof=1) - var)
    return (x - used_mean) / np.sqrt(used_var + eps) * gamma + beta, mean, var


@batch_norm.alternative("one unit at a time")
def _(x, gamma, beta, running_mean, running_var, training, momentum=0.1, eps=1e-5):
    n, d = x.shape
    y, means, variances = torch.empty_like(x), running_mean.clone(), running_var.clone()
    for j in range(d):
        mean, var = running_mean[j], running_var[j]
        if training:
            mean = x[:, j].sum() / n
            squares = ((x[:, j] - mean) ** 2).sum()
            var = squares / n
            means[j] = (1 - momentum) * running_mean[j] + momentum * mean
            variances[j] = (1 - momentum) * running_var[j] + momentum * squares / (n - 1)
        y[:, j] = gamma[j] * (x[:, j] - mean) / (var + eps) ** 0.5 + beta[j]
    return y, means, variances


# ── Batch norm, backward ──────────────────────────────────────────────────────────────────────────────────────────────

batch_norm_backward = Rubric(
    reference.batch_norm_backward,
    title="Batch norm, backward",
    points=4,
    minutes=15,
    returns="(grad_x, grad_gamma, grad_beta), of shape (n, d), (d,) and (d,)",
    atol=1e-5,
)


def upstream(rng, n, d, **options):
    return normal(rng, n, d, shift=0.7), units(rng, n, d), positive(rng, d), *options.values()


@batch_norm_backward.given("five examples of two units")
def _(rng):
    return upstream(rng, 5, 2)


@batch_norm_backward.given("three examples of four units")
def _(rng):
    return upstream(rng, 3, 4)


@batch_norm_backward.given("with ε as large as 0.5")
def _(rng):
    return upstream(rng, 4, 2, eps=0.5)


@batch_norm_backward.given("the same gradient for every example")
def _(rng):
    g, x, gamma = upstream(rng, 4, 3)
    return g[:1].expand(4, 3).clone(), x, gamma


@batch_norm_backward.given("double precision (float64)", weight=0.5)
def _(rng):
    return doubles(*upstream(rng, 6, 3))


@batch_norm_backward.given("thirty examples of six units", public=False)
def _(rng):
    return upstream(rng, 30, 6)


@batch_norm_backward.given("four examples of nine units, small ε", public=False)
def _(rng):
    return upstream(rng, 4, 9, eps=1e-8)


def backward(grad_y, x, gamma, eps=1e-5, *, mean=True, var=True, total=False, scaled=True, correction=0):
    scale = torch.sqrt(x.var(dim=0, correction=correction) + eps)
    x_hat = (x - x.mean(dim=0)) / scale
    of = (lambda v: v.sum(dim=0)) if total else (lambda v: v.mean(dim=0))
    grad_x = (gamma if scaled else 1) / scale * (grad_y - mean * of(grad_y) - var * x_hat * of(grad_y * x_hat))
    return grad_x, (grad_y * x_hat).sum(dim=0), grad_y.sum(dim=0)


@batch_norm_backward.mistake(
    "Mean and variance are taken for constants",
    question="Move one x a little. Which of the y change: only its own?",
    hint="All of them, since mean and variance move too. Two terms are missing: − mean(g) and − x̂ · mean(g x̂).",
    section=BACKWARD,
)
def _(*given):
    return backward(*given, mean=False, var=False)


@batch_norm_backward.mistake(
    "The variance is taken for a constant",
    question="Stretch the batch by 1 %. Does y change? So what must the gradient say about stretching?",
    hint="y does not change, so the gradient has no part along x̂: subtract x̂ · mean(g x̂).",
    section=BACKWARD,
)
def _(*given):
    return backward(*given, var=False)


@batch_norm_backward.mistake(
    "The mean is taken for a constant",
    question="Add the same number to all x. Does y change? So what must the sum of the gradient be?",
    hint="y does not change, so the gradient sums to 0 over the batch: subtract mean(g).",
    section=BACKWARD,
)
def _(*given):
    return backward(*given, mean=False)


@batch_norm_backward.mistake(
    "Sums instead of means",
    question="Does your gradient sum to 0 over the batch, as it must?",
    hint="Subtract the means over the batch, of g and of g x̂, not the sums.",
    section=BACKWARD,
)
def _(*given):
    return backward(*given, total=True)


@batch_norm_backward.mistake(
    "γ is forgotten on the way back",
    question="y = γ x̂ + β. By what is the gradient multiplied on its way from y to x̂?",
    hint="By γ: the factor in front is γ/√(v + ε).",
    section=BACKWARD,
)
def _(*given):
    return backward(*given, scaled=False)


@batch_norm_backward.mistake(
    "The unbiased variance",
    question="With which variance was the batch normalized on the way forward?",
    hint="With the biased one: `x.var(dim=0, correction=0)`.",
    section=BATCH_NORM,
)
def _(*given):
    return backward(*given, correction=1)


@batch_norm_backward.mistake(
    "The gradient of γ takes x for x̂",
    question="What does γ multiply on the way forward: x, or x̂?",
    hint="x̂, the normalized one: ∂L/∂γ = Σ g x̂.",
    section=BACKWARD,
)
def _(grad_y, x, gamma, eps=1e-5):
    grad_x, _, grad_beta = backward(grad_y, x, gamma, eps)
    return grad_x, (grad_y * x).sum(dim=0), grad_beta


@batch_norm_backward.mistake(
    "The gradients of γ and β are averaged",
    question="β is added to every example. Do their wishes add up, or are they averaged?",
    hint="They add up: `.sum(dim=0)`. If the loss is a mean, the 1/n is already in the gradient that comes in.",
    section=BACKWARD,
)
def _(*given):
    grad_x, grad_gamma, grad_beta = backward(*given)
    return grad_x, grad_gamma / len(given[0]), grad_beta / len(given[0])


@batch_norm_backward.alternative("by autograd")
def _(grad_y, x, gamma, eps=1e-5):
    x, gamma = x.clone().requires_grad_(), gamma.clone().requires_grad_()
    beta = torch.zeros_like(gamma, requires_grad=True)
    y = F.batch_norm(x, None, None, gamma, beta, True, 0.1, eps)
    return torch.autograd.grad(y, (x, gamma, beta), grad_y)


@batch_norm_backward.alternative("step by step, with NumPy")
def _(grad_y, x, gamma, eps=1e-5):
    g, x, gamma = (np.asarray(v) for v in (grad_y, x, gamma))
    n = len(x)
    away = x - x.mean(axis=0)
    scale = np.sqrt((away**2).mean(axis=0) + eps)
    g_hat = g * gamma
    g_var = (-0.5 * g_hat * away / scale**3).sum(axis=0)
    g_mean = -(g_hat / scale).sum(axis=0)
    g_x = g_hat / scale + g_var * 2 * away / n + g_mean / n
    return g_x, (g * away / scale).sum(axis=0), g.sum(axis=0)


# ── Layer norm ────────────────────────────────────────────────────────────────────────────────────────────────────────

layer_norm = Rubric(
    reference.layer_norm,
    title="Layer norm",
    points=3,
    minutes=8,
    returns="a tensor of the shape of x",
)


def examples(rng, *shape, **options):
    """x of that shape, every example with a mean and a spread of its own; γ, β; ε where given."""
    *batch, d = shape
    x = positive(rng, *batch, 1, low=1, high=3) * normal(rng, *batch, d) + normal(rng, *batch, 1, scale=3.0)
    return x, positive(rng, d), normal(rng, d), *options.values()


@layer_norm.given("three examples of five features")
def _(rng):
    return examples(rng, 3, 5)


@layer_norm.given("a single example")
def _(rng):
    return examples(rng, 1, 4)


@layer_norm.given("two sequences of three steps, four features")
def _(rng):
    return examples(rng, 2, 3, 4)


@layer_norm.given("with ε as large as 0.5")
def _(rng):
    return examples(rng, 4, 3, eps=0.5)


@layer_norm.given("double precision (float64)", weight=0.5)
def _(rng):
    return doubles(*examples(rng, 2, 6))


@layer_norm.given("one example without a batch", public=False)
def _(rng):
    return examples(rng, 7)


@layer_norm.given("many features", public=False)
def _(rng):
    return examples(rng, 5, 40)


@layer_norm.given("sequences once more", public=False)
def _(rng):
    return examples(rng, 3, 2, 8)


def normed_layer(x, gamma, beta, eps=1e-5, *, dims=(-1,), correction=0, outside=False, affine=True):
    mean, var = x.mean(dim=dims, keepdim=True), x.var(dim=dims, correction=correction, keepdim=True)
    x_hat = (x - mean) / (var.sqrt() + eps if outside else (var + eps).sqrt())
    return gamma * x_hat + beta if affine else x_hat


@layer_norm.mistake(
    "Statistics over the batch",
    question="May the answer for one example depend on the others?",
    hint="Not in layer norm: mean and variance over the last axis, `dim=-1, keepdim=True`. (Over `dim=0` it is batch norm.)",
    section=LAYER_NORM,
)
def _(*given):
    return normed_layer(*given, dims=(0,))


@layer_norm.mistake(
    "One mean for everything",
    question="How many means are there for a batch of three examples?",
    hint="Three, one for each example: reduce the last axis alone, `dim=-1, keepdim=True`.",
    section=LAYER_NORM,
)
def _(*given):
    return normed_layer(*given, dims=tuple(range(given[0].ndim)))


@layer_norm.mistake(
    "Statistics over time as well",
    question="In a sequence, which axes are averaged over: only the features, or the steps too?",
    hint="Only the features, the last axis: `dim=-1`, whatever stands before it.",
    section=LAYER_NORM,
)
def _(*given):
    return normed_layer(*given, dims=tuple(range(1, given[0].ndim)) or (-1,))


@layer_norm.mistake(
    "The second axis instead of the last",
    question="In a sequence of shape (batch, steps, features), what stands on axis 1?",
    hint="The steps. Count from the end: `dim=-1` is the features, however many axes stand before.",
    section=LAYER_NORM,
)
def _(*given):
    return normed_layer(*given, dims=(min(1, given[0].ndim - 1),))


@layer_norm.mistake(
    "The unbiased variance",
    question="What should the mean of x̂² over the features be, exactly?",
    hint="1, so divide by d: `x.var(dim=-1, correction=0, keepdim=True)`. PyTorch's default is the unbiased one.",
    section=LAYER_NORM,
)
def _(*given):
    return normed_layer(*given, correction=1)


@layer_norm.mistake(
    "ε outside of the root",
    question="What is added to what: ε to the variance, or ε to its root?",
    hint="To the variance: `torch.sqrt(var + eps)`.",
    section=LAYER_NORM,
)
def _(*given):
    return normed_layer(*given, outside=True)


@layer_norm.mistake(
    "γ and β are left out",
    question="What are the last two steps, after normalizing?",
    hint="Scale and shift each feature: `gamma * x_hat + beta`.",
    section=LAYER_NORM,
)
def _(*given):
    return normed_layer(*given, affine=False)


@layer_norm.alternative("torch's own")
def _(x, gamma, beta, eps=1e-5):
    return F.layer_norm(x, gamma.shape, gamma, beta, eps)


@layer_norm.alternative("with NumPy")
def _(x, gamma, beta, eps=1e-5):
    x, gamma, beta = (np.asarray(v) for v in (x, gamma, beta))
    away = x - x.mean(axis=-1, keepdims=True)
    return away / np.sqrt((away**2).mean(axis=-1, keepdims=True) + eps) * gamma + beta


@layer_norm.alternative("one example at a time")
def _(x, gamma, beta, eps=1e-5):
    rows = [
        gamma * (row - row.sum() / len(row)) / (((row - row.mean()) ** 2).sum() / len(row) + eps) ** 0.5 + beta
        for row in x.reshape(-1, x.shape[-1])
    ]
    return torch.stack(rows).reshape(x.shape)


# ── Find the bug: a model that predicts ───────────────────────────────────────────────────────────────────────────────

predict_in_batches = Rubric(
    reference.predict_in_batches,
    title="Find the bug: the neighbors decide",
    points=3,
    minutes=8,
    returns="a tensor of shape (n, k): the model's answers, without a graph",
    when="evaluated",
)


def trained_model(rng, n, size, training, d=3, hidden=4, k=2):
    """A model (weights, biases, running statistics that are not those of x), x, the batch size, the mode."""
    x = normal(rng, n, d, scale=2.0, shift=1.0)
    model = (
        normal(rng, hidden, d), normal(rng, hidden), normal(rng, hidden), positive(rng, hidden, low=2, high=4),
        normal(rng, k, hidden), normal(rng, k),
    )  # fmt: skip
    return model, x, size, training


@predict_in_batches.given("six examples, two batches of three; the model comes from training")
def _(rng):
    return trained_model(rng, 6, 3, True)


@predict_in_batches.given("seven examples in batches of three: the last is smaller")
def _(rng):
    return trained_model(rng, 7, 3, True)


@predict_in_batches.given("a model that is in evaluation mode already")
def _(rng):
    return trained_model(rng, 4, 2, False)


@predict_in_batches.given("one batch for all, and room to spare")
def _(rng):
    return trained_model(rng, 5, 8, True, d=2)


@predict_in_batches.given("one example at a time, in evaluation mode")
def _(rng):
    return trained_model(rng, 3, 1, False)


@predict_in_batches.given("fifty examples, five classes", public=False)
def _(rng):
    return trained_model(rng, 50, 16, True, d=4, hidden=6, k=5)


@predict_in_batches.given("eleven examples, in evaluation mode", public=False)
def _(rng):
    return trained_model(rng, 11, 4, False, k=3)


def predicted(model, x, size, *, evaluate=True, restore=True, after=None, record=False, drop=False):
    was = model.training
    if evaluate:
        model.eval()
    batches = x.split(size)
    if drop:
        batches = [b for b in batches if len(b) == size] or batches
    with torch.set_grad_enabled(record):
        answers = torch.cat([model(b) for b in batches])
    if restore:
        model.train(was if after is None else after)
    return answers


@predict_in_batches.mistake(
    "The model predicts in training mode",
    question="Predict for the same example with other neighbors in its batch. Why does the answer change, under no_grad too?",
    hint="`torch.no_grad()` only stops the recording. Call `model.eval()` before, and go back to the mode it was in afterwards.",
    section=MODES,
)
def _(model, x, size):
    return predicted(model, x, size, evaluate=False, restore=False)


@predict_in_batches.mistake(
    "The model is left in evaluation mode",
    question="The training loop calls you and goes on training. In which mode?",
    hint="Remember `model.training` before you call `model.eval()`, and end with `model.train(was_training)`.",
    section=MODES,
)
def _(model, x, size):
    return predicted(model, x, size, restore=False)


@predict_in_batches.mistake(
    "The model is always put into training mode",
    question="And if the model came to you in evaluation mode?",
    hint="Then it should be so afterwards. Remember `model.training` first, and end with `model.train(was_training)`.",
    section=MODES,
)
def _(model, x, size):
    return predicted(model, x, size, after=True)


@predict_in_batches.mistake(
    "eval() in place of no_grad()",
    question="Do your answers still carry the graph that made them?",
    hint="`eval()` changes what the layers do; only `torch.no_grad()` stops the recording. Both are needed.",
    section=MODES,
)
def _(model, x, size):
    return predicted(model, x, size, record=True)


@predict_in_batches.mistake(
    "The last, smaller batch is lost",
    question="How many answers are there for seven examples in batches of three?",
    hint="Seven: `x.split(size)` brings the rest as a last, smaller batch.",
    section=MODES,
)
def _(model, x, size):
    return predicted(model, x, size, drop=True)


@predict_in_batches.alternative("slices, one answer after the other")
def _(model, x, size):
    mode = model.training
    model.eval()
    answers = []
    with torch.no_grad():
        for start in range(0, len(x), size):
            answers += list(model(x[start : start + size]))
    if mode:
        model.train()
    return torch.stack(answers)


@predict_in_batches.alternative("all at once, each module's mode remembered")
def _(model, x, size):
    modes = [(m, m.training) for m in model.modules()]
    try:
        with torch.no_grad():
            return model.eval()(x)
    finally:
        for m, mode in modes:
            m.training = mode


# ── Mystery runs ──────────────────────────────────────────────────────────────────────────────────────────────────────

mystery_runs = Rubric(
    reference.mystery_runs,
    title="Six mystery runs",
    points=4,
    minutes=18,
    returns='a pair of texts from the two lists, (cause, mend), such as ("healthy", "leave it")',
)

RATES = {"rate too high": 15.0, "not a number": 1e8, "rate too low": 0.004, "signal dead": 0.05, "overfits": 0.02}
DEPTHS = {"signal dead": 12, "not a number": 6}


def a_run(rng, kind, steps):
    """Training and held-out loss of a small network on digits, with one thing wrong."""
    while True:
        curves = _run(rng, kind, steps)
        if kind != "not a number" or curves[0].isnan().any():
            return curves


def _run(rng, kind, steps):
    digits = data.load("digits")
    order = torch.tensor(rng.permutation(len(digits.y)))
    raw, y = digits.x.reshape(-1, 64)[order], digits.y[order]
    n = 60 if kind == "overfits" else 400
    mean, std = raw[:n].mean(), raw[:n].std()
    x, labels = (raw[:n] - mean) / std, y[:n].clone()
    held_out = (1 - raw[-300:] if kind == "pipelines differ" else raw[-300:]) - mean  # ink and paper exchanged
    if kind == "overfits":
        labels[: n // 4] = torch.tensor(rng.integers(0, 10, n // 4))

    widths = [64] + [32] * DEPTHS.get(kind, 1) + [10]
    gain = 0.7 if kind == "signal dead" else 1.4
    weights = [normal(rng, a, b, scale=gain / a**0.5).requires_grad_() for a, b in pairwise(widths)]
    biases = [torch.zeros(b, requires_grad=True) for b in widths[1:]]

    def network(h):
        for i, (w, b) in enumerate(zip(weights, biases)):
            h = (h.relu() if i else h) @ w + b
        return h

    lr = RATES.get(kind, 0.01) * rng.uniform(0.8, 1.2)
    adaptive = kind in ("healthy", "overfits", "pipelines differ")
    optimizer = (torch.optim.Adam if adaptive else torch.optim.SGD)(weights + biases, lr=lr)
    train_curve, held_out_curve = [], []
    for _ in range(steps):
        loss = F.cross_entropy(network(x), labels)
        with torch.no_grad():
            held_out_curve.append(F.cross_entropy(network(held_out / std), y[-300:]).item())
        train_curve.append(loss.item())
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    return torch.tensor(train_curve), torch.tensor(held_out_curve)


def cases_of_runs(kinds, steps, names, public):
    for kind, length, name in zip(kinds, steps, names):

        @mystery_runs.given(name, public=public)
        def _(rng, kind=kind, length=length):
            return a_run(rng, kind, length)


SHOWN = ["overfits", "signal dead", "rate too high", "pipelines differ", "healthy", "rate too low"]
cases_of_runs(SHOWN, [80] * 6, [f"run {letter}" for letter in "ABCDEF"], True)
cases_of_runs(["not a number"], [40], ["one more: a run whose loss is not a number in the end"], True)
HIDDEN = ["rate too low", "overfits", "pipelines differ", "rate too high", "healthy", "signal dead", "not a number"]
cases_of_runs(HIDDEN, [60, 100, 60, 60, 100, 60, 50], [f"hidden run {i}" for i in range(1, 8)], False)

MENDS = {
    "rate too high": "lower the rate", "signal dead": "rescale the weights", "rate too low": "raise the rate",
    "pipelines differ": "mend the data", "overfits": "stop earlier", "healthy": "leave it",
}  # fmt: skip


def told(train, held_out, *, blind=False, mends=None, dead=0.97, slow=0.5, differ=True, gap=False):
    """The diagnosis with one thing wrong."""
    mends, last = MENDS | (mends or {}), train[-5:].mean() / train[0]
    high = train.max() > 3 * train[0] or not (blind or torch.isfinite(train).all())
    if high:
        cause = "rate too high"
    elif last > dead:
        cause = "signal dead"
    elif last > slow:
        cause = "rate too low"
    elif differ and held_out.min() > 0.8 * held_out[0]:
        cause = "pipelines differ"
    elif (gap and held_out[-1] > train[-1] + 0.02) or held_out[-5:].mean() > 1.3 * held_out.min():
        cause = "overfits"
    else:
        cause = "healthy"
    return cause, mends[cause]


@mystery_runs.mistake(
    "nan passes for a number",
    question="What is `nan > 1`, and what is `nan < 1`?",
    hint="Both are False, so a run with nan slips through every comparison. Ask first: `torch.isfinite(train).all()`.",
    section=CURVES,
)
def _(train, held_out):
    return told(train, held_out, blind=True)


@mystery_runs.mistake(
    "A slow run is taken for a dead one",
    question="Run B and run F both end high. Does the loss of F fall at all, if you look at the first and the last number?",
    hint="It falls by a few tenths, steadily: its signal is alive and its steps are small. A dead run keeps its first "
    "loss within about a hundredth.",
    section=CURVES,
)
def _(train, held_out):
    return told(train, held_out, dead=0.5)


@mystery_runs.mistake(
    "A dead run is taken for a slow one",
    question="Over all its steps, how much does the loss of run B fall?",
    hint="Not at all: it stays at log 10, the loss of a network that gives every digit 1/10. A larger rate multiplies a "
    "gradient of nearly zero.",
    section=SIGNAL,
)
def _(train, held_out):
    return told(train, held_out, dead=10.0)


@mystery_runs.mistake(
    "Every held-out loss that rises is overfitting",
    question="Where is the lowest held-out loss of run D: in the middle, or at the very beginning?",
    hint="At the beginning: not even the first thing that was learned helped on the held-out data. These must come through another "
    "pipeline. Overfitting helps first and hurts later.",
    section=CURVES,
)
def _(train, held_out):
    return told(train, held_out, differ=False)


@mystery_runs.mistake(
    "Every gap is overfitting",
    question="In run E the held-out loss ends above the training loss. Has it ever been lower than it is at the end?",
    hint="Hardly: it fell, and stays. A gap is usual. It is overfitting when the held-out loss goes *up again*.",
    section=CURVES,
)
def _(train, held_out):
    return told(train, held_out, gap=True)


@mystery_runs.mistake(
    "Overfitting is to be mended by more steps",
    question="What have the last steps of run A done to the held-out loss?",
    hint='Raised it. Stop where it was lowest: "stop earlier".',
    section=CURVES,
)
def _(train, held_out):
    return told(train, held_out, mends={"overfits": "more steps"})


@mystery_runs.mistake(
    "More steps for a rate that is too low",
    question="How many steps would run F need at this pace, and what costs less?",
    hint="Ten or a hundred times as many. First raise the rate.",
    section=CURVES,
)
def _(train, held_out):
    return told(train, held_out, mends={"rate too low": "more steps"})


@mystery_runs.mistake(
    "A larger rate for a dead signal",
    question="The gradient in the first layers is nearly 0. What is that times ten?",
    hint='Still nearly 0. The signal has to get through first: "rescale the weights".',
    section=SIGNAL,
)
def _(train, held_out):
    return told(train, held_out, mends={"signal dead": "raise the rate"})


@mystery_runs.mistake(
    "More layers for a dead signal",
    question="Every layer multiplies the signal by the same factor below 1. What will more layers do?",
    hint='Multiply it by that factor a few more times. "rescale the weights" makes the factor 1.',
    section=SIGNAL,
)
def _(train, held_out):
    return told(train, held_out, mends={"signal dead": "more layers"})


@mystery_runs.alternative("with NumPy, other thresholds, another order")
def _(train, held_out):
    train, held_out = train.numpy(), held_out.numpy()
    if np.isnan(train).any() or np.isinf(train).any() or (train > 10 * train[0]).any():
        cause = "rate too high"
    elif train[-1] < 0.3 * train[0]:
        best = held_out.argmin()
        cause = "pipelines differ" if best < 3 else "overfits" if held_out[-1] > 1.15 * held_out[best] else "healthy"
    else:
        cause = "rate too low" if train[-1] < 0.95 * train[0] else "signal dead"
    return cause, MENDS[cause]


@mystery_runs.alternative("by absolute numbers")
def _(train, held_out):
    if not train.isfinite().all() or train.max() > 20:
        return "rate too high", "lower the rate"
    if train[-1] > 1:
        cause = "signal dead" if (train - train[0]).abs().max() < 0.05 else "rate too low"
    elif held_out[-1] > held_out[0]:
        cause = "pipelines differ"
    else:
        cause = "overfits" if held_out[-1] - held_out.min() > 0.2 else "healthy"
    return cause, MENDS[cause]


# ── The deepest ───────────────────────────────────────────────────────────────────────────────────────────────────────

deepest = Rubric(
    reference.deepest,
    title="Thirty layers",
    points=3,
    minutes=12,
    returns="a pair (network, optimizer)",
    rtol=0.06,
    seconds=10.0,
    when="trained",
    then="learns",
)


def four_digits(rng, depth):
    """Digits 0 to 3, a little noise on every pixel: 300 to learn from, the others held out; their classes are kept."""
    digits = data.load("digits")
    chosen = torch.tensor(rng.permutation(np.flatnonzero(digits.y.numpy() < 4)))
    x = digits.x[chosen].reshape(-1, 64)
    x = (x - x.mean()) / x.std() + normal(rng, *x.shape, scale=0.05)
    y = digits.y[chosen]
    return Kept((depth, x[:300], y[:300], x[300:], int(rng.integers(1, 10**6))), y[300:])


@deepest.given("thirty layers, trained on four digits", weight=3)
def _(rng):
    return four_digits(rng, 30)


@deepest.given("depth and form: thirty layers", when="built", then="has_its_form", weight=0.5)
def _(rng):
    return 30, normal(rng, 5, 64)


@deepest.given("depth and form: three layers", when="built", then="has_its_form", weight=0.5)
def _(rng):
    return 3, normal(rng, 4, 64)


@deepest.given("thirty layers, other digits held out", weight=3, public=False)
def _(rng):
    return four_digits(rng, 30)


@deepest.given("depth and form: forty layers", when="built", then="has_its_form", weight=0.5, public=False)
def _(rng):
    return 40, normal(rng, 6, 64)


def stack(depth, start, norm=None):
    """`depth` linear layers with ReLU between, weights by `start(weight)`, biases 0, and a norm before each ReLU."""
    layers = []
    for i in range(depth):
        linear = nn.Linear(64, 4 if i == depth - 1 else 64)
        if start:
            start(linear.weight)
            nn.init.zeros_(linear.bias)
        layers.append(linear)
        if i < depth - 1:
            layers += [norm(64), nn.ReLU()] if norm else [nn.ReLU()]
    return nn.Sequential(*layers)


def gaussian(gain):
    return lambda weight: nn.init.normal_(weight, std=gain / weight.shape[1] ** 0.5)


def sgd(network, lr=0.01):
    return network, torch.optim.SGD(network.parameters(), lr=lr, momentum=0.9)


def adam(network, lr=1e-3):
    return network, torch.optim.Adam(network.parameters(), lr=lr)


@deepest.mistake(
    "Weights of standard deviation 1/√n under ReLU",
    question="By what does a layer with variance 1/n multiply the mean square, once its ReLU has thrown away half?",
    hint="By ½, so thirty layers leave 2⁻³⁰. Kaiming's variance, 2/n_in, keeps it.",
    section=KAIMING,
)
def _(depth):
    return sgd(stack(depth, gaussian(1)))


@deepest.mistake(
    "PyTorch's own initial weights",
    question="Which standard deviation do the weights of nn.Linear have when it comes, and which does a deep stack of ReLUs need?",
    hint="1/√(3 n_in), smaller than Kaiming's √(2/n_in) by √6. Set them: `nn.init.kaiming_normal_(layer.weight)`, biases 0; "
    "or normalize between the layers.",
    section=UNIFORM,
)
def _(depth):
    return adam(stack(depth, None))


@deepest.mistake(
    "Kaiming's standard deviation as a uniform bound",
    question="Numbers spread evenly between −b and b: which standard deviation do they have?",
    hint="b/√3, so every layer is too weak by √3. The bound is √(6/n_in), or use `nn.init.kaiming_normal_`.",
    section=UNIFORM,
)
def _(depth):
    return sgd(stack(depth, lambda w: nn.init.uniform_(w, -((2 / w.shape[1]) ** 0.5), (2 / w.shape[1]) ** 0.5)))


@deepest.mistake(
    "Small random weights, however many inputs there are",
    question="How does the size of a sum of n products depend on n, and does your standard deviation know n?",
    hint="It grows like √n, so the weights must shrink like 1/√n: for ReLU √(2/n_in), which is 0.18 for 64 inputs, not 0.01.",
    section=VARIANCE,
)
def _(depth):
    return sgd(stack(depth, lambda w: nn.init.normal_(w, std=0.01)))


@deepest.mistake(
    "Too much gain",
    question="What is 1.4 to the power of 30?",
    hint="About 24,000. The gain of a ReLU layer has to be √2 rather exactly: standard deviation √(2/n_in).",
    section=KAIMING,
)
def _(depth):
    return sgd(stack(depth, gaussian(2)))


@deepest.mistake(
    "No ReLU between the layers",
    question="What is a linear map of a linear map?",
    hint="A linear map again: without something between them thirty layers can do no more than one. Put `nn.ReLU()` after "
    "every layer but the last.",
    section=KAIMING,
)
def _(depth):
    layers = [nn.Linear(64, 4 if i == depth - 1 else 64) for i in range(depth)]
    for layer in layers:
        nn.init.xavier_normal_(layer.weight)
    return adam(nn.Sequential(*layers))


@deepest.mistake(
    "All weights start at zero",
    question="What is the gradient of a weight if everything that comes in, and everything that goes out, is zero?",
    hint="Zero. Random weights break the symmetry: `nn.init.kaiming_normal_(layer.weight)`.",
    section=SYMMETRY,
)
def _(depth):
    return adam(stack(depth, nn.init.zeros_))


@deepest.mistake(
    "Kaiming's weights, and steps that do not fit",
    question="The signal gets through with these weights. What else have you chosen?",
    hint="The optimizer and its rate. Without a normalization Adam with 0.001 does it; SGD with a rate of 0.01 often "
    "does not, even with momentum. (Look for a ReLU after the last layer, too.)",
    section=RECIPE,
)
def _(depth):
    return sgd(stack(depth, nn.init.kaiming_normal_), lr=1e-4)


@deepest.mistake(
    "A normalization, and steps that do not fit",
    question="The norm keeps the signal alive, whatever the weights. What else have you chosen?",
    hint="The optimizer and its rate. Under batch norm SGD with 0.01 and momentum 0.9 gets there in a hundred steps; "
    "Adam with 0.001 gets half of the way. Under layer norm take Kaiming's weights and Adam.",
    section=THIRTY,
)
def _(depth):
    return sgd(stack(depth, None, nn.BatchNorm1d), lr=1e-5)


@deepest.mistake(
    "One layer short",
    question="Count the `nn.Linear` of your network, the last one included.",
    hint="`depth` linear layers in all: depth − 1 hidden ones, and the one that gives the four scores.",
    section=SIGNAL,
)
def _(depth):
    return adam(stack(depth - 1, nn.init.kaiming_normal_))


@deepest.alternative("batch norm, default weights, SGD")
def _(depth):
    return sgd(stack(depth, None, nn.BatchNorm1d))


@deepest.alternative("layer norm, Kaiming, Adam")
def _(depth):
    return adam(stack(depth, nn.init.kaiming_normal_, nn.LayerNorm))


@deepest.alternative("orthogonal weights")
def _(depth):
    return adam(stack(depth, lambda w: nn.init.orthogonal_(w, gain=2**0.5)))
