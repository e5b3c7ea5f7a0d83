"""Broadcasting's figure."""

import ast

import pytest
import torch

from coursekit.figures import broadcasting


def arrays(state):
    """a and b of the figure."""
    shapes = [ast.literal_eval(state[name]) for name in ("a", "b")]
    a, b = (torch.arange(1, torch.Size(shape).numel() + 1, dtype=torch.float64).reshape(shape) for shape in shapes)
    return a, b if state["operation"] == "loss" else 10 * b


def truth(state):
    a, b = arrays(state)
    try:
        result = (a - b) ** 2 if state["operation"] == "loss" else a + b
        shape, error = list(result.shape), ""
    except RuntimeError as refusal:
        result, shape, error = None, None, str(refusal)
    sizes = [[1] * (3 - x.dim()) + list(x.shape) for x in (a, b)]
    grows = [[k - 3 for k in range(3) if x[k] == 1 < y[k]] for x, y in (sizes, sizes[::-1])]
    if result is None:
        return {
            "shape": None, "error": error, "numbers": 0, "total": 0, "mean": None, "box": None, "stretched": grows,
        }  # fmt: skip
    padded = result.reshape([1] * (3 - result.dim()) + shape)
    box = tuple(min(i, n - 1) for i, n in zip(state["box"], padded.shape, strict=True))
    return {
        "shape": shape,
        "error": "",
        "numbers": result.numel(),
        "total": result.sum(),
        "mean": result.mean(),
        "box": padded[box],
        "stretched": grows,
    }


def test_it_says_what_python_computes(drive):
    drive("broadcasting", truth)


def test_a_perfect_prediction_of_another_shape_has_an_error(screen):
    figure = screen("broadcasting")
    figure.skip()
    state, readout = figure.set(operation="loss", stretch=1)
    a, b = arrays(state)
    assert torch.equal(a.flatten(), b.flatten())
    assert readout["shape"] == [3, 3]
    assert readout["mean"] == pytest.approx(((a - b) ** 2).mean().item())
    assert readout["mean"] > 1
    assert "a mean squared error of 0 was meant" in figure.says()
    _, readout = figure.set(a="(3,)")
    assert readout["mean"] == 0


def test_all_pairs_do_what_pytorch_does(screen):
    figure = screen("broadcasting", width=320)
    figure.skip()
    refused = 0
    for a in broadcasting.SHAPES:
        for b in broadcasting.SHAPES:
            state, readout = figure.set(a=a, b=b)
            assert readout["shape"] == truth(state)["shape"]
            assert readout["error"] == truth(state)["error"]
            figure.fits()
            refused += readout["shape"] is None
    assert refused == 6  # only 3 against 4 in the last axis


def test_the_result_is_filled_as_far_as_the_boxes_are_stretched(screen):
    figure = screen("broadcasting")
    figure.skip()
    shown = []
    for stretch in (0, 0.5, 1):
        figure.set(stretch=stretch)
        shown.append(figure.page.locator(".fig-plot").nth(2).locator("g >> text").all_text_contents()[1:])
    assert shown[0] == ["11"]
    assert shown[1] == ["11", "21", "12", "22"]
    assert shown[2] == ["11", "21", "31", "12", "22", "32", "13", "23", "33"]
