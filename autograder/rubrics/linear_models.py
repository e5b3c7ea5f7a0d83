"""How the exercises on linear models are judged.

What is computed in one go is drawn from a coarse grid, so that no answer hangs on the order of a sum.
"""

import numpy as np
import torch

from autograder.givens import doubles, grid
from autograder.reference import linear_models as reference
from autograder.rubric import Kept, Rubric

LINE = "linear_models#linear_models-line"
NOISE = "linear_models#linear_models-noise"
QUANTILES = "linear_models#linear_models-quantiles"
SOLVE = "linear_models#linear_models-solve"
DESCENT = "linear_models#linear_models-descent"
BASIS = "linear_models#linear_models-basis"
HELD_OUT = "linear_models#linear_models-held-out"
RIDGE = "linear_models#linear_models-ridge"
BAND = "linear_models#linear_models-band"
PRACTICE = "linear_models#linear_models-practice"


def regression(rng, n, d, noise=0.5, middle=2.0):
    """x (n, d), y (n,): features of different size, far from zero, and answers that depend on them."""
    x = middle + rng.normal(size=(n, d)) * rng.uniform(0.6, 1.6, d)
    w = rng.uniform(0.7, 2, d) * rng.choice([-1, 1], d)
    y = 5 + x @ w + noise * rng.normal(size=n)
    return torch.tensor(x, dtype=torch.float32), torch.tensor(y, dtype=torch.float32)


# ── A curve from a linear model ───────────────────────────────────────────────────────────────────────────────────────

predict = Rubric(
    reference.predict,
    title="A curve from a linear model",
    points=2,
    minutes=6,
    returns="a float tensor of shape (n,)",
    atol=1e-5,
)


def curve(rng, n, k):
    """x, w, b: on a grid so coarse that all powers are exact; no weight is zero, and no two are equal in size."""
    x = grid(rng, n, low=-2, high=2, fine=4)
    x[0], x[1] = 1.5, -0.75
    w = torch.tensor((1 + rng.permutation(10)[:k]) / 4 * rng.choice([-1, 1], k), dtype=torch.float32)
    return x, w, torch.tensor(float(rng.integers(3, 9)) / 2 + 0.25)


@predict.given("seven inputs, a cubic")
def _(rng):
    return curve(rng, n=7, k=3)


@predict.given("a straight line")
def _(rng):
    return curve(rng, n=5, k=1)


@predict.given("as many inputs as weights")
def _(rng):
    return curve(rng, n=4, k=4)


@predict.given("x = 0: only the bias is left")
def _(rng):
    x, w, b = curve(rng, n=3, k=2)
    x[2] = 0.0
    return x, w, b


@predict.given("double precision (float64)", weight=0.5)
def _(rng):
    return doubles(*curve(rng, n=6, k=5))


@predict.given("many inputs, degree 5", public=False)
def _(rng):
    return curve(rng, n=120, k=5)


@predict.given("one input", public=False)
def _(rng):
    x, w, b = curve(rng, n=2, k=4)
    return x[:1], w, b


@predict.mistake(
    "The powers begin at 0",
    question="With x = 0, which of your features is not zero, and what is it multiplied by?",
    hint="The first weight belongs to x¹. x⁰ = 1 is the feature whose weight is the bias. `torch.arange(1, k + 1)`.",
    section=BASIS,
)
def _(x, w, b):
    return x[:, None] ** torch.arange(len(w)) @ w + b


@predict.mistake(
    "The highest power comes first",
    question="Which power does w[0] multiply?",
    hint="Here the weights go upward: w[0] belongs to x, w[1] to x². (`np.polyval` and `np.vander` count downward.)",
    section=BASIS,
)
def _(x, w, b):
    return x[:, None] ** torch.arange(len(w), 0, -1) @ w + b


@predict.mistake(
    "The bias is missing",
    question="What does your curve say at x = 0, and what should it?",
    hint="At x = 0 all powers vanish and b is left. Add it at the end.",
    section=LINE,
)
def _(x, w, b):
    return x[:, None] ** torch.arange(1, len(w) + 1) @ w


@predict.mistake(
    "The weights are raised to the power too",
    question="Is it w_j times a power of x, or a power of w_j x?",
    hint="First the powers of x, then the weighted sum: the model is linear in w.",
    section=BASIS,
)
def _(x, w, b):
    return ((x[:, None] * w) ** torch.arange(1, len(w) + 1)).sum(dim=1) + b


@predict.mistake(
    "Every weight multiplies x itself",
    question="If x doubles, by what does the second term grow?",
    hint="Term j is w_j times x to the power j: `x[:, None] ** torch.arange(1, k + 1)` has shape (n, k).",
    section=BASIS,
)
def _(x, w, b):
    return x * w.sum() + b


@predict.mistake(
    "The bias is added once for each weight",
    question="How often does b enter your sum?",
    hint="Once, after the sum over the powers.",
    section=LINE,
)
def _(x, w, b):
    return (x[:, None] ** torch.arange(1, len(w) + 1) * w + b).sum(dim=1)


@predict.mistake(
    "A column for a vector",
    question="What shape has your answer, and what shape has y?",
    hint="(n, k) @ (k,) gives (n,). With w as a column it gives (n, 1), and then ŷ − y would be n × n.",
    section=PRACTICE,
)
def _(x, w, b):
    return x[:, None] ** torch.arange(1, len(w) + 1) @ w[:, None] + b


@predict.alternative("Horner's rule, from the highest power down")
def _(x, w, b):
    y_hat = torch.zeros_like(x)
    for w_j in w.flip(0):
        y_hat = (y_hat + w_j) * x
    return y_hat + b


@predict.alternative("with NumPy, out and all")
def _(x, w, b):
    return np.polynomial.polynomial.polyval(x.numpy(), np.concatenate([[b.numpy()], w.numpy()]))


@predict.alternative("with loops")
def _(x, w, b):
    return torch.stack([b + sum(w_j * x_i ** (j + 1) for j, w_j in enumerate(w)) for x_i in x])


# ── The gradient of the mean squared error ────────────────────────────────────────────────────────────────────────────

mse_gradient = Rubric(
    reference.mse_gradient,
    title="The gradient of the mean squared error",
    points=3,
    minutes=10,
    returns="a pair (grad_w, grad_b) of float tensors, of shape (d,) and ()",
    atol=1e-5,
)


def line_and_points(rng, n, d):
    """x, y, w, b on a grid; the mean error is far from zero."""
    while True:
        x, y, w, b = grid(rng, n, d), grid(rng, n), grid(rng, d), grid(rng)
        error = x @ w + b - y
        if error.mean().abs() > 0.5 and b.abs() > 0.2 and (w != 0).all():
            return x, y, w, b


@mse_gradient.given("five points, two features")
def _(rng):
    return line_and_points(rng, n=5, d=2)


@mse_gradient.given("one feature")
def _(rng):
    return line_and_points(rng, n=7, d=1)


@mse_gradient.given("more features than points")
def _(rng):
    return line_and_points(rng, n=3, d=4)


@mse_gradient.given("the line is exact: nothing to gain")
def _(rng):
    x, _, w, b = line_and_points(rng, n=6, d=2)
    return x, x @ w + b, w, b


@mse_gradient.given("double precision (float64)", weight=0.5)
def _(rng):
    return doubles(*line_and_points(rng, n=6, d=3))


@mse_gradient.given("the same points twice over", public=False)
def _(rng):
    x, y, w, b = line_and_points(rng, n=5, d=3)
    return torch.cat([x, x]), torch.cat([y, y]), w, b


@mse_gradient.given("many points", public=False)
def _(rng):
    return line_and_points(rng, n=90, d=6)


@mse_gradient.mistake(
    "The sum for the mean",
    question="If you showed it the same points twice, should the gradient double?",
    hint="The loss is a mean over the n points, so its gradient is one too: divide both by n.",
    section=DESCENT,
)
def _(x, y, w, b):
    error = x @ w + b - y
    return 2 * error @ x, 2 * error.sum()


@mse_gradient.mistake(
    "The bias gets the sum, the weights the mean",
    question="Which of the two gradients have you divided by n?",
    hint="Both: ∂L/∂b is 2/n times the sum of the errors.",
    section=DESCENT,
)
def _(x, y, w, b):
    error = x @ w + b - y
    return 2 * error @ x / len(x), 2 * error.sum()


@mse_gradient.mistake(
    "The 2 is missing",
    question="What is the derivative of a square?",
    hint="(ŷ − y)² has the derivative 2 (ŷ − y). The 2 vanishes only where the loss is defined with a ½.",
    section=DESCENT,
)
def _(x, y, w, b):
    error = x @ w + b - y
    return error @ x / len(x), error.mean()


@mse_gradient.mistake(
    "The sign is turned around",
    question="If all predictions are too high, should a larger bias make the loss larger or smaller?",
    hint="Larger: the gradient of b is then positive. The error in it is ŷ − y, not y − ŷ.",
    section=DESCENT,
)
def _(x, y, w, b):
    error = y - (x @ w + b)
    return 2 * error @ x / len(x), 2 * error.mean()


@mse_gradient.mistake(
    "n × n differences",
    question="What shape have your predictions, what shape has y, and what shape has their difference?",
    hint="(n, 1) − (n,) is an (n, n) table: every prediction minus every y. Keep the predictions (n,): `x @ w + b`.",
    section=PRACTICE,
)
def _(x, y, w, b):
    error = (x @ w[:, None] + b) - y  # (n, n)
    return (2 * error[:, :, None] * x[:, None]).mean(dim=(0, 1)), 2 * error.mean()


@mse_gradient.mistake(
    "The bias is left out of the prediction",
    question="What does your model predict at x = 0?",
    hint="ŷ = w·x + b: the error has b in it, in both gradients.",
    section=LINE,
)
def _(x, y, w, b):
    error = x @ w - y
    return 2 * error @ x / len(x), 2 * error.mean()


@mse_gradient.alternative("by autograd")
def _(x, y, w, b):
    w, b = w.clone().requires_grad_(), b.clone().requires_grad_()
    torch.nn.functional.mse_loss(x @ w + b, y).backward()
    return w.grad, b.grad


@mse_gradient.alternative("with NumPy, out and all")
def _(x, y, w, b):
    x, y, w, b = (v.numpy() for v in (x, y, w, b))
    error = x @ w + b - y
    return (2 * error[:, None] * x).mean(axis=0), 2 * error.mean()


@mse_gradient.alternative("with a loop over the points")
def _(x, y, w, b):
    grad_w, grad_b = torch.zeros_like(w), torch.zeros_like(b)
    for x_i, y_i in zip(x, y):
        error = x_i @ w + b - y_i
        grad_w, grad_b = grad_w + 2 * error * x_i / len(x), grad_b + 2 * error / len(x)
    return grad_w, grad_b


# ── Quantile loss ─────────────────────────────────────────────────────────────────────────────────────────────────────

quantile_loss = Rubric(
    reference.quantile_loss,
    title="The quantile loss",
    points=3,
    minutes=8,
    returns="a single float, shape ()",
)


def over_and_under(rng, n):
    """y_hat, y: at least one y lies above its prediction and one below, and their sums differ."""
    while True:
        y_hat, y = grid(rng, n), grid(rng, n)
        r = y - y_hat
        up, down = r.clamp(min=0).sum(), (-r).clamp(min=0).sum()
        if up > 1 and down > 1 and (up - down).abs() > 1 and (up / down - 1).abs() > 0.2:
            return y_hat, y


@quantile_loss.given("five points, τ = 0.9")
def _(rng):
    return *over_and_under(rng, 5), 0.9


@quantile_loss.given("all answers above the prediction, τ = 0.25")
def _(rng):
    y_hat, _ = over_and_under(rng, 4)
    return y_hat, y_hat + grid(rng, 4, low=1, high=3), 0.25


@quantile_loss.given("all answers below the prediction, τ = 0.25")
def _(rng):
    y_hat, _ = over_and_under(rng, 4)
    return y_hat, y_hat - grid(rng, 4, low=1, high=3), 0.25


@quantile_loss.given("the median, τ = 0.5")
def _(rng):
    return *over_and_under(rng, 7), 0.5


@quantile_loss.given("double precision (float64)", weight=0.5)
def _(rng):
    return *doubles(*over_and_under(rng, 6)), 0.3


@quantile_loss.given("many points, τ = 0.05", public=False)
def _(rng):
    return *over_and_under(rng, 150), 0.05


@quantile_loss.given("one constant prediction", public=False)
def _(rng):
    y = grid(rng, 9)
    return torch.full((9,), 0.5), y + 0.25, 0.8


@quantile_loss.mistake(
    "τ and 1 − τ are swapped",
    question="For the 0.9-quantile, which is worse: a prediction that is too low, or one that is too high?",
    hint="Too low: then y lies above, r = y − ŷ > 0, and a unit costs τ = 0.9. (Did you take ŷ − y for the residual?)",
    section=QUANTILES,
)
def _(y_hat, y, tau):
    r = y - y_hat
    return torch.maximum((1 - tau) * r, -tau * r).mean()


@quantile_loss.mistake(
    "The sum for the mean",
    question="Does the same data twice over make a prediction twice as bad?",
    hint="The loss is the mean over the points: `.mean()`.",
    section=LINE,
)
def _(y_hat, y, tau):
    r = y - y_hat
    return torch.maximum(tau * r, (tau - 1) * r).sum()


@quantile_loss.mistake(
    "The absolute error",
    question="Where does τ enter, if all misses of one size cost the same?",
    hint="Above the prediction a unit costs τ, below it 1 − τ.",
    section=QUANTILES,
)
def _(y_hat, y, tau):
    return (y - y_hat).abs().mean()


@quantile_loss.mistake(
    "The smaller of the two",
    question="Can a loss be negative?",
    hint="Of τ r and (τ − 1) r one is positive, the other negative. The loss is the larger: `torch.maximum`.",
    section=QUANTILES,
)
def _(y_hat, y, tau):
    r = y - y_hat
    return torch.minimum(tau * r, (tau - 1) * r).mean()


@quantile_loss.mistake(
    "Below the prediction the sign is lost",
    question="What does a prediction cost that is too high by 1?",
    hint="Where r < 0 the loss is (τ − 1) r: two negative factors, a positive cost. With (1 − τ) r it is a reward.",
    section=QUANTILES,
)
def _(y_hat, y, tau):
    r = y - y_hat
    return torch.where(r >= 0, tau * r, (1 - tau) * r).mean()


@quantile_loss.mistake(
    "Tilted squares",
    question="Does a miss of 2 cost twice as much as a miss of 1, or four times?",
    hint="Twice: r enters as it is. Tilted squares give something else, between a mean and a quantile.",
    section=QUANTILES,
)
def _(y_hat, y, tau):
    r = y - y_hat
    return (torch.where(r >= 0, tau, 1 - tau) * r**2).mean()


@quantile_loss.alternative("with torch.where")
def _(y_hat, y, tau):
    r = y - y_hat
    return torch.where(r >= 0, tau * r, (tau - 1) * r).mean()


@quantile_loss.alternative("half the absolute error, tilted")
def _(y_hat, y, tau):
    r = y - y_hat
    return (r.abs() / 2 + (tau - 0.5) * r).mean()


@quantile_loss.alternative("with NumPy, out and all")
def _(y_hat, y, tau):
    r = y.numpy() - y_hat.numpy()
    return np.mean(r * (tau - (r < 0)))


@quantile_loss.alternative("with plain numbers")
def _(y_hat, y, tau):
    total = 0.0
    for p, a in zip(y_hat.tolist(), y.tolist()):
        total += tau * (a - p) if a >= p else (1 - tau) * (p - a)
    return total / len(y)


# ── Gradient descent ──────────────────────────────────────────────────────────────────────────────────────────────────

gradient_descent = Rubric(
    reference.gradient_descent,
    title="Gradient descent",
    points=3,
    minutes=10,
    returns="a pair (w, b) of float tensors, of shape (d,) and ()",
    kinds="fi",  # without a step, b may be the 0 that it began as
    rtol=1e-3,
    atol=1e-4,
    seconds=10.0,  # the first optimizer of torch.optim takes seconds to import
)


def to_descend(rng, n, d):
    x, y = regression(rng, n, d, middle=0.7)
    return x, y


@gradient_descent.given("a single step")
def _(rng):
    return *to_descend(rng, n=5, d=2), 0.1, 1


@gradient_descent.given("two steps")
def _(rng):
    return *to_descend(rng, n=6, d=2), 0.05, 2


@gradient_descent.given("seven steps, one feature")
def _(rng):
    return *to_descend(rng, n=8, d=1), 0.05, 7


@gradient_descent.given("no step at all", weight=0.5)
def _(rng):
    return *to_descend(rng, n=4, d=3), 0.1, 0


@gradient_descent.given("double precision (float64)", weight=0.5)
def _(rng):
    return *doubles(*to_descend(rng, n=7, d=3)), 0.04, 5


@gradient_descent.given("a hundred steps", public=False)
def _(rng):
    return *to_descend(rng, n=30, d=4), 0.02, 100


@gradient_descent.given("another learning rate", public=False)
def _(rng):
    return *to_descend(rng, n=9, d=2), 0.01, 12


def descend(x, y, lr, steps, gradient=reference.mse_gradient):
    """Gradient descent with a gradient of one's own."""
    w, b = x.new_zeros(x.shape[1]), x.new_zeros(())
    for _ in range(steps):
        grad_w, grad_b = gradient(x, y, w, b)
        w, b = w - lr * grad_w, b - lr * grad_b
    return w, b


@gradient_descent.mistake(
    "Uphill",
    question="In which direction does the loss grow, and which way do you want to go?",
    hint="The gradient points uphill. Subtract it: `w - lr * grad_w`.",
    section=DESCENT,
)
def _(x, y, lr, steps):
    return descend(x, y, -lr, steps)


@gradient_descent.mistake(
    "The bias never moves",
    question="Which of your two numbers is still what it was at the start?",
    hint="b has a gradient too: `b - lr * grad_b`.",
    section=DESCENT,
)
def _(x, y, lr, steps):
    def frozen(x, y, w, b):
        grad_w, grad_b = reference.mse_gradient(x, y, w, b)
        return grad_w, 0 * grad_b

    return descend(x, y, lr, steps, frozen)


@gradient_descent.mistake(
    "The bias is moved from where w already is",
    question="At which weights is the gradient of b taken: at the old ones, or at the new?",
    hint="One step uses one gradient, all of it taken at the same place. Compute both parts first, then move both.",
    section=DESCENT,
)
def _(x, y, lr, steps):
    w, b = x.new_zeros(x.shape[1]), x.new_zeros(())
    for _ in range(steps):
        w = w - lr * reference.mse_gradient(x, y, w, b)[0]
        b = b - lr * reference.mse_gradient(x, y, w, b)[1]
    return w, b


@gradient_descent.mistake(
    "The weights are moved from where b already is",
    question="At which b is the gradient of w taken: at the old one, or at the new?",
    hint="One step uses one gradient, all of it taken at the same place. Compute both parts first, then move both.",
    section=DESCENT,
)
def _(x, y, lr, steps):
    w, b = x.new_zeros(x.shape[1]), x.new_zeros(())
    for _ in range(steps):
        b = b - lr * reference.mse_gradient(x, y, w, b)[1]
        w = w - lr * reference.mse_gradient(x, y, w, b)[0]
    return w, b


@gradient_descent.mistake(
    "The sum for the mean",
    question="How far would one step go with a thousand points?",
    hint="The gradient of a mean is a mean. With the sum each step is n times too long.",
    section=DESCENT,
)
def _(x, y, lr, steps):
    return descend(x, y, lr * len(x), steps)


@gradient_descent.mistake(
    "n × n differences",
    question="What shape have x @ w and y in your loss, and what shape has their difference?",
    hint="If w is a column, x @ w is (n, 1), and minus y (n,) it is (n, n). Every prediction is pulled to the mean of y.",
    section=PRACTICE,
)
def _(x, y, lr, steps):
    def crossed(x, y, w, b):
        error = (x @ w[:, None] + b) - y
        return (2 * error[:, :, None] * x[:, None]).mean(dim=(0, 1)), 2 * error.mean()

    return descend(x, y, lr, steps, crossed)


@gradient_descent.mistake(
    "The gradients pile up",
    question="After the second step, which gradients are in w.grad?",
    hint="backward() adds to what is there. Set the gradients to zero before each step, as `zero_grad` does.",
    section=DESCENT,
)
def _(x, y, lr, steps):
    w, b = x.new_zeros(x.shape[1]), x.new_zeros(())
    sum_w, sum_b = torch.zeros_like(w), torch.zeros_like(b)
    for _ in range(steps):
        grad_w, grad_b = reference.mse_gradient(x, y, w, b)
        sum_w, sum_b = sum_w + grad_w, sum_b + grad_b
        w, b = w - lr * sum_w, b - lr * sum_b
    return w, b


@gradient_descent.mistake(
    "One step too many",
    question="With steps = 0, what should come back?",
    hint="`for _ in range(steps)` makes exactly so many steps; none at all gives back the zeros.",
    section=DESCENT,
)
def _(x, y, lr, steps):
    return descend(x, y, lr, steps + 1)


@gradient_descent.mistake(
    "One step too few",
    question="With steps = 1, how often does the body of your loop run?",
    hint="`for _ in range(steps)` makes exactly so many steps; `range(1, steps)` makes one less.",
    section=DESCENT,
)
def _(x, y, lr, steps):
    return descend(x, y, lr, max(steps - 1, 0))


@gradient_descent.alternative("with nn.Linear and torch.optim.SGD")
def _(x, y, lr, steps):
    layer = torch.nn.Linear(x.shape[1], 1).to(x)
    with torch.no_grad():
        layer.weight.zero_(), layer.bias.zero_()
    optimizer = torch.optim.SGD(layer.parameters(), lr=lr)
    for _ in range(steps):
        optimizer.zero_grad()
        (layer(x).squeeze(1) - y).square().mean().backward()
        optimizer.step()
    return layer.weight[0], layer.bias[0]


@gradient_descent.alternative("in NumPy, the bias as a weight")
def _(x, y, lr, steps):
    z = np.column_stack([x.numpy(), np.ones(len(x))])
    v = np.zeros(z.shape[1])
    for _ in range(steps):
        v = v - lr * 2 / len(z) * z.T @ (z @ v - y.numpy())
    return v[:-1], v[-1]


# ── Ridge regression ──────────────────────────────────────────────────────────────────────────────────────────────────

ridge_fit = Rubric(
    reference.ridge_fit,
    title="Ridge regression",
    points=3,
    minutes=14,
    returns="a pair (w, b) of float tensors, of shape (d,) and ()",
    rtol=2e-3,
    atol=1e-3,
)


@ridge_fit.given("six points, two features")
def _(rng):
    return *regression(rng, n=6, d=2), 0.5


@ridge_fit.given("λ = 0: least squares")
def _(rng):
    return *regression(rng, n=9, d=2), 0.0


@ridge_fit.given("a huge λ: only the bias is left")
def _(rng):
    return *regression(rng, n=7, d=3), 1e5


@ridge_fit.given("fewer points than features")
def _(rng):
    return *regression(rng, n=3, d=5), 0.3


@ridge_fit.given("double precision (float64)", weight=0.5)
def _(rng):
    return *doubles(*regression(rng, n=8, d=4)), 0.2


@ridge_fit.given("many points", public=False)
def _(rng):
    return *regression(rng, n=60, d=5), 0.4


@ridge_fit.given("one feature, far from zero", public=False)
def _(rng):
    return *regression(rng, n=11, d=1, middle=6.0), 1.5


def solved(x, y, lam, scale=1.0, n=None):
    """w of the centered data: (X̃ᵀX̃ · scale + n λ I)⁻¹ X̃ᵀỹ · scale, in double precision."""
    x, y = x.double(), y.double()
    xc, yc = x - x.mean(dim=0), y - y.mean()
    n = len(x) if n is None else n
    gram = xc.T @ xc * scale + n * lam * torch.eye(x.shape[1], dtype=torch.float64)
    return torch.linalg.lstsq(gram, (xc.T @ yc * scale)[:, None], driver="gelsd").solution[:, 0]


def with_bias(x, y, w):
    return w.to(x.dtype), (y.double().mean() - w @ x.double().mean(dim=0)).to(x.dtype)


@ridge_fit.mistake(
    "The bias is penalized",
    question="With an enormous λ, what should the model predict for everyone?",
    hint="The mean of y. A penalized bias would go to 0 instead: the 1 appended to x must not have a λ on the diagonal. "
    "Subtracting the means first leaves b out of it.",
    section=RIDGE,
)
def _(x, y, lam):
    z = torch.cat([x, torch.ones_like(x[:, :1])], dim=1).double()
    gram = z.T @ z / len(z) + lam * torch.eye(z.shape[1], dtype=torch.float64)
    v = torch.linalg.lstsq(gram, (z.T @ y.double() / len(z))[:, None], driver="gelsd").solution[:, 0].to(x.dtype)
    return v[:-1], v[-1]


@ridge_fit.mistake(
    "The sum for the mean",
    question="In your equation, does the same λ weigh as much against a thousand points as against ten?",
    hint="The loss is a mean: divide XᵀX and Xᵀy by n, or multiply λ by n.",
    section=RIDGE,
)
def _(x, y, lam):
    return with_bias(x, y, solved(x, y, lam, n=1))


@ridge_fit.mistake(
    "No penalty",
    question="What changes in your answer when λ does?",
    hint="λ stands on the diagonal: XᵀX/n + λI.",
    section=RIDGE,
)
def _(x, y, lam):
    return with_bias(x, y, solved(x, y, 0.0))


@ridge_fit.mistake(
    "Half of λ",
    question="What are the derivatives of the mean of the squares, and of λ‖w‖²? Does each have its 2?",
    hint="Both have a 2, so both lose it: (XᵀX/n + λI) w = Xᵀy/n, with λ itself.",
    section=RIDGE,
)
def _(x, y, lam):
    return with_bias(x, y, solved(x, y, lam / 2))


@ridge_fit.mistake(
    "λ is added to every entry",
    question="Which entries of the matrix does `+ lam` change, and which does λI?",
    hint="A number is broadcast to all of them; the penalty belongs to the diagonal alone: `lam * torch.eye(d)`.",
    section=RIDGE,
)
def _(x, y, lam):
    xc, yc = x - x.mean(dim=0), y - y.mean()
    w = torch.linalg.solve(xc.T @ xc / len(x) + lam, xc.T @ yc / len(x))
    return w, y.mean() - w @ x.mean(dim=0)


@ridge_fit.mistake(
    "The means were not subtracted from x",
    question="Where would your line have to pass if all x were moved by 100?",
    hint="Subtract the means of x and of y before solving for w. Else w has to do the work of the bias, and is penalized for it.",
    section=RIDGE,
)
def _(x, y, lam):
    z = x.double()
    gram = z.T @ z / len(z) + lam * torch.eye(z.shape[1], dtype=torch.float64)
    w = torch.linalg.lstsq(gram, (z.T @ y.double() / len(z))[:, None], driver="gelsd").solution[:, 0]
    return with_bias(x, y, w)


@ridge_fit.mistake(
    "The bias is the mean of y alone",
    question="What does your line predict at the mean of x, and what should it?",
    hint="At the mean of x the prediction is the mean of y: b = ȳ − w·x̄.",
    section=SOLVE,
)
def _(x, y, lam):
    return solved(x, y, lam).to(x.dtype), y.mean()


@ridge_fit.mistake(
    "No bias",
    question="What does your line predict where x is 0?",
    hint="w comes from data with their means subtracted; give the means back through b = ȳ − w·x̄.",
    section=SOLVE,
)
def _(x, y, lam):
    return solved(x, y, lam).to(x.dtype), x.new_zeros(())


@ridge_fit.alternative("with a 1 appended, and no λ for it")
def _(x, y, lam):
    z = torch.cat([x, torch.ones_like(x[:, :1])], dim=1).double()
    penalty = lam * torch.eye(z.shape[1], dtype=torch.float64)
    penalty[-1, -1] = 0
    v = torch.linalg.lstsq(z.T @ z / len(z) + penalty, (z.T @ y.double() / len(z))[:, None], driver="gelsd").solution[
        :, 0
    ]
    return v[:-1].to(x.dtype), v[-1].to(x.dtype)


@ridge_fit.alternative("least squares with d more rows, in NumPy")
def _(x, y, lam):
    x, y = x.double().numpy(), y.double().numpy()
    xc, yc = x - x.mean(axis=0), y - y.mean()
    rows = np.vstack([xc, np.sqrt(len(x) * lam) * np.eye(x.shape[1])])
    w = np.linalg.lstsq(rows, np.concatenate([yc, np.zeros(x.shape[1])]), rcond=None)[0]
    return w, y.mean() - w @ x.mean(axis=0)


@ridge_fit.alternative("through the singular values")
def _(x, y, lam):
    xc, yc = (x - x.mean(dim=0)).double(), (y - y.mean()).double()
    U, S, V = torch.linalg.svd(xc, full_matrices=False)
    w = V.T @ (S / (S**2 + len(x) * lam) * (U.T @ yc))
    return w, y.double().mean() - w @ x.double().mean(dim=0)


# ── Cross-validation ──────────────────────────────────────────────────────────────────────────────────────────────────

cross_validate = Rubric(
    reference.cross_validate,
    title="Cross-validation",
    points=3,
    minutes=16,
    returns="a float tensor of shape (k,), the error on each fold",
    rtol=2e-3,
    atol=1e-3,
)


def with_a_far_point(rng, n, d):
    """x, y: features of very different size, answers with noise, and one point far out, which tilts the statistics."""
    x, y = regression(rng, n, d, noise=1.5)
    i = int(rng.integers(n))
    x[i] = x[i] + torch.tensor(rng.choice([-1, 1], d) * rng.uniform(4, 6, d), dtype=torch.float32)
    y[i] = y[i] + 6
    scale = torch.tensor(rng.permutation(np.geomspace(0.2, 20, d)) if d > 1 else [3.0], dtype=torch.float32)
    return x * scale, y


@cross_validate.given("twelve points, three folds")
def _(rng):
    return *with_a_far_point(rng, 12, 2), 0.3, 3


@cross_validate.given("folds of unequal size")
def _(rng):
    return *with_a_far_point(rng, 14, 2), 0.2, 4


@cross_validate.given("k not given: five folds")
def _(rng):
    return *with_a_far_point(rng, 17, 3), 0.5


@cross_validate.given("double precision (float64)", weight=0.5)
def _(rng):
    return *doubles(*with_a_far_point(rng, 13, 2)), 0.1, 3


@cross_validate.given("each point a fold of its own", public=False)
def _(rng):
    return *with_a_far_point(rng, 9, 1), 0.2, 9


@cross_validate.given("many points, ten folds", public=False)
def _(rng):
    return *with_a_far_point(rng, 84, 4), 0.6, 10


def by_fold(x, y, lam, k, folds=None, on="others", judged="fold", scaled="train", total=torch.mean):
    """The error on each fold, with something else done wrong: what is fitted on, judged on, scaled by."""
    errors = []
    numbers = torch.arange(len(x)) % k if folds is None else folds
    for i in range(k):
        fold = numbers == i
        fit = {"others": ~fold, "all": torch.ones_like(fold), "fold": fold}[on]
        test = {"fold": fold, "others": ~fold}[judged]
        like = {"train": x[fit], "all": x, "none": None}.get(scaled, x[fit])
        mean, std = (0.0, 1.0) if like is None else (like.mean(dim=0), like.std(dim=0, correction=scaled != "by n"))
        x_test = (x[test] - mean) / std
        if scaled == "own":
            x_test = own(x[test])
        w, b = reference.ridge_fit((x[fit] - mean) / std, y[fit], lam)
        errors.append(total((y[test] - x_test @ w - b).square()))
    return torch.stack(errors)


def own(x):
    """Standardized by its own mean and standard deviation; a single row becomes nan, without a warning."""
    centered = x - x.mean(dim=0)
    return centered / (centered.square().sum(dim=0) / (len(x) - 1)).sqrt()


@cross_validate.mistake(
    "Standardized before splitting",
    question="Did the fold that is held out have a say in the mean and the standard deviation?",
    hint="The scale is part of the fit. Inside the loop: mean and std of the training part, used for both parts.",
    section=HELD_OUT,
)
def _(x, y, lam, k=5):
    return by_fold(x, y, lam, k, scaled="all")


@cross_validate.mistake(
    "The fold that is held out has been learned from",
    question="On which points is the model fitted, and is the fold that judges it among them?",
    hint="Fit on the others only: `x[~held_out], y[~held_out]`.",
    section=HELD_OUT,
)
def _(x, y, lam, k=5):
    return by_fold(x, y, lam, k, on="all")


@cross_validate.mistake(
    "Judged on what it was fitted on",
    question="Whose error do you measure: that of the points the model has seen, or of the others?",
    hint="Fit on the others, measure on the fold: `y[held_out] - y_hat` with the predictions for `x[held_out]`.",
    section=HELD_OUT,
)
def _(x, y, lam, k=5):
    return by_fold(x, y, lam, k, judged="others")


@cross_validate.mistake(
    "The fold is standardized by its own statistics",
    question="Does the prediction for one point depend on which others are in its fold?",
    hint="It must not. Use the mean and the std of the training part for the fold too.",
    section=PRACTICE,
)
def _(x, y, lam, k=5):
    return by_fold(x, y, lam, k, scaled="own")


@cross_validate.mistake(
    "Not standardized",
    question="What would happen to the penalty if a length were given in millimeters instead of meters?",
    hint="Divide by the training part's standard deviation before the fit: λ must mean the same for every feature.",
    section=RIDGE,
)
def _(x, y, lam, k=5):
    return by_fold(x, y, lam, k, scaled="none")


@cross_validate.mistake(
    "The standard deviation with n",
    question="Does your standard deviation divide by n or by n − 1, and which does the task ask for?",
    hint="The task names `.std(dim=0)` of PyTorch, which divides by n − 1. NumPy's divides by n unless told `ddof=1`. "
    "Either would do in practice, but the errors differ a little.",
    section=DESCENT,
)
def _(x, y, lam, k=5):
    return by_fold(x, y, lam, k, scaled="by n")


@cross_validate.mistake(
    "Folds in blocks",
    question="Which points make up fold 0?",
    hint="Points 0, k, 2k, …: `torch.arange(n) % k == i`, or `x[i::k]`.",
    section=HELD_OUT,
)
def _(x, y, lam, k=5):
    folds = torch.cat([torch.full((len(part),), i) for i, part in enumerate(torch.arange(len(x)).tensor_split(k))])
    return by_fold(x, y, lam, k, folds=folds)


@cross_validate.mistake(
    "The sum for the mean",
    question="Does a larger fold have a larger error, just because it is larger?",
    hint="The error of a fold is the mean of its squares.",
    section=LINE,
)
def _(x, y, lam, k=5):
    return by_fold(x, y, lam, k, total=torch.sum)


@cross_validate.mistake(
    "Only the mean comes back",
    question="How would one see from a single number how far the folds differ?",
    hint="Return the k errors, `torch.stack(errors)`; whoever calls it takes the mean, and the spread.",
    section=HELD_OUT,
)
def _(x, y, lam, k=5):
    return reference.cross_validate(x, y, lam, k).mean()


@cross_validate.alternative("with scikit-learn")
def _(x, y, lam, k=5):
    from sklearn.linear_model import Ridge

    x, y, errors = x.double().numpy(), y.double().numpy(), np.zeros(k)
    for i in range(k):
        held_out = np.arange(len(x)) % k == i
        mean, std = x[~held_out].mean(axis=0), x[~held_out].std(axis=0, ddof=1)
        model = Ridge(alpha=lam * np.sum(~held_out)).fit((x[~held_out] - mean) / std, y[~held_out])
        errors[i] = np.mean((y[held_out] - model.predict((x[held_out] - mean) / std)) ** 2)
    return errors


@cross_validate.alternative("with slices")
def _(x, y, lam, k=5):
    errors = torch.zeros(k, dtype=x.dtype)
    for i in range(k):
        others = [j for j in range(len(x)) if j % k != i]
        x_train, y_train = x[others], y[others]
        center, spread = x_train.mean(dim=0), x_train.std(dim=0)
        w, b = reference.ridge_fit((x_train - center) / spread, y_train, lam)
        errors[i] = torch.nn.functional.mse_loss((x[i::k] - center) / spread @ w + b, y[i::k])
    return errors


# ── Find the bug ──────────────────────────────────────────────────────────────────────────────────────────────────────

prognosis = Rubric(
    reference.prognosis,
    title="Find the bug: a prognosis that depends on the neighbors",
    points=2,
    minutes=8,
    returns="a float tensor of shape (m,)",
    rtol=2e-3,
    atol=1e-3,
)


def old_and_new(rng, n, m, d, shift=1.5):
    """x, y, x_new: the new ones lie elsewhere, and are scattered otherwise."""
    x, y = regression(rng, n, d)
    center = x.mean(dim=0)
    spread = torch.tensor(rng.uniform(0.4, 0.7, d), dtype=torch.float32)
    x_new = center + shift * x.std(dim=0) + spread * torch.tensor(rng.normal(size=(m, d)), dtype=torch.float32)
    return x, y, x_new


@prognosis.given("eight old points, three new ones")
def _(rng):
    return *old_and_new(rng, n=8, m=3, d=2), 0.3


@prognosis.given("one new point, alone")
def _(rng):
    return *old_and_new(rng, n=9, m=1, d=2), 0.2


@prognosis.given("new points that are all large")
def _(rng):
    return *old_and_new(rng, n=10, m=6, d=3, shift=4.0), 0.4


@prognosis.given("double precision (float64)", weight=0.5)
def _(rng):
    (*given,) = old_and_new(rng, n=7, m=4, d=1)
    return *doubles(*given), 0.5


@prognosis.given("more new points than old", public=False)
def _(rng):
    return *old_and_new(rng, n=12, m=50, d=4), 0.3


@prognosis.given("one new point, five features", public=False)
def _(rng):
    return *old_and_new(rng, n=20, m=1, d=5), 0.1


@prognosis.mistake(
    "The new points are standardized by themselves",
    question="What is the standard deviation of a single new point, and what becomes of the division?",
    hint="Mean and standard deviation belong to the model: compute them from x once, and use them for x_new as well.",
    section=PRACTICE,
)
def _(x, y, x_new, lam):
    w, b = reference.ridge_fit(own(x), y, lam)
    return own(x_new) @ w + b


@prognosis.mistake(
    "Standardized by old and new together",
    question="May the prognosis of one patient change because another one comes in?",
    hint="Take mean and std from x alone, before any new point is known.",
    section=HELD_OUT,
)
def _(x, y, x_new, lam):
    both = torch.cat([x, x_new])
    w, b = reference.ridge_fit((x - both.mean(dim=0)) / both.std(dim=0), y, lam)
    return (x_new - both.mean(dim=0)) / both.std(dim=0) @ w + b


@prognosis.mistake(
    "The new points are not standardized",
    question="In which units were the weights fitted, and in which do the new points come?",
    hint="The weights belong to standardized features: `(x_new - mean) / std`, with the training mean and std.",
    section=PRACTICE,
)
def _(x, y, x_new, lam):
    w, b = reference.ridge_fit(own(x), y, lam)
    return x_new @ w + b


@prognosis.mistake(
    "Nothing is standardized",
    question="What would the penalty do if one feature were measured in millimeters instead of meters?",
    hint="Keep the standardizing; only whose mean and std are used has to change.",
    section=RIDGE,
)
def _(x, y, x_new, lam):
    w, b = reference.ridge_fit(x, y, lam)
    return x_new @ w + b


@prognosis.mistake(
    "The mean is the training one, the spread is not",
    question="By which standard deviation are the new points divided?",
    hint="By that of x: both numbers come from the training points.",
    section=PRACTICE,
)
def _(x, y, x_new, lam):
    w, b = reference.ridge_fit(own(x), y, lam)
    centered = x_new - x_new.mean(dim=0)
    return (x_new - x.mean(dim=0)) / (centered.square().sum(dim=0) / (len(x_new) - 1)).sqrt() @ w + b


@prognosis.mistake(
    "The bias is missing",
    question="What is predicted for a point that is average in every feature?",
    hint="A standardized average point is all zeros, and the answer is b.",
    section=LINE,
)
def _(x, y, x_new, lam):
    w, _ = reference.ridge_fit(own(x), y, lam)
    return (x_new - x.mean(dim=0)) / x.std(dim=0) @ w


@prognosis.alternative("the scale folded into the weights")
def _(x, y, x_new, lam):
    w, b = reference.ridge_fit(own(x), y, lam)
    w = w / x.std(dim=0)
    return x_new @ w + (b - x.mean(dim=0) @ w)


@prognosis.alternative("one new point after the other, in NumPy")
def _(x, y, x_new, lam):
    x, y = x.double().numpy(), y.double().numpy()
    mean, std = x.mean(axis=0), x.std(axis=0, ddof=1)
    z = (x - mean) / std
    w = np.linalg.solve(z.T @ z / len(z) + lam * np.eye(z.shape[1]), z.T @ (y - y.mean()) / len(z))
    return np.array([w @ ((point - mean) / std) + y.mean() for point in x_new.double().numpy()])


# ── A band ────────────────────────────────────────────────────────────────────────────────────────────────────────────

prediction_interval = Rubric(
    reference.prediction_interval,
    title="A band that keeps its word",
    points=3,
    minutes=18,
    returns="a pair (lower, upper) of float tensors, each of shape (m,)",
    then="covers",
    rtol=0.0,
    atol=0.04,
    seconds=10.0,
)


def scattered(rng, n, m, d, level, right_half=False):
    """x, y, x_new, level; kept: their y, how much each scatters, how wide the true band is there, and the level.

    The scatter grows with the first feature, ninefold from end to end, so that the quantiles are straight. The new
    points may come from the right half alone.
    """
    x = rng.uniform(0, 4, (n + m, d))
    if right_half:
        x[n:] = 2 + x[n:] / 2
    w = rng.uniform(0.5, 2, d) * rng.choice([-1, 1], d)
    sigma = 0.25 + 0.9 * x[:, 0]
    y = torch.tensor(10 + x @ w + sigma * rng.normal(size=n + m), dtype=torch.float32)
    width = 2 * sigma * _normal_quantile((1 + level) / 2)
    x = torch.tensor(x, dtype=torch.float32)
    return Kept((x[:n], y[:n], x[n:], level), (y[n:], torch.tensor(sigma[n:]), torch.tensor(width[n:]), level))


def _normal_quantile(p):
    return float(torch.special.ndtri(torch.tensor(p, dtype=torch.float64)))


@prediction_interval.given("one feature, 90 %")
def _(rng):
    return scattered(rng, n=800, m=1200, d=1, level=0.9)


@prediction_interval.given("two features, 60 %")
def _(rng):
    return scattered(rng, n=800, m=1200, d=2, level=0.6)


@prediction_interval.given("level not given: 90 %, three features", weight=0.5)
def _(rng):
    made = scattered(rng, n=800, m=1200, d=3, level=0.9)
    return Kept(made.given[:3], made.kept)


@prediction_interval.given("new points from one side only", weight=0.5)
def _(rng):
    return scattered(rng, n=800, m=1200, d=1, level=0.9, right_half=True)


@prediction_interval.given("one feature, 90 %, other data", public=False)
def _(rng):
    return scattered(rng, n=800, m=1200, d=1, level=0.9)


@prediction_interval.given("two features, 70 %", public=False)
def _(rng):
    return scattered(rng, n=800, m=1200, d=2, level=0.7)


def least_squares(x, y):
    """(v, residuals): the line of least squares with a 1 appended, and what is left."""
    z = torch.cat([x, torch.ones_like(x[:, :1])], dim=1)
    v = torch.linalg.lstsq(z, y[:, None]).solution[:, 0]
    return v, y - z @ v


@prediction_interval.mistake(
    "The tails are not halved",
    question="If a tenth may lie above the band and a tenth below it, how much lies inside?",
    hint="90 % inside leaves 10 % outside: 5 % on each side. The quantiles are (1 − level)/2 and (1 + level)/2.",
    section=BAND,
)
def _(x, y, x_new, level=0.9):
    return reference.prediction_interval(x, y, x_new, 2 * level - 1)


@prediction_interval.mistake(
    "τ and 1 − τ are swapped",
    question="Which of your two lines should be the upper one, and is it?",
    hint="The upper end is the quantile with the larger τ: there a miss *above* the line costs most. "
    "If you fit with your quantile_loss, check that one first.",
    section=QUANTILES,
)
def _(x, y, x_new, level=0.9):
    return reference.prediction_interval(x, y, x_new, level)[::-1]


@prediction_interval.mistake(
    "The same width everywhere",
    question="Do the answers scatter equally for small and for large x? Does your band know?",
    hint="Mean ± a constant holds too much where the scatter is small and too little where it is large. "
    "Fit a line of its own for each end of the band.",
    section=BAND,
)
def _(x, y, x_new, level=0.9):
    v, r = least_squares(x, y)
    middle = x_new @ v[:-1] + v[-1]
    half = r.std() * _normal_quantile((1 + level) / 2)
    return middle - half, middle + half


@prediction_interval.mistake(
    "A band for the mean, not for the next answer",
    question="Where will the next answer fall: as close to the line as the line is to the truth?",
    hint="Dividing by √n says how well the *line* is known. Single answers scatter around it with the full spread.",
    section=BAND,
)
def _(x, y, x_new, level=0.9):
    v, r = least_squares(x, y)
    middle = x_new @ v[:-1] + v[-1]
    half = r.std() * _normal_quantile((1 + level) / 2) / len(x) ** 0.5
    return middle - half, middle + half


@prediction_interval.mistake(
    "Always 90 %",
    question="What does your band do when 60 % is asked for?",
    hint="Both quantiles come from `level`: (1 − level)/2 and (1 + level)/2.",
    section=BAND,
)
def _(x, y, x_new, level=0.9):
    return reference.prediction_interval(x, y, x_new, 0.9)


@prediction_interval.mistake(
    "One tail only",
    question="How many answers lie below your lower line, and how many above the upper one?",
    hint="Both ends give way by the same share: τ = (1 − level)/2 below and (1 + level)/2 above. With τ = level for the "
    "upper line and the smallest answers for the lower, one tail has all the misses.",
    section=BAND,
)
def _(x, y, x_new, level=0.9):
    upper = reference.prediction_interval(x, y, x_new, 2 * level - 1)[1]
    return torch.full_like(upper, y.min().item()), upper


@prediction_interval.mistake(
    "The new points are standardized by themselves",
    question="With whose mean and standard deviation is a new point turned into what the weights expect?",
    hint="With those of x. By their own, new points that all lie on one side would be taken for points around the middle.",
    section=BAND,
)
def _(x, y, x_new, level=0.9):
    z = (x_new - x_new.mean(dim=0)) / x_new.std(dim=0)
    return reference.prediction_interval(x, y, z * x.std(dim=0) + x.mean(dim=0), level)


@prediction_interval.alternative("as a linear program, in NumPy")
def _(x, y, x_new, level=0.9):
    from sklearn.linear_model import QuantileRegressor

    x, y, x_new = (v.double().numpy() for v in (x, y, x_new))
    taus = (1 - level) / 2, (1 + level) / 2
    return tuple(QuantileRegressor(quantile=t, alpha=0).fit(x, y).predict(x_new) for t in taus)


@prediction_interval.alternative("with autograd and Adam, one line after the other")
def _(x, y, x_new, level=0.9):
    ends, mean, std = [], x.mean(dim=0), x.std(dim=0)
    for tau in ((1 - level) / 2, (1 + level) / 2):
        w, b = torch.zeros(x.shape[1], requires_grad=True), y.mean().clone().requires_grad_()
        optimizer = torch.optim.Adam([w, b], lr=0.1)
        for _ in range(600):
            optimizer.zero_grad()
            r = y - ((x - mean) / std @ w + b)
            torch.maximum(tau * r, (tau - 1) * r).mean().backward()
            optimizer.step()
        ends.append(((x_new - mean) / std @ w + b).detach())
    return ends[0], ends[1]


@prediction_interval.alternative("plain gradient descent on the quantile loss, as the hints say")
def _(x, y, x_new, level=0.9):
    z, z_new = ((v - x.mean(dim=0)) / x.std(dim=0) for v in (x, x_new))
    ends = []
    for tau in ((1 - level) / 2, (1 + level) / 2):
        w, b = z.new_zeros(z.shape[1]), y.mean()
        for t in range(2000):
            push = torch.where(y >= z @ w + b, -tau, 1 - tau)  # (n,)
            lr = 3 / (1 + t / 100)
            w, b = w - lr * push @ z / len(z), b - lr * push.mean()
        ends.append(z_new @ w + b)
    return ends[0], ends[1]


# ── Stretch: a promise that is kept ───────────────────────────────────────────────────────────────────────────────────

calibrate = Rubric(
    reference.calibrate,
    title="Stretch: a promise that is kept",
    points=0,
    minutes=12,
    returns="a single float, shape ()",
)


def banded(rng, m, short=0.4):
    """lower, upper, y on a fine grid: some answers stick out below, some above, and all by different amounts."""
    while True:
        middle, half = grid(rng, m, low=-5, high=5, fine=64), grid(rng, m, low=1, high=2, fine=64)
        y = middle + half * torch.tensor(rng.normal(size=m) / short, dtype=torch.float32).mul(64).round().div(64)
        lower, upper = middle - half, middle + half
        outside = torch.maximum(lower - y, y - upper)
        gaps = outside.sort().values.diff()
        if (y < lower).any() and (y > upper).any() and gaps.min() > 1e-3:
            return lower, upper, y


@calibrate.given("eleven answers, 70 %")
def _(rng):
    return *banded(rng, 11), 0.7


@calibrate.given("a band that is too wide, 60 %")
def _(rng):
    lower, upper, y = banded(rng, 12)
    return lower - 40, upper + 40, y, 0.6


@calibrate.given("level not given: 90 %")
def _(rng):
    return banded(rng, 23)


@calibrate.given("nineteen answers, 75 %: nothing is rounded")
def _(rng):
    return *banded(rng, 19), 0.75


@calibrate.given("double precision (float64)", weight=0.5)
def _(rng):
    return *doubles(*banded(rng, 12)), 0.75


@calibrate.given("many answers, 80 %", public=False)
def _(rng):
    return *banded(rng, 62), 0.8


@calibrate.given("half of them", public=False)
def _(rng):
    return *banded(rng, 18), 0.5


def outside(lower, upper, y):
    return torch.maximum(lower - y, y - upper)


@calibrate.mistake(
    "m for m + 1",
    question="Into how many gaps between your m values can a new one fall?",
    hint="Into m + 1. The rank is ⌈(m + 1) level⌉, not ⌈m level⌉.",
    section=BAND,
)
def _(lower, upper, y, level=0.9):
    e = outside(lower, upper, y).sort().values
    return e[int(np.ceil(len(e) * level)) - 1]


@calibrate.mistake(
    "Off by one",
    question="Which index has the smallest of a sorted tensor?",
    hint="Index 0: the k-th smallest stands at index k − 1.",
    section=BAND,
)
def _(lower, upper, y, level=0.9):
    e = outside(lower, upper, y).sort().values
    return e[min(int(np.ceil((len(e) + 1) * level)), len(e) - 1)]


@calibrate.mistake(
    "The whole part is the index",
    question="With m = 19 and level 0.75, which of the sorted numbers is wanted, and at which index does it stand?",
    hint="The 15th, which stands at index 14. `int(…)` without the − 1 comes out right only where it cuts something off: take "
    "`math.ceil(…) - 1`.",
    section=BAND,
)
def _(lower, upper, y, level=0.9):
    e = outside(lower, upper, y).sort().values
    return e[min(int((len(e) + 1) * level), len(e) - 1)]


@calibrate.mistake(
    "Rounded down",
    question="If 8.4 answers have to be inside, are eight enough?",
    hint="No: round up, `math.ceil`.",
    section=BAND,
)
def _(lower, upper, y, level=0.9):
    e = outside(lower, upper, y).sort().values
    return e[int((len(e) + 1) * level) - 1]


@calibrate.mistake(
    "A quantile between two of the numbers",
    question="Is the number that you return one of the e_i?",
    hint="It has to be: the k-th smallest, `e.sort().values[k - 1]`. `torch.quantile` interpolates between two of them, and "
    "it counts gaps between m numbers, not ranks among m + 1.",
    section=BAND,
)
def _(lower, upper, y, level=0.9):
    return outside(lower, upper, y).quantile(level)


@calibrate.mistake(
    "Never narrower",
    question="What should come out for a band that is far too wide?",
    hint="A negative number: it may be narrowed. Keep the sign of those that lie inside.",
    section=BAND,
)
def _(lower, upper, y, level=0.9):
    e = outside(lower, upper, y).clamp(min=0).sort().values
    return e[int(np.ceil((len(e) + 1) * level)) - 1]


@calibrate.mistake(
    "Only the upper end",
    question="By how much does an answer stick out that lies below the band?",
    hint="By lower − y. Take the larger of lower − y and y − upper.",
    section=BAND,
)
def _(lower, upper, y, level=0.9):
    e = (y - upper).sort().values
    return e[int(np.ceil((len(e) + 1) * level)) - 1]


@calibrate.alternative("with kthvalue")
def _(lower, upper, y, level=0.9):
    e = torch.stack([lower - y, y - upper]).amax(dim=0)
    return e.kthvalue(int(np.ceil((len(e) + 1) * level))).values


@calibrate.alternative("with plain numbers")
def _(lower, upper, y, level=0.9):
    e = sorted(max(low - a, a - up) for low, up, a in zip(lower.tolist(), upper.tolist(), y.tolist()))
    return next(v for k, v in enumerate(e, 1) if k >= (len(e) + 1) * level)
