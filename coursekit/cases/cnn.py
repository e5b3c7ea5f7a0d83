"""How the exercises on convolutional networks are observed and judged where "call it and compare" does not do.

Networks of the students' own making get given weights: then all right ones compute the same.
*When*: `asked` (LeNet), `passed` (a residual block), `trained` (a network that reads digits), `climbed` (an image that
maximizes a unit). *Then*: `reads`.
"""

import math

from ..compare import numbers
from ..device import seeded
from ..exercise import Verdict

FIGURE = "8×1×3×3, 8, 16×8×3×3, 16, 10×256, 10"  # the weights and biases that the figure `Digit` can show


def _shapes(tensors):
    return ", ".join("×".join(map(str, t.shape)) for t in tensors)


# ── LeNet ─────────────────────────────────────────────────────────────────────────────────────────────────────────────


def asked(lenet, channels, classes, size, seed, x):
    """*When*: make the network, write weights into it that hang on `seed` and on the shape of a parameter (no two have the
    same), and ask it about x. → the shapes of its parameters, the largest first, and its answer"""
    import torch

    with seeded(), torch.no_grad():
        network = lenet(channels, classes, size).to(x.device, x.dtype).eval()
        network(x)  # a lazy layer gets its shape here
        found = sorted(network.parameters(), key=lambda p: (p.ndim, *p.shape), reverse=True)
        for parameter in found:
            parameter.copy_(_mixed(seed, tuple(parameter.shape)))
        return {"shapes of its parameters": _shapes(found), "logits": network(x)}


def _mixed(seed, shape):
    """Weights of a usual size that look random, and are the same wherever they are computed."""
    import torch

    i = torch.arange(math.prod(shape), dtype=torch.float64)
    size = math.sqrt(4 / math.prod(shape[1:])) if len(shape) > 1 else 0.5
    return size * torch.sin(seed + len(shape) + 1.7 * i**2).reshape(shape)


# ── A residual block ──────────────────────────────────────────────────────────────────────────────────────────────────


def passed(residual_block, channels_in, channels_out, stride, training, weights, x):
    """*When*: make the block, write these weights into it, and send x through, in training or in evaluation.
    weights: of the two 3×3 convolutions and of the 1×1 one (if there is one), and for every batch norm the same scale,
    shift, running mean and running variance. → how many numbers it learns, and its output"""
    import torch
    from torch import nn

    with seeded(), torch.no_grad():
        block = residual_block(channels_in, channels_out, stride).to(x.device, x.dtype)
        kernels, norms = list(weights[:3]), weights[3:]
        for layer in block.modules():
            if isinstance(layer, nn.Conv2d):
                fits = next((i for i, w in enumerate(kernels) if w.shape == layer.weight.shape), None)
                if fits is not None:
                    layer.weight.copy_(kernels.pop(fits))
                if layer.bias is not None:
                    layer.bias.zero_()
            elif isinstance(layer, nn.BatchNorm2d) and layer.num_features == len(norms[0]):
                for place, w in zip((layer.weight, layer.bias, layer.running_mean, layer.running_var), norms):
                    if place is not None:
                        place.copy_(w)
        block.train(training)
        return {"numbers that it learns": sum(p.numel() for p in block.parameters()), "output": block(x)}


# ── A network that reads digits ───────────────────────────────────────────────────────────────────────────────────────


def trained(train_cnn, x, y, wanted, x_new):
    """*When*: train a network on x and y, and ask it about x_new. (wanted: the share that must be right.)
    → the shapes of its parameters (in the figure's order, if it has them), what it does with them, its answers (m, 10)"""
    import torch
    from torch import nn

    with seeded():
        network = train_cnn(x, y)
    if not isinstance(network, nn.Module):
        return network
    network.eval()
    with torch.no_grad():
        answers = network(x_new)
        places = FIGURE.split(", ")
        found = sorted(network.parameters(), key=lambda p: [*places, _shapes([p])].index(_shapes([p])))
        shapes = _shapes(found)
        works = _works(found, x_new[:30], answers[:30]) if shapes == FIGURE else "other layers"
    return [shapes, works, answers]


def _works(parameters, x, answers):
    """Which network with these six parameters gives these answers."""
    import torch
    from torch.nn import functional as F

    if not torch.isfinite(answers).all():
        return "not finite"
    w1, b1, w2, b2, w3, b3 = parameters

    def logits(first=F.relu, second=F.relu, pool=F.max_pool2d):
        maps = second(F.conv2d(first(F.conv2d(x, w1, b1, padding=1)), w2, b2, padding=1))
        return F.linear(pool(maps, 2).flatten(1), w3, b3)

    def same(maps):
        return maps

    kinds = {
        "right": logits(),
        "log-probabilities": logits().log_softmax(dim=1),  # cross-entropy makes the same of them
        "softmax": logits().softmax(dim=1),
        "average": logits(pool=F.avg_pool2d),
        "no ReLU": logits(same, same),
        "no first ReLU": logits(first=same),
        "no second ReLU": logits(second=same),
    }
    near = {
        kind: float((a - answers).abs().max()) for kind, a in kinds.items() if a.shape == getattr(answers, "shape", 0)
    }
    best = min(near, key=near.get, default="another")
    return best if best in near and near[best] < 1e-4 * (1 + float(answers.abs().max())) else "another"


SAID = {
    "not finite": "Some of its answers are no numbers (nan or inf).",
    "softmax": "Its answers are probabilities; wanted: logits, as cross-entropy and the figure expect them.",
    "average": "It pools by averages; wanted: by the maximum.",
    "no ReLU": "Its two convolutions follow each other without a ReLU; wanted: one after each.",
    "no first ReLU": "There is no ReLU after its first convolution; wanted: one after each.",
    "no second ReLU": "There is no ReLU after its second convolution; wanted: one after each.",
    "another": "It has the right parameters, but computes something else with them than the network in the table.",
}


def reads(observed, case, exercise):
    """*Then*: it is the network that the figure shows, and of the labels that are kept the share `wanted` is right."""
    shapes, works, answers = observed
    wanted = case.given[2]
    example = f"{len(case.given[0])} digits to learn from, {len(answers)} new ones to read" if case.public else ""
    if shapes != FIGURE:
        problem = f"Its parameters have the shapes {shapes or '(none)'}; wanted: {FIGURE}."
        return Verdict(False, problem, example, reading=shapes)
    if works not in ("right", "log-probabilities"):
        return Verdict(False, SAID.get(works, SAID["another"]), example, reading=works)
    right = float((numbers(answers).argmax(axis=1) == numbers(case.kept)).mean())
    if right >= wanted:
        return Verdict(True, reading="right")
    reading = "chance" if right < 0.2 else "weak"
    problem = f"{100 * right:.1f} % of {len(answers)} new digits are right; wanted: at least {100 * wanted:.0f} %."
    return Verdict(False, problem, example, reading=reading)


# ── An image that a unit likes ────────────────────────────────────────────────────────────────────────────────────────


def climbed(maximize_activation, filters, mixing, x, unit, steps, lr):
    """*When*: climb from x in a network of one convolution with these filters (f, c, 3, 3), tanh, the mean of each map,
    and a linear layer with the weight `mixing` (k, f). → the image"""
    import torch
    from torch import nn

    f, c = filters.shape[:2]
    layers = nn.Conv2d(c, f, 3, bias=False), nn.Tanh(), nn.AdaptiveAvgPool2d(1), nn.Flatten()
    network = nn.Sequential(*layers, nn.Linear(f, len(mixing), bias=False)).to(x.device, x.dtype)
    with torch.no_grad():
        network[0].weight.copy_(filters)
        network[4].weight.copy_(mixing)
    return maximize_activation(network, x, unit, steps, lr)
