"""How the perceptron's exercises are observed and judged where "call it and compare" does not do.

*When*: `one_by_one`, `in_turn`. *Then*: `truth_table`, `region` (a network is judged by what it computes, not by its numbers).
"""

from ..compare import numbers, show
from ..exercise import Verdict

NEAR = 1e-6  # of the size of its terms: a sum as small as this is rounding, and counts as zero


def one_by_one(neuron, x, w, b):
    """*When*: the neuron sees every point of x (n, d) alone, as x of shape (1, d). → the n answers"""
    return [neuron(x[i : i + 1], w, b) for i in range(len(x))]


def in_turn(update, w, b, x, y):
    """*When*: update (w, b) with each point of x (n, d) and its label, one after the other. → the n answers (w, b);
    instead of these the first answer that is no pair of numbers, as it is. An answer in NumPy goes back in as tensors."""
    import torch

    answers = []
    for x_i, y_i in zip(x, y):
        answer = update(w, b, x_i, y_i)
        if not isinstance(answer, list | tuple) or len(answer) != 2:
            return answer
        answers.append(answer)
        try:
            w, b = (torch.as_tensor(v, dtype=x.dtype, device=x.device) for v in answer)
        except (TypeError, ValueError, RuntimeError):
            return answer
    return answers


def layers(network, points):
    """What a step network computes: (hidden (n, k), output (n,)), ones and zeros, for points (n, d).

    network: (W1 (k, d), b1 (k,), w2 (k,), b2 ()); a neuron is 1 where its sum is at least 0, else 0.
    """
    W1, b1, w2, b2 = (numbers(v) for v in network)
    hidden = _step(numbers(points), W1, b1)
    return hidden, _step(hidden, w2, b2)


def truth_table(observed, case, exercise):
    """*Then*: the network gives the outputs (n,) at the inputs (n, d), both from `case.kept`."""
    if not _finite(observed):
        return Verdict(False, "A weight or a bias is nan or infinite.")
    inputs, wanted = map(numbers, case.kept)
    hidden, output = layers(observed, inputs)
    wrong = output != wanted
    if not wrong.any():
        return Verdict(True, reading=output)
    places = [f"for the input {_ints(x)} it gives {int(out)}" for x, out in zip(inputs[wrong], output[wrong])]
    problem = f"Your network is wrong at {len(places)} of {len(output)} inputs: {'; '.join(places)}."
    rows = [
        f"{_ints(x)}  →  {_ints(h)}  →  {int(out)}{'   ← wrong' if bad else ''}"
        for x, h, out, bad in zip(inputs, hidden, output, wrong)
    ]
    example = "\n".join(["input  →  hidden neurons  →  output", *rows])
    return Verdict(False, problem, example if case.public else "", reading=output)


def region(observed, case, exercise):
    """*Then*: of the points (n, 2) the network fires at those inside (n,), both from `case.kept`, and at no others."""
    if not _finite(observed):
        return Verdict(False, "A weight or a bias is nan or infinite.")
    points, wanted = map(numbers, case.kept)
    hidden, output = layers(observed, points)
    missed, spilled = (wanted == 1) & (output == 0), (wanted == 0) & (output == 1)
    if not (missed | spilled).any():
        return Verdict(True, reading=output)
    counts = [
        f"it is silent at {missed.sum()} of {(wanted == 1).sum()} points inside" if missed.any() else "",
        f"it fires at {spilled.sum()} of {(wanted == 0).sum()} points outside" if spilled.any() else "",
    ]
    problem = f"Your network does not draw this polygon: {' and '.join(filter(None, counts))}."
    example = ""
    if case.public:
        i = int((missed | spilled).argmax())
        point, side = show(points[i]), "inside" if missed[i] else "outside"
        example = (
            f"corners = {show(case.given[0])}\nthe point {point} is {side}; there your network computes\n"
            f"hidden neurons: {_ints(hidden[i])}\noutput:         {int(output[i])}"
        )
    return Verdict(False, problem, example, reading=output)


def _step(inputs, weights, bias):
    import numpy as np

    with np.errstate(over="ignore", invalid="ignore"):  # absurd weights: whatever comes of them is compared
        score = inputs @ weights.T + bias
        size = abs(inputs) @ abs(weights).T + abs(bias)
        return (score >= -NEAR * size).astype(int)


def _finite(network):
    import numpy as np

    return all(np.isfinite(numbers(v)).all() for v in network)


def _ints(values):
    return f"({', '.join(str(int(v)) for v in values)})"
