"""The figure of a small expression graph."""

import pytest
import torch


def truth(state):
    step = state["step"]
    # a is two leaves here, one for each place where it is used: their gradients are what each place passes to a.
    in_product, in_sum, b = (torch.tensor(state[name], dtype=torch.float64, requires_grad=True) for name in "aab")
    u = in_product * b
    v = u + in_sum
    e = v**2
    for node in (u, v, e):
        node.retain_grad()
    e.backward()
    to_a = [in_sum.grad] * (step >= 6) + [in_product.grad] * (step >= 7)
    gradients = {"e": 4, "v": 5, "u": 6, "b": 7}
    return {
        "values": [in_sum, b, u, v, e][: 2 + min(step, 3)],
        "gradients": {
            "a": (to_a[-1] if state["overwrite"] else sum(to_a)) if to_a else 0,
            **{
                name: {"e": e, "v": v, "u": u, "b": b}[name].grad if step >= at else 0 for name, at in gradients.items()
            },
        },
        "toA": to_a,
        "local": [b, in_product, 1, 1, (v.grad / e.grad)],
    }


def test_it_says_what_python_computes(drive):
    drive("graph_steps", truth)


@pytest.mark.parametrize(("a", "b"), [(2, 0.5), (-1.25, 1.7), (0, -3), (1, -1)])
def test_at_the_end_the_gradients_are_those_of_autograd(screen, a, b):
    figure = screen("graph_steps", motion="reduce")
    figure.skip()
    figure.set(a=a, b=b, step=0)
    state, readout = figure.press("Play")
    assert state["step"] == 7
    a, b = (torch.tensor(float(x), requires_grad=True) for x in (a, b))
    ((a * b + a) ** 2).backward()
    assert readout["gradients"]["a"] == pytest.approx(a.grad.item(), abs=1e-5)
    assert readout["gradients"]["b"] == pytest.approx(b.grad.item(), abs=1e-5)


def test_without_adding_the_slope_is_wrong(screen):
    figure = screen("graph_steps")
    figure.skip()
    _, half = figure.set(step=6)
    assert "no tangent yet" in figure.says()
    _, whole = figure.set(step=7)
    _, bug = figure.set(overwrite=True)
    assert (half["gradients"]["a"], whole["gradients"]["a"], bug["gradients"]["a"]) == (6, 9, 3)
    assert "is wrong" in figure.says()
