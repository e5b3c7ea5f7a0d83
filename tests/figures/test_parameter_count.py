"""The figure of the numbers of weights."""

import torch
from torch import nn


def truth(state):
    """Counted in PyTorch's own layers, which on the device meta take no memory."""
    h, c, k, n = (state[name] for name in ("side", "channels", "kernel", "filters"))
    dense = nn.Linear(h * h * c, h * h * n, bias=False, device="meta").weight.numel()
    conv = nn.Conv2d(c, n, k, padding=k // 2, bias=False, device="meta")
    patches = nn.functional.unfold(torch.empty(1, c, h, h, device="meta"), k, padding=k // 2)  # (1, c k k, places)
    local = torch.empty(patches.shape[2], n, patches.shape[1], device="meta").numel()
    out = conv(torch.empty(1, c, h, h, device="meta"))
    return {
        "weights": [dense, local, conv.weight.numel()],
        "work": [dense, local, out.numel() * conv.weight[0].numel()],
        "unit": nn.Linear(h * h * c, 1, bias=False, device="meta").weight.numel(),
        "memory": dense * 4,
    }


def test_it_says_what_python_computes(drive):
    drive("parameter_count", truth)


def test_sharing_saves_weights_whatever_the_size_of_the_image_and_no_work(screen):
    figure = screen("parameter_count")
    figure.predict(2)
    _, small = figure.settled()
    assert "12,288 weights" in figure.says()
    _, large = figure.set(side=128)
    assert [b / a for a, b in zip(small["weights"], large["weights"], strict=True)] == [16, 4, 1]
    assert large["work"][1] == large["work"][2]
    assert "That is what happens" in figure.page.inner_text(".fig-predicted")
    figure.set(side=512, channels=64, kernel=11, filters=256)
    assert "more than all of GPT-3" in figure.says()
    figure.fits()
