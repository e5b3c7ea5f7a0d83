"""How the exercises on training deep networks are observed and judged where "call it and compare" does not do.

*When*: `drawn`, `drawn_again` (random weights), `without_gradients`, `two_batches` (batch norm), `evaluated` (a model
that predicts), `built`, `trained` (a deep network). *Then*: `spread`, `repeatable`, `has_its_form`, `learns`.
"""

from ..compare import numbers
from ..device import seeded
from ..exercise import Verdict

STEPS, BATCH = 100, 64  # of the training that a deep network gets
PASS, PASS_HIDDEN = 0.7, 0.6  # of the held-out examples must be right; less where nobody can try again


# ── Random weights ────────────────────────────────────────────────────────────────────────────────────────────────────


def drawn(init, weight, seed):
    """*When*: weights like `weight`, drawn with a generator of this seed."""
    import torch

    return init(weight, torch.Generator().manual_seed(seed))


def drawn_again(init, weight, seed):
    """*When*: drawn twice from equal generators, once more from the second of them, and once from another seed."""
    import torch

    first, second, other = (torch.Generator().manual_seed(s) for s in (seed, seed, seed + 1))
    return [init(weight, first), init(weight, second), init(weight, second), init(weight, other)]


def spread(observed, case, exercise):
    """*Then*: mean 0, the standard deviation and the form (flat, bell) of `case.kept`, and the dtype of what was given."""
    std, wanted_form = case.kept
    weight = case.given[0]
    w = numbers(observed)
    dtype, wanted_dtype = _dtype(observed), _dtype(weight)
    mine, mean = w.std(), w.mean()
    form = "flat" if (abs(w - mean) < mine).mean() < 0.63 else "bell"  # 57.7 % if evenly spread, 68.3 % if Gaussian
    centered = "centered" if abs(mean) < 0.15 * mine else "off center"
    reading = [float(mine / std), centered, form if mine > 0 else "constant", dtype]
    problems = []
    if dtype != wanted_dtype:
        problems.append(f"their dtype is {dtype}, but that of the given weight is {wanted_dtype}")
    if centered != "centered":
        problems.append("their mean is not near 0")
    if abs(mine / std - 1) > 0.08:
        problems.append(f"their standard deviation is too {'large' if mine > std else 'small'}")
    if form != wanted_form:
        wish = {"flat": "evenly spread between two bounds", "bell": "Gaussian, with no bounds"}[wanted_form]
        problems.append(f"they should be {wish}, and are not")
    elif form == "flat" and abs(w).max() > 1.001 * 3**0.5 * std and mine <= 1.08 * std:
        problems.append("some lie outside of the bounds")
    if not problems:
        return Verdict(True, reading=reading)
    example = ""
    if case.public:
        n_out, n_in = w.shape
        example = f"n_in = {n_in}, n_out = {n_out}\nyours:  mean {mean:.3f}, standard deviation {mine:.4f}, "
        example += f"from {w.min():.3f} to {w.max():.3f}"
    return Verdict(False, f"The weights: {'; '.join(problems)}.", example, reading)


def repeatable(observed, case, exercise):
    """*Then*: equal generators give equal weights; the next draw and another seed give others; all in the given dtype."""
    dtype, wanted_dtype = _dtype(observed[0]), _dtype(case.given[0])
    first, second, third, other = map(numbers, observed)
    equal, goes_on, differs = (first == second).all(), (second != third).any(), (first != other).any()
    reading = [int(equal), int(goes_on), int(differs), dtype]
    if equal and goes_on and differs and dtype == wanted_dtype:
        return Verdict(True, reading=reading)
    if dtype != wanted_dtype:
        problem = f"The dtype of the weights is {dtype}, but that of the given weight is {wanted_dtype}."
    elif not equal:
        problem = "Two generators with the same seed give different weights: is the generator used?"
    else:
        problem = "Two draws that should differ are the same: every call must go on drawing."
    return Verdict(False, problem, reading=reading)


# ── Batch norm ────────────────────────────────────────────────────────────────────────────────────────────────────────


def without_gradients(batch_norm, *given):
    """*When*: called under `torch.no_grad()`."""
    import torch

    with torch.no_grad():
        return batch_norm(*given)


def two_batches(batch_norm, batches, gamma, beta):
    """*When*: the two batches in training, from a running mean of 0 and a running variance of 1; then the first again in
    evaluation. → the three outputs, and the running statistics at the end"""
    import torch

    first, second = batches
    mean, var = torch.zeros_like(gamma), torch.ones_like(gamma)
    outputs = []
    for x, training in ((first, True), (second, True), (first, False)):
        answer = batch_norm(x, gamma, beta, mean, var, training)
        if not isinstance(answer, list | tuple) or len(answer) != 3:
            return answer
        outputs.append(answer[0])
        mean, var = (torch.as_tensor(v, dtype=gamma.dtype) for v in answer[1:])
    return [*outputs, mean, var]


# ── A model that predicts ─────────────────────────────────────────────────────────────────────────────────────────────


def evaluated(predict, model, x, size, training):
    """*When*: a model with batch norm, in training mode or not, predicts for x (n, d) in batches.
    → its answers, whether they carry a graph, whether the model is in training mode afterwards, its running mean"""
    import torch
    from torch import nn

    W1, b1, mean, var, W2, b2 = model
    (hidden, d), k = W1.shape, len(W2)
    model = nn.Sequential(nn.Linear(d, hidden), nn.BatchNorm1d(hidden), nn.ReLU(), nn.Linear(hidden, k))
    with torch.no_grad():
        for tensor, value in zip((*model[0].parameters(), *model[3].parameters()), (W1, b1, W2, b2)):
            tensor.copy_(value)
        model[1].running_mean.copy_(mean)
        model[1].running_var.copy_(var)
    model.train(training)
    answer = predict(model, x, size)
    return [answer, int(getattr(answer, "requires_grad", False)), int(model.training), model[1].running_mean]


# ── A deep network ────────────────────────────────────────────────────────────────────────────────────────────────────


def built(deepest, depth, x):
    """*When*: make the network and ask it, in evaluation mode, about all of x (n, 64) and about the first alone.
    → (how many linear layers, how large the two answers are, whether they agree, whether the whole is a linear map)"""
    import torch

    with seeded():
        network, _ = deepest(depth)
        network.eval()
        with torch.no_grad():
            together, alone = network(x), network(x[:1])
    agree = torch.allclose(together[:1], alone, rtol=1e-3, atol=1e-4)
    return [_linear(network), *together.shape, *alone.shape, int(agree), _straight(network, x)]


def trained(deepest, depth, x, y, held_out, seed):
    """*When*: make the network, train it for a hundred steps on x (n, 64) with the classes y, and ask it about `held_out`.
    → its classes (m,), how many linear layers it has, whether it normalizes (1 or 0), the gain of its weights at the start,
    the sizes of what then leaves its first linear layer and its last, and whether it answers with probabilities (1 or 0)"""
    import torch
    from torch.nn import functional as F

    with seeded(seed):
        network, optimizer = deepest(depth)
        normed, gain, sizes = _normed(network), _gain(network), _sizes(network, x[:BATCH])
        network.train()
        for _ in range(STEPS):
            i = torch.randint(len(x), (BATCH,))
            loss = F.cross_entropy(network(x[i]), y[i])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
        network.eval()
        with torch.no_grad():
            answers = network(held_out)
        probabilities = torch.allclose(answers.sum(dim=1), torch.ones(len(answers)), atol=1e-4)
        return [answers.argmax(dim=1), _linear(network), normed, gain, sizes, int(probabilities)]


def has_its_form(observed, case, exercise):
    """*Then*: at least `depth` linear layers, four scores for each example, and the same alone as together."""
    depth, x = case.given
    layers, n, k, one, k_alone, agree, straight = observed
    reading = list(observed)
    if layers < depth:
        return Verdict(False, f"The network has {layers} linear layers; wanted: at least {depth}.", reading=reading)
    if (n, k, one, k_alone) != (len(x), 4, 1, 4):
        return Verdict(False, "The network should give four scores, shape (n, 4), for n examples.", reading=reading)
    if not agree:
        return Verdict(False, "In evaluation an answer depends on the rest of the batch.", reading=reading)
    if straight:
        problem = f"All {layers} layers together are one linear map: there is no ReLU between them."
        return Verdict(False, problem, reading=reading)
    return Verdict(True, reading=reading)


def learns(observed, case, exercise):
    """*Then*: enough of the held-out examples are right, whose classes are `case.kept`."""
    classes, layers, normed, gain, sizes, probabilities = observed
    depth = case.given[0]
    right = (numbers(classes) == numbers(case.kept)).mean()
    first, last = numbers(sizes)
    factor = float((last / first) ** (1 / max(layers - 1, 1))) if first > 0 and 0 <= last < 1e30 else 0.0
    reading = [layers, normed, 0.0 if normed else gain, probabilities]
    if layers < depth:
        return Verdict(False, f"The network has {layers} linear layers; wanted: at least {depth}.", reading=reading)
    enough = PASS if case.public else PASS_HIDDEN
    if right >= enough:
        return Verdict(True, reading=reading)
    problem = f"After {STEPS} steps it is right on {right:.0%} of the held-out digits; wanted: at least {enough:.0%}. "
    problem += f"At the start each layer multiplied the size of the signal by about {factor:.2f}."
    return Verdict(False, problem, f"depth = {depth}" if case.public else "", reading=reading)


def _linear(network):
    from torch import nn

    return sum(isinstance(m, nn.Linear) for m in network.modules())


def _straight(network, x):
    """Is it a linear map and a constant, 1 or 0? In double precision, as little may pass through many layers."""
    import torch

    network, x = network.double(), x.double()
    n = len(x) // 2
    a, b = x[:n], x[n : 2 * n]
    with torch.no_grad():
        rest = network(0 * a)
        alone, bent = network(a) - rest, network(a + b) - network(a) - network(b) + rest
    return int(alone.abs().max() > 0 and bent.abs().max() < 1e-6 * alone.abs().max())


def _normed(network):
    return int(any("Norm" in type(m).__name__ for m in network.modules()))


def _gain(network):
    """The standard deviation of a layer's weights times the root of its inputs: the median over the linear layers."""
    import torch
    from torch import nn

    weights = [m.weight.detach().double() for m in network.modules() if isinstance(m, nn.Linear)]
    return float(torch.stack([w.std() * w.shape[1] ** 0.5 for w in weights]).median()) if weights else 0.0


def _sizes(network, x):
    """The root mean square of what leaves the first and the last linear layer, in training mode: shape (2,)."""
    import torch
    from torch import nn

    seen, hooks = [], []
    for module in network.modules():
        if isinstance(module, nn.Linear):
            note = lambda module, inputs, output: seen.append(output.detach().double().square().mean().sqrt())  # noqa: E731
            hooks.append(module.register_forward_hook(note))
    network.train()
    buffers = [(buffer, buffer.clone()) for buffer in network.buffers()]
    with torch.no_grad():
        network(x)
        for buffer, value in buffers:  # running statistics as they were
            buffer.copy_(value)
    for hook in hooks:
        hook.remove()
    return torch.stack([seen[0], seen[-1]]) if seen else torch.zeros(2, dtype=torch.float64)


def curves():
    """The public runs of `mystery_runs`: pairs (training loss, held-out loss), in the order of the check."""
    from .. import recorded

    return [case.given for case in recorded.exercise("training.mystery_runs").cases]


def _dtype(value):
    return str(getattr(value, "dtype", type(value).__name__)).removeprefix("torch.")
