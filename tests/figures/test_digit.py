"""The figure of a drawn digit: the network in the page against torch with the same weights."""

import json
from pathlib import Path

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from sklearn.datasets import load_digits
from torch import nn

from coursekit import figures

FILE = json.loads((Path(figures.__file__).parent / "data/digit.json").read_text(encoding="utf-8"))
SHAPES = [(8, 1, 3, 3), (8,), (16, 8, 3, 3), (16,), (10, 256), (10,)]


def tensors(own=()):
    lists = own or [[number / 100 for number in each] for each in FILE["weights"]]
    return [torch.tensor(each, dtype=torch.float64).reshape(shape) for each, shape in zip(lists, SHAPES)]


def inked(strokes, r):
    """The drawing on 32×32 pixels, with a pen of radius r."""
    points = np.concatenate(strokes)
    low, high = points.min(0), points.max(0)
    wide, tall = np.maximum(high - low, 1e-9)
    y = (32 - 2 * r) / tall
    kx = min((20 - 2 * r) / wide, 1.4 * y)
    ky = min(y, 2 * kx)
    row, column = np.mgrid[:32, :32] + 0.5
    on = np.zeros((32, 32), bool)
    for stroke in strokes:
        at = (stroke - (low + high) / 2) * [kx, ky]
        at = np.stack([at[:, 0] + 16, 16 - at[:, 1]], 1)
        for a, b in zip(at, at[1:] if len(at) > 1 else at):
            d = b - a
            along = (column - a[0]) * d[0] + (row - a[1]) * d[1]
            t = np.clip(along / (d @ d), 0, 1) if d @ d > 0 else 0 * row
            on |= (column - a[0] - t * d[0]) ** 2 + (row - a[1] - t * d[1]) ** 2 <= r * r
    return on


def prepared(strokes):
    if not strokes:
        return np.zeros((8, 8))
    strokes = [np.array(each, float) for each in strokes]
    low, high = 4, 24
    while low < high:
        middle = (low + high) // 2
        low, high = (low, middle) if inked(strokes, middle / 4).sum() >= 300 else (middle + 1, high)
    return inked(strokes, low / 4).reshape(8, 4, 8, 4).sum((1, 3))


def pixels(state):
    sample = state["samples"][state["sample"]] if state["sample"] >= 0 else state
    if "pixels" in sample:
        return np.array([int(each, 17) for each in sample["pixels"]]).reshape(8, 8)
    return prepared(sample["strokes"])


def truth(state):
    seen = torch.tensor(pixels(state), dtype=torch.float64)
    w1, b1, w2, b2, w3, b3 = tensors(state["weights"])
    x = seen[None, None] / 16
    first = F.conv2d(x, w1, b1, padding=1).relu()
    second = F.conv2d(first, w2, b2, padding=1).relu()
    pooled = F.max_pool2d(second, 2)
    logits = F.linear(pooled.flatten(), w3, b3)
    p = logits.softmax(0)
    answer = int(p.argmax())
    second_best = int(p.topk(2).indices[1])
    rival = second_best if state["rival"] in (-1, answer) else state["rival"]
    m, r, c = state["cells"][state["layer"]]
    votes = w3.reshape(10, 16, 4, 4) * pooled
    if state["layer"] == 2:
        products = votes[:, m, r, c]
    else:
        below, kernel = [(x, w1), (first, w2)][state["layer"]]
        products = F.pad(below, (1, 1, 1, 1))[0, :, r : r + 3, c : c + 3] * kernel[m]
    return {
        "seen": seen,
        "logits": logits,
        "probabilities": p,
        "answer": answer,
        "rival": rival,
        "value": [first, second, pooled][state["layer"]][0, m, r, c],
        "products": products.flatten(),
        "evidence": (votes[answer] - votes[rival]).sum(0),
        "lead": b3[answer] - b3[rival],
    }


def test_it_says_what_python_computes(drive):
    drive("digit", truth)


def test_the_places_and_the_biases_are_all_of_the_lead(screen):
    figure = screen("digit")
    figure.skip()
    for sample in range(-1, 13):
        _, read = figure.set(sample=sample, rival=sample % 10)
        lead = np.sum(read["evidence"]) + read["lead"]
        assert lead == pytest.approx(
            np.log(read["probabilities"][read["answer"]] / read["probabilities"][read["rival"]])
        )


def test_a_bar_makes_a_seven_surer(screen):
    figure = screen("digit")
    figure.skip()
    state, before = figure.settled()
    assert before["answer"] == 7
    assert before["probabilities"][7] < 0.9
    _, after = figure.set(strokes=[*state["strokes"], [[24, 30], [44, 30]]])
    assert after["probabilities"][7] > 0.99


def test_a_minus_sign_is_taken_for_a_digit(screen):
    figure = screen("digit")
    figure.predict(2)
    figure.page.locator(".fig-choice label").last.click()
    _, read = figure.settled()
    assert max(read["probabilities"]) > 0.8
    assert "That is what happens" in figure.page.inner_text(".fig-predicted")


def test_the_pen_draws_by_keys_as_the_pointer_does(screen):
    figure = screen("digit")
    figure.skip()
    figure.press("Clear")
    assert figure.settled()[0]["strokes"] == []
    assert "Nothing is drawn" in figure.says()
    pen = figure.page.locator(".fig-handle").first
    pen.press("ArrowUp")  # lifted: nothing is drawn
    assert figure.settled()[0]["strokes"] == []
    for key in ("Space", "ArrowUp", "Shift+ArrowUp", "Space", "Shift+ArrowRight"):
        pen.press(key)
    assert figure.settled()[0]["strokes"] == [[[10, 12], [10, 14], [10, 34]]]
    board = figure.page.locator(".fig-pressable").first.bounding_box()
    figure.page.mouse.move(board["x"] + 0.9 * board["width"], board["y"] + 45)  # the word "clear" in the corner
    figure.page.mouse.down()
    figure.page.mouse.move(board["x"] + 0.9 * board["width"], board["y"] + 60)
    figure.page.mouse.up()
    assert figure.settled()[0]["strokes"] == []
    figure.page.mouse.move(board["x"] + 100, board["y"] + 60)
    figure.page.mouse.down()
    figure.page.mouse.move(board["x"] + 100, board["y"] + 160, steps=8)
    figure.page.mouse.up()
    state, read = figure.settled()
    assert len(state["strokes"]) == 1
    assert len(state["strokes"][0]) > 5
    same_as_torch = truth(state)
    assert np.allclose(read["logits"], same_as_torch["logits"])


def test_a_cell_is_chosen_by_pressing_it(screen):
    figure = screen("digit")
    figure.skip()
    maps = figure.page.locator(".fig-pressable").nth(3).bounding_box()  # after the drawing, the bars and conv 1
    figure.page.mouse.click(maps["x"] + 0.95 * maps["width"], maps["y"] + 0.95 * maps["height"])
    state, _ = figure.settled()
    assert state["layer"] == 1
    assert state["cells"][1][0] == 15  # the last map
    figure.page.locator(".fig-handle").nth(2).press("ArrowRight")


def test_a_drawing_travels_in_an_address(screen):
    there = "&strokes=[[[10,10],[50,60]],[[70,9]],[]]&layer=2&cells=[[0,0,0],[1,2,3],[15,3,3]]&weights=[[1]]&rival=12"
    figure = screen("digit", hash=f"#fig-digit{there}")
    state, read = figure.settled()
    assert state["strokes"] == [[[10, 10], [50, 60]], [[64, 9]]]
    assert (state["layer"], state["cells"][2], state["weights"], state["rival"]) == (2, [15, 3, 3], [], -1)
    assert np.allclose(read["logits"], truth(state)["logits"])


def network():
    return nn.Sequential(
        nn.Conv2d(1, 8, 3, padding=1),
        nn.ReLU(),
        nn.Conv2d(8, 16, 3, padding=1),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Flatten(),
        nn.Linear(256, 10),
    )


@pytest.mark.parametrize("form", ["module", "state_dict", "arrays"])
def test_weights_of_a_readers_own(screen, form):
    torch.manual_seed(3)
    model = network()
    given = {
        "module": model,
        "state_dict": model.state_dict(),
        "arrays": [p.detach().numpy() for p in model.parameters()],
    }[form]
    figure = screen("digit", state={"weights": given})
    state, read = figure.settled()
    x = torch.tensor(read["seen"], dtype=torch.float32)[None, None] / 16
    with torch.no_grad():
        assert np.allclose(read["logits"], model(x)[0], atol=1e-5)
    assert np.allclose(read["logits"], truth(state)["logits"])
    assert "your own" in figure.says()


def test_weights_come_in_any_order():
    layers = nn.ModuleList([nn.Linear(256, 10), nn.Conv2d(8, 16, 3), nn.Conv2d(1, 8, 3)])
    first = figures.Digit(weights=layers).weights[0]
    assert np.allclose(first, layers[2].weight.detach().flatten(), atol=1e-5)


def test_weights_of_another_architecture_are_refused():
    with pytest.raises(figures.figure.traitlets.TraitError, match="must be six"):
        figures.Digit(weights=nn.Linear(3, 2))


def test_the_file_says_how_good_its_weights_are():
    """The held-out digits are drawn as in tools/figures/train_digit.py."""
    from sklearn.model_selection import train_test_split

    digits = load_digits()
    _, held = train_test_split(
        range(len(digits.target)), test_size=FILE["heldOut"], random_state=0, stratify=digits.target
    )
    w1, b1, w2, b2, w3, b3 = tensors()
    x = torch.tensor(digits.images[held] / 16)[:, None]
    hidden = F.conv2d(F.conv2d(x, w1, b1, padding=1).relu(), w2, b2, padding=1).relu()
    said = F.linear(F.max_pool2d(hidden, 2).flatten(1), w3, b3).argmax(1).numpy()
    assert (said == digits.target[held]).sum() == FILE["right"]
    assert FILE["right"] / FILE["heldOut"] >= 0.985
    shown = {"".join("0123456789abcdefg"[int(v)] for v in digits.images[i].flatten()) for i in held}
    assert all(each["pixels"] in shown for each in FILE["samples"])
