"""The figure of forward and reverse mode."""

import math

import torch
from draws import Random


def local(draw, count):
    return [[-2, -1, 1, 2][draw.integer(4)] for _ in range(count)]


def graph(state):
    """The drawn inputs' places, and the three matrices of local derivatives: (out, in)."""
    n = min(max(math.floor(state["n"] + 0.5), 1), 10**6)
    seen = list(range(n)) if n <= 6 else [0, 1, 2, 3, n - 1]
    draw = Random(1000 * state["seed"])
    middle = [local(draw, 3) for _ in range(3)]
    last = [local(draw, 3) for _ in range(4)][: state["m"]]
    first = [local(Random(1000 * state["seed"] + i + 1), 3) for i in seen]
    return n, seen, [torch.tensor(w, dtype=torch.float64) for w in (torch.tensor(first).T.tolist(), middle, last)]


def truth(state):
    n, seen, weights = graph(state)
    m = state["m"]

    def layers(x):
        values = [x]
        for w in weights:
            values.append(w @ values[-1])
        return values

    zero = torch.zeros(len(seen), dtype=torch.float64)
    edges = n * 3 + 9 + 3 * m
    jacobian = torch.autograd.functional.jacobian(lambda x: layers(x)[-1], zero)

    # Forward: which pass, how many layers of it, and the derivatives of each layer by that pass's input.
    done = min(state["step"], 3 * n)
    full, at = divmod(done, 3)
    forward = full * edges + sum([3 * n, 9, 3 * m][:at])
    i = full if at else max(full - 1, 0)
    by = local(Random(1000 * state["seed"] + i + 1), 3)  # the input may be one that is not drawn
    columns = [torch.tensor(by, dtype=torch.float64)]
    for w in weights[1:]:
        columns.append(w @ columns[-1])
    carried = columns[: (at or 3) if done else 0]

    done = min(state["step"], 3 * m)
    full, at = divmod(done, 3)
    backward = full * edges + sum([3 * m, 9, 3 * n][:at])
    j = full if at else max(full - 1, 0)
    values = [zero.clone().requires_grad_()]
    for w in weights:
        values.append(w @ values[-1])
        values[-1].retain_grad()
    values[-1][j].backward()
    reached = (at or 3) if done else 0
    return {
        "edges": edges,
        "totals": [n * edges, m * edges],
        "counts": [forward, backward],
        "carried": [carried, [value.grad for value in values[3 - reached : 3]]],
        "jacobian": jacobian,
    }


def test_it_says_what_python_computes(drive):
    drive("backwards", truth)


def test_for_one_output_one_pass_back_gives_what_takes_forward_mode_n(screen):
    figure = screen("backwards", motion="reduce")
    figure.skip()
    state, readout = figure.set(step=3)
    assert readout["counts"] == [24, 24]  # a pass costs the same both ways,
    assert readout["carried"][1][0] == readout["jacobian"][0]  # but this one is done,
    assert readout["carried"][0][-1] == [readout["jacobian"][0][0]]  # and that one has one of four derivatives
    state, readout = figure.press("Play")
    assert state["step"] == 12
    assert readout["counts"] == [96, 24]
    assert "Forward costs 4 times as much" in figure.says()


def test_with_a_million_inputs_the_ratio_is_a_million(screen):
    figure = screen("backwards")
    figure.skip()
    _, readout = figure.set(n=1e6, step=3)
    forward, backward = readout["totals"]
    assert forward == 1e6 * backward
    assert "pass 1 of 1\u202f000\u202f000" in figure.says()


def test_with_one_input_and_several_outputs_forward_mode_wins(screen):
    figure = screen("backwards")
    figure.skip()
    _, readout = figure.set(n=1, m=4, step=3)
    forward, backward = readout["totals"]
    assert backward == 4 * forward
    assert "forward wins" in figure.says()
