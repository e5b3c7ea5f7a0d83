"""How the exercises on the perceptron are judged.

Points, weights and biases are drawn from a coarse grid (multiples of ⅛), on which every sum is exact in any order:
what lies on the line does so for a loop, for einsum and for NumPy alike, and no answer hangs on rounding.
"""

import numpy as np
import torch

from autograder.givens import doubles, grid
from autograder.reference import perceptron as reference
from autograder.rubric import Kept, Rubric
from coursekit.cases.perceptron import layers

NEURON = "perceptron#perceptron-neuron"
BOUNDARY = "perceptron#perceptron-boundary"
RULE = "perceptron#perceptron-rule"
CONVERGENCE = "perceptron#perceptron-convergence"
MARGIN = "perceptron#perceptron-margin"
XOR = "perceptron#perceptron-xor"
PRACTICE = "perceptron#perceptron-practice"


def step(score):
    """+1 where the score is at least 0, else −1."""
    return torch.where(score >= 0, 1.0, -1.0)


def labels(rng, n):
    """n labels, −1 or +1."""
    return torch.tensor(rng.choice([-1.0, 1.0], n), dtype=torch.float32)


def all_differ(*tensors):
    """No two of these are equal."""
    return all(not torch.equal(a, b) for i, a in enumerate(tensors) for b in tensors[:i])


# ── One neuron ────────────────────────────────────────────────────────────────────────────────────────────────────────

neuron = Rubric(
    reference.neuron,
    title="One neuron",
    points=2,
    minutes=5,
    returns="a tensor of shape (n,) that holds 1.0 and -1.0",
    kinds="fi",
)


def told_by_the_bias(rng, n, d):
    """x, w, b: both answers occur, no point is on the line, and every way to get the bias wrong shows."""
    while True:
        x, w, b = grid(rng, n, d), grid(rng, d), grid(rng)
        score = x @ w + b
        answers = [step(s) for s in (score, x @ w, x @ w - b, (x + b) @ w)]
        if (score != 0).all() and all_differ(*answers) and len(set(answers[0].tolist())) == 2:
            return x, w, b


def one_on_the_line(rng, n, d):
    """x, w, b: one point on the line, one straight off it on each side, the others anywhere."""
    w, x = grid(rng, d), grid(rng, n, d)
    w[0] = w[0] if w[0] else 1.0
    x[1], x[2] = x[0] + w, x[0] - w
    return x[torch.tensor(rng.permutation(n))], w, -(w @ x[0])


@neuron.given("seven points, two features")
def _(rng):
    return told_by_the_bias(rng, n=7, d=2)


@neuron.given("a point exactly on the line")
def _(rng):
    return one_on_the_line(rng, n=3, d=2)


@neuron.given("one feature")
def _(rng):
    return told_by_the_bias(rng, n=6, d=1)


@neuron.given("one point at a time", when="one_by_one")
def _(rng):
    return told_by_the_bias(rng, n=5, d=3)


@neuron.given("double precision (float64)", weight=0.5)
def _(rng):
    return doubles(*told_by_the_bias(rng, n=8, d=4))


@neuron.given("many features", public=False)
def _(rng):
    return told_by_the_bias(rng, n=9, d=13)


@neuron.given("two hundred points", public=False)
def _(rng):
    return told_by_the_bias(rng, n=200, d=5)


@neuron.given("on the line, with five features", public=False)
def _(rng):
    return one_on_the_line(rng, n=6, d=5)


@neuron.given("points very near the line", public=False, weight=0.5)
def _(rng):
    x, w, b = told_by_the_bias(rng, n=7, d=2)
    return x / 2**12, w / 2**12, b / 2**24


@neuron.mistake(
    "The neuron is silent on the line",
    question="Which answer does the step function give at a weighted sum of exactly 0?",
    hint="It fires from 0 on: the comparison is `>= 0`, not `> 0`.",
    section=NEURON,
)
def _(x, w, b):
    return torch.where(x @ w + b > 0, 1.0, -1.0)


@neuron.mistake(
    "0 on the line",
    question="What does torch.sign give at 0, and is that one of the two classes?",
    hint="torch.sign(0) is 0. Decide with a comparison instead: `torch.where(score >= 0, 1., -1.)`.",
    section=NEURON,
)
def _(x, w, b):
    return torch.sign(x @ w + b)


@neuron.mistake(
    "Labels 0 and 1",
    question="Which two numbers are the answers of a neuron in this chapter?",
    hint="The silent neuron says −1 here, not 0: `torch.where(score >= 0, 1., -1.)`.",
    section=NEURON,
)
def _(x, w, b):
    return (x @ w + b >= 0).to(x.dtype)


@neuron.mistake(
    "True and False",
    question="What is the type of a comparison such as `score >= 0`, and what should the answer be?",
    hint="A comparison gives True and False. Turn them into numbers: `torch.where(score >= 0, 1., -1.)`.",
    section=NEURON,
)
def _(x, w, b):
    return x @ w + b >= 0


@neuron.mistake(
    "The step is missing",
    question="You return the weighted sum. What does a neuron still do with it?",
    hint="Only its sign counts: +1 where the sum is at least 0, −1 elsewhere.",
    section=NEURON,
)
def _(x, w, b):
    return x @ w + b


@neuron.mistake(
    "Sigmoid for step",
    question="Can the answers lie between the two classes?",
    hint="The sigmoid is the smooth cousin of the step. Here the answer jumps: `torch.where(score >= 0, 1., -1.)`.",
    section=NEURON,
)
def _(x, w, b):
    return torch.sigmoid(x @ w + b)


@neuron.mistake(
    "The bias is missing",
    question="Where must the line lie if the neuron ignores b?",
    hint="Without b the line goes through the origin. The sum is `x @ w + b`.",
    section=BOUNDARY,
)
def _(x, w, b):
    return step(x @ w)


@neuron.mistake(
    "The bias is subtracted",
    question="Does a larger b make the neuron fire more often, or less?",
    hint="More often: b is added, `x @ w + b`. (A threshold would be subtracted; the bias is minus the threshold.)",
    section=BOUNDARY,
)
def _(x, w, b):
    return step(x @ w - b)


@neuron.mistake(
    "The bias is added to the inputs",
    question="How often does b enter the sum if it is added to every feature before the weights multiply them?",
    hint="Add b once, after the weighted sum: `x @ w + b`, not `(x + b) @ w`.",
    section=BOUNDARY,
)
def _(x, w, b):
    return step((x + b) @ w)


@neuron.mistake(
    "The answers are swapped",
    question="On which side of the line should the neuron fire: where the sum is positive, or where it is negative?",
    hint="+1 belongs to sums of at least 0. Check the order of the two values in `torch.where`.",
    section=BOUNDARY,
)
def _(x, w, b):
    return -step(x @ w + b)


@neuron.mistake(
    "A column for a vector",
    question="What are the shapes of x, of w as you use it, and of their product?",
    hint="(n, d) @ (d,) gives (n,): leave w as it is, without unsqueeze, view or reshape.",
    section=NEURON,
)
def _(x, w, b):
    return step(x @ w.unsqueeze(1) + b)


@neuron.mistake(
    "One `if` for a whole batch",
    question="Is `x @ w + b >= 0` one answer or n, and which of them should an `if` believe?",
    hint="It is n answers, one for each point, and `if` takes only one. `torch.where(score >= 0, 1., -1.)` decides for each.",
    section=NEURON,
)
def _(x, w, b):
    return 1.0 if x @ w + b >= 0 else -1.0


@neuron.mistake(
    "A layer in single precision, whatever x is",
    question="Which dtype do the weights of a new nn.Linear have, and which has x?",
    hint="A new layer is float32, and a matrix product does not mix number types. Make the layer like x, `nn.Linear(d, 1).to(x)`, "
    "or do without: `x @ w + b`.",
    section=PRACTICE,
)
def _(x, w, b):
    layer = torch.nn.Linear(x.shape[1], 1)
    with torch.no_grad():
        layer.weight[:], layer.bias[:] = w, b
        return step(layer(x).squeeze(1))


@neuron.mistake(
    "The products are not added up",
    question="How many numbers does `x * w` hold for one point, and how many answers should a point get?",
    hint="It holds d of them, and they are still to be summed. `x @ w` multiplies and sums at once: (n, d) @ (d,) gives (n,).",
    section=NEURON,
)
def _(x, w, b):
    return step(x * w + b)


@neuron.mistake(
    "One sum over all points",
    question="Over which axis does `.sum()` add if you do not tell it, and over which should it?",
    hint="Over all of them, so that all points become one number. Sum over the features of each point: `(x * w).sum(dim=1)`, or `x @ w`.",
    section=NEURON,
)
def _(x, w, b):
    return step((x * w).sum() + b)


@neuron.mistake(
    "The shapes of the product do not fit",
    question="Which two shapes does the message name, and which axis do x and w have in common?",
    hint="x is (n, d), w is (d,): `x @ w` sums over d and gives (n,). `w @ x` sums over n, and `torch.dot` takes two vectors only.",
    section=NEURON,
)
def _(x, w, b):
    return step(w @ x + b)


@neuron.mistake(
    "A list for a tensor",
    question="The numbers are right. What is the type of what you return?",
    hint="A list. `torch.tensor(answers)` makes a tensor of it; `torch.where` gives one at once, without a loop.",
    section=NEURON,
)
def _(x, w, b):
    return reference.neuron(x, w, b).tolist()


@neuron.alternative("with loops and plain numbers")
def _(x, w, b):
    answers = []
    for point in x.tolist():
        score = sum(wi * xi for wi, xi in zip(w.tolist(), point)) + b.item()
        answers.append(1.0 if score >= 0 else -1.0)
    return torch.tensor(answers)


@neuron.alternative("with einsum, and whole numbers")
def _(x, w, b):
    return 2 * (torch.einsum("nd,d->n", x, w) + b >= 0).long() - 1


@neuron.alternative("with NumPy, out and all")
def _(x, w, b):
    return np.where(x.numpy() @ w.numpy() + b.numpy() >= 0, 1.0, -1.0)


# ── One step of learning ──────────────────────────────────────────────────────────────────────────────────────────────

perceptron_update = Rubric(
    reference.perceptron_update,
    title="One step of learning",
    points=3,
    minutes=8,
    returns="a pair (w, b) of tensors, of shape (d,) and ()",
    kinds="fi",
)


def judged(rng, d, label, wrong=True):
    """w, b, x, y: one point with that label, on the wrong side (or the right one), and so only by grace of the bias."""
    y = torch.tensor(float(label))
    while True:
        w, b, x = grid(rng, d), grid(rng), grid(rng, d)
        sure, without_bias = y * (w @ x + b), y * (w @ x)
        if (sure < 0 < without_bias if wrong else without_bias < 0 < sure) and sure.abs() > 1 and (x != 0).all():
            return w, b, x, y


def on_the_line(rng, d, label):
    """w, b, x, y: a point exactly on the line."""
    w, x = grid(rng, d), grid(rng, d)
    x[0] = x[0] if x[0] else 1.0
    return w, -(w @ x), x, torch.tensor(float(label))


def far_off(rng, d):
    """w, b, x, y: one point so far on the wrong side that it is still wrong after an update."""
    while True:
        w, b, x, y = grid(rng, d), grid(rng), grid(rng, d, low=-1, high=1), labels(rng, 1)[0]
        if y * (w @ x + b) < -2 * (x @ x + 1):
            return w, b, x, y


def turns(rng, n, d):
    """w, b, x, y: n points to learn from in turn; the first is wrong, later ones of both labels are right and wrong, and one is
    right by a score of less than 1. Whoever learns from that one, too, meets another that is right by more."""
    while True:
        w, b, x, y = grid(rng, d), grid(rng), grid(rng, n, d), labels(rng, n)
        seen, here, narrow, eager, clear = set(), (w, b), False, (w, b), False
        for x_i, y_i in zip(x, y):
            sure = y_i * (here[0] @ x_i + here[1])
            seen.add((y_i.item(), torch.sign(sure).item()))
            narrow = narrow or bool(0 < sure < 1)
            here = reference.perceptron_update(*here, x_i, y_i)
            if y_i * (eager[0] @ x_i + eager[1]) > 1:
                clear = True
            else:
                eager = eager[0] + y_i * x_i, eager[1] + y_i
        first = y[0] * (w @ x[0] + b)
        if first < 0 and narrow and clear and {(1.0, 1.0), (1.0, -1.0), (-1.0, 1.0), (-1.0, -1.0)} <= seen:
            return w, b, x, y


@perceptron_update.given("a wrong point with label +1")
def _(rng):
    return judged(rng, d=2, label=+1)


@perceptron_update.given("a wrong point with label −1")
def _(rng):
    return judged(rng, d=2, label=-1)


@perceptron_update.given("a point exactly on the line, label +1")
def _(rng):
    return on_the_line(rng, d=3, label=+1)


@perceptron_update.given("the first step, from zero, label −1")
def _(rng):
    w, b, x, y = judged(rng, d=2, label=-1)
    return torch.zeros_like(w), torch.zeros_like(b), x, y


@perceptron_update.given("five points in turn, some right, some wrong", when="in_turn", weight=2)
def _(rng):
    return turns(rng, n=5, d=2)


@perceptron_update.given("a point far on the wrong side")
def _(rng):
    return far_off(rng, d=2)


@perceptron_update.given("one feature")
def _(rng):
    return judged(rng, d=1, label=-1)


@perceptron_update.given("double precision (float64)", weight=0.5)
def _(rng):
    return doubles(*judged(rng, d=3, label=+1))


@perceptron_update.given("a wrong point of eleven features", public=False)
def _(rng):
    return judged(rng, d=11, label=-1)


@perceptron_update.given("a point exactly on the line, label −1", public=False)
def _(rng):
    return on_the_line(rng, d=4, label=-1)


@perceptron_update.given("twelve points in turn", when="in_turn", weight=2, public=False)
def _(rng):
    return turns(rng, n=12, d=3)


@perceptron_update.mistake(
    "The bias is never updated",
    question="A wrong point changes w. What else should it change, if the neuron is to fire more or less readily from now on?",
    hint="The bias learns too, as the weight of an input that is always 1: `b + y`.",
    section=RULE,
)
def _(w, b, x, y):
    return (w + y * x, b) if y * (w @ x + b) <= 0 else (w, b)


@perceptron_update.mistake(
    "It updates on right points too",
    question="What should change when the neuron already has the point right?",
    hint="Nothing: return w and b as they are unless `y * (w @ x + b) <= 0`.",
    section=RULE,
)
def _(w, b, x, y):
    return w + y * x, b + y


@perceptron_update.mistake(
    "It updates on the right points only",
    question="Is the point right or wrong when y and w·x + b have the same sign?",
    hint="Right: then their product is positive, and nothing changes. Update where it is `<= 0`.",
    section=RULE,
)
def _(w, b, x, y):
    return (w + y * x, b + y) if y * (w @ x + b) > 0 else (w, b)


@perceptron_update.mistake(
    "A point on the line counts as right",
    question="Starting from w = 0 and b = 0, what is y (w·x + b), and would anything ever be learned?",
    hint="On the line is not yet right: the condition is `<= 0`, not `< 0`.",
    section=RULE,
)
def _(w, b, x, y):
    return (w + y * x, b + y) if y * (w @ x + b) < 0 else (w, b)


@perceptron_update.mistake(
    "On the line counts as right for the label +1 alone",
    question="A point is on the line and its label is +1. Does the rule y (w·x + b) ≤ 0 ask for an update?",
    hint="It does, for both labels. Comparing `neuron(x)` with y misses it, because the neuron fires at 0; "
    "test `y * (w @ x + b) <= 0`.",
    section=RULE,
)
def _(w, b, x, y):
    return (w + y * x, b + y) if step(w @ x + b) != y else (w, b)


@perceptron_update.mistake(
    "The sign of the update is reversed",
    question="After your update, is y (w·x + b) larger than before, or smaller?",
    hint="It should grow. Adding y x adds y²‖x‖² = ‖x‖² to it: `w + y * x`, `b + y`.",
    section=RULE,
)
def _(w, b, x, y):
    return (w - y * x, b - y) if y * (w @ x + b) <= 0 else (w, b)


@perceptron_update.mistake(
    "The bias moves the wrong way",
    question="The point is of class +1 and the neuron was silent. Should it fire more easily from now on, or less?",
    hint="More easily, so the bias grows: `b + y`. (Only a threshold would go down; a bias is minus the threshold.)",
    section=RULE,
)
def _(w, b, x, y):
    return (w + y * x, b - y) if y * (w @ x + b) <= 0 else (w, b)


@perceptron_update.mistake(
    "The label is left out of the update",
    question="Which way should w move for a wrong point of class −1: toward the point, or away from it?",
    hint="Away: the label gives the direction, `w + y * x` and `b + y`.",
    section=RULE,
)
def _(w, b, x, y):
    return (w + x, b + 1) if y * (w @ x + b) <= 0 else (w, b)


@perceptron_update.mistake(
    "Labels 0 and 1 for −1 and +1",
    question="What is y − answer for a point of class −1 that is right, if the silent neuron's answer is written 0?",
    hint="It would be −1 − 0, though nothing is wrong. Here the labels are −1 and +1: test `y * (w @ x + b) <= 0`, then add `y * x`.",
    section=RULE,
)
def _(w, b, x, y):
    error = y - (w @ x + b >= 0).to(x.dtype)
    return w + error * x, b + error


@perceptron_update.mistake(
    "Steps twice as long",
    question="How large is y − answer for a wrong point, when both are −1 or +1?",
    hint="It is 2y. The rule adds y x, once: `w + y * x`.",
    section=RULE,
)
def _(w, b, x, y):
    error = y - step(w @ x + b)
    return w + error * x, b + error


@perceptron_update.mistake(
    "The step depends on the score",
    question="Is the correction larger for a point that is far on the wrong side, by Rosenblatt's rule?",
    hint="No: it is y x, however wrong the point. (y − score) x is Widrow and Hoff's rule, of the next chapter.",
    section=RULE,
)
def _(w, b, x, y):
    error = y - (w @ x + b)
    return w + error * x, b + error


@perceptron_update.mistake(
    "The test forgets the bias",
    question="How do you decide that the point is wrong, and does b have a say in it?",
    hint="The neuron's sum is w·x + b: test `y * (w @ x + b) <= 0`.",
    section=RULE,
)
def _(w, b, x, y):
    return (w + y * x, b + y) if y * (w @ x) <= 0 else (w, b)


@perceptron_update.mistake(
    "The given weights are changed in place",
    question="After calling your function, does the caller's own w still hold what it held before?",
    hint="`w += …` writes into the tensor that the caller gave. Make a new one: `w = w + y * x`.",
    section=RULE,
)
def _(w, b, x, y):
    if y * (w @ x + b) <= 0:
        w += y * x
        b += y
    return w, b


@perceptron_update.mistake(
    "Nothing is returned when the point is right",
    question="Which line of your function returns something when the point is already right?",
    hint="A function that ends without `return` returns None. Put `return w, b` at the end, outside the `if`.",
    section=RULE,
)
def _(w, b, x, y):
    if y * (w @ x + b) <= 0:
        return w + y * x, b + y
    return None


@perceptron_update.mistake(
    "The test forgets the label",
    question="The point is of class −1 and its score is negative. Is the neuron wrong about it?",
    hint="It is right, and nothing changes. Label and score must have one sign: test `y * (w @ x + b) <= 0`.",
    section=RULE,
)
def _(w, b, x, y):
    return (w + y * x, b + y) if w @ x + b <= 0 else (w, b)


@perceptron_update.mistake(
    "The bias always grows",
    question="The neuron fired for a point of class −1. Should it fire more easily from now on, or less?",
    hint="Less, so the bias falls: it gets the label, `b + y`, not `b + 1`.",
    section=RULE,
)
def _(w, b, x, y):
    return (w + y * x, b + 1) if y * (w @ x + b) <= 0 else (w, b)


@perceptron_update.mistake(
    "A learning rate that the rule does not have",
    question="By how much of x does the rule change w, and by how much do you?",
    hint="You take a tenth of it. Rosenblatt's rule has no learning rate: `w + y * x`, `b + y`.",
    section=RULE,
)
def _(w, b, x, y):
    return (w + 0.1 * y * x, b + 0.1 * y) if y * (w @ x + b) <= 0 else (w, b)


@perceptron_update.mistake(
    "It goes on until the point is right",
    question="How many updates does one visit to a wrong point make, by the rule?",
    hint="One, even if the point is still wrong after it: `if`, not `while`. The next pass comes by again.",
    section=RULE,
)
def _(w, b, x, y):
    while y * (w @ x + b) <= 0:
        w, b = w + y * x, b + y
    return w, b


@perceptron_update.mistake(
    "It learns from points that are right, but only just",
    question="The score is 0.5 and the label is +1. Is the point wrong?",
    hint="It is right, if only just, and changes nothing: the condition is `<= 0`, not `<= 1`. (Asking for room to spare is the idea of "
    "the hinge loss, in a later chapter.)",
    section=RULE,
)
def _(w, b, x, y):
    return (w + y * x, b + y) if y * (w @ x + b) <= 1 else (w, b)


@perceptron_update.mistake(
    "In the test the label does not multiply the bias",
    question="Where do the brackets stand in y (w·x + b), and where in your condition?",
    hint="The label multiplies the whole score: `y * (w @ x + b)`, not `y * (w @ x) + b`.",
    section=RULE,
)
def _(w, b, x, y):
    return (w + y * x, b + y) if y * (w @ x) + b <= 0 else (w, b)


@perceptron_update.mistake(
    "The bias is judged by the new weights",
    question="When you decide about the bias, is w still what it was when you decided about w?",
    hint="Decide once, then change both: one `if`, with `w + y * x` and `b + y` in it.",
    section=RULE,
)
def _(w, b, x, y):
    if y * (w @ x + b) <= 0:
        w = w + y * x
    if y * (w @ x + b) <= 0:
        b = b + y
    return w, b


@perceptron_update.alternative("without a branch")
def _(w, b, x, y):
    step_ = y * (y * (torch.dot(w, x) + b) <= 0)
    return w + step_ * x, b + step_


@perceptron_update.alternative("with a loop and plain numbers")
def _(w, b, x, y):
    score = b.item()
    for i in range(len(w)):
        score += w[i].item() * x[i].item()
    if y.item() * score > 0:
        return w, b
    return torch.stack([w[i] + y * x[i] for i in range(len(w))]), b + y


@perceptron_update.alternative("copies, changed in place, in NumPy")
def _(w, b, x, y):
    w, b, x, y = (v.numpy().copy() for v in (w, b, x, y))
    if y * (w @ x + b) <= 0:
        w += y * x
        b = b + y
    return w, float(b)


# ── The margin ────────────────────────────────────────────────────────────────────────────────────────────────────────

margin = Rubric(
    reference.margin,
    title="The margin",
    points=3,
    minutes=10,
    returns="a single number (a tensor of shape ())",
)


def sided(rng, n, d, wrong=0, nearest=None):
    """x, y, w, b: n points, labels of both classes (n > 1), exactly `wrong` of them on the wrong side, none within 0.3 of the line.
    nearest: must the point that is nearest to the line be a wrong one?"""
    while True:
        x, w, b = rng.normal(size=(n, d)) * 2, rng.normal(size=d) * 2, rng.normal() * 1.5
        distance = (x @ w + b) / np.linalg.norm(w)
        y = np.where(distance > 0, 1.0, -1.0)
        y[:wrong] *= -1
        if nearest is not None and (abs(distance).argmin() < wrong) != nearest:
            continue
        far = abs(distance).min() > 0.3 and not 0.8 < np.linalg.norm(w) < 1.25 and abs(w).min() > 0.2 and abs(b) > 0.5
        if far and (n == 1 or len(set(y)) == 2):
            order = rng.permutation(n)
            return tuple(torch.tensor(v, dtype=torch.float32) for v in (x[order], y[order], w, b))


@margin.given("a line that separates the classes")
def _(rng):
    return sided(rng, n=4, d=2)


@margin.given("one point on the wrong side, the nearest of all")
def _(rng):
    return sided(rng, n=5, d=2, wrong=1, nearest=True)


@margin.given("one point on the wrong side, and another nearer to the line")
def _(rng):
    return sided(rng, n=4, d=2, wrong=1, nearest=False)


@margin.given("weights and bias ten times as large")
def _(rng):
    x, y, w, b = sided(rng, n=4, d=2)
    return x, y, 10 * w, 10 * b


@margin.given("a point exactly on the line")
def _(rng):
    x, w, b = one_on_the_line(rng, n=3, d=2)
    return x, step(x @ w + b), w, b


@margin.given("one feature")
def _(rng):
    return sided(rng, n=5, d=1)


@margin.given("a single point", weight=0.5)
def _(rng):
    return sided(rng, n=1, d=3)


@margin.given("double precision (float64)", weight=0.5)
def _(rng):
    return doubles(*sided(rng, n=6, d=4))


@margin.given("nine features", public=False)
def _(rng):
    return sided(rng, n=7, d=9)


@margin.given("several points on the wrong side", public=False)
def _(rng):
    return sided(rng, n=8, d=3, wrong=4)


@margin.given("one class only", public=False)
def _(rng):
    x, y, w, b = sided(rng, n=6, d=2)
    keep = y == -1
    return x[keep], y[keep], w, b


@margin.given("a very short w", public=False)
def _(rng):
    x, y, w, b = sided(rng, n=6, d=2, wrong=1)
    return x, y, w / 1000, b / 1000


@margin.mistake(
    "Not divided by ‖w‖",
    question="If w and b are both doubled, does the line move? Does your margin?",
    hint="The line stays, so the distance must. Divide by the length of w: `… / w.norm()`.",
    section=MARGIN,
)
def _(x, y, w, b):
    return (y * (x @ w + b)).min()


@margin.mistake(
    "The label's sign is missing",
    question="What is w·x + b for a point of class −1 that is safely on its own side?",
    hint="It is negative, though all is well. Multiply by the label, `y * (x @ w + b)`, before taking the minimum.",
    section=MARGIN,
)
def _(x, y, w, b):
    return (x @ w + b).min() / w.norm()


@margin.mistake(
    "A distance without its sign",
    question="Can your margin tell a point on the wrong side from one on the right side?",
    hint="`abs` forgets the side. y (w·x + b) is positive on the right side and negative on the wrong one.",
    section=MARGIN,
)
def _(x, y, w, b):
    return (x @ w + b).abs().min() / w.norm()


@margin.mistake(
    "The nearest point decides, whichever side it is on",
    question="One point is 2 off on the wrong side, another 1 off on the right side. Which of −2 and 1 is smaller, and which do you "
    "return?",
    hint="You look for the smallest size and return that point's number. The smallest number is wanted: −2. Take `.min()` of the "
    "distances with their signs.",
    section=MARGIN,
)
def _(x, y, w, b):
    distances = y * (x @ w + b) / w.norm()
    return distances[distances.abs().argmin()]


@margin.mistake(
    "The nearest point's distance, with the sign of another",
    question="One point is 2 off on the wrong side, another 1 off on the right side. Which point is −1 the distance of?",
    hint="Of none. Give every point its own sign first, y (w·x + b) / ‖w‖, and return the smallest of these numbers, here −2.",
    section=MARGIN,
)
def _(x, y, w, b):
    scores = y * (x @ w + b)
    return scores.abs().min() / w.norm() * (1 if (scores >= 0).all() else -1)


@margin.mistake(
    "Never below zero",
    question="What should the margin be when a point is on the wrong side?",
    hint="Negative, by its distance from the line: do not clip at 0.",
    section=MARGIN,
)
def _(x, y, w, b):
    return (y * (x @ w + b)).min().clamp(min=0) / w.norm()


@margin.mistake(
    "The mean for the minimum",
    question="Which single point decides how wide a margin is?",
    hint="The nearest: take `.min()` over the points, not `.mean()`.",
    section=MARGIN,
)
def _(x, y, w, b):
    return (y * (x @ w + b)).mean() / w.norm()


@margin.mistake(
    "The farthest point for the nearest",
    question="Which point would be the first to change sides if the line moved a little?",
    hint="The nearest one: `.min()`, not `.max()`.",
    section=MARGIN,
)
def _(x, y, w, b):
    return (y * (x @ w + b)).max() / w.norm()


@margin.mistake(
    "The bias is in the norm",
    question="Shift all points and the line together, so that only b changes. Should the distances change?",
    hint="No, so b is no part of the length: divide by ‖w‖, not by ‖(w, b)‖. (The γ of the book's (R/γ)² has b in its length; "
    "the margin has not.)",
    section=MARGIN,
)
def _(x, y, w, b):
    return (y * (x @ w + b)).min() / torch.cat([w, b.reshape(1)]).norm()


@margin.mistake(
    "Divided by ‖w‖²",
    question="If w and b are both doubled, does the line move? Does your margin?",
    hint="It halves: you divide by w·w, the square of the length. Take its root, or `w.norm()`.",
    section=MARGIN,
)
def _(x, y, w, b):
    return (y * (x @ w + b)).min() / (w @ w)


@margin.mistake(
    "Divided by the sum of |w|",
    question="How long is the vector (3, 4)?",
    hint="5, not 7: the length is √(w·w), `w.norm()`.",
    section=MARGIN,
)
def _(x, y, w, b):
    return (y * (x @ w + b)).min() / w.abs().sum()


@margin.mistake(
    "The bias is missing",
    question="From which line do you measure: the one with b, or the one through the origin?",
    hint="The sum is `x @ w + b`.",
    section=MARGIN,
)
def _(x, y, w, b):
    return (y * (x @ w)).min() / w.norm()


@margin.mistake(
    "Divided by the points' lengths",
    question="Does the distance of a point from the line grow smaller because the point is far from the origin?",
    hint="Only w is divided by its length: `(y * (x @ w + b)).min() / w.norm()`.",
    section=MARGIN,
)
def _(x, y, w, b):
    return (y * (x @ w + b) / x.norm(dim=1)).min() / w.norm()


@margin.mistake(
    "One number for each point",
    question="How many numbers is a margin, and how many do you return?",
    hint="You have the distance of every point. The margin is the smallest: `.min()`.",
    section=MARGIN,
)
def _(x, y, w, b):
    return y * (x @ w + b) / w.norm()


@margin.mistake(
    "Which point, instead of how far",
    question="Does argmin give the smallest value?",
    hint="argmin gives its place. Take `.min()`.",
    section=MARGIN,
)
def _(x, y, w, b):
    return (y * (x @ w + b)).argmin()


@margin.mistake(
    "The share of right points",
    question="Two lines have every point right. Which of them has the larger margin, and can your number tell?",
    hint="What counts is how far the nearest point is from the line, not how many points are right: `(y * (x @ w + b)).min() / w.norm()`.",
    section=MARGIN,
)
def _(x, y, w, b):
    return (y * (x @ w + b) > 0).to(x.dtype).mean()


@margin.mistake(
    "The label does not multiply the bias",
    question="Where do the brackets stand in y (w·x + b), and where in your code?",
    hint="The label multiplies the whole score: `y * (x @ w + b)`, not `y * (x @ w) + b`.",
    section=MARGIN,
)
def _(x, y, w, b):
    return (y * (x @ w) + b).min() / w.norm()


@margin.mistake(
    "The bias is not divided",
    question="If w and b are both doubled, does the line move? Does your margin?",
    hint="It does, because you divide w·x by ‖w‖, but not b. The whole score is divided: `(x @ w + b) / w.norm()`.",
    section=MARGIN,
)
def _(x, y, w, b):
    return (y * (x @ w / w.norm() + b)).min()


@margin.mistake(
    "The whole strip, which is twice the margin",
    question="Is the margin here the distance from the line to the nearest point, or the width of the empty strip around the line?",
    hint="The distance, which is half of that width: `(y * (x @ w + b)).min() / w.norm()`.",
    section=MARGIN,
)
def _(x, y, w, b):
    return 2 * (y * (x @ w + b)).min() / w.norm()


@margin.mistake(
    "1/‖w‖, whatever the points are",
    question="If the points move, does your number change?",
    hint="It should. 1/‖w‖ is the margin only where the smallest y (w·x + b) happens to be 1. Here it can be anything, and stands in "
    "place of the 1.",
    section=MARGIN,
)
def _(x, y, w, b):
    return 1 / w.norm()


@margin.alternative("with a loop and plain numbers")
def _(x, y, w, b):
    length = sum(v**2 for v in w.tolist()) ** 0.5
    distances = []
    for point, label in zip(x.tolist(), y.tolist()):
        distances.append(label * (sum(a * c for a, c in zip(w.tolist(), point)) + b.item()) / length)
    return min(distances)


@margin.alternative("the unit normal first, with einsum")
def _(x, y, w, b):
    length = torch.linalg.vector_norm(w)
    return torch.min(y * (torch.einsum("nd,d->n", x, w / length) + b / length))


@margin.alternative("with NumPy, out and all")
def _(x, y, w, b):
    x, y, w, b = (v.numpy() for v in (x, y, w, b))
    return np.min(y * (x @ w + b)) / np.sqrt(np.sum(w**2))


# ── Training ──────────────────────────────────────────────────────────────────────────────────────────────────────────

train_perceptron = Rubric(
    reference.train_perceptron,
    title="Train a perceptron",
    points=5,
    minutes=25,
    returns="(w, b, updates): tensors of shape (d,) and (), and a whole number",
    kinds="fi",
)


def separated(rng, n, d, epochs=(3, 12)):
    """x, y: two classes with room between them, the first point of class +1; learning takes so many passes, and an update or
    more in each but the last."""
    while True:
        x, w, b = grid(rng, 4 * n, d), grid(rng, d), grid(rng)
        x = x[(x @ w + b).abs() > 0.4 * w.norm()][:n]
        y = step(x @ w + b)
        if len(x) < n or y[0] < 0 or abs(y.sum()) > n - 2:
            continue
        for passes in range(1, epochs[1] + 1):
            updates = reference.train_perceptron(x, y, passes)[2]
            if updates == reference.train_perceptron(x, y, passes + 1)[2]:
                break
        else:
            continue
        if passes + 1 >= epochs[0] and updates not in (passes, passes + 1):
            return x, y


def touching(rng, n, d):
    """x, y: the last two points are at one place and of two classes, so that nothing separates them."""
    x = grid(rng, n, d)
    x[-1] = x[-2]
    y = labels(rng, n)
    y[0], y[-2], y[-1] = 1, 1, -1
    return x, y


@train_perceptron.given("two classes far apart")
def _(rng):
    return separated(rng, n=8, d=2)


@train_perceptron.given("two classes that touch, four passes allowed")
def _(rng):
    return *touching(rng, n=7, d=2), 4


@train_perceptron.given("XOR, which no line separates")
def _(rng):
    return torch.tensor([[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]]), torch.tensor([-1.0, 1.0, 1.0, -1.0])


@train_perceptron.given("one feature")
def _(rng):
    return separated(rng, n=6, d=1)


@train_perceptron.given("labels all −1")
def _(rng):
    return grid(rng, 5, 3), -torch.ones(5)


@train_perceptron.given("a single point", weight=0.5)
def _(rng):
    return grid(rng, 1, 3), torch.ones(1)


@train_perceptron.given("only one pass allowed", weight=0.5)
def _(rng):
    return *separated(rng, n=9, d=2), 1


@train_perceptron.given("double precision (float64)", weight=0.5)
def _(rng):
    return doubles(*separated(rng, n=7, d=3), 20)


@train_perceptron.given("five features", public=False)
def _(rng):
    return *separated(rng, n=12, d=5), 20


@train_perceptron.given("thirty points", public=False)
def _(rng):
    return *separated(rng, n=30, d=2), 20


@train_perceptron.given("another two that touch", public=False)
def _(rng):
    return *touching(rng, n=6, d=4), 9


@train_perceptron.given("labels all +1", public=False)
def _(rng):
    return grid(rng, 6, 2), torch.ones(6)


def whole_score(w, b, x, y):
    return w @ x + b


def trained(
    x, y, max_epochs, wrong=lambda y, s: y * s <= 0, change=lambda y, s: y, bias=1.0, score_of=whole_score, attempts=1
):
    """The training loop with its parts exchangeable: the score, when a point is wrong, by how much of it to change the
    weights, and how many updates one visit may make."""
    w, b, updates = x.new_zeros(x.shape[1]), x.new_zeros(()), 0
    for _ in range(max_epochs):
        before = updates
        for x_i, y_i in zip(x, y):
            for _ in range(attempts):
                score = score_of(w, b, x_i, y_i)
                if not wrong(y_i, score):
                    break
                c = change(y_i, score)
                w, b, updates = w + c * x_i, b + bias * c, updates + 1
        if updates == before:
            break
    return w, b, updates


@train_perceptron.mistake(
    "It stops at the first right point",
    question="One point is right. Do you know that all of them are?",
    hint="Stop only after a whole pass without an update: count the updates of a pass, and `break` the outer loop when it is 0.",
    section=RULE,
)
def _(x, y, max_epochs=100):
    w, b, updates = x.new_zeros(x.shape[1]), x.new_zeros(()), 0
    for _ in range(max_epochs):
        for x_i, y_i in zip(x, y):
            if y_i * (w @ x_i + b) > 0:
                return w, b, updates
            w, b, updates = w + y_i * x_i, b + y_i, updates + 1
    return w, b, updates


@train_perceptron.mistake(
    "One pass only",
    question="After one pass, is every point right? How would you know?",
    hint="Later updates can spoil earlier points: pass again until a pass makes no update (or `max_epochs` is reached).",
    section=RULE,
)
def _(x, y, max_epochs=100):
    return trained(x, y, 1)


@train_perceptron.mistake(
    "Passes are counted, not updates",
    question="How many updates can one pass over n points make?",
    hint="Up to n. Add 1 to the count where w changes, inside the `if`, not once a pass.",
    section=CONVERGENCE,
)
def _(x, y, max_epochs=100):
    w, b, passes = x.new_zeros(x.shape[1]), x.new_zeros(()), 0
    for _ in range(max_epochs):
        w_before, b_before, passes = w, b, passes + 1
        for x_i, y_i in zip(x, y):
            w, b = reference.perceptron_update(w, b, x_i, y_i)
        if w is w_before and b is b_before:
            break
    return w, b, passes


@train_perceptron.mistake(
    "The updates of the last pass only",
    question="Where do you set the count to 0, and how often does that line run?",
    hint="Once, before all passes. To see whether a pass was clean, compare the count with what it was when the pass began.",
    section=CONVERGENCE,
)
def _(x, y, max_epochs=100):
    w, b = x.new_zeros(x.shape[1]), x.new_zeros(())
    for _ in range(max_epochs):
        updates = 0
        for x_i, y_i in zip(x, y):
            if y_i * (w @ x_i + b) <= 0:
                w, b, updates = w + y_i * x_i, b + y_i, updates + 1
        if updates == 0:
            break
    return w, b, updates


@train_perceptron.mistake(
    "The bias is never updated",
    question="If b stays 0, through which point does every line you learn go?",
    hint="Through the origin. Where w gets y x, b gets y.",
    section=RULE,
)
def _(x, y, max_epochs=100):
    return trained(x, y, max_epochs, bias=0.0)


@train_perceptron.mistake(
    "A point on the line counts as right",
    question="At the start w = 0 and b = 0. What is y (w·x + b) then, and do you update?",
    hint="It is 0 for every point, and with `< 0` nothing is ever learned. The condition is `<= 0`.",
    section=RULE,
)
def _(x, y, max_epochs=100):
    return trained(x, y, max_epochs, wrong=lambda y, s: y * s < 0)


@train_perceptron.mistake(
    "On the line counts as right for the label +1 alone",
    question="At the start every point is on the line. Do you update for a first point with label +1?",
    hint="`neuron` fires at 0, so comparing its answer with y misses this. Test `y * (w @ x + b) <= 0`.",
    section=RULE,
)
def _(x, y, max_epochs=100):
    return trained(x, y, max_epochs, wrong=lambda y, s: step(s) != y)


@train_perceptron.mistake(
    "It updates on right points too",
    question="What should a point that is already right change?",
    hint="Nothing: update only `if y_i * (w @ x_i + b) <= 0`.",
    section=RULE,
)
def _(x, y, max_epochs=100):
    w, b, updates = x.new_zeros(x.shape[1]), x.new_zeros(()), 0
    for _ in range(max_epochs):
        wrong = 0
        for x_i, y_i in zip(x, y):
            wrong += int(y_i * (w @ x_i + b) <= 0)
            w, b, updates = w + y_i * x_i, b + y_i, updates + 1
        if wrong == 0:
            break
    return w, b, updates


@train_perceptron.mistake(
    "The sign of the update is reversed",
    question="After an update, is y (w·x + b) of that point larger than before, or smaller?",
    hint="It should grow: `w + y_i * x_i`, `b + y_i`.",
    section=RULE,
)
def _(x, y, max_epochs=100):
    return trained(x, y, max_epochs, change=lambda y, s: -y)


@train_perceptron.mistake(
    "The label is left out of the update",
    question="Which way should w move for a wrong point of class −1: toward the point, or away from it?",
    hint="Away: `w + y_i * x_i` and `b + y_i`, with the label in both.",
    section=RULE,
)
def _(x, y, max_epochs=100):
    return trained(x, y, max_epochs, change=lambda y, s: 1.0)


@train_perceptron.mistake(
    "Labels 0 and 1 for −1 and +1",
    question="What is y − answer for a point of class −1 that is right, if the silent neuron's answer is written 0?",
    hint="It is −1, though nothing is wrong. Here the labels are −1 and +1: test `y_i * (w @ x_i + b) <= 0`, then add `y_i * x_i`.",
    section=RULE,
)
def _(x, y, max_epochs=100):
    answer = lambda s: (s >= 0).to(s.dtype)  # noqa: E731
    return trained(x, y, max_epochs, wrong=lambda y, s: y != answer(s), change=lambda y, s: y - answer(s))


@train_perceptron.mistake(
    "Steps twice as long",
    question="How large is y − answer for a wrong point, when both are −1 or +1?",
    hint="It is 2y. The rule adds y x once (and from zero a factor changes nothing but the length of w).",
    section=RULE,
)
def _(x, y, max_epochs=100):
    return trained(x, y, max_epochs, change=lambda y, s: 2 * y)


@train_perceptron.mistake(
    "A learning rate that the rule does not have",
    question="Starting from zero, which points are wrong after t updates of size 0.1, and which after t of size 1?",
    hint="The same: all weights are a tenth as large, and the line is the same line. Leave the factor out: `w + y_i * x_i`.",
    section=RULE,
)
def _(x, y, max_epochs=100):
    w, b, updates = trained(x, y, max_epochs)
    return 0.1 * w, 0.1 * b, updates


@train_perceptron.mistake(
    "All points of a pass are judged by the weights it began with",
    question="Does the second point of a pass already meet the weights that the first one changed?",
    hint="It should: loop over the points, and use the new w and b for the next point at once.",
    section=RULE,
)
def _(x, y, max_epochs=100):
    w, b, updates = x.new_zeros(x.shape[1]), x.new_zeros(()), 0
    for _ in range(max_epochs):
        wrong = y * (x @ w + b) <= 0
        if not wrong.any():
            break
        w, b, updates = w + y[wrong] @ x[wrong], b + y[wrong].sum(), updates + int(wrong.sum())
    return w, b, updates


@train_perceptron.mistake(
    "Every pass starts again from zero",
    question="How often does the line that sets w to zero run?",
    hint="It stands inside the loop over passes. Put it before: what one pass has learned, the next must keep.",
    section=RULE,
)
def _(x, y, max_epochs=100):
    w, b, updates = trained(x, y, 1)
    return w, b, updates * max_epochs


@train_perceptron.mistake(
    "`max_epochs` limits the updates, not the passes",
    question="What is an epoch: one update, or one pass over all points?",
    hint="One pass. The outer loop is `for epoch in range(max_epochs)`, around the loop over the points.",
    section=CONVERGENCE,
)
def _(x, y, max_epochs=100):
    w, b, updates = x.new_zeros(x.shape[1]), x.new_zeros(()), 0
    while updates < max_epochs:
        before = updates
        for x_i, y_i in zip(x, y):
            if y_i * (w @ x_i + b) <= 0 and updates < max_epochs:
                w, b, updates = w + y_i * x_i, b + y_i, updates + 1
        if updates == before:
            break
    return w, b, updates


@train_perceptron.mistake(
    "`max_epochs` is ignored",
    question="How many passes does your function make when it is called with max_epochs=4 and no line separates the points?",
    hint="At most 4: the outer loop is `for epoch in range(max_epochs)`; 100 is only what it is if nobody says otherwise.",
    section=CONVERGENCE,
)
def _(x, y, max_epochs=100):
    return trained(x, y, 100)


@train_perceptron.mistake(
    "A pass that ends where it began counts as clean",
    question="Can a pass make updates, and yet end with the weights that it began with?",
    hint="It can: on XOR four updates lead back to zero. Do not compare the weights before and after; see whether there was an update.",
    section=PRACTICE,
)
def _(x, y, max_epochs=100):
    w, b, updates = x.new_zeros(x.shape[1]), x.new_zeros(()), 0
    for _ in range(max_epochs):
        before = w
        for x_i, y_i in zip(x, y):
            if y_i * (w @ x_i + b) <= 0:
                w, b, updates = w + y_i * x_i, b + y_i, updates + 1
        if torch.equal(before, w):
            break
    return w, b, updates


@train_perceptron.mistake(
    "An update that moves only the bias is not counted",
    question="The point (0, 0) is wrong. What does its update do to w, and what to b?",
    hint="w stays and b moves, so comparing w with what it was misses this one. Count where `y_i * (w @ x_i + b) <= 0`.",
    section=RULE,
)
def _(x, y, max_epochs=100):
    w, b, updates = x.new_zeros(x.shape[1]), x.new_zeros(()), 0
    for _ in range(max_epochs):
        clean = True
        for x_i, y_i in zip(x, y):
            before = w
            w, b = reference.perceptron_update(w, b, x_i, y_i)
            if not torch.equal(before, w):
                updates, clean = updates + 1, False
        if clean:
            break
    return w, b, updates


@train_perceptron.mistake(
    "A bias of shape (1,)",
    question="What is the shape of `x.new_zeros(1)`, and what that of a single number?",
    hint="It is (1,), a list of one. A single zero has shape (): `x.new_zeros(())`.",
    section=PRACTICE,
)
def _(x, y, max_epochs=100):
    w, b, updates = trained(x, y, max_epochs)
    return w, b.reshape(1), updates


@train_perceptron.mistake(
    "The count of updates is not returned",
    question="How many things does your function return, and how many are asked for?",
    hint="Three: `return w, b, updates`.",
    section=CONVERGENCE,
)
def _(x, y, max_epochs=100):
    return trained(x, y, max_epochs)[:2]


@train_perceptron.mistake(
    "New tensors in single precision, whatever x is",
    question="Which dtype (and which device) has torch.zeros(d), and which has x?",
    hint="torch.zeros makes float32 on the CPU. `x.new_zeros(d)` makes zeros that are like x.",
    section=PRACTICE,
)
def _(x, y, max_epochs=100):
    w, b, updates = torch.zeros(x.shape[1]), torch.zeros(()), 0
    for _ in range(max_epochs):
        before = updates
        for x_i, y_i in zip(x, y):
            if y_i * (w @ x_i + b) <= 0:
                w, b, updates = w + y_i * x_i, b + y_i, updates + 1
        if updates == before:
            break
    return w, b, updates


@train_perceptron.mistake(
    "It learns from points that are right, but only just",
    question="The score is 0.5 and the label is +1. Is the point wrong?",
    hint="It is right, if only just, and changes nothing: the condition is `<= 0`, not `<= 1`.",
    section=RULE,
)
def _(x, y, max_epochs=100):
    return trained(x, y, max_epochs, wrong=lambda y, s: y * s <= 1)


@train_perceptron.mistake(
    "The test forgets the bias",
    question="How do you decide that a point is wrong, and does b have a say in it?",
    hint="The neuron's sum is w·x + b: test `y_i * (w @ x_i + b) <= 0`.",
    section=RULE,
)
def _(x, y, max_epochs=100):
    return trained(x, y, max_epochs, score_of=lambda w, b, x, y: w @ x)


@train_perceptron.mistake(
    "In the test the label does not multiply the bias",
    question="Where do the brackets stand in y (w·x + b), and where in your condition?",
    hint="The label multiplies the whole score: `y_i * (w @ x_i + b)`, not `y_i * (w @ x_i) + b`.",
    section=RULE,
)
def _(x, y, max_epochs=100):
    return trained(x, y, max_epochs, score_of=lambda w, b, x, y: w @ x + y * b)  # y times this is y w·x + b


@train_perceptron.mistake(
    "It goes on with a point until it is right",
    question="How many updates does one visit to a wrong point make, by the rule?",
    hint="One, even if the point is still wrong after it: `if`, not `while`. The next pass comes by again.",
    section=RULE,
)
def _(x, y, max_epochs=100):
    return trained(x, y, max_epochs, attempts=1000)


@train_perceptron.mistake(
    "The last point decides whether the pass was clean",
    question="The first point of a pass was wrong, the last one is right. Was the pass clean, and what does your code think?",
    hint="Set `clean = True` once, before the loop over the points, and never inside it: there only an update may set it, to False.",
    section=RULE,
)
def _(x, y, max_epochs=100):
    w, b, updates = x.new_zeros(x.shape[1]), x.new_zeros(()), 0
    for _ in range(max_epochs):
        for x_i, y_i in zip(x, y):
            clean = bool(y_i * (w @ x_i + b) > 0)
            if not clean:
                w, b, updates = w + y_i * x_i, b + y_i, updates + 1
        if clean:
            break
    return w, b, updates


@train_perceptron.mistake(
    "After an update it starts again from the first point",
    question="After an update, does your pass go on to the next point?",
    hint="It should: no `break` after an update. One pass shows every point once, however many of them are wrong.",
    section=RULE,
)
def _(x, y, max_epochs=100):
    w, b, updates = x.new_zeros(x.shape[1]), x.new_zeros(()), 0
    for _ in range(max_epochs):
        for x_i, y_i in zip(x, y):
            if y_i * (w @ x_i + b) <= 0:
                w, b, updates = w + y_i * x_i, b + y_i, updates + 1
                break
        else:
            break
    return w, b, updates


@train_perceptron.alternative("the bias as the weight of a 1")
def _(x, y, max_epochs=100):
    v, updates, clean = x.new_zeros(x.shape[1] + 1), 0, False
    x1 = torch.cat([x, torch.ones_like(x[:, :1])], dim=1)
    while max_epochs > 0 and not clean:
        clean, max_epochs = True, max_epochs - 1
        for i in range(len(x1)):
            if y[i] * torch.dot(v, x1[i]) <= 0:
                v += y[i] * x1[i]
                updates, clean = updates + 1, False
    return v[:-1], v[-1], updates


@train_perceptron.alternative("counts of mistakes for each point, as in the dual form")
def _(x, y, max_epochs=100):
    counts, gram = torch.zeros_like(y), x @ x.T + 1
    for _ in range(max_epochs):
        before = counts.clone()
        for i in range(len(y)):
            if y[i] * ((counts * y) @ gram[i]) <= 0:
                counts[i] += 1
        if torch.equal(before, counts):
            break
    return torch.einsum("n,nd->d", counts * y, x), (counts * y).sum(), counts.sum().int()


@train_perceptron.alternative("with NumPy, out and all")
def _(x, y, max_epochs=100):
    x, y = x.numpy().astype(np.float64), y.numpy().astype(np.float64)
    w, b, updates = np.zeros(x.shape[1]), 0.0, 0
    for _ in range(max_epochs):
        mistakes = 0
        for x_i, y_i in zip(x, y):
            if y_i * (np.sum(w * x_i) + b) <= 0:
                w += y_i * x_i
                b += y_i
                mistakes += 1
        updates += mistakes
        if mistakes == 0:
            break
    return w, b, updates


# ── XOR by hand ───────────────────────────────────────────────────────────────────────────────────────────────────────

xor_network = Rubric(
    reference.xor_network,
    title="XOR by hand",
    points=3,
    minutes=10,
    returns="(W1, b1, w2, b2): tensors of shape (2, 2), (2,), (2,) and ()",
    kinds="fi",
    then="truth_table",
)


@xor_network.given("the four rows of the truth table")
def _(rng):
    inputs = torch.tensor([[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]])
    return Kept((), (inputs, (inputs.sum(dim=1) == 1).double()))


def network(W1, b1, w2, b2):
    return torch.tensor(W1), torch.tensor(b1), torch.tensor(w2), torch.tensor(b2)


SUMS = [[1.0, 1.0], [1.0, 1.0]]


@xor_network.mistake(
    "It computes OR",
    question="What should your network say when both inputs are on?",
    hint="Let the second hidden neuron fire only when both are on (threshold 1.5), and give it a negative weight on top.",
    section=XOR,
)
def _():
    return network(SUMS, [-0.5, -1.5], [1.0, 1.0], -0.5)


@xor_network.mistake(
    "It computes AND",
    question="What should your network say when exactly one input is on?",
    hint="It should fire. One hidden neuron should fire from one input on (threshold 0.5), the other only at both; "
    "on top, the first counts for and the second against.",
    section=XOR,
)
def _():
    return network(SUMS, [-0.5, -1.5], [1.0, 1.0], -1.5)


@xor_network.mistake(
    "It computes NAND (not both)",
    question="What should your network say when no input is on?",
    hint="Nothing: it should be silent. “Not both” is one half of XOR; the other hidden neuron should see “at least one”, and the top "
    "neuron should ask for both (bias −1.5).",
    section=XOR,
)
def _():
    return network([[1.0, 1.0], [-1.0, -1.0]], [-0.5, 1.5], [0.0, 1.0], -0.5)


@xor_network.mistake(
    "It computes NOR (neither)",
    question="What should your network say when exactly one input is on?",
    hint="It should fire then, and only then. Check the signs: hidden “at least one” is x1 + x2 − 0.5 ≥ 0.",
    section=XOR,
)
def _():
    return network(SUMS, [-0.5, -1.5], [-1.0, 0.0], 0.5)


@xor_network.mistake(
    "It computes the opposite of XOR",
    question="Your network fires when the inputs are equal. Which signs turn an answer around?",
    hint="Change the sign of w2 and of b2. (Mind the point on the line: keep the sums away from 0 by halves.)",
    section=XOR,
)
def _():
    return network(SUMS, [-0.5, -1.5], [-1.0, 1.0], 0.5)


@xor_network.mistake(
    "It sees only one of the two ways",
    question="XOR is true in two rows of the table. In which of the two is your network silent?",
    hint="In (0, 1). With hidden neurons “x1 but not x2” and “x2 but not x1”, the top neuron must fire for either (bias −0.5). "
    "Check too that row j of W1 holds the weights of hidden neuron j.",
    section=XOR,
)
def _():
    return network([[1.0, -1.0], [-1.0, 1.0]], [-0.5, -0.5], [1.0, 0.0], -0.5)


@xor_network.mistake(
    "It sees only the other one of the two ways",
    question="XOR is true in two rows of the table. In which of the two is your network silent?",
    hint="In (1, 0). With hidden neurons “x1 but not x2” and “x2 but not x1”, the top neuron must fire for either (bias −0.5). "
    "Check too that row j of W1 holds the weights of hidden neuron j.",
    section=XOR,
)
def _():
    return network([[1.0, -1.0], [-1.0, 1.0]], [-0.5, -0.5], [0.0, 1.0], -0.5)


@xor_network.mistake(
    "It copies the first input",
    question="Does your answer change at all when only the second input changes?",
    hint="Each hidden neuron should use both inputs: try the thresholds 0.5 and 1.5 on x1 + x2.",
    section=XOR,
)
def _():
    return network([[1.0, 0.0], [0.0, 1.0]], [-0.5, -0.5], [1.0, 0.0], -0.5)


@xor_network.mistake(
    "It copies the second input",
    question="Does your answer change at all when only the first input changes?",
    hint="Each hidden neuron should use both inputs: try the thresholds 0.5 and 1.5 on x1 + x2.",
    section=XOR,
)
def _():
    return network([[1.0, 0.0], [0.0, 1.0]], [-0.5, -0.5], [0.0, 1.0], -0.5)


@xor_network.mistake(
    "It always fires",
    question="In row (0, 0), what is each neuron's sum, and which ought to be below 0?",
    hint="A bias that asks for more evidence is negative: −0.5 asks for one input, −1.5 for both. (A bias of 0 asks for none: a neuron "
    "fires from 0 on.)",
    section=XOR,
)
def _():
    return network(SUMS, [0.0, 0.0], [1.0, 1.0], 0.0)


@xor_network.mistake(
    "It never fires",
    question="What is the largest sum that can reach your output neuron, and is it enough?",
    hint="Write h for each of the four inputs beside the table and take the sum w2·h + b2: it must be at least 0 for (0, 1) and "
    "(1, 0). A hidden “at least one” minus a hidden “both”, with b2 = −0.5, is.",
    section=XOR,
)
def _():
    return network(SUMS, [-0.5, -1.5], [1.0, -1.0], -1.5)


@xor_network.alternative("one but not the other, or the other way round")
def _():
    return network([[1.0, -1.0], [-1.0, 1.0]], [-0.5, -0.5], [1.0, 1.0], -0.5)


@xor_network.alternative("OR and NAND, in whole numbers, on the edge of the step")
def _():
    return network([[1, 1], [-1, -1]], [-1, 1], [1, 1], -2)


@xor_network.alternative("large weights, in NumPy")
def _():
    return np.array([[20.0, 20.0], [30.0, 30.0]]), np.array([-10.0, -50.0]), np.array([7.0, -9.0]), -3.0


# ── Find the bug: the path ────────────────────────────────────────────────────────────────────────────────────────────

path = Rubric(
    reference.path,
    title="Find the bug: a path that stands still",
    points=3,
    minutes=10,
    returns="a tensor of shape (updates + 1, d + 1): a row (w, b) for the start and one after each update",
    kinds="fi",
)


def wandering(rng, n, d, epochs):
    """x, y, epochs: learning that makes at least two updates in the first pass and later ends elsewhere, and sees right points."""
    while True:
        x, y = touching(rng, n, d)
        first, last = reference.path(x, y, 1), reference.path(x, y, epochs)
        moves_on = epochs == 1 or not torch.equal(first[-1], last[-1])
        if len(first) >= 3 and moves_on and len(last) - 1 < n * epochs:
            return x, y, epochs


@path.given("four points, two features, two passes")
def _(rng):
    return wandering(rng, n=4, d=2, epochs=2)


@path.given("one feature")
def _(rng):
    return wandering(rng, n=5, d=1, epochs=3)


@path.given("labels all −1")
def _(rng):
    return grid(rng, 4, 3, low=1, high=4), -torch.ones(4), 2


@path.given("a single point", weight=0.5)
def _(rng):
    return grid(rng, 1, 2), torch.ones(1), 2


@path.given("double precision (float64)", weight=0.5)
def _(rng):
    return doubles(*wandering(rng, n=6, d=4, epochs=2))


@path.given("six features", public=False)
def _(rng):
    return wandering(rng, n=9, d=6, epochs=3)


@path.given("twenty points, five passes", public=False)
def _(rng):
    return wandering(rng, n=20, d=2, epochs=5)


def walked(x, y, epochs):
    """Every (v before, v after, was it wrong?) of learning with a 1 appended to x."""
    x1 = torch.cat([x, x.new_ones(len(x), 1)], dim=1)
    v, steps = x1.new_zeros(x1.shape[1]), []
    for _ in range(epochs):
        for x_i, y_i in zip(x1, y):
            wrong = bool(y_i * (v @ x_i) <= 0)
            after = v + y_i * x_i if wrong else v
            steps.append((v, after, wrong))
            v = after
    return steps


@path.mistake(
    "Every row is the last",
    question="In how many places of the memory do your rows lie: print `[v.data_ptr() for v in visited]`?",
    hint="All in one, and `v += …` writes there. (`v[:]`, `v.detach()` and `copy.copy(v)` are new names that share the memory, although "
    "their `id` differs.) Make a new tensor: `v = v + …`, or append `v.clone()` (the first time too).",
    section=PRACTICE,
)
def _(x, y, epochs):
    steps = walked(x, y, epochs)
    return torch.stack([steps[-1][1]] * (1 + sum(wrong for *_, wrong in steps)))


@path.mistake(
    "The first row still is the last",
    question="Your first row should be the start, zero. Which tensor did you put into the list before the loop?",
    hint="The one that `+=` changes later on. Begin with `visited = [v.clone()]`, or write `v = v + …`.",
    section=PRACTICE,
)
def _(x, y, epochs):
    steps = walked(x, y, epochs)
    rows = [after for _, after, wrong in steps if wrong]
    return torch.stack([rows[-1], *rows])


@path.mistake(
    "Only the first row is a copy",
    question="Your start is kept. Which tensor do you put into the list inside the loop, and what becomes of it at the next update?",
    hint="The one that `+=` writes into, again and again. Append `v.clone()` there too, or write `v = v + …`.",
    section=PRACTICE,
)
def _(x, y, epochs):
    steps = walked(x, y, epochs)
    return torch.stack([steps[0][0], *([steps[-1][1]] * sum(wrong for *_, wrong in steps))])


@path.mistake(
    "A row is kept before its update",
    question="Which weights do you append: those from before the update, or those from after it?",
    hint="The start is in the list already. Change v first, append then; as it is, the start stands there twice and the end is missing.",
    section=PRACTICE,
)
def _(x, y, epochs):
    steps = walked(x, y, epochs)
    return torch.stack([steps[0][0], *(before for before, _, wrong in steps if wrong)])


@path.mistake(
    "A row for every point",
    question="How many rows do you get from a pass that makes no update?",
    hint="There should be none: append inside the `if`, where v changes.",
    section=PRACTICE,
)
def _(x, y, epochs):
    steps = walked(x, y, epochs)
    return torch.stack([steps[0][0], *(after for _, after, _ in steps)])


@path.mistake(
    "A row for every pass",
    question="How often does v change in one pass, and how often do you append it?",
    hint="Append inside the `if`, after each update, not once a pass.",
    section=PRACTICE,
)
def _(x, y, epochs):
    steps = walked(x, y, epochs)
    return torch.stack([steps[0][0], *(after for _, after, _ in steps[len(x) - 1 :: len(x)])])


@path.mistake(
    "The start is missing",
    question="How many rows should there be after three updates?",
    hint="Four: the start at zero, and one row after each update. Begin with `visited = [v]`.",
    section=PRACTICE,
)
def _(x, y, epochs):
    return torch.stack([after for _, after, wrong in walked(x, y, epochs) if wrong])


@path.mistake(
    "The bias comes first",
    question="Which column of your result is the bias?",
    hint="The last: a row is (w, b), so the 1 is appended after the features of x, not before them.",
    section=PRACTICE,
)
def _(x, y, epochs):
    return reference.path(x, y, epochs).roll(1, dims=1)


@path.mistake(
    "The bias never moves",
    question="What does the last column of your result hold, and what should an update add to it?",
    hint="It should grow by y at each update. Keep the 1 appended to x, or add `y_i` to b.",
    section=RULE,
)
def _(x, y, epochs):
    w, visited = x.new_zeros(x.shape[1] + 1), []
    visited.append(w)
    x0 = torch.cat([x, x.new_zeros(len(x), 1)], dim=1)
    for _ in range(epochs):
        for x_i, y_i in zip(x0, y):
            if y_i * (w @ x_i) <= 0:
                w = w + y_i * x_i
                visited.append(w)
    return torch.stack(visited)


@path.mistake(
    "The bias is left out of the rows",
    question="How many numbers does it take to say where the line is, with d features?",
    hint="d + 1: the weights and the bias. Return all columns.",
    section=PRACTICE,
)
def _(x, y, epochs):
    return reference.path(x, y, epochs)[:, :-1]


@path.mistake(
    "A point on the line counts as right",
    question="At the start every point is on the line. What does your condition say of it?",
    hint="That was right as it stood: `<= 0`. With `< 0` nothing is ever learned from zero.",
    section=RULE,
)
def _(x, y, epochs):
    return x.new_zeros(1, x.shape[1] + 1)


@path.alternative("copies of a tensor changed in place")
def _(x, y, epochs):
    x1 = torch.cat([x, torch.ones_like(x[:, :1])], dim=1)
    v = torch.zeros_like(x1[0])
    visited = [v.clone()]
    for _ in range(epochs):
        for i in range(len(x1)):
            if y[i] * torch.dot(v, x1[i]) <= 0:
                v += y[i] * x1[i]
                visited.append(v.clone())
    return torch.stack(visited)


@path.alternative("w and b apart, in plain numbers")
def _(x, y, epochs):
    w, b = [0.0] * x.shape[1], 0.0
    rows = [[*w, b]]
    for _ in range(epochs):
        for point, label in zip(x.tolist(), y.tolist()):
            if label * (sum(p * q for p, q in zip(w, point)) + b) <= 0:
                w, b = [p + label * q for p, q in zip(w, point)], b + label
                rows.append([*w, b])
    return torch.tensor(rows)


@path.alternative("the sum of all steps so far, in NumPy")
def _(x, y, epochs):
    x1 = np.hstack([x.numpy(), np.ones((len(x), 1))])
    steps = [np.zeros(x1.shape[1])]
    for i in list(range(len(x1))) * epochs:
        if y[i].item() * (np.sum(steps, axis=0) @ x1[i]) <= 0:
            steps.append(y[i].item() * x1[i])
    return np.cumsum(steps, axis=0)


# ── Draw with neurons ─────────────────────────────────────────────────────────────────────────────────────────────────

polygon_network = Rubric(
    reference.polygon_network,
    title="Draw with neurons",
    points=3,
    minutes=20,
    returns="(W1, b1, w2, b2) of shape (k, 2), (k,), (k,) and ()",
    kinds="fi",
    then="region",
)


def polygon(rng, k, size=1.0, center=(0.0, 0.0), axes=(1.5, 0.9), turn=None):
    """(k, 2) corners of a convex polygon, counter-clockwise: k points of an ellipse with these half axes, turned and moved,
    rounded to about a hundredth of its size."""
    angle = 2 * np.pi * (np.arange(k) + rng.uniform(-0.15, 0.15, k)) / k
    axes = size * np.array(axes)
    turn = rng.uniform(0, 2 * np.pi) if turn is None else turn
    rotation = np.array([[np.cos(turn), np.sin(turn)], [-np.sin(turn), np.cos(turn)]])
    return rounded(np.stack([np.cos(angle), np.sin(angle)], axis=1) * axes @ rotation + center, size)


def rounded(points, size):
    """As few digits as serve: numbers that a student can read."""
    return np.round(points, 2 - int(np.floor(np.log10(size))))


def telling(rng, corners):
    """The corners, and (m, 2) points kept aside that tell the polygon from what mistakes draw: on both sides of each edge, beyond
    each corner, all around and far away; none of them nearer to an edge's line than a hundredth of the polygon's size."""
    center = corners.mean(axis=0)
    size = np.linalg.norm(corners - center, axis=1).max()
    edge = np.roll(corners, -1, axis=0) - corners
    inward = np.stack([-edge[:, 1], edge[:, 0]], axis=1) / np.linalg.norm(edge, axis=1, keepdims=True)
    middle = corners + edge * rng.uniform(0.3, 0.7, (len(corners), 1))
    inside = center + (corners - center) * rng.uniform(0.1, 0.9, (len(corners), 1))
    points = np.concatenate(
        [
            inside,
            middle + 0.04 * size * inward,
            middle - 0.04 * size * inward,
            corners + rng.uniform(0.1, 0.5, (len(corners), 1)) * (corners - center),
            center + size * rng.uniform(-2, 2, (60, 2)),
            center + size * rng.uniform(-20, 20, (30, 2)),
        ]
    )
    points = rounded(points, size)
    distance = ((points[:, None] - corners) * inward).sum(axis=2)  # (m, k)
    points = points[(abs(distance) > 0.01 * size).all(axis=1)]
    corners, points = torch.tensor(corners, dtype=torch.float32), torch.tensor(points, dtype=torch.float32)
    _, inside = layers(reference.polygon_network(corners), points)
    return Kept((corners,), (points, torch.tensor(inside)))


@polygon_network.given("a triangle")
def _(rng):
    return telling(rng, polygon(rng, k=3, center=rng.uniform(3, 5, 2), axes=(2, 0.6), turn=np.pi / 4))


@polygon_network.given("a quadrilateral around the origin")
def _(rng):
    return telling(rng, polygon(rng, k=4))


@polygon_network.given("seven corners")
def _(rng):
    return telling(rng, polygon(rng, k=7, size=2, center=rng.uniform(-6, -4, 2)))


@polygon_network.given("a tiny pentagon", public=False)
def _(rng):
    return telling(rng, polygon(rng, k=5, size=0.02, center=rng.uniform(0.1, 0.2, 2)))


@polygon_network.given("twelve corners", public=False)
def _(rng):
    return telling(rng, polygon(rng, k=12, size=3, center=rng.uniform(-9, 9, 2)))


@polygon_network.given("another triangle", public=False)
def _(rng):
    return telling(rng, polygon(rng, k=3, size=2, center=(-3.0, 4.0)))


def guarded(corners, normal=lambda e: torch.stack([-e[:, 1], e[:, 0]], dim=1), needed=lambda k: k - 0.5):
    """The network with its parts exchangeable: each edge's normal, and how many hidden neurons must fire."""
    W1 = normal(corners.roll(-1, dims=0) - corners)
    return W1, -(W1 * corners).sum(dim=1), corners.new_ones(len(corners)), corners.new_tensor(-needed(len(corners)))


@polygon_network.mistake(
    "It fires everywhere",
    question="Is a point inside the polygon if it is on the inner side of one edge, or of all edges?",
    hint="Of all: the top neuron is an AND, Σ h − k + ½ ≥ 0. With one firing neuron enough, no point of the plane is left out.",
    section=XOR,
)
def _(corners):
    return guarded(corners, needed=lambda k: 0.5)


@polygon_network.mistake(
    "It never fires",
    question="On which side of each edge does your hidden neuron fire? Try the middle of the polygon: do all k fire there?",
    hint="With corners counter-clockwise the inside is to the left: w = (−(q − p)_y, (q − p)_x). A corner is on its line, "
    "w·p + b = 0, so b = −w·p with the minus. If all k do fire, the top neuron asks for too much: b2 = ½ − k.",
    section=BOUNDARY,
)
def _(corners):
    return guarded(corners, normal=lambda e: torch.stack([e[:, 1], -e[:, 0]], dim=1))


@polygon_network.mistake(
    "One edge may be missed",
    question="How many hidden neurons fire just beyond the middle of one edge? And what does your top neuron say then?",
    hint="k − 1, and that must not be enough: b2 lies between −k and −(k − 1), say ½ − k.",
    section=XOR,
)
def _(corners):
    return guarded(corners, needed=lambda k: k - 1.5)


@polygon_network.mistake(
    "A majority is enough",
    question="How many of the k hidden neurons must fire for a point to be inside?",
    hint="All k, not more than half: b2 = ½ − k.",
    section=XOR,
)
def _(corners):
    return guarded(corners, needed=lambda k: (k + 1) // 2 - 0.5 if k > 4 else k // 2 - 0.5)


@polygon_network.mistake(
    "The closing edge is missing",
    question="Which edge leads back from the last corner to the first, and which hidden neuron guards it?",
    hint="The next corner of the last one is the first: `corners.roll(-1, dims=0)`, or index `(i + 1) % k`.",
    section=BOUNDARY,
)
def _(corners):
    W1, b1, w2, b2 = guarded(corners)
    keep = torch.ones(len(corners))
    keep[-1] = 0
    return W1 * keep[:, None], b1 * keep, w2, b2


@polygon_network.mistake(
    "The edge itself for its normal",
    question="w is at a right angle to its line. Is yours at a right angle to the edge, or along it?",
    hint="Turn the edge a quarter to the left: (e_x, e_y) becomes (−e_y, e_x).",
    section=BOUNDARY,
)
def _(corners):
    return guarded(corners, normal=lambda e: e)


@polygon_network.mistake(
    "Swapped, but no sign changed",
    question="What is the dot product of the edge (e_x, e_y) with your normal? What should it be?",
    hint="0. Swapping gives (e_y, e_x), which is not at a right angle; one sign must change: (−e_y, e_x).",
    section=BOUNDARY,
)
def _(corners):
    return guarded(corners, normal=lambda e: torch.stack([e[:, 1], e[:, 0]], dim=1))


@polygon_network.mistake(
    "A neuron for each corner, not for each edge",
    question="Which two corners does the line of one hidden neuron go through?",
    hint="Corner i and the next one: w is at a right angle to the edge between them, not to the way from the corner to the middle.",
    section=BOUNDARY,
)
def _(corners):
    W1 = corners.mean(dim=0) - corners
    return W1, -(W1 * corners).sum(dim=1), torch.ones(len(corners)), torch.tensor(0.5 - len(corners))


@polygon_network.mistake(
    "No corner comes after the last",
    question="Which corner comes after the last one?",
    hint="The first: the polygon closes there. `corners[(i + 1) % k]`, or all at once `corners.roll(-1, dims=0)`.",
    section=BOUNDARY,
)
def _(corners):
    edges = [corners[i + 1] - corners[i] for i in range(len(corners))]
    W1 = torch.stack([torch.stack([-e[1], e[0]]) for e in edges])
    return W1, -(W1 * corners).sum(dim=1), torch.ones(len(corners)), torch.tensor(0.5 - len(corners))


@polygon_network.alternative("edge by edge, unit normals")
def _(corners):
    k = len(corners)
    W1, b1 = torch.zeros(k, 2), torch.zeros(k)
    for i in range(k):
        p, q = corners[i], corners[(i + 1) % k]
        w = torch.tensor([p[1] - q[1], q[0] - p[0]])
        W1[i] = w / w.norm()
        b1[i] = -(W1[i] @ p)
    return W1, b1, torch.ones(k), torch.tensor(0.25 - k)


@polygon_network.alternative("the mean of the neurons must be 1, in NumPy")
def _(corners):
    p = corners.numpy().astype(np.float64)
    q = np.roll(p, -1, axis=0)
    W1 = np.einsum("ij,kj->ki", np.array([[0.0, -1.0], [1.0, 0.0]]), q - p)
    return W1, -np.einsum("kj,kj->k", W1, p), np.full(len(p), 1 / len(p)), -1.0


@polygon_network.alternative("none of the outer sides, in another order")
def _(corners):
    q = corners.flip(0)
    edge = q.roll(-1, dims=0) - q  # clockwise: outside is to the left
    W1 = torch.stack([-edge[:, 1], edge[:, 0]], dim=1)
    return W1, -(W1 * q).sum(dim=1), -torch.ones(len(q)), torch.tensor(0.5)


# ── Stretch: the averaged perceptron ──────────────────────────────────────────────────────────────────────────────────

averaged_perceptron = Rubric(
    reference.averaged_perceptron,
    title="Stretch: the averaged perceptron",
    points=0,
    minutes=15,
    returns="a pair (w, b) of tensors, of shape (d,) and ()",
)


@averaged_perceptron.given("two classes that touch, three passes")
def _(rng):
    return wandering(rng, n=7, d=2, epochs=3)


@averaged_perceptron.given("one pass")
def _(rng):
    return wandering(rng, n=9, d=3, epochs=1)


@averaged_perceptron.given("one feature")
def _(rng):
    return wandering(rng, n=5, d=1, epochs=4)


@averaged_perceptron.given("double precision (float64)", weight=0.5)
def _(rng):
    return doubles(*wandering(rng, n=6, d=4, epochs=2))


@averaged_perceptron.given("twenty points, five features", public=False)
def _(rng):
    return wandering(rng, n=20, d=5, epochs=3)


@averaged_perceptron.given("classes that a line separates, with passes to spare")
def _(rng):
    return *separated(rng, n=6, d=2, epochs=(3, 4)), 7


@averaged_perceptron.given("classes that a line separates", public=False)
def _(rng):
    return *separated(rng, n=10, d=2), 6


def mean_row(rows):
    v = torch.stack(rows).mean(dim=0)
    return v[:-1], v[-1]


@averaged_perceptron.mistake(
    "The last weights, not the mean",
    question="What would change in your answer if the very last point had been seen first?",
    hint="Keep running sums of w and of b, add to them after every point, and return the sums divided by their number.",
    section=PRACTICE,
)
def _(x, y, epochs):
    v = walked(x, y, epochs)[-1][1]
    return v[:-1], v[-1]


@averaged_perceptron.mistake(
    "The mean over updates, not over points",
    question="One line had a hundred points right before it fell, another none. Do they count alike in your mean?",
    hint="They should not. Add w and b to the sums after every point, updated or not: outside the `if`.",
    section=PRACTICE,
)
def _(x, y, epochs):
    return mean_row([after for _, after, wrong in walked(x, y, epochs) if wrong])


@averaged_perceptron.mistake(
    "The weights from before each point",
    question="Does the very last update enter your mean?",
    hint="It should: first learn from the point, then add w and b to the sums.",
    section=PRACTICE,
)
def _(x, y, epochs):
    return mean_row([before for before, _, _ in walked(x, y, epochs)])


@averaged_perceptron.mistake(
    "One vote for each pass",
    question="How many weight vectors enter your mean in one pass over n points?",
    hint="There should be n: add to the sums inside the loop over the points.",
    section=PRACTICE,
)
def _(x, y, epochs):
    return mean_row([after for _, after, _ in walked(x, y, epochs)[len(x) - 1 :: len(x)]])


@averaged_perceptron.mistake(
    "The mean of the last pass only",
    question="Where are the sums set to zero, and how often does that line run?",
    hint="Once, before all passes; and divide by epochs · n.",
    section=PRACTICE,
)
def _(x, y, epochs):
    return mean_row([after for _, after, _ in walked(x, y, epochs)[-len(x) :]])


@averaged_perceptron.mistake(
    "The sum, not divided",
    question="If the points went by twice, should an average double?",
    hint="Divide both sums by the number of terms, epochs · n. (The line is the same: only the scale is wrong.)",
    section=PRACTICE,
)
def _(x, y, epochs):
    return tuple(v * epochs * len(x) for v in reference.averaged_perceptron(x, y, epochs))


@averaged_perceptron.mistake(
    "Divided by the points of one pass",
    question="How many terms are in your sums after all passes?",
    hint="epochs · n, not n.",
    section=PRACTICE,
)
def _(x, y, epochs):
    return tuple(v * epochs for v in reference.averaged_perceptron(x, y, epochs))


@averaged_perceptron.mistake(
    "Divided by the passes",
    question="How many terms are in your sums after all passes?",
    hint="epochs · n: one for each point of each pass.",
    section=PRACTICE,
)
def _(x, y, epochs):
    return tuple(v * len(x) for v in reference.averaged_perceptron(x, y, epochs))


@averaged_perceptron.mistake(
    "Summed at updates, divided by all points",
    question="How often do you add to the sums, and by how many terms do you divide?",
    hint="Add after every point, updated or not: outside the `if`. Then epochs · n is the number of terms.",
    section=PRACTICE,
)
def _(x, y, epochs):
    steps = walked(x, y, epochs)
    total = sum(after for _, after, wrong in steps if wrong) / len(steps)
    return total[:-1], total[-1]


@averaged_perceptron.mistake(
    "The bias is not averaged",
    question="Which b belongs to the averaged w?",
    hint="The averaged one: keep a sum for b as well, and divide it too.",
    section=PRACTICE,
)
def _(x, y, epochs):
    return reference.averaged_perceptron(x, y, epochs)[0], walked(x, y, epochs)[-1][1][-1]


@averaged_perceptron.mistake(
    "The average takes part in learning",
    question="Which weights decide whether a point is wrong: those that learn, or their mean?",
    hint="Those that learn. The mean only watches, until it is returned at the end.",
    section=PRACTICE,
)
def _(x, y, epochs):
    x1 = torch.cat([x, x.new_ones(len(x), 1)], dim=1)
    v, total = x1.new_zeros(x1.shape[1]), x1.new_zeros(x1.shape[1])
    for _ in range(epochs):
        for x_i, y_i in zip(x1, y):
            if y_i * ((total + v) @ x_i) <= 0:
                v = v + y_i * x_i
            total = total + v
    return mean_row([total / (epochs * len(x))])


def until_clean(x, y, epochs):
    """The steps of `walked`, up to and with the first pass without an update."""
    steps = walked(x, y, epochs)
    for start in range(0, len(steps), len(x)):
        if not any(wrong for *_, wrong in steps[start : start + len(x)]):
            return steps[: start + len(x)]
    return steps


@averaged_perceptron.mistake(
    "It stops at a clean pass",
    question="A line that has all points right in three more passes: do these count?",
    hint="They do: make all `epochs` passes, clean or not, without a `break`. The longer a line serves, the more it counts.",
    section=PRACTICE,
)
def _(x, y, epochs):
    total = sum(after for _, after, _ in until_clean(x, y, epochs)) / (epochs * len(x))
    return total[:-1], total[-1]


@averaged_perceptron.mistake(
    "The mean up to the first clean pass",
    question="A line that has all points right in three more passes: do these count?",
    hint="They do: make all `epochs` passes, clean or not, without a `break`. The longer a line serves, the more it counts.",
    section=PRACTICE,
)
def _(x, y, epochs):
    return mean_row([after for _, after, _ in until_clean(x, y, epochs)])


@averaged_perceptron.mistake(
    "The start has a vote",
    question="How many terms does the sum of the task have, and is w = 0, from before any point, one of them?",
    hint="epochs · n terms, and the zero is none of them: add, or append, only after a point has been seen.",
    section=PRACTICE,
)
def _(x, y, epochs):
    steps = walked(x, y, epochs)
    return mean_row([steps[0][0], *(after for _, after, _ in steps)])


@averaged_perceptron.alternative("each vector with the time that it served")
def _(x, y, epochs):
    v, served, kept = x.new_zeros(x.shape[1] + 1), 0, []
    for _ in range(epochs):
        for x_i, y_i in zip(x, y):
            x_1 = torch.cat([x_i, x_i.new_ones(1)])
            if y_i * torch.dot(v, x_1) > 0:
                served += 1
            else:
                kept.append((served, v))
                v, served = v + y_i * x_1, 1
    kept.append((served, v))
    total = sum(c * v for c, v in kept) / sum(c for c, _ in kept)
    return total[:-1], total[-1]


@averaged_perceptron.alternative("each step times how long it lasts, in NumPy")
def _(x, y, epochs):
    x, y = x.numpy().astype(np.float64), y.numpy().astype(np.float64)
    w, b, w_mean, b_mean = np.zeros(x.shape[1]), 0.0, np.zeros(x.shape[1]), 0.0
    moments = epochs * len(x)
    for t in range(moments):
        x_i, y_i = x[t % len(x)], y[t % len(x)]
        if y_i * (w @ x_i + b) <= 0:
            w, b = w + y_i * x_i, b + y_i
            w_mean, b_mean = w_mean + (1 - t / moments) * y_i * x_i, b_mean + (1 - t / moments) * y_i
    return w_mean, b_mean
