"""The figure of the kernel over a photograph."""

import base64

import numpy as np
import torch
from torch.nn import functional


def truth(state):
    photo = np.frombuffer(base64.b64decode(state["photo"]), np.uint8).reshape(60, 90)
    x = torch.tensor(photo, dtype=torch.float64)
    kernel = torch.tensor(state["kernel"], dtype=torch.float64).reshape(1, 1, 3, 3)
    out = functional.conv2d(x[None, None], kernel.flip(2, 3) if state["flip"] else kernel)[0, 0]
    i, j = state["at"]
    return {
        "value": out[i, j],
        "patch": x[i : i + 3, j : j + 3].flatten(),
        "total": kernel.sum(),
        "low": out.min(),
        "high": out.max(),
        "size": out.abs().mean(),
    }


def test_it_says_what_python_computes(drive):
    drive("kernel_painter", truth)


def test_half_a_turn_changes_the_sign_of_an_edge_and_nothing_of_a_blur(screen):
    figure = screen("kernel_painter")
    figure.skip()
    _, edge = figure.settled()
    _, turned = figure.set(flip=True)
    assert turned["value"] == -edge["value"] != 0
    assert (turned["low"], turned["high"]) == (-edge["high"], -edge["low"])
    _, blur = figure.press("Blur")
    _, again = figure.set(flip=False)
    assert again == blur


def test_plain_sky_is_nothing_to_weights_that_sum_to_0_and_stays_to_those_that_sum_to_1(screen):
    figure = screen("kernel_painter")
    figure.skip()
    figure.set(at=[3, 5])
    for name in ("Vertical edges", "Horizontal edges", "All edges"):
        if figure.page.get_by_role("button", name=name, exact=True).is_enabled():
            figure.press(name)
        _, readout = figure.settled()
        assert abs(readout["value"]) < 0.05 * np.mean(readout["patch"])
        assert "plain areas vanish" in figure.says()
    for name in ("Identity", "Blur", "Sharpen"):
        _, readout = figure.press(name)
        assert abs(readout["value"] / np.mean(readout["patch"]) - 1) < 0.03
    assert "keep 100 % of their gray" in figure.says()


def test_a_picture_that_is_none_is_black(screen):
    figure = screen("kernel_painter")
    figure.skip()
    _, readout = figure.set(photo="*")
    assert readout["size"] == 0
    figure.fits()
