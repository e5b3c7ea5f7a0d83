"""How the exercises of *Optimization* are observed and judged where "call it and compare" does not do.

*When*: `of_a_polynomial`, `two_epochs`, `with_velocity`, `on_a_bowl`, `with_moments`, `with_squares`.
*Then*: `an_epoch` (a random function, judged by what holds whatever it draws), `saved` (settings, judged by the run that
they give). `train` makes those runs; the notebook draws them with the same function.
"""

import math
from dataclasses import dataclass
from itertools import pairwise

from ..exercise import Verdict

EPOCHS = 2  # are asked for
ROOM = 3  # so many times the rows that there are: what an epoch returns beyond is cut off
CROWD = 20  # rows, from which on two epochs of equal company are no accident
FEW = 6  # batches, below which their order may be anything by accident


# ── When ──────────────────────────────────────────────────────────────────────────────────────────────────────────────


def of_a_polynomial(gradient, parts, w, *h):
    """*When*: gradient(f, w, *h) of f(w) = Σ c w³ + ½ w·A w with parts = (c, A). → the gradient"""
    import torch

    c, A = parts

    def f(w):
        w = torch.as_tensor(w)
        return (c * w**3).sum() + w @ A @ w / 2

    return gradient(f, w, *h)


def two_epochs(minibatches, x, y, batch_size):
    """*When*: two epochs over the rows of x (n, d), y (n,). → (rows (2, 3 n, d), labels (2, 3 n), sizes (2, n + 1)):
    what came, batch after batch, filled up with nan; the sizes filled up with −1."""
    import torch

    n, d = x.shape
    rows, labels = torch.full((EPOCHS, ROOM * n, d), math.nan), torch.full((EPOCHS, ROOM * n), math.nan)
    sizes = torch.full((EPOCHS, n + 1), -1)
    for epoch in range(EPOCHS):
        filled = 0
        for place, (x_b, y_b) in enumerate(list(minibatches(x, y, batch_size))[: n + 1]):
            x_b, y_b = torch.as_tensor(x_b)[: ROOM * n - filled], torch.as_tensor(y_b)[: ROOM * n - filled]
            rows[epoch, filled : filled + len(x_b)] = x_b.to(rows.dtype)
            labels[epoch, filled : filled + len(y_b)] = y_b.to(labels.dtype)
            sizes[epoch, place] = len(x_b)
            filled += len(x_b)
    return rows, labels, sizes


def with_velocity(step, w, g, v, *constants):
    """*When*: one step after the other, the gradients being the rows of g (steps, d). → (w after each step, the last v)"""
    return _walk(lambda w, g, t, v: step(w, g, v, *constants), w, g, v)


def with_squares(step, w, g, s, *constants):
    """*When*: as `with_velocity`, for a sum or an average s of squared gradients."""
    return _walk(lambda w, g, t, s: step(w, g, s, *constants), w, g, s)


def with_moments(step, w, g, m, s, t, *constants):
    """*When*: as `with_velocity`, with two states and the number t of the first step. → (w after each step, m, s)"""
    return _walk(lambda w, g, later, m, s: step(w, g, m, s, t + later, *constants), w, g, m, s)


def on_a_bowl(step, w, bowl, v, lr, mu, steps):
    """*When*: so many steps down ½ w·A w − b·w with bowl = (A, b): the step is handed the gradient A w − b as a function.
    → (w after each step, the last v)"""
    import torch

    A, b = bowl

    def gradient(at):
        return A @ torch.as_tensor(at) - b

    return _walk(lambda w, _, t, v: step(w, gradient, v, lr, mu), w, [None] * steps, v)


def _walk(step, w, gradients, *states):
    """Answers go back in as tensors. The first that is no tuple of the right length is returned as it is."""
    import torch

    path = []
    for t, g in enumerate(gradients):
        answer = step(w, g, t, *states)
        if not isinstance(answer, tuple | list) or len(answer) != 1 + len(states):
            return answer
        answer = [torch.as_tensor(value, dtype=w.dtype) for value in answer]
        w, states = answer[0], answer[1:]
        path.append(w.clone())
    return (torch.stack(path), *states)


# ── Then ──────────────────────────────────────────────────────────────────────────────────────────────────────────────


def an_epoch(observed, case, exercise):
    """*Then*: every row once, with its own label; batches of the wanted size, the last one smaller; a new order each time."""
    import numpy as np

    x, y, batch_size = (np.asarray(v) for v in case.given)
    rows, labels, sizes = (np.asarray(v) for v in observed)
    n = len(x)
    wanted = [min(int(batch_size), n - start) for start in range(0, n, int(batch_size))]
    place = {tuple(row): i for i, row in enumerate(x.tolist())}
    epochs = []
    for epoch in range(EPOCHS):
        got = [int(size) for size in sizes[epoch] if size >= 0]
        total = min(sum(got), rows.shape[1])
        order = [place.get(tuple(row), -1) for row in rows[epoch, :total].tolist()]
        own = all(i >= 0 and y[i] == label for i, label in zip(order, labels[epoch, :total]))
        ends = np.cumsum([0, *got])
        batches = [order[a:b] for a, b in pairwise(ends)]
        company = {frozenset(batch) for batch in batches}
        neighbors = all(batch == list(range(batch[0], batch[0] + len(batch))) for batch in batches if batch)
        epochs.append((sorted(got), order, own, company, neighbors and 1 < batch_size < n))
    (got, order, own, company, neighbors), (got2, order2, own2, company2, neighbors2) = epochs
    both, wanted = [order, order2], sorted(wanted)
    few = neighbors and neighbors2 and len(wanted) < FEW  # batches, whose order may be any by accident
    facts = {
        "yields rows that it was not given": any(-1 in o for o in both),
        "leaves rows out": any(len(set(o) - {-1}) < n for o in both),
        "yields rows twice in one epoch": any(len(set(o)) < len(o) for o in both),
        "separates rows from their labels": not (own and own2),
        "leaves the labels in the order in which they were given": bool(
            not own and (labels[0, :n] == y).all() and len(set(y.tolist())) > 1
        ),
        "takes the rows in the order in which they were given": order == sorted(order) and not few,
        "takes the same order in both epochs": order == order2 and not few,
        "puts into each batch rows that were given one after the other": neighbors and neighbors2,
        "puts the same rows together in both epochs": bool(
            n >= CROWD and 1 < batch_size < n and order != order2 and company == company2
        ),
        "has batches of other sizes than it should": got != wanted or got2 != wanted,
    }
    reading = ([int(fact) for fact in facts.values()], len(got), min(got, default=0))
    wrong = [fact for fact, true in facts.items() if true]
    if not wrong:
        return Verdict(True, reading=reading)
    example = f"{n} rows, batch_size = {batch_size}\nsizes that came: {got}, then {got2}\nsizes wanted:    {wanted} (in any order)"
    if case.public:
        example += f"\nplaces of the rows, first epoch:  {order}\nplaces of the rows, second epoch: {order2}"
    return Verdict(False, f"Your function {'; and it '.join(wrong)}.", example if case.public else "", reading=reading)


def saved(observed, case, exercise):
    """*Then*: trained with its (method, learning rate, schedule), the run named in `case.kept` comes below its goal: the
    last loss does, on the average of `DRAWS` draws of its data."""
    name, seed = case.kept
    which = list(RUNS).index(name)
    run, (method, rate, schedule) = RUNS[name], observed[which]
    said = f"{name}: ({method!r}, {float(rate):g}, {schedule!r})"
    if method not in METHODS or schedule not in SCHEDULES:
        known = f"methods are {', '.join(METHODS)}; schedules are {', '.join(SCHEDULES)}"
        return Verdict(False, f"For {name!r} you name a method or a schedule that does not exist: {known}.", said)
    if not (math.isfinite(rate) and rate > 0):
        return Verdict(False, f"The learning rate of the run {name!r} is not a positive number.", said)
    runs = [train(name, method, float(rate), schedule, seed + draw) for draw in range(DRAWS)]
    first, last = (sum(losses[k] for losses in runs) / DRAWS for k in (0, -1))
    if last <= run.goal:
        return Verdict(True, reading=0)
    diverged = not last < first
    how = "it diverged" if diverged else f"its loss stands at {last:.2g}, still above the goal {run.goal:g}"
    asked = {"quarry": method != "sgd", "hospital": method == "adam", "market": schedule == "cosine"}
    reading = 3 if diverged else 1 + asked[name]  # has it been tried, what the story asks for?
    return Verdict(False, f"The run {name!r} is not saved: after {STEPS} steps {how}.", said, reading=reading)


# ── Three runs to be saved ────────────────────────────────────────────────────────────────────────────────────────────

METHODS = ("sgd", "momentum", "nesterov", "adam")
SCHEDULES = ("constant", "cosine")
STEPS = 300
DRAWS = 5


@dataclass(frozen=True)
class Run:
    """What is known of a run: its settings as it was found, and the loss that it must reach in `STEPS` steps."""

    sick: tuple
    goal: float
    story: str


RUNS = {
    "quarry": Run(
        ("sgd", 0.0075, "constant"), 5e-4, "ten weights, curvatures from 1 to 300, in no direction of the axes"
    ),
    "hospital": Run(("sgd", 1e-5, "constant"), 0.3, "eight measurements, each in a unit of its own, and a yes or no"),
    "market": Run(("sgd", 0.3, "constant"), 0.085, "forty weights; each gradient comes from sixteen noisy prices"),
}


def train(name, method, rate, schedule="constant", seed=0):
    """The loss before the first step and after each of the `STEPS` steps, as a list; inf where it is lost.

    name: a key of RUNS. method: one of METHODS (momentum and Nesterov with μ = 0.9), as in torch.optim. rate: the
    learning rate. schedule: "constant", or "cosine" from `rate` down to 0. seed: another draw of the same kind.
    """
    import numpy as np
    import torch

    w, gradient, loss = _problem(name, np.random.default_rng(seed))
    w = torch.tensor(w, requires_grad=True)
    alone = {"foreach": False}
    optimizer = {
        "sgd": lambda: torch.optim.SGD([w], lr=rate, **alone),
        "momentum": lambda: torch.optim.SGD([w], lr=rate, momentum=0.9, **alone),
        "nesterov": lambda: torch.optim.SGD([w], lr=rate, momentum=0.9, nesterov=True, **alone),
        "adam": lambda: torch.optim.Adam([w], lr=rate, **alone),
    }[method]()
    here = w.detach().numpy()  # the same memory: what the optimizer writes is seen
    losses = [float(loss(here))]
    with np.errstate(all="ignore"):
        for t in range(STEPS):
            if schedule == "cosine":
                optimizer.param_groups[0]["lr"] = rate * (1 + math.cos(math.pi * t / STEPS)) / 2
            w.grad = torch.from_numpy(gradient(here, t))
            optimizer.step()
            now = float(loss(here))
            if not math.isfinite(now):
                return losses + [math.inf] * (STEPS + 1 - len(losses))
            losses.append(now)
    return losses


def _problem(name, rng):
    """(where it begins, gradient(w, t), loss(w)), in NumPy."""
    return {"quarry": _quarry, "hospital": _hospital, "market": _market}[name](rng)


def _quarry(rng):
    """A ravine in ten dimensions, turned; every direction has about the same share of the loss, which begins at 1."""
    import numpy as np

    curvature = np.geomspace(1, 300, 10)
    axes = np.linalg.qr(rng.normal(size=(10, 10)))[0]
    H = axes * curvature @ axes.T
    w = axes @ (rng.choice([-1, 1], 10) * rng.uniform(0.8, 1.2, 10) / np.sqrt(curvature))
    start = w @ H @ w
    return w, lambda w, t: H @ w, lambda w: w @ H @ w / start


def _hospital(rng):
    """Logistic regression on features of very different size, with all 200 patients in every step."""
    import numpy as np

    sizes = rng.permutation(np.geomspace(0.3, 300, 8))
    x = rng.normal(size=(200, 8)) + 0.5
    y = (x @ np.array([2.0, -2, 2, -2, 2, -2, 2, -2]) + rng.logistic(size=200) > 0).astype(float)
    x = x * sizes

    def gradient(w, t):
        return x.T @ (1 / (1 + np.exp(-x @ w)) - y) / 200

    def loss(w):
        z = x @ w
        return np.mean(np.logaddexp(0, z) - y * z)

    return np.zeros(8), gradient, loss


def _market(rng):
    """Least squares, sixteen fresh examples in every step; the loss is the excess over the least possible."""
    import numpy as np

    size = np.sqrt(np.geomspace(0.1, 1, 40))
    x = rng.normal(size=(STEPS, 16, 40)) * size
    best = rng.normal(size=40)
    noise = 2.1 * rng.normal(size=(STEPS, 16))

    def gradient(w, t):
        return x[t].T @ (x[t] @ (w - best) - noise[t]) / 16

    def loss(w):
        return ((w - best) ** 2 * size**2).sum() / 2

    return best + 50 * rng.choice([-1, 1], 40) / size / np.sqrt(40), gradient, loss
