"""The figure of the sliding kernel."""

import torch
from torch.nn import functional


def layer(state, x):
    """A convolution with ones; no output where PyTorch refuses."""
    kernel = torch.ones(1, 1, state["kernel"], state["kernel"], dtype=torch.float64)
    how = {name: state[name] for name in ("padding", "stride", "dilation")}
    try:
        return functional.conv2d(x[None, None], kernel, **how)[0, 0]
    except RuntimeError:
        return torch.zeros(0, 0, dtype=torch.float64)


def truth(state):
    x = torch.ones(state["size"], state["size"], dtype=torch.float64, requires_grad=True)
    y = layer(state, x)
    m = len(y)
    (used,) = torch.autograd.grad(y.sum(), x, retain_graph=True) if m else (torch.zeros_like(x),)
    here = torch.zeros_like(x)
    if m:
        (here,) = torch.autograd.grad(y.flatten()[min(state["at"], m * m - 1)], x)
    cells = here.flatten().nonzero().flatten()
    return {
        "size": m,
        "cells": cells,
        "padded": state["kernel"] ** 2 - len(cells) if m else 0,
        "used": used.flatten(),
        "never": int((used == 0).sum()),
    }


def test_it_says_what_python_computes(drive):
    drive("sliding_kernel", truth)


def test_where_the_stride_does_not_divide_the_edge_is_lost(screen):
    figure = screen("sliding_kernel")
    figure.skip()
    _, readout = figure.set(stride=2)
    assert readout["size"] == 3
    assert readout["never"] == 15  # a row and a column of 8
    assert "would stick out by 1 cell" in figure.says()
    _, readout = figure.set(size=9)
    assert readout["never"] == 0


def test_every_combination_is_drawn_and_agrees(screen):
    figure = screen("sliding_kernel", width=320)
    figure.skip()
    for size, kernel, padding, stride, dilation in [
        (3, 5, 0, 1, 3), (3, 1, 4, 4, 1), (12, 1, 4, 1, 1), (12, 5, 0, 4, 3), (5, 3, 1, 2, 2), (7, 2, 3, 3, 3),
    ]:  # fmt: skip
        state, readout = figure.set(size=size, kernel=kernel, padding=padding, stride=stride, dilation=dilation, at=4)
        wanted = truth(state)
        assert readout["size"] == wanted["size"]
        assert readout["used"] == wanted["used"].tolist()
        assert readout["cells"] == wanted["cells"].tolist()
        figure.fits()


def test_the_kernel_is_slid_by_arrow_keys_stop_by_stop(screen):
    figure = screen("sliding_kernel")
    figure.skip()
    figure.set(stride=2)
    for key, at in (("ArrowRight", 1), ("ArrowDown", 4), ("ArrowLeft", 3), ("ArrowUp", 0)):
        figure.page.locator(".fig-handle").press(key)
        assert figure.settled()[0]["at"] == at
