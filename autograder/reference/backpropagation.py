"""Backpropagation: the backward pass of a layer and of a network by hand, then an engine that finds it by itself.

n examples; d, d_in inputs of a layer; d_out, h units. W has a row for each unit; g is the gradient of the loss with respect
to what a layer gave. Value and Tensor compute without PyTorch's own autograd.
"""

import math

import torch
import torch.nn.functional as F
from jaxtyping import Float, Int


def linear_backward(
    x: Float[torch.Tensor, "n d_in"], W: Float[torch.Tensor, "d_out d_in"], g: Float[torch.Tensor, "n d_out"]
) -> tuple[Float[torch.Tensor, "n d_in"], Float[torch.Tensor, "d_out d_in"], Float[torch.Tensor, "d_out"]]:
    """The gradient of the loss with respect to the inputs, the weights and the bias of y = x Wᵀ + b.

        ∂L/∂x = g W,   ∂L/∂W = gᵀ x,   ∂L/∂b = Σ_i g_i

    Each gradient has the shape of what it belongs to; the examples share W and b, so over them it is a sum.
    Goodfellow et al. (2016), section 6.5.

    >>> linear_backward(torch.tensor([[1.0, 2.0]]), torch.tensor([[3.0, 4.0]]), torch.tensor([[10.0]]))
    (tensor([[30., 40.]]), tensor([[10., 20.]]), tensor([10.]))
    """
    return g @ W, g.T @ x, g.sum(dim=0)


def mlp_forward(x: Float[torch.Tensor, "n d"], weights: list, biases: list) -> list:
    """The outputs of every layer of a network of ReLU layers, the inputs first; the last layer has no ReLU.

        h_0 = x,   h_l = max(0, h_{l−1} W_lᵀ + b_l) for l < L,   h_L = h_{L−1} W_Lᵀ + b_L

    All of them are kept, because the backward pass needs what each layer was given.
    Goodfellow et al. (2016), algorithm 6.3.

    >>> mlp_forward(torch.tensor([[1.0]]), [torch.tensor([[2.0], [-2.0]]), torch.tensor([[1.0, 1.0]])], [torch.zeros(2), torch.ones(1)])
    [tensor([[1.]]), tensor([[2., 0.]]), tensor([[3.]])]
    """
    h = [x]
    for W, b in zip(weights[:-1], biases[:-1]):
        h.append(torch.relu(h[-1] @ W.T + b))
    return [*h, h[-1] @ weights[-1].T + biases[-1]]


def mlp_backward(g: Float[torch.Tensor, "n d_out"], h: list, weights: list) -> tuple[list, list]:
    """The gradients of all weights and all biases of such a network, from the last layer to the first.

        ∂L/∂W_l = gᵀ h_{l−1},   ∂L/∂b_l = Σ_i g_i,   then   g ← (g W_l) ⊙ [h_{l−1} > 0]

    The mask asks what the unit gave on the way forward; the sign of the gradient that comes back has no part in it.
    Goodfellow et al. (2016), algorithm 6.4.

    >>> mlp_backward(torch.tensor([[1.0]]), [torch.tensor([[3.0]]), torch.tensor([[6.0]])], [torch.tensor([[2.0]])])
    ([tensor([[3.]])], [tensor([1.])])
    """
    gW, gb = [], []
    for W, h_in in zip(reversed(weights), reversed(h[:-1])):
        gW.insert(0, g.T @ h_in)
        gb.insert(0, g.sum(dim=0))
        g = (g @ W) * (h_in > 0)
    return gW, gb


class Value:
    """A number that remembers what it was made from, and so can tell every one of those how much it depends on them.

        grad(parent) += local slope × grad(node),   for every node, after all that use it

    Whoever was used twice is told twice: gradients add. A node may speak only when everyone who used it has spoken.
    Wengert (1964) for recording the steps; Linnainmaa (1970) for playing them backward.

    >>> a = Value(3.0); y = a * a + a; y.backward(); a.grad
    7.0
    """

    def __init__(self, data, parents=()):
        self.data, self.parents, self.grad = data, parents, 0.0

    def __add__(self, other):
        other = other if isinstance(other, Value) else Value(other)
        return Value(self.data + other.data, [(self, 1.0), (other, 1.0)])

    def __mul__(self, other):
        other = other if isinstance(other, Value) else Value(other)
        return Value(self.data * other.data, [(self, other.data), (other, self.data)])

    def __neg__(self):
        return self * -1.0

    def __sub__(self, other):
        return self + -other

    def __rsub__(self, other):
        return -self + other

    __radd__, __rmul__ = __add__, __mul__

    def exp(self):
        e = math.exp(self.data)
        return Value(e, [(self, e)])

    def tanh(self):
        t = math.tanh(self.data)
        return Value(t, [(self, 1 - t * t)])

    def backward(self):
        self.grad = 1.0
        for node in reversed(in_order(self)):
            for parent, slope in node.parents:
                parent.grad += slope * node.grad


def in_order(last) -> list:
    """`last` and all that it was made from, everyone after its own parents.

    Without recursion, so that a chain may be longer than Python's stack.
    """
    order, seen, waiting = [], set(), [(last, False)]
    while waiting:
        node, parents_done = waiting.pop()
        if parents_done:
            order.append(node)
        elif id(node) not in seen:
            seen.add(id(node))
            waiting.append((node, True))
            waiting.extend((parent, False) for parent, _ in node.parents)
    return order


def sgd_step(
    x: Float[torch.Tensor, "n d_in"],
    y: Float[torch.Tensor, "n d_out"],
    W1: Float[torch.Tensor, "h d_in"],
    b1: Float[torch.Tensor, "h"],
    W2: Float[torch.Tensor, "d_out h"],
    b2: Float[torch.Tensor, "d_out"],
    lr: float,
) -> tuple[
    Float[torch.Tensor, "h d_in"],
    Float[torch.Tensor, "h"],
    Float[torch.Tensor, "d_out h"],
    Float[torch.Tensor, "d_out"],
]:
    """One step of gradient descent for a network with one layer of tanh units and half the mean squared error.

        L = 1/(2n) Σ ‖W2 tanh(W1 x + b1) + b2 − y‖²,   all four parameters ← parameter − lr · ∂L/∂parameter

    All gradients belong to one and the same point: W2 must not move before the gradient has gone back through it.
    Rumelhart, Hinton & Williams (1986), equations 4 to 8.

    >>> one = torch.ones(1, 1); zero = torch.zeros(1)
    >>> sgd_step(one, one, 0 * one, zero, one, zero, lr=1.0)
    (tensor([[1.]]), tensor([1.]), tensor([[1.]]), tensor([1.]))
    """
    h = torch.tanh(x @ W1.T + b1)  # (n, h)
    g = (h @ W2.T + b2 - y) / len(x)  # (n, d_out)
    gz = (g @ W2) * (1 - h * h)  # (n, h)
    return W1 - lr * gz.T @ x, b1 - lr * gz.sum(dim=0), W2 - lr * g.T @ h, b2 - lr * g.sum(dim=0)


def unbroadcast(g: Float[torch.Tensor, "..."], shape: tuple) -> Float[torch.Tensor, "..."]:
    """The gradient of an array of this shape that was stretched by broadcasting, from the gradient of the result.

        x used k times:   ∂L/∂x = Σ over its k copies

    Shapes are aligned at the right: axes that are missing on the left and axes of length 1 were stretched.
    The rule that broadcasting follows: NumPy's manual, *Broadcasting*.

    >>> unbroadcast(torch.ones(4, 3), (3,))
    tensor([4., 4., 4.])
    """
    while g.ndim > len(shape):
        g = g.sum(dim=0)
    for axis, length in enumerate(shape):
        if length == 1:
            g = g.sum(dim=axis, keepdim=True)
    return g


class Tensor:
    """`Value` on whole arrays: one node for an array, and instead of a slope a function that brings the gradient back.

        grad(parent) += back(grad(node)),   back = the vector–Jacobian product of the operation

    No Jacobian is ever built: for A B the two products are g Bᵀ and Aᵀ g.
    Baydin et al. (2018), section 3.2.

    >>> a = Tensor(torch.tensor([[1.0, -2.0]])); a.relu().sum().backward(); a.grad
    tensor([[1., 0.]])
    """

    def __init__(self, data, parents=()):
        self.data, self.parents, self.grad = data, parents, torch.zeros_like(data)

    def __add__(self, other):
        back = [(t, lambda g, t=t: unbroadcast(g, t.data.shape)) for t in (self, other)]
        return Tensor(self.data + other.data, back)

    def __mul__(self, other):
        pairs = (self, other), (other, self)
        back = [(t, lambda g, t=t, o=o: unbroadcast(g * o.data, t.data.shape)) for t, o in pairs]
        return Tensor(self.data * other.data, back)

    def __matmul__(self, other):
        back = [(self, lambda g: g @ other.data.T), (other, lambda g: self.data.T @ g)]
        return Tensor(self.data @ other.data, back)

    @property
    def T(self):
        return Tensor(self.data.T, [(self, lambda g: g.T)])

    def relu(self):
        return Tensor(torch.relu(self.data), [(self, lambda g: g * (self.data > 0))])

    def tanh(self):
        t = torch.tanh(self.data)
        return Tensor(t, [(self, lambda g: g * (1 - t * t))])

    def softplus(self):
        return Tensor(F.softplus(self.data), [(self, lambda g: g * torch.sigmoid(self.data))])

    def sum(self):
        return Tensor(self.data.sum(), [(self, lambda g: g.expand(self.data.shape))])

    def backward(self):
        self.grad = torch.ones_like(self.data)
        for node in reversed(in_order(self)):
            for parent, back in node.parents:
                parent.grad = parent.grad + back(node.grad)


def train_mlp(
    x: Float[torch.Tensor, "n d"], y: Float[torch.Tensor, "n 1"], weights: list, steps: int, lr: float
) -> tuple[list, list]:
    """Gradient descent on all points at once, for one hidden layer of ReLUs and yes-or-no answers.

        s = relu(x W1ᵀ + b1) W2ᵀ + b2,   L = 1/n Σ log(1 + e^s) − y s,   each parameter ← parameter − lr · ∂L/∂parameter

    The gradients of a step must not be left in the parameters for the next one: `backward` adds.
    Goodfellow et al. (2016), section 6.2.2.2 for the loss; the rest is this chapter.

    >>> one, zero = torch.ones(1, 1), torch.zeros(1)
    >>> train_mlp(one, one, [one, zero, 0 * one, zero], steps=1, lr=1.0)
    ([tensor([[1.]]), tensor([0.]), tensor([[0.5000]]), tensor([0.5000])], [0.6931471824645996])
    """
    losses, (x, y, mean) = [], (Tensor(x), Tensor(y), Tensor(x.new_tensor(1 / len(x))))
    minus = Tensor(mean.data.new_tensor(-1.0))
    for _ in range(steps):
        W1, b1, W2, b2 = parameters = [Tensor(w) for w in weights]
        s = (x @ W1.T + b1).relu() @ W2.T + b2  # (n, 1)
        loss = (s.softplus() + minus * y * s).sum() * mean
        loss.backward()
        losses.append(loss.data.item())
        weights = [p.data - lr * p.grad for p in parameters]
    return weights, losses


def activations(
    name: str, z: Float[torch.Tensor, "*shape"]
) -> tuple[Float[torch.Tensor, "*shape"], Float[torch.Tensor, "*shape"]]:
    """The value and the slope of an activation at z: sigmoid, tanh, relu, leaky_relu, elu, softplus or bru.

        (φ(z), φ′(z)), the seven of the cheat sheet: slope 0.01 left of 0 for leaky ReLU, α = 1 for ELU, r = 2 for BRU

    The slope is measured at the input z; that some can be written with the output φ(z) is a convenience. At 0, ReLU and
    leaky ReLU take the slope from the left, as PyTorch does.
    Maas et al. (2013), Clevert et al. (2016), Glorot et al. (2011), Bhumbra (2018).

    >>> activations("tanh", torch.tensor([0.0]))
    (tensor([0.]), tensor([1.]))
    """
    p, t, left = torch.sigmoid(z), torch.tanh(z), z.clamp(max=0)
    ramp, root = (z > 0).to(z.dtype), (4 * z.clamp(min=0) + 1).sqrt()
    return {
        "sigmoid": (p, p * (1 - p)),
        "tanh": (t, 1 - t * t),
        "relu": (z * ramp, ramp),
        "leaky_relu": (torch.where(z > 0, z, 0.01 * z), torch.where(z > 0, 1.0, 0.01).to(z.dtype)),
        "elu": (torch.where(z > 0, z, left.expm1()), torch.where(z > 0, 1.0, left.exp())),
        "softplus": (F.softplus(z), p),
        "bru": (torch.where(z >= 0, root, (2 * left).exp()) - 0.5, torch.where(z >= 0, 2 / root, 2 * (2 * left).exp())),
    }[name]


def softmax_cross_entropy_backward(
    z: Float[torch.Tensor, "n classes"], y: Int[torch.Tensor, "n"]
) -> Float[torch.Tensor, "n classes"]:
    """The gradient of the mean cross-entropy with respect to the logits.

        ∂L/∂z = (softmax(z) − onehot(y)) / n

    Softmax and logarithm together need no Jacobian, and nothing can overflow; the mean puts 1/n into every row.
    Bishop (2006), equation 4.109; here divided by n.

    >>> softmax_cross_entropy_backward(torch.zeros(1, 4), torch.tensor([2]))
    tensor([[ 0.2500,  0.2500, -0.7500,  0.2500]])
    """
    p = torch.softmax(z, dim=1)
    return (p - F.one_hot(y, z.shape[1])) / len(z)
