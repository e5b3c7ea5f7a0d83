"""How the exercises on backpropagation are judged.

Where a ReLU decides, what is drawn are multiples of ¼: every sum of their products is exact, in any order of adding,
and a unit at exactly 0 is there for everyone. Signs are mixed wherever a wrong mask or a wrong sum should show.
"""

import math
from dataclasses import replace
from itertools import pairwise

import numpy as np
import torch
import torch.nn.functional as F

from autograder import givens
from autograder.givens import doubles, normal
from autograder.reference import backpropagation as reference
from autograder.rubric import Kept, Rubric
from coursekit import data
from coursekit.observe import OverTime

NETWORK = "backpropagation#backpropagation-network"
ACTIVATIONS = "backpropagation#backpropagation-activations"
GRAPH = "backpropagation#backpropagation-graph"
TAPE = "backpropagation#backpropagation-tape"
VJP = "backpropagation#backpropagation-vjp"
LAYER = "backpropagation#backpropagation-layer"
ARRAYS = "backpropagation#backpropagation-arrays"
TORCH = "backpropagation#backpropagation-torch"
PRACTICE = "backpropagation#backpropagation-practice"


def grid(rng, *shape, reach=2):
    """A tensor of multiples of ¼ from −reach to reach."""
    return givens.grid(rng, *shape, low=-reach, high=reach, fine=4)


# ── A linear layer, backward ──────────────────────────────────────────────────────────────────────────────────────────

linear_backward = Rubric(
    reference.linear_backward,
    title="A linear layer, backward",
    points=3,
    minutes=5,
    returns="(gx, gW, gb): tensors of shape (n, d_in), (d_out, d_in) and (d_out,)",
)


def layer(rng, n, d_in, d_out):
    return grid(rng, n, d_in), grid(rng, d_out, d_in), grid(rng, n, d_out)


@linear_backward.given("one example")
def _(rng):
    return layer(rng, 1, 3, 2)


@linear_backward.given("five examples, three inputs, two outputs")
def _(rng):
    return layer(rng, 5, 3, 2)


@linear_backward.given("all sizes equal: no shape gives a wrong product away")
def _(rng):
    return layer(rng, 3, 3, 3)


@linear_backward.given("one output")
def _(rng):
    return layer(rng, 4, 2, 1)


@linear_backward.given("double precision (float64)", weight=0.5)
def _(rng):
    return doubles(*layer(rng, 4, 2, 3))


@linear_backward.given("many examples", public=False)
def _(rng):
    return layer(rng, 60, 4, 7)


@linear_backward.given("more outputs than inputs", public=False)
def _(rng):
    return layer(rng, 6, 2, 5)


@linear_backward.mistake(
    "The weights' gradient lies on its side",
    question="What shape has W, and what shape has your gradient of W?",
    hint="A gradient has the shape of what it belongs to, here (d_out, d_in): a row for each output. The transpose belongs to g: `g.T @ x`.",
    section=LAYER,
)
def _(x, W, g):
    return g @ W, x.T @ g, g.sum(dim=0)


@linear_backward.mistake(
    "Backward with the transpose of the way forward",
    question="Forward, `x @ W.T` turns d_in numbers into d_out. What must the way back turn into what?",
    hint="g has d_out numbers for each example, and d_in are wanted: `g @ W`, without a transpose. With equal sizes the wrong product runs too.",
    section=LAYER,
)
def _(x, W, g):
    return g @ W.T, g.T @ x, g.sum(dim=0)


@linear_backward.mistake(
    "A bias gradient for each example",
    question="How many biases has the layer, and how many numbers does your gradient have?",
    hint="All examples use the same bias, and who is used many times adds up what comes back: sum g over the examples, `g.sum(dim=0)`.",
    section=LAYER,
)
def _(x, W, g):
    return g @ W, g.T @ x, g


@linear_backward.mistake(
    "Divided by n",
    question="If the loss is a mean over the examples, where does its 1/n stand: in g, or in this layer?",
    hint="In g already, which comes from behind. The layer only adds up: `g.T @ x`, `g.sum(dim=0)`.",
    section=LAYER,
)
def _(x, W, g):
    return g @ W, g.T @ x / len(x), g.mean(dim=0)


@linear_backward.mistake(
    "The bias gradient is averaged",
    question="If the same bias moves the results of n examples, do its effects add up or average out?",
    hint="They add: `g.sum(dim=0)`. If the loss is a mean, the 1/n stands in g already.",
    section=LAYER,
)
def _(x, W, g):
    return g @ W, g.T @ x, g.mean(dim=0)


@linear_backward.mistake(
    "The bias gradient is summed over the outputs",
    question="Which axis of g counts the examples?",
    hint="The first: `g.sum(dim=0)` leaves a number for each output.",
    section=LAYER,
)
def _(x, W, g):
    return g @ W, g.T @ x, g.sum(dim=1)


@linear_backward.mistake(
    "The weights' gradient is averaged",
    question="Where does the 1/n of a mean loss enter: here, or where the loss is differentiated?",
    hint="There. What comes in as g carries it already, so here it is a plain sum over the examples: `g.T @ x`.",
    section=LAYER,
)
def _(x, W, g):
    return g @ W, g.T @ x / len(x), g.sum(dim=0)


@linear_backward.mistake(
    "The local derivative alone",
    question="Your gradient of x does not change when g changes. What does the chain rule multiply?",
    hint="Local derivative times what comes from behind: `g @ W`, not W alone.",
    section=VJP,
)
def _(x, W, g):
    return torch.ones_like(g) @ W, g.T @ x, g.sum(dim=0)


@linear_backward.mistake(
    "Weights first",
    question="In which order are the three gradients wanted?",
    hint="As the arguments stand in the formula: inputs, weights, bias.",
    section=LAYER,
)
def _(x, W, g):
    return g.T @ x, g @ W, g.sum(dim=0)


@linear_backward.alternative("example by example")
def _(x, W, g):
    gx, gW, gb = torch.zeros_like(x), torch.zeros_like(W), torch.zeros_like(W[:, 0])
    for i in range(len(x)):
        for o in range(len(W)):
            gx[i] += g[i, o] * W[o]
            gW[o] += g[i, o] * x[i]
            gb[o] += g[i, o]
    return gx, gW, gb


@linear_backward.alternative("with einsum, in NumPy")
def _(x, W, g):
    x, W, g = x.numpy(), W.numpy(), g.numpy()
    return np.einsum("no,oi->ni", g, W), np.einsum("no,ni->oi", g, x), np.einsum("no->o", g)


@linear_backward.alternative("by PyTorch's own autograd")
def _(x, W, g):
    leaves = [x.clone().requires_grad_(), W.clone().requires_grad_(), W[:, 0].clone().requires_grad_()]
    return torch.autograd.grad(F.linear(*leaves), leaves, g)


# ── A network, forward ────────────────────────────────────────────────────────────────────────────────────────────────

mlp_forward = Rubric(
    reference.mlp_forward,
    title="A network, forward",
    points=2,
    minutes=6,
    returns="a list of tensors: x, then what each layer gives",
)


def network(rng, n, *widths):
    """x, weights, biases; in every hidden layer some units are on and some off, and the last layer has some negative answers."""
    while True:
        x = grid(rng, n, widths[0])
        weights = [grid(rng, b, a, reach=1) for a, b in pairwise(widths)]
        biases = [grid(rng, b, reach=1) for b in widths[1:]]
        *hidden, last = reference.mlp_forward(x, weights, biases)[1:]
        lively = all((h > 0).any(dim=0).float().mean() > 0.4 and (h == 0).float().mean() > 0.2 for h in hidden)
        if lively and (last < 0).any() and (last > 0).any():
            return x, weights, biases


@mlp_forward.given("one hidden layer")
def _(rng):
    return network(rng, 4, 2, 3, 2)


@mlp_forward.given("no hidden layer")
def _(rng):
    return network(rng, 4, 3, 2)


@mlp_forward.given("three hidden layers, all widths different")
def _(rng):
    return network(rng, 6, 3, 5, 4, 7, 2)


@mlp_forward.given("all widths equal")
def _(rng):
    return network(rng, 5, 3, 3, 3)


@mlp_forward.given("double precision (float64)", weight=0.5)
def _(rng):
    return doubles(*network(rng, 5, 2, 4, 3))


@mlp_forward.given("one output", public=False)
def _(rng):
    return network(rng, 7, 4, 6, 5, 1)


@mlp_forward.given("many examples", public=False)
def _(rng):
    return network(rng, 50, 3, 8, 2)


@mlp_forward.mistake(
    "A ReLU on the output too",
    question="Can your network ever answer with a negative number?",
    hint="The last layer is linear: scores may have any sign. Apply the ReLU in all layers but the last.",
    section=NETWORK,
)
def _(x, weights, biases):
    h = reference.mlp_forward(x, weights, biases)
    return [*h[:-1], torch.relu(h[-1])]


@mlp_forward.mistake(
    "No ReLU anywhere",
    question="What do two linear layers in a row amount to?",
    hint="To one linear layer. Between two layers stands a `torch.relu`.",
    section=NETWORK,
)
def _(x, weights, biases):
    h = [x]
    for W, b in zip(weights, biases):
        h.append(h[-1] @ W.T + b)
    return h


@mlp_forward.mistake(
    "The inputs are not in the list",
    question="How long should the list be for L layers, and what stands first?",
    hint="L + 1: the list begins with x itself, which the first layer's weights will need on the way back.",
    section=NETWORK,
)
def _(x, weights, biases):
    return reference.mlp_forward(x, weights, biases)[1:]


@mlp_forward.mistake(
    "Only the last output",
    question="What will the backward pass need of the layers in between?",
    hint="Their outputs, all of them. Collect them in a list and return the list.",
    section=NETWORK,
)
def _(x, weights, biases):
    return reference.mlp_forward(x, weights, biases)[-1]


@mlp_forward.mistake(
    "The biases are left out",
    question="What does a unit give whose inputs are all 0?",
    hint="Its bias, through the ReLU. Each layer is `h @ W.T + b`.",
    section=NETWORK,
)
def _(x, weights, biases):
    return reference.mlp_forward(x, weights, [torch.zeros_like(b) for b in biases])


@mlp_forward.mistake(
    "The sums are kept, not what the units gave",
    question="Your list has negative numbers in its hidden layers. What does a ReLU unit hand on?",
    hint="Apply the ReLU before you put it into the list: the next layer's weights meet what was handed on, not the sum.",
    section=NETWORK,
)
def _(x, weights, biases):
    kept, h = [x], x
    for W, b in zip(weights, biases):
        kept.append(h @ W.T + b)
        h = torch.relu(kept[-1])
    return kept


@mlp_forward.mistake(
    "The transpose is missing",
    question="A weight has a row for each unit: of which shape is it, and what does `h @ W` ask for?",
    hint="(n, d_in) times (d_in, d_out) is wanted, and W is (d_out, d_in): write `h @ W.T`. With equal widths nothing complains.",
    section=NETWORK,
)
def _(x, weights, biases):
    return reference.mlp_forward(x, [_mixed(W, x, weights) for W in weights], biases)


def _mixed(W, x, weights):
    """What `h @ W` computes where it computes anything."""
    if W.shape[0] != W.shape[1] or any(V.shape != W.shape for V in weights):
        return x @ torch.zeros(x.shape[1] + 1, 1, dtype=x.dtype)  # the shapes do not fit: an error, as for the student
    return W.T


@mlp_forward.alternative("with torch's own functions")
def _(x, weights, biases):
    h = [x]
    for k, (W, b) in enumerate(zip(weights, biases)):
        z = F.linear(h[-1], W, b)
        h.append(z if k == len(weights) - 1 else F.relu(z))
    return h


@mlp_forward.alternative("in NumPy, as a tuple")
def _(x, weights, biases):
    h = [x.numpy()]
    for k, (W, b) in enumerate(zip(weights, biases)):
        z = np.einsum("ni,oi->no", h[-1], W.numpy()) + b.numpy()
        h.append(np.maximum(z, 0) if k < len(weights) - 1 else z)
    return tuple(h)


# ── A network, backward ───────────────────────────────────────────────────────────────────────────────────────────────

mlp_backward = Rubric(
    reference.mlp_backward,
    title="A network, backward",
    points=4,
    minutes=14,
    returns="(gW, gb): a list of gradients with the shapes of the weights, and one with those of the biases",
)


def went_forward(rng, n, *widths):
    """g, h, weights: what comes back has both signs at units that are on and at units that are off, in every layer."""
    while True:
        x, weights, biases = network(rng, n, *widths)
        h, g = reference.mlp_forward(x, weights, biases), grid(rng, n, widths[-1])
        told, signs = g, []
        for W, h_in in zip(reversed(weights[1:]), reversed(h[1:-1])):
            told = told @ W
            signs.append({(bool(a), bool(b)) for a, b in zip((told > 0).flatten(), (h_in > 0).flatten())})
            told = told * (h_in > 0)
        rows = reference.mlp_backward(g, h, weights)[0]
        if all(len(s) == 4 for s in signs) and all((row != 0).any() for row in rows):
            return g, h, weights


@mlp_backward.given("one hidden layer")
def _(rng):
    return went_forward(rng, 4, 2, 3, 2)


@mlp_backward.given("no hidden layer")
def _(rng):
    return went_forward(rng, 4, 3, 2)


@mlp_backward.given("three hidden layers, all widths different")
def _(rng):
    return went_forward(rng, 6, 3, 5, 4, 7, 2)


@mlp_backward.given("all sizes equal")
def _(rng):
    return went_forward(rng, 3, 3, 3, 3)


@mlp_backward.given("double precision (float64)", weight=0.5)
def _(rng):
    return doubles(*went_forward(rng, 5, 2, 4, 3))


@mlp_backward.given("one output", public=False)
def _(rng):
    return went_forward(rng, 8, 4, 6, 5, 1)


@mlp_backward.given("many examples", public=False)
def _(rng):
    return went_forward(rng, 40, 3, 8, 2)


def walk_back(
    g,
    h,
    weights,
    mask=lambda g, h_in: g * (h_in > 0),
    of_weight=lambda g, h_in: g.T @ h_in,
    of_bias=lambda g: g.sum(dim=0),
):
    """The right walk, with a part exchanged."""
    gW, gb = [], []
    for W, h_in in zip(reversed(weights), reversed(h[:-1])):
        gW.insert(0, of_weight(g, h_in))
        gb.insert(0, of_bias(g))
        g = mask(g @ W, h_in)
    return gW, gb


@mlp_backward.mistake(
    "The mask is taken from the gradient",
    question="Your gradients never pass a negative number back. What should decide whether a unit passes it on?",
    hint="Whether the unit was on in the forward pass: `h > 0`. A negative gradient is as good as a positive one.",
    section=PRACTICE,
)
def _(g, h, weights):
    return walk_back(g, h, weights, mask=lambda g, h_in: g.clamp(min=0))


@mlp_backward.mistake(
    "The ReLU is forgotten on the way back",
    question="How much does the loss change when the weights of a unit change that is off?",
    hint="Not at all: its slope is 0. After `g @ W` multiply by `(h > 0)`, h being what came out of that ReLU. (`h >= 0` is "
    "always true: nothing below 0 comes out.)",
    section=ACTIVATIONS,
)
def _(g, h, weights):
    return walk_back(g, h, weights, mask=lambda g, h_in: g)


@mlp_backward.mistake(
    "A mask on the output too",
    question="Has the last layer a ReLU? Which answers do you take the gradient away from?",
    hint="It has none, so negative answers pass their gradient on like any other. Mask after going through a layer's weights, not before.",
    section=NETWORK,
)
def _(g, h, weights):
    return walk_back(g * (h[-1] > 0), h, weights)


@mlp_backward.mistake(
    "Multiplied by the output, not by the slope",
    question="What is the slope of a ReLU whose output is 2.5?",
    hint="1, as for every unit that is on. Multiply by `(h > 0)`, not by h.",
    section=ACTIVATIONS,
)
def _(g, h, weights):
    return walk_back(g, h, weights, mask=lambda g, h_in: g * h_in)


@mlp_backward.mistake(
    "The weights' gradients lie on their side",
    question="What shapes have the weights, and what shapes have your gradients?",
    hint="Each gradient has the shape of its weight: `g.T @ h_in`, a row for each unit.",
    section=LAYER,
)
def _(g, h, weights):
    return walk_back(g, h, weights, of_weight=lambda g, h_in: h_in.T @ g)


@mlp_backward.mistake(
    "Bias gradients for each example",
    question="How many biases has a layer, and how many numbers are in your gradient?",
    hint="One for each unit, shared by all examples: `g.sum(dim=0)`.",
    section=LAYER,
)
def _(g, h, weights):
    return walk_back(g, h, weights, of_bias=lambda g: g)


@mlp_backward.mistake(
    "The lists run from the last layer to the first",
    question="You walk from the end to the beginning. In which order do your lists come out?",
    hint="Backward. Turn them around at the end, `gW[::-1]`, or put each new one in front, `gW.insert(0, …)`.",
    section=LAYER,
)
def _(g, h, weights):
    gW, gb = walk_back(g, h, weights)
    return gW[::-1], gb[::-1]


@mlp_backward.mistake(
    "Back through the transpose",
    question="`h @ W.T` went forward. Which product goes back, and what is its shape?",
    hint="(n, d_out) to (n, d_in): `g @ W`. With equal widths `g @ W.T` runs, and is wrong.",
    section=LAYER,
)
def _(g, h, weights):
    return walk_back(g, h, [_back(W, weights, g) for W in weights])


def _back(W, weights, g):
    """What `g @ W.T` computes where it computes anything."""
    if any(V.shape != (W.shape[0], W.shape[0]) for V in weights):
        return g @ torch.zeros(g.shape[1] + 1, 1, dtype=g.dtype)
    return W.T


@mlp_backward.alternative("from the last index down, with the layer's backward")
def _(g, h, weights):
    gW, gb = [None] * len(weights), [None] * len(weights)
    for k in range(len(weights) - 1, -1, -1):
        gx, gW[k], gb[k] = reference.linear_backward(h[k], weights[k], g)
        g = torch.where(h[k] > 0, gx, 0.0)
    return gW, gb


@mlp_backward.alternative("with einsum, in NumPy")
def _(g, h, weights):
    g, gW, gb = g.numpy(), [], []
    for W, h_in in zip(weights[::-1], [t.numpy() for t in h[:-1]][::-1]):
        gW.append(np.einsum("no,ni->oi", g, h_in))
        gb.append(g.sum(axis=0))
        g = np.einsum("no,oi->ni", g, W.numpy()) * (h_in > 0)
    return tuple(gW[::-1]), tuple(gb[::-1])


@mlp_backward.alternative("by PyTorch's own autograd, layer by layer")
def _(g, h, weights):
    gW, gb = [], []
    for k in reversed(range(len(weights))):
        W, x = weights[k].clone().requires_grad_(), h[k].clone().requires_grad_()
        b = W.new_zeros(len(W)).requires_grad_()
        back = torch.autograd.grad(F.linear(torch.relu(x) if k else x, W, b), (W, b, x), g)
        gW, gb, g = [back[0], *gW], [back[1], *gb], back[2]
    return gW, gb


# ── Numbers that know where they come from ────────────────────────────────────────────────────────────────────────────

Value = Rubric(
    reference.Value,
    title="Numbers that know where they come from",
    points=5,
    minutes=25,
    returns="y.data and the .grad of every input, as plain numbers",
    kinds="fi",
    seconds=1.0,
    when="expression",
)
Value.about = replace(Value.about, parameters=("code", "inputs"))  # what the cases give, not what the class takes

SHARED = "u = a * b\nv = u + a\ny = v * v"
LONG_AND_SHORT = "u = a * b\nv = u.tanh()\nw = v * a\ny = u * w + v"
HALVES = "u = a\nfor _ in range(40):\n    u = 0.5 * u + 0.5 * u\ny = u * b"


def numbers(rng, names):
    """A number for each name, of size ½ to 1½, no two alike."""
    while True:
        drawn = rng.uniform(0.5, 1.5, len(names)) * rng.choice([-1, 1], len(names))
        if len(names) < 2 or np.diff(np.sort(np.abs(drawn))).min() > 0.05:
            return {name: round(float(v), 3) for name, v in zip(names, drawn)}


@Value.given("a product")
def _(rng):
    return "y = a * b", numbers(rng, "ab")


@Value.given("tanh")
def _(rng):
    return "y = a.tanh()", numbers(rng, "a")


@Value.given("a product inside tanh")
def _(rng):
    return "y = (a * b + c).tanh()", numbers(rng, "abc")


@Value.given("an input that is used three times")
def _(rng):
    return "y = a * a + a", numbers(rng, "a")


@Value.given("the graph of the chapter: (a b + a)²")
def _(rng):
    return SHARED, numbers(rng, "ab")


@Value.given("an intermediate result that is used early and late")
def _(rng):
    return LONG_AND_SHORT, numbers(rng, "ab")


@Value.given("two results of the same inputs: their gradients add up")
def _(rng):
    return "y = a * b\nz = a * a * b", numbers(rng, "ab")


@Value.given("forty steps, each of which uses the one before twice")
def _(rng):
    return HALVES, numbers(rng, "ab")


@Value.given("a neuron with three inputs", public=False)
def _(rng):
    return "y = (a * p + b * q + c * r - 0.5).tanh() * 2", numbers(rng, "abcpqr")


@Value.given("exp, minus, plain numbers", public=False)
def _(rng):
    return "u = (a * b).exp()\nv = 1 - u * u\ny = 3 * v * a - v.tanh()", numbers(rng, "ab")


@Value.given("a chain of sixty tanh", public=False)
def _(rng):
    return "u = a\nfor _ in range(60):\n    u = (u * b + a).tanh()\ny = u * u", numbers(rng, "ab")


@Value.given("a random graph", public=False)
def _(rng):
    lines, names = [], ["a", "b", "c"]
    for i in range(9):
        left, right = rng.choice(names[-5:], 2)
        lines.append(f"t{i} = ({left} * {right} + {rng.choice(names)}).tanh()")
        names.append(f"t{i}")
    return "\n".join([*lines, f"y = {' + '.join(names[3:])}"]), numbers(rng, "abc")


in_order = reference.in_order


def as_met(last):
    """Everyone once, in the order in which a walk from the end first meets it."""
    order, waiting = [], [last]
    while waiting:
        node = waiting.pop()
        if not any(node is o for o in order):
            order.append(node)
            waiting.extend(reversed([p for p, _ in node.parents]))
    return order


def swept(node):
    node.grad = 1.0
    for n in reversed(in_order(node)):
        for parent, slope in n.parents:
            parent.grad += slope * n.grad


def scalar_engine(backward=swept, product=lambda a, b: (b, a), slope_of_tanh=lambda z, t: 1 - t * t):
    """A class like Value, with a part exchanged."""

    class Engine:
        def __init__(self, data, parents=()):
            self.data, self.parents, self.grad = data, parents, 0.0

        def _(self, other):
            return other if isinstance(other, Engine) else Engine(other)

        def __add__(self, other):
            other = self._(other)
            return Engine(self.data + other.data, [(self, 1.0), (other, 1.0)])

        def __mul__(self, other):
            other = self._(other)
            of_self, of_other = product(self.data, other.data)
            return Engine(self.data * other.data, [(self, of_self), (other, of_other)])

        def __sub__(self, other):
            return self + -1.0 * self._(other)

        def __rsub__(self, other):
            return -1.0 * self + other

        __radd__, __rmul__ = __add__, __mul__

        def exp(self):
            e = math.exp(self.data)
            return Engine(e, [(self, e)])

        def tanh(self):
            t = math.tanh(self.data)
            return Engine(t, [(self, slope_of_tanh(self.data, t))])

    Engine.backward = backward
    return Engine


class Tired:
    """Counts visits, and gives up as the clock would."""

    def __init__(self, most=3000):
        self.left = most

    def visit(self):
        self.left -= 1
        if self.left < 0:
            raise OverTime("every path")


def replaced(node):
    node.grad = 1.0
    for n in reversed(in_order(node)):
        for parent, slope in n.parents:
            parent.grad = slope * n.grad


def handed_on_at_once(node):
    tired = Tired()

    def hand_on(n):
        tired.visit()
        for parent, slope in n.parents:
            parent.grad += slope * n.grad
            hand_on(parent)

    node.grad = 1.0
    hand_on(node)


def every_path(node):
    tired = Tired()

    def walk(n, g):
        tired.visit()
        n.grad += g
        for parent, slope in n.parents:
            walk(parent, slope * g)

    walk(node, 1.0)


def in_the_order_met(node):
    node.grad = 1.0
    for n in as_met(node):
        for parent, slope in n.parents:
            parent.grad += slope * n.grad


def first_met_first_told(node):
    node.grad, order = 1.0, [node]
    for n in order:
        for parent, slope in n.parents:
            parent.grad += slope * n.grad
            if not any(parent is o for o in order):
                order.append(parent)


def from_the_inputs(node):
    node.grad = 1.0
    for n in in_order(node):
        for parent, slope in n.parents:
            parent.grad += slope * n.grad


def without_a_beginning(node):
    for n in reversed(in_order(node)):
        for parent, slope in n.parents:
            parent.grad += slope * n.grad


def local_only(node):
    node.grad = 1.0
    for n in reversed(in_order(node)):
        for parent, slope in n.parents:
            parent.grad += slope


def wiped(node):
    for n in in_order(node):
        n.grad = 0.0
    swept(node)


def wrong_value(name, question, hint, section, **parts):
    """A mistake of Value: the class with a part exchanged."""
    Value.mistake(name, question=question, hint=hint, section=section)(scalar_engine(**parts))


wrong_value(
    "The new gradient replaces the old one",
    "a is used more than once. What happens to the first gradient it is told when the second arrives?",
    "It is overwritten. Who is used twice is told twice, and the two add: `parent.grad += …`.",
    GRAPH,
    backward=replaced,
)
wrong_value(
    "Handed on before all has come in",
    "A node that is used twice is reached twice. What does it hand to its parents the second time: only what is new, or everything again?",
    "Everything again, so the first part counts twice. Let a node speak once, when all who used it have spoken: walk through a list "
    "in which everyone stands after its parents, from its end.",
    TAPE,
    backward=handed_on_at_once,
)
wrong_value(
    "Every path by itself",
    "Your gradients are right, but how many paths lead from the end to the beginning of forty steps that each use the last one twice?",
    "2⁴⁰. First add up what arrives at a node, then hand on the sum, once: each edge is walked a single time.",
    GRAPH,
    backward=every_path,
)
wrong_value(
    "In the order in which the nodes are met",
    "Draw the graph of the failing case. Does a node hand on its gradient before all of those that used it have reported?",
    "Some do. Put a node into the list only after all of its parents are in it, and go through the list from its end.",
    TAPE,
    backward=in_the_order_met,
)
wrong_value(
    "Layer by layer from the end",
    "A node may be used both near the end and further back. Has everyone who used it spoken when its turn comes in your queue?",
    "Not always: the number of steps from the end does not decide. Put a node into a list only after all of its parents are in it, and "
    "go through the list from its end.",
    TAPE,
    backward=first_met_first_told,
)
wrong_value(
    "From the inputs to the end",
    "Which nodes hold a gradient in the end, and who has to speak before the others can?",
    "Only those next to the result. It must speak first and the inputs last: go through the list of all nodes from its end, `reversed(…)`.",
    TAPE,
    backward=from_the_inputs,
)
wrong_value(
    "The result's own gradient is 0",
    "How much does y change when y changes by 1?",
    "By 1. Set `self.grad = 1.0` before anything is handed on; 0 times any slope stays 0.",
    TAPE,
    backward=without_a_beginning,
)
wrong_value(
    "The local slope alone",
    "If a unit more of u gives 3 more of v, and a unit more of v gives 5 more of y: what does a unit more of u give?",
    "3 · 5 more of y. Hand on `slope * node.grad`, not the slope alone.",
    GRAPH,
    backward=local_only,
)
wrong_value(
    "Gradients are wiped at the beginning",
    "After `y.backward()` and `z.backward()`, whose gradients should the inputs hold?",
    "Those of both, added up, as in PyTorch. `backward` adds; setting to zero is for whoever wants to start anew.",
    TORCH,
    backward=wiped,
)
wrong_value(
    "The slopes of a product are swapped",
    "y = a·b. How much does y change when a grows by a little?",
    "By b times as much: the slope for a is b, and the slope for b is a.",
    GRAPH,
    product=lambda a, b: (a, b),
)
wrong_value(
    "tanh: the slope at the output instead of the input",
    "At which number is the slope of tanh wanted: at what goes in, or at what comes out?",
    "At what goes in, z: 1 − tanh(z)². With t = tanh(z) at hand it is 1 − t·t; 1 − tanh(t)² takes tanh once too often.",
    ACTIVATIONS,
    slope_of_tanh=lambda z, t: 1 - math.tanh(t) ** 2,
)


wrong_value(
    "tanh: 1 minus the square of what went in",
    "tanh′(z) = 1 − tanh²(z). Which number do you square?",
    "z, what went in. Square what came out: with t = tanh(z) the slope is 1 − t·t.",
    ACTIVATIONS,
    slope_of_tanh=lambda z, t: 1 - z * z,
)


@Value.alternative("closures, as in micrograd")
class _:
    def __init__(self, data, children=()):
        self.data, self.grad, self._children, self._tell = data, 0.0, set(children), lambda: None

    @classmethod
    def _of(cls, other):
        return other if isinstance(other, cls) else cls(other)

    def __add__(self, other):
        other = self._of(other)
        out = type(self)(self.data + other.data, (self, other))

        def tell():
            self.grad += out.grad
            other.grad += out.grad

        out._tell = tell
        return out

    def __mul__(self, other):
        other = self._of(other)
        out = type(self)(self.data * other.data, (self, other))

        def tell():
            self.grad += other.data * out.grad
            other.grad += self.data * out.grad

        out._tell = tell
        return out

    def __rsub__(self, other):
        return self * -1 + other

    def __sub__(self, other):
        return self + self._of(other) * -1

    __radd__, __rmul__ = __add__, __mul__

    def _made(self, value, slope):
        out = type(self)(value, (self,))

        def tell():
            self.grad += slope * out.grad

        out._tell = tell
        return out

    def exp(self):
        return self._made(math.exp(self.data), math.exp(self.data))

    def tanh(self):
        t = (math.exp(2 * self.data) - 1) / (math.exp(2 * self.data) + 1)
        return self._made(t, 1 - t**2)

    def backward(self):
        order, seen = [], set()

        def visit(node):
            if node not in seen:
                seen.add(node)
                for child in node._children:
                    visit(child)
                order.append(node)

        visit(self)
        self.grad = 1
        for node in reversed(order):
            node._tell()


def when_all_have_spoken(node):
    """Kahn's way: a node's turn comes when as many have reported as have used it."""
    uses = {}
    for n in in_order(node):
        for parent, _ in n.parents:
            uses[id(parent)] = uses.get(id(parent), 0) + 1
    node.grad, ready = 1.0, [node]
    while ready:
        n = ready.pop()
        for parent, slope in n.parents:
            parent.grad += slope * n.grad
            uses[id(parent)] -= 1
            if uses[id(parent)] == 0:
                ready.append(parent)


Value.alternative("counting who has reported")(scalar_engine(backward=when_all_have_spoken))


# ── Find the bug: a step that checks only on top ──────────────────────────────────────────────────────────────────────

sgd_step = Rubric(
    reference.sgd_step,
    title="Find the bug: right on top, wrong below",
    points=3,
    minutes=7,
    returns="(W1, b1, W2, b2): tensors of the shapes that came in",
)


def stepping(rng, n, d, h, out, lr):
    x, y = normal(rng, n, d), normal(rng, n, out)
    return x, y, normal(rng, h, d), normal(rng, h), normal(rng, out, h), normal(rng, out), lr


@sgd_step.given("five examples, two inputs, three hidden units, one output")
def _(rng):
    return stepping(rng, 5, 2, 3, 1, 0.5)


@sgd_step.given("two outputs")
def _(rng):
    return stepping(rng, 4, 3, 5, 2, 0.3)


@sgd_step.given("a single example")
def _(rng):
    return stepping(rng, 1, 2, 4, 3, 0.4)


@sgd_step.given("a learning rate of 0: nothing moves", weight=0.5)
def _(rng):
    return stepping(rng, 3, 2, 4, 1, 0.0)


@sgd_step.given("double precision (float64)", weight=0.5)
def _(rng):
    return doubles(*stepping(rng, 6, 2, 3, 2, 0.5))


@sgd_step.given("fifty examples", public=False)
def _(rng):
    return stepping(rng, 50, 4, 6, 2, 0.5)


@sgd_step.given("a large learning rate", public=False)
def _(rng):
    return stepping(rng, 5, 2, 7, 3, 3.0)


def stepped(x, y, W1, b1, W2, b2, lr, slope=lambda h: 1 - h * h, share=None, first=None):
    """The right step, with a part exchanged."""
    h = torch.tanh(x @ W1.T + b1)
    g = (h @ W2.T + b2 - y) / (share or len(x))
    W2_then = W2 - lr * g.T @ h
    gz = (g @ (W2_then if first == "top" else W2)) * slope(h)
    W1_then, b1_then = W1 - lr * gz.T @ x, b1 - lr * gz.sum(dim=0)
    if first == "bottom":
        W2_then = W2 - lr * g.T @ torch.tanh(x @ W1_then.T + b1_then)
    return W1_then, b1_then, W2_then, b2 - lr * g.sum(dim=0)


@sgd_step.mistake(
    "The gradient goes back through weights that have moved",
    question="On its way to W1 the gradient passes through W2. Through which: the one that made the answers, or the new one?",
    hint="The chain rule multiplies slopes of the function that was computed, so it must be the old one. Compute all gradients first; move afterward.",
    section=LAYER,
)
def _(*given):
    return stepped(*given, first="top")


@sgd_step.mistake(
    "The output layer sees hidden units that have moved",
    question="The gradient of W2 needs h. Which h: that of the forward pass, or that of the new W1?",
    hint="That of the forward pass. All four gradients belong to the same point; compute them all, then move all.",
    section=LAYER,
)
def _(*given):
    return stepped(*given, first="bottom")


@sgd_step.mistake(
    "The given weights are changed in place",
    question="What does `W2 -= …` do to the tensor that the caller holds?",
    hint="It writes into it. `W2 - …` makes a new one; return that.",
    section=PRACTICE,
)
def _(x, y, W1, b1, W2, b2, lr):
    new = stepped(x, y, W1, b1, W2, b2, lr)
    for old, moved in zip((W1, b1, W2, b2), new):
        old.copy_(moved)
    return W1, b1, W2, b2


@sgd_step.mistake(
    "The slope at the output instead of the input",
    question="h is tanh of the sum already. What is 1 − tanh(h)²?",
    hint="The slope at h, where nobody asked for it. The slope at the sum is 1 − h·h.",
    section=ACTIVATIONS,
)
def _(*given):
    return stepped(*given, slope=lambda h: 1 - torch.tanh(h) ** 2)


@sgd_step.mistake(
    "The slope of tanh is left out",
    question="What does the gradient meet between W2 and W1 on its way back?",
    hint="The tanh. Multiply by its slope, 1 − h·h.",
    section=ACTIVATIONS,
)
def _(*given):
    return stepped(*given, slope=torch.ones_like)


@sgd_step.mistake(
    "The sum over the examples, not the mean",
    question="What happens to the size of your step when every example is given twice?",
    hint="It doubles; with a mean it would not. Keep the division by the number of examples.",
    section=LAYER,
)
def _(*given):
    return stepped(*given, share=1)


@sgd_step.alternative("by PyTorch's own autograd")
def _(x, y, W1, b1, W2, b2, lr):
    leaves = [w.clone().requires_grad_() for w in (W1, b1, W2, b2)]
    loss = 0.5 * ((torch.tanh(x @ leaves[0].T + leaves[1]) @ leaves[2].T + leaves[3] - y) ** 2).sum() / len(x)
    return tuple((w - lr * g).detach() for w, g in zip(leaves, torch.autograd.grad(loss, leaves)))


@sgd_step.alternative("with einsum, in NumPy")
def _(x, y, W1, b1, W2, b2, lr):
    x, y, W1, b1, W2, b2 = (t.numpy() for t in (x, y, W1, b1, W2, b2))
    h = np.tanh(np.einsum("ni,hi->nh", x, W1) + b1)
    g = (np.einsum("nh,oh->no", h, W2) + b2 - y) / len(x)
    gz = np.einsum("no,oh->nh", g, W2) * (1 - h**2)
    grads = np.einsum("nh,ni->hi", gz, x), gz.sum(0), np.einsum("no,nh->oh", g, h), g.sum(0)
    return tuple((w - lr * v).astype(w.dtype) for w, v in zip((W1, b1, W2, b2), grads))


# ── Undo a broadcast ──────────────────────────────────────────────────────────────────────────────────────────────────

unbroadcast = Rubric(
    reference.unbroadcast,
    title="Undo a broadcast",
    points=3,
    minutes=9,
    returns="a tensor of the given shape",
)


def to(given_shape, wanted):
    return lambda rng: (grid(rng, *given_shape), wanted)


unbroadcast.given("a bias: (4, 3) to (3,)")(to((4, 3), (3,)))
unbroadcast.given("a column: (4, 3) to (4, 1)")(to((4, 3), (4, 1)))
unbroadcast.given("nothing was stretched: (4, 3) to (4, 3)")(to((4, 3), (4, 3)))
unbroadcast.given("square: (3, 3) to (3,)")(to((3, 3), (3,)))
unbroadcast.given("both ways at once: (2, 4, 3) to (4, 1)")(to((2, 4, 3), (4, 1)))
unbroadcast.given("a single number: (4, 3) to ()")(to((4, 3), ()))
unbroadcast.given("an axis of length 1 that stays: (2, 3, 1) to (3, 1)", public=False)(to((2, 3, 1), (3, 1)))
unbroadcast.given("two axes of length 1: (2, 3, 4) to (1, 3, 1)", public=False)(to((2, 3, 4), (1, 3, 1)))


@unbroadcast.given("double precision (float64)", public=False, weight=0.5)
def _(rng):
    return grid(rng, 5, 2, 3).double(), (2, 3)


def missing_axes(g, shape, reduce):
    while g.ndim > len(shape):
        g = reduce(g)
    return g


@unbroadcast.mistake(
    "Axes of length 1 stay stretched",
    question="What does broadcasting do with an axis of length 1, and have you undone it?",
    hint="It repeats it. Where the wanted shape has a 1, sum over that axis and keep it: `g.sum(dim=axis, keepdim=True)`.",
    section=VJP,
)
def _(g, shape):
    return missing_axes(g, shape, lambda g: g.sum(dim=0))


@unbroadcast.mistake(
    "Missing axes stay",
    question="What does broadcasting do when one shape has fewer axes than the other?",
    hint="It puts axes in front. Sum them away first: while g has more axes than the wanted shape, `g = g.sum(dim=0)`.",
    section=VJP,
)
def _(g, shape):
    extra = g.ndim - len(shape)
    for axis, length in enumerate(shape):
        if length == 1:
            g = g.sum(dim=axis + extra, keepdim=True)
    return g


@unbroadcast.mistake(
    "Summed axes are lost",
    question="How many axes has your result, and how many has the wanted shape?",
    hint="An axis of length 1 is still an axis: sum with `keepdim=True`.",
    section=VJP,
)
def _(g, shape):
    g = missing_axes(g, shape, lambda g: g.sum(dim=0))
    ones = [axis for axis, length in enumerate(shape) if length == 1]
    return g.sum(dim=ones) if ones else g


@unbroadcast.mistake(
    "The mean of the copies",
    question="If a number is used four times and each use raises the loss by 1 per unit: by how much in all?",
    hint="By 4. The copies' gradients add; nothing divides them.",
    section=VJP,
)
def _(g, shape):
    copies = g.numel() / math.prod(shape)
    return reference.unbroadcast(g, shape) / copies


@unbroadcast.mistake(
    "One copy only",
    question="Which of the copies' gradients does your result contain?",
    hint="Only the first. All copies are one and the same number, so all their gradients belong to it: sum.",
    section=VJP,
)
def _(g, shape):
    g = missing_axes(g, shape, lambda g: g[0])
    for axis, length in enumerate(shape):
        if length == 1:
            g = g.narrow(axis, 0, 1)
    return g


@unbroadcast.mistake(
    "Axes are taken away on the right",
    question="(3,) plus (4, 3): with which axis of the second does broadcasting pair the first one's?",
    hint="With the last: shapes are aligned at the right, so what is missing is missing on the left. Sum over `dim=0`.",
    section=VJP,
)
def _(g, shape):
    g = missing_axes(g, shape, lambda g: g.sum(dim=-1))
    for axis, length in enumerate(shape):
        if length == 1:
            g = g.sum(dim=axis, keepdim=True)
    return g


@unbroadcast.mistake(
    "The axes of length 1 first",
    question="While g has more axes than the wanted shape, which axis of g belongs to `shape[0]`?",
    hint="Not the first: shapes are aligned at the right. Sum away the missing axes in front; only then do the numbers of the axes agree.",
    section=VJP,
)
def _(g, shape):
    for axis, length in enumerate(shape):
        if length == 1:
            g = g.sum(dim=axis, keepdim=True)
    return missing_axes(g, shape, lambda g: g.sum(dim=0))


@unbroadcast.mistake(
    "Everything is summed",
    question="Does every entry of your result hold the same number?",
    hint="It should only collect what came from its own copies. Sum over the stretched axes, not over all.",
    section=VJP,
)
def _(g, shape):
    return g.sum().expand(shape) if tuple(g.shape) != tuple(shape) else g


@unbroadcast.alternative("PyTorch's own")
def _(g, shape):
    return g.sum_to_size(shape)


@unbroadcast.alternative("by autograd")
def _(g, shape):
    x = torch.zeros(shape, dtype=g.dtype, requires_grad=True)
    return torch.autograd.grad(x.expand(g.shape), x, g)[0]


@unbroadcast.alternative("all axes at once, in NumPy")
def _(g, shape):
    g, extra = g.numpy(), g.ndim - len(shape)
    axes = (*range(extra), *(i + extra for i, length in enumerate(shape) if length == 1))
    return g.sum(axis=axes).reshape(shape)


# ── Arrays that know where they come from ─────────────────────────────────────────────────────────────────────────────

Tensor = Rubric(
    reference.Tensor,
    title="Arrays that know where they come from",
    points=4,
    minutes=12,
    returns="y.data and the .grad of every input, as tensors",
    seconds=1.0,
    when="expression",
)
Tensor.about = replace(Tensor.about, parameters=("code", "inputs"))


def arrays(rng, **shapes):
    """An array for each name, with both signs in each."""
    while True:
        drawn = {name: grid(rng, *shape) for name, shape in shapes.items()}
        if all((v > 0).any() and (v < 0).any() for v in drawn.values()):
            return drawn


@Tensor.given("a matrix product")
def _(rng):
    return "y = (c * (a @ b)).sum()", arrays(rng, a=(2, 3), b=(3, 4), c=(2, 4))


@Tensor.given("a product of square matrices")
def _(rng):
    return "y = (c * (a @ b)).sum()", arrays(rng, a=(3, 3), b=(3, 3), c=(3, 3))


@Tensor.given("ReLU")
def _(rng):
    while True:
        inputs = arrays(rng, a=(3, 4), c=(3, 4))
        inputs["a"][0, 0], inputs["c"][0, 0] = 0.0, 1.0  # exactly at the corner
        if len({(bool(a > 0), bool(c > 0)) for a, c in zip(inputs["a"].flatten(), inputs["c"].flatten())}) == 4:
            return "y = (c * a.relu()).sum()", inputs


@Tensor.given("an array that is used three times")
def _(rng):
    return "y = (a * a + a).sum()", arrays(rng, a=(2, 3))


@Tensor.given("a layer with a bias")
def _(rng):
    return "y = (c * (a @ w.T + b).relu()).sum()", arrays(rng, a=(4, 3), w=(2, 3), b=(2,), c=(4, 2))


@Tensor.given("an intermediate result that is used early and late")
def _(rng):
    inputs = {k: v / 2 for k, v in arrays(rng, a=(3, 3), b=(3, 3), c=(3, 3)).items()}
    return "u = a @ b\nv = u.tanh()\nw = v @ a\ny = (c * (u * w + v)).sum()", inputs


@Tensor.given("forty steps, each of which uses the one before twice")
def _(rng):
    return "h = a * half\nu = a\nfor _ in range(40):\n    u = u * half + u * half\ny = (u @ b).sum()", {
        **arrays(rng, a=(2, 3), b=(3, 2)),
        "half": torch.tensor(0.5),
    }


@Tensor.given("a result that is not a single number")
def _(rng):
    return "y = a.relu() @ b", arrays(rng, a=(4, 2), b=(2, 3))


@Tensor.given("a network with its loss", public=False)
def _(rng):
    return "s = (x @ W.T + b).relu() @ V.T + c\ny = s.softplus().sum()", arrays(
        rng, x=(5, 2), W=(4, 2), b=(4,), V=(2, 4), c=(2,)
    )


@Tensor.given("double precision (float64)", public=False, weight=0.5)
def _(rng):
    inputs = {k: v.double() for k, v in arrays(rng, a=(2, 5), b=(5, 3)).items()}
    return "u = (a @ b).relu()\ny = (u * u + u).sum()", inputs


def swept_arrays(node, order=None, told=lambda old, new: old + new, begin=torch.ones_like):
    node.grad = begin(node.data)
    for n in order(node) if order else reversed(in_order(node)):
        for parent, back in n.parents:
            parent.grad = told(parent.grad, back(n.grad))


def array_engine(
    backward=swept_arrays,
    of_left=lambda g, a, b: g @ b.T,
    of_right=lambda g, a, b: a.T @ g,
    of_relu=lambda g, z: g * (z > 0),
):
    """A class like Tensor, with a part exchanged."""

    class Engine:
        def __init__(self, data, parents=()):
            self.data, self.parents, self.grad = data, parents, torch.zeros_like(data)

        def __add__(self, other):
            back = [(t, lambda g, t=t: reference.unbroadcast(g, t.data.shape)) for t in (self, other)]
            return Engine(self.data + other.data, back)

        def __mul__(self, other):
            pairs = (self, other), (other, self)
            back = [(t, lambda g, t=t, o=o: reference.unbroadcast(g * o.data, t.data.shape)) for t, o in pairs]
            return Engine(self.data * other.data, back)

        def __matmul__(self, other):
            a, b = self.data, other.data
            return Engine(a @ b, [(self, lambda g: of_left(g, a, b)), (other, lambda g: of_right(g, a, b))])

        @property
        def T(self):
            return Engine(self.data.T, [(self, lambda g: g.T)])

        def relu(self):
            return Engine(torch.relu(self.data), [(self, lambda g: of_relu(g, self.data))])

        def tanh(self):
            t = torch.tanh(self.data)
            return Engine(t, [(self, lambda g: g * (1 - t * t))])

        def softplus(self):
            return Engine(F.softplus(self.data), [(self, lambda g: g * torch.sigmoid(self.data))])

        def sum(self):
            return Engine(self.data.sum(), [(self, lambda g: g.expand(self.data.shape))])

    Engine.backward = backward
    return Engine


def handed_on_arrays(node):
    tired = Tired()

    def hand_on(n):
        tired.visit()
        for parent, back in n.parents:
            parent.grad = parent.grad + back(n.grad)
            hand_on(parent)

    node.grad = torch.ones_like(node.data)
    hand_on(node)


def every_path_of_arrays(node):
    tired = Tired()

    def walk(n, g):
        tired.visit()
        n.grad = n.grad + g
        for parent, back in n.parents:
            walk(parent, back(g))

    walk(node, torch.ones_like(node.data))


def wrong_tensor(name, question, hint, section, **parts):
    """A mistake of Tensor: the class with a part exchanged."""
    Tensor.mistake(name, question=question, hint=hint, section=section)(array_engine(**parts))


wrong_tensor(
    "The new gradient replaces the old one",
    "What happens to the gradient that an array has been told already when a second one arrives?",
    "It is lost. Arrays that are used twice add: `parent.grad = parent.grad + back(node.grad)`.",
    GRAPH,
    backward=lambda node: swept_arrays(node, told=lambda old, new: new),
)
wrong_tensor(
    "Handed on before all has come in",
    "A node that is used twice is reached twice. What does it hand on the second time?",
    "Its whole gradient again, so the first part counts twice. Let every node speak once, after all who used it: the same order as in Value.",
    TAPE,
    backward=handed_on_arrays,
)
wrong_tensor(
    "Every path by itself",
    "Your gradients are right, but how many paths lead back through forty steps that each use the last one twice?",
    "2⁴⁰. First add up what arrives at a node, then hand on the sum, once: the same order as in Value.",
    GRAPH,
    backward=every_path_of_arrays,
)
wrong_tensor(
    "In the order in which the nodes are met",
    "Does a node hand on its gradient before all of those that used it have reported?",
    "Some do. A node goes into the list after all of its parents; the list is read from its end.",
    TAPE,
    backward=lambda node: swept_arrays(node, order=as_met),
)
wrong_tensor(
    "A transpose is missing on the left",
    "g has the shape of A B. Which product with B gives the shape of A?",
    "(n, m) times (m, k): g @ Bᵀ. With square matrices `g @ B` runs too, and is wrong.",
    LAYER,
    of_left=lambda g, a, b: g @ b,
)
wrong_tensor(
    "The gradient of the right factor lies on its side",
    "What shape has B, and what shape has the gradient that you give it?",
    "(k, m) is wanted: Aᵀ g, of shapes (k, n) and (n, m). You return its transpose.",
    LAYER,
    of_right=lambda g, a, b: g.T @ a,
)
wrong_tensor(
    "The mask is taken from the gradient",
    "What decides whether a ReLU passes a gradient on: the sign of the gradient, or what the unit saw on the way forward?",
    "What it saw: `g * (self.data > 0)`. Negative gradients pass like positive ones.",
    PRACTICE,
    of_relu=lambda g, z: g.clamp(min=0),
)
wrong_tensor(
    "ReLU lets everything back",
    "How much does the result change when the input of a unit changes that is off?",
    "Not at all: `g * (self.data > 0)`.",
    ACTIVATIONS,
    of_relu=lambda g, z: g,
)
wrong_tensor(
    "ReLU's slope at 0 is 1",
    "At exactly 0, is [ z > 0 ] true or false?",
    "False, so the slope there is 0, as in PyTorch: `self.data > 0`, not `>=`.",
    ACTIVATIONS,
    of_relu=lambda g, z: g * (z >= 0),
)
wrong_tensor(
    "It begins with a single 1",
    "If y has twelve entries, how many ones does `backward` begin with?",
    "Twelve, in the shape of the result: `torch.ones_like(self.data)`.",
    ARRAYS,
    backward=lambda node: swept_arrays(node, begin=lambda data: data.new_ones(())),
)


wrong_tensor(
    "It begins with the result instead of 1",
    "How much does y change when y changes by 1?",
    "By 1, in each of its entries: `self.grad = torch.ones_like(self.data)`.",
    TAPE,
    backward=lambda node: swept_arrays(node, begin=torch.clone),
)


@Tensor.alternative("a thin coat over PyTorch's own autograd")
class _:
    def __init__(self, data, made=None):
        self._t = made if made is not None else data.clone().requires_grad_()

    data = property(lambda self: self._t.detach())
    grad = property(lambda self: self._t.grad if self._t.grad is not None else torch.zeros_like(self._t))
    T = property(lambda self: self._of(self._t.T))

    def _of(self, t):
        return type(self)(None, t)

    def __add__(self, other):
        return self._of(self._t + other._t)

    def __mul__(self, other):
        return self._of(self._t * other._t)

    def __matmul__(self, other):
        return self._of(self._t @ other._t)

    def relu(self):
        return self._of(self._t.relu())

    def tanh(self):
        return self._of(self._t.tanh())

    def softplus(self):
        return self._of(F.softplus(self._t))

    def sum(self):
        return self._of(self._t.sum())

    def backward(self):
        self._t.backward(torch.ones_like(self._t))


def by_einsum(kind):
    return {
        "left": lambda g, a, b: torch.einsum("nm,km->nk", g, b),
        "right": lambda g, a, b: torch.einsum("nk,nm->km", a, g),
    }[kind]


def recursive_arrays(node):
    order, seen = [], set()

    def visit(n):
        if id(n) not in seen:
            seen.add(id(n))
            for parent, _ in n.parents:
                visit(parent)
            order.append(n)

    visit(node)
    node.grad = torch.ones_like(node.data)
    for n in order[::-1]:
        for parent, back in n.parents:
            parent.grad = parent.grad + back(n.grad)


Tensor.alternative("with recursion and einsum")(
    array_engine(
        backward=recursive_arrays,
        of_left=by_einsum("left"),
        of_right=by_einsum("right"),
        of_relu=lambda g, z: torch.where(z > 0, g, 0.0),
    )
)


# ── Your engine learns ────────────────────────────────────────────────────────────────────────────────────────────────

train_mlp = Rubric(
    reference.train_mlp,
    title="Your engine learns",
    points=4,
    minutes=12,
    returns="(weights, losses): the list [W1, b1, W2, b2] after learning, and a list of the loss before each step",
    rtol=1e-3,
    atol=1e-5,
    seconds=4.0,
)


def beginning(rng, d, h):
    """W1, b1, W2, b2 to start from."""
    return [
        normal(rng, h, d) * (2 / d) ** 0.5,
        normal(rng, h) * 0.3,
        normal(rng, 1, h) * (1 / h) ** 0.5,
        normal(rng, 1) * 0.3,
    ]


def few_steps(rng, n, d, h, steps, lr):
    """x, y, weights, steps, lr: noisy labels, so that the gradient does not soon vanish."""
    x = normal(rng, n, d)
    y = torch.tensor(rng.permutation(np.arange(n) % 2), dtype=torch.float32)[:, None]
    return x, y, beginning(rng, d, h), steps, lr


def moons(rng, n=200, steps=400, lr=1.0, share=0.95):
    """x, y, weights, steps, lr of two moons; what is kept: 500 other points, their labels, the share to be right on."""
    seed = int(rng.integers(2**31))
    known, new = data.moons(n=n, noise=0.1, seed=seed), data.moons(n=500, noise=0.1, seed=seed + 1)
    labels = known.y.float()[:, None], new.y.float()[:, None]
    return Kept((known.x, labels[0], beginning(rng, 2, 24), steps, lr), (new.x, labels[1], share))


@train_mlp.given("one step")
def _(rng):
    return few_steps(rng, 6, 2, 4, 1, 0.5)


@train_mlp.given("two steps")
def _(rng):
    return few_steps(rng, 5, 3, 4, 2, 0.7)


@train_mlp.given("four steps, double precision (float64)")
def _(rng):
    return doubles(*few_steps(rng, 8, 3, 5, 4, 0.8))


@train_mlp.given("two moons: points it has not seen", then="held_out", weight=2)
def _(rng):
    return moons(rng)


@train_mlp.given("six steps", public=False)
def _(rng):
    return doubles(*few_steps(rng, 9, 2, 6, 6, 0.6))


@train_mlp.given("two other moons: points it has not seen", public=False, then="held_out", weight=2)
def _(rng):
    return moons(rng, n=300)


def gradients(x, y, weights, summed=False):
    leaves = [w.clone().requires_grad_() for w in weights]
    W1, b1, W2, b2 = leaves
    s = torch.relu(x @ W1.T + b1) @ W2.T + b2
    each = F.softplus(s) - y * s
    loss = each.sum() if summed else each.mean()
    return torch.autograd.grad(loss, leaves), loss.item()


def trained(x, y, weights, steps, lr, move=lambda w, g, lr, k: w - lr * g, summed=False, accumulate=False, once=False):
    """The right loop, with a part exchanged."""
    losses, total, earlier = [], [torch.zeros_like(w) for w in weights], None
    for _ in range(steps):
        grads, loss = gradients(x, y, weights, summed)
        if once and earlier is not None:
            grads = earlier
        earlier = grads
        total = [t + g for t, g in zip(total, grads)] if accumulate else grads
        losses.append(loss)
        weights = [move(w, g, lr, i) for i, (w, g) in enumerate(zip(weights, total))]
    return weights, losses


@train_mlp.mistake(
    "The gradients of all steps pile up",
    question="`backward` adds. What is in `.grad` at the second step, before it runs?",
    hint="What the first step left. Begin each step with fresh Tensors for the weights, or set their `.grad` to zero.",
    section=PRACTICE,
)
def _(*given):
    return trained(*given, accumulate=True)


@train_mlp.mistake(
    "Uphill",
    question="Does your loss rise or fall? Which way does a gradient point?",
    hint="It points uphill. Go against it: `w - lr * grad`.",
    section=PRACTICE,
)
def _(*given):
    return trained(*given, move=lambda w, g, lr, k: w + lr * g)


@train_mlp.mistake(
    "The biases never learn",
    question="Which of the four arrays change during your training?",
    hint="All four should: W1, b1, W2 and b2.",
    section=PRACTICE,
)
def _(*given):
    return trained(*given, move=lambda w, g, lr, k: w if k in (1, 3) else w - lr * g)


@train_mlp.mistake(
    "Only the last layer learns",
    question="Which of the four arrays change during your training?",
    hint="Backpropagation is there for the hidden layer: let W1 and b1 take their steps too.",
    section=PRACTICE,
)
def _(*given):
    return trained(*given, move=lambda w, g, lr, k: w if k in (0, 1) else w - lr * g)


@train_mlp.mistake(
    "The sum of the losses, not their mean",
    question="How does your loss change when every point is given twice?",
    hint="It doubles, and so does each step. Divide by the number of points.",
    section=PRACTICE,
)
def _(*given):
    return trained(*given, summed=True)


@train_mlp.mistake(
    "One gradient for all steps",
    question="Where is the gradient computed: before the loop, or in it?",
    hint="It belongs to the weights of the moment: forward and backward stand inside the loop.",
    section=PRACTICE,
)
def _(*given):
    return trained(*given, once=True)


@train_mlp.mistake(
    "The loss after the step",
    question="Which weights does the first of your losses belong to?",
    hint="To those that have moved once. Keep the loss of the forward pass that you ran backward.",
    section=PRACTICE,
)
def _(x, y, weights, steps, lr):
    weights, losses = trained(x, y, weights, steps, lr)
    return weights, [*losses[1:], gradients(x, y, weights)[1]]


@train_mlp.alternative("with torch.optim")
def _(x, y, weights, steps, lr):
    leaves, losses = [w.clone().requires_grad_() for w in weights], []
    optimizer = torch.optim.SGD(leaves, lr=lr)
    for _ in range(steps):
        s = F.linear(F.relu(F.linear(x, *leaves[:2])), *leaves[2:])
        loss = F.binary_cross_entropy_with_logits(s, y)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.detach())
    return [w.detach() for w in leaves], losses


@train_mlp.alternative("by hand, in NumPy")
def _(x, y, weights, steps, lr):
    x, y, losses = x.numpy(), y.numpy(), []
    W1, b1, W2, b2 = (w.numpy() for w in weights)
    for _ in range(steps):
        h = np.maximum(x @ W1.T + b1, 0)
        s = h @ W2.T + b2
        losses.append(float(np.mean(np.logaddexp(0, s) - y * s)))
        g = (1 / (1 + np.exp(-s)) - y) / len(x)
        gz = (g @ W2) * (h > 0)
        W1, b1, W2, b2 = W1 - lr * gz.T @ x, b1 - lr * gz.sum(0), W2 - lr * g.T @ h, b2 - lr * g.sum(0)
    return (W1, b1, W2, b2), losses


# ── Stretch: seven activations ────────────────────────────────────────────────────────────────────────────────────────

activations = Rubric(
    reference.activations,
    title="Stretch: seven activations and their slopes",
    points=0,
    minutes=20,
    returns="(value, slope): two tensors of the shape of z",
)

NAMES = ["sigmoid", "tanh", "relu", "leaky_relu", "elu", "softplus", "bru"]


def around_zero(rng, n=6):
    """Numbers of both signs, none of them near 0."""
    z = torch.tensor(rng.uniform(0.3, 2.5, n) * np.where(np.arange(n) % 2, 1, -1), dtype=torch.float32)
    return z[torch.tensor(rng.permutation(n))]


for _name in NAMES:
    activations.given(_name)(lambda rng, name=_name: (name, around_zero(rng)))


@activations.given("far out: nothing overflows", when="all_names")
def _(rng):
    return [name for name in NAMES if name != "bru"], torch.tensor([-120.0, -40.0, 40.0, 120.0])


@activations.given("at exactly 0: ReLU and leaky ReLU take the slope from the left", when="all_names")
def _(rng):
    return NAMES, torch.zeros(2)


@activations.given("a matrix, double precision (float64)", when="all_names", public=False)
def _(rng):
    return NAMES, around_zero(rng).reshape(2, 3).double()


@activations.given("BRU far out", public=False)
def _(rng):
    return "bru", torch.tensor([-60.0, -20.0, 20.0, 60.0])


def slopes(name, z):
    return reference.activations(name, z)


@activations.mistake(
    "The slope at the output instead of the input",
    question="φ′ is wanted at z. At which number do you measure it?",
    hint="At φ(z). The sigmoid's slope is σ(z)(1 − σ(z)): if p = σ(z) is at hand, p·(1 − p), without another sigmoid.",
    section=ACTIVATIONS,
)
def _(name, z):
    value = slopes(name, z)[0]
    return value, slopes(name, value)[1]


@activations.mistake(
    "ReLU's slope at 0 is 1",
    question="Which slope do ReLU and leaky ReLU take at exactly 0, by the convention stated here?",
    hint="The one from the left, as in PyTorch: compare with `z > 0`, not with `z >= 0`.",
    section=ACTIVATIONS,
)
def _(name, z):
    value, slope = slopes(name, z)
    return value, torch.where(z == 0, torch.ones_like(z), slope) if name in ("relu", "leaky_relu") else slope


@activations.mistake(
    "ELU's slope is its value",
    question="ELU on the left is e^z − 1. What remains of the −1 when you take the derivative?",
    hint="Nothing: the slope on the left is e^z, which is the value plus 1.",
    section=ACTIVATIONS,
)
def _(name, z):
    value, slope = slopes(name, z)
    return value, torch.where(z > 0, slope, value) if name == "elu" else slope


@activations.mistake(
    "BRU: the inner derivative is missing",
    question="What is the derivative of (4z + 1)^(1/2), and where does the 4 go?",
    hint="Outer times inner: ½ (4z + 1)^(−½) · 4 = 2 (4z + 1)^(−½).",
    section=ACTIVATIONS,
)
def _(name, z):
    value, slope = slopes(name, z)
    return value, torch.where(z >= 0, slope / 4, slope) if name == "bru" else slope


@activations.mistake(
    "softplus overflows",
    question="What is `torch.exp(torch.tensor(120.0))` in single precision?",
    hint="Infinite. log(1 + e^z) = max(z, 0) + log(1 + e^−|z|), where the exponential never exceeds 1; or use `F.softplus`.",
    section=ACTIVATIONS,
)
def _(name, z):
    value, slope = slopes(name, z)
    return (torch.log(1 + torch.exp(z)), slope) if name == "softplus" else (value, slope)


@activations.mistake(
    "Leaky ReLU with the sides exchanged",
    question="On which side does leaky ReLU leak?",
    hint="On the left: slope 0.01 for z < 0, and 1 for z > 0.",
    section=ACTIVATIONS,
)
def _(name, z):
    if name != "leaky_relu":
        return slopes(name, z)
    return torch.where(z > 0, 0.01 * z, z), torch.where(z > 0, 0.01, 1.0).to(z.dtype)


VALUES = {
    "sigmoid": torch.sigmoid,
    "tanh": torch.tanh,
    "relu": F.relu,
    "leaky_relu": F.leaky_relu,
    "elu": F.elu,
    "softplus": F.softplus,
    "bru": lambda z: torch.where(z >= 0, (4 * z.clamp(min=0) + 1).sqrt() - 0.5, torch.exp(2 * z.clamp(max=0)) - 0.5),
}


@activations.alternative("torch's values, autograd's slopes")
def _(name, z):
    if name == "bru":
        return reference.activations(name, z)
    z = z.clone().requires_grad_()
    value = VALUES[name](z)
    return value.detach(), torch.autograd.grad(value.sum(), z)[0]


@activations.alternative("number by number, in NumPy")
def _(name, z):
    def one(z):
        e = math.exp(-abs(z))
        p = 1 / (1 + e) if z >= 0 else e / (1 + e)
        if name == "sigmoid":
            return p, p * (1 - p)
        if name == "tanh":
            return math.tanh(z), 1 - math.tanh(z) ** 2
        if name == "softplus":
            return max(z, 0) + math.log1p(e), p
        if name == "relu":
            return (z, 1.0) if z > 0 else (0.0, 0.0)
        if name == "leaky_relu":
            return (z, 1.0) if z > 0 else (0.01 * z, 0.01)
        if name == "elu":
            return (z, 1.0) if z > 0 else (math.exp(z) - 1, math.exp(z))
        return (
            ((4 * z + 1) ** 0.5 - 0.5, 2 * (4 * z + 1) ** -0.5)
            if z >= 0
            else (math.exp(2 * z) - 0.5, 2 * math.exp(2 * z))
        )

    pairs = np.array([one(v) for v in z.flatten().tolist()])
    return pairs[:, 0].reshape(tuple(z.shape)), pairs[:, 1].reshape(tuple(z.shape))


# ── Stretch: softmax and cross-entropy, backward ──────────────────────────────────────────────────────────────────────

softmax_cross_entropy_backward = Rubric(
    reference.softmax_cross_entropy_backward,
    title="Stretch: softmax and cross-entropy, backward",
    points=0,
    minutes=10,
    returns="a tensor of shape (n, classes)",
)


def logits(rng, n, classes, scale=1.5):
    return scale * normal(rng, n, classes), torch.tensor(rng.integers(0, classes, n))


@softmax_cross_entropy_backward.given("one example")
def _(rng):
    return logits(rng, 1, 3)


@softmax_cross_entropy_backward.given("four examples, three classes")
def _(rng):
    return logits(rng, 4, 3)


@softmax_cross_entropy_backward.given("as many examples as classes")
def _(rng):
    return logits(rng, 3, 3)


@softmax_cross_entropy_backward.given("logits in the hundreds")
def _(rng):
    z, y = logits(rng, 3, 4)
    return z + torch.tensor([[300.0], [-300.0], [0.0]]), y % 2  # the last classes do not occur


@softmax_cross_entropy_backward.given("double precision (float64)", weight=0.5)
def _(rng):
    z, y = logits(rng, 5, 2)
    return z.double(), y


@softmax_cross_entropy_backward.given("many examples", public=False)
def _(rng):
    return logits(rng, 40, 5)


@softmax_cross_entropy_backward.given("ten classes", public=False)
def _(rng):
    return logits(rng, 6, 10)


@softmax_cross_entropy_backward.mistake(
    "The sum, not the mean, over the examples",
    question="The loss is a mean over n examples. Where is the 1/n in your gradient?",
    hint="It goes into every row: divide by `len(z)`.",
    section=VJP,
)
def _(z, y):
    return reference.softmax_cross_entropy_backward(z, y) * len(z)


@softmax_cross_entropy_backward.mistake(
    "Divided by the number of all entries",
    question="Over what is the loss averaged: over the examples, or over all logits?",
    hint="Over the n examples. `.mean()` of a matrix divides by n times the classes.",
    section=VJP,
)
def _(z, y):
    return reference.softmax_cross_entropy_backward(z, y) / z.shape[1]


@softmax_cross_entropy_backward.mistake(
    "Uphill for the right class",
    question="If the logit of the right class grows, does the loss rise or fall?",
    hint="It falls, so its gradient is negative: p − onehot, not onehot − p.",
    section=VJP,
)
def _(z, y):
    return -reference.softmax_cross_entropy_backward(z, y)


@softmax_cross_entropy_backward.mistake(
    "The label has no part",
    question="Does your gradient change when the label changes?",
    hint="It must: subtract 1 from the probability of the right class.",
    section=VJP,
)
def _(z, y):
    return torch.softmax(z, dim=1) / len(z)


@softmax_cross_entropy_backward.mistake(
    "Only as many classes as occur in y",
    question="What shape does `F.one_hot(torch.tensor([0, 1]))` have, and what shape have the logits of four classes?",
    hint="(2, 2) and (2, 4): by itself it counts up to the largest label in the batch. Say how many there are: `F.one_hot(y, z.shape[1])`.",
    section=VJP,
)
def _(z, y):
    return (torch.softmax(z, dim=1) - F.one_hot(y)) / len(z)


@softmax_cross_entropy_backward.mistake(
    "Softmax over the examples",
    question="Which numbers of your softmax add up to 1: those of an example, or those of a class?",
    hint="Those of an example must: `dim=1`.",
    section=VJP,
)
def _(z, y):
    return (torch.softmax(z, dim=0) - F.one_hot(y, z.shape[1])) / len(z)


@softmax_cross_entropy_backward.mistake(
    "The exponential overflows",
    question="What is e³⁰⁰ in single precision, and what is infinity over infinity?",
    hint="Infinite, and nan. Subtract the largest logit of each row first, or use `torch.softmax`.",
    section=VJP,
)
def _(z, y):
    e = torch.exp(z)
    return (e / e.sum(dim=1, keepdim=True) - F.one_hot(y, z.shape[1])) / len(z)


@softmax_cross_entropy_backward.alternative("by autograd")
def _(z, y):
    z = z.clone().requires_grad_()
    return torch.autograd.grad(F.cross_entropy(z, y), z)[0]


@softmax_cross_entropy_backward.alternative("in NumPy, with the index")
def _(z, y):
    z, y = z.numpy(), y.numpy()
    e = np.exp(z - z.max(axis=1, keepdims=True))
    p = e / e.sum(axis=1, keepdims=True)
    p[np.arange(len(y)), y] -= 1
    return p / len(y)


@softmax_cross_entropy_backward.alternative("through the whole Jacobian of softmax")
def _(z, y):
    p = torch.softmax(z, dim=1)
    jacobian = torch.diag_embed(p) - p[:, :, None] * p[:, None, :]  # (n, classes, classes)
    onehot = F.one_hot(y, z.shape[1]).to(z.dtype)
    share = (p * onehot).sum(dim=1, keepdim=True)
    return torch.einsum("nij,nj->ni", jacobian, -onehot / share) / len(z)
