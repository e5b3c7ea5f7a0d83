"""The sheet on convolution arithmetic: its formulas, read from the page, against what PyTorch's layers do."""

import inspect
import itertools
import re
import xml.etree.ElementTree as ET

import numpy as np
import pytest
import torch
from scipy.signal import convolve2d
from torch import nn
from torch.nn import functional as F
from torch.utils.flop_counter import FlopCounterMode

from .course import page

PAGE = page("convolutions")


def value(formula, **letters):
    """A formula of the page, in LaTeX, with numbers for its letters: exact, whole."""
    text = formula.strip("$").replace(r"\text{in}", "n").replace(r"\,", "").replace(r"\cdot", "")
    text = re.sub(r"\\lfloor(.*?)/(\w)\\rfloor", r"((\1)//\2)", text).replace("^", "**").replace(r"\bmod", "%")
    text = re.sub(r"(?<=[\w)])\s*(?=[A-Za-z(])", "*", text)  # what stands side by side is multiplied
    assert re.fullmatch(r"[\w\s()+\-*/%]+", text), text
    answer = eval(text, {}, letters)
    assert answer == int(answer)
    return int(answer)


def row(name, cells=2):
    """The cells after `name` of the first row that begins with it and has so many."""
    rows = re.findall(rf"^\| {re.escape(name)} \|(.*)\|$", PAGE, re.M)
    return next(each for each in ([c.strip() for c in text.split(" | ")] for text in rows) if len(each) == cells)


def size(layer, n):
    """What one axis of length n becomes."""
    return layer.to("meta")(torch.empty(1, 1, n, device="meta")).shape[-1]


def settings():
    for n, k, s, p, d in itertools.product((7, 8, 12, 15), (1, 2, 3, 5), (1, 2, 3), (0, 1, 2), (1, 2, 3)):
        if n + 2 * p >= d * (k - 1) + 1:
            yield n, {"kernel_size": k, "stride": s, "padding": p, "dilation": d}


def letters(n, about, **others):
    k, s, p, d = about.values()
    effective = value(re.search(r"\$K = (.*?)\$", PAGE)[1], k=k, d=d)
    return dict(n=n, k=k, s=s, p=p, d=d, K=effective, **others)


def test_sizes_of_convolution_and_pooling_are_torchs():
    for n, about in settings():
        formula = row("convolution")[0]
        assert size(nn.Conv1d(1, 1, **about), n) == value(formula, **letters(n, about))
        if 2 * about["padding"] <= about["kernel_size"]:
            assert size(nn.MaxPool1d(**about), n) == value(formula, **letters(n, about))
    often = re.search(r"\$s=1\$: (\$.*?\$)", row("convolution")[1])[1]
    assert value(often, n=20, p=1, K=5) == size(nn.Conv1d(1, 1, 3, padding=1, dilation=2), 20)
    half = re.search(r": (\$.*\$)", row("pooling")[1])[1]
    assert all(value(half.replace("2", "s"), n=n, s=2) == size(nn.AvgPool1d(2), n) for n in (8, 9))


def test_sizes_of_transposed_convolution_are_torchs():
    for (n, about), q in itertools.product(settings(), (0, 1, 2)):
        if q < max(about["stride"], about["dilation"]):
            layer = nn.ConvTranspose1d(1, 1, **about, output_padding=q)
            wanted = value(row("transposed convolution")[0], **letters(n, about, q=q))
            assert wanted < 1 or size(layer, n) == wanted
    simple = re.search(r": (\$.*\$)", row("transposed convolution")[1])[1]
    assert value(simple, n=7, s=3) == size(nn.ConvTranspose1d(1, 1, 3, stride=3), 7)


def test_what_to_choose():
    same = row("keep the size", 1)[0]
    paddings = map(int, re.search(r": ([\d, ]+) for", same)[1].split(","))
    for k, p, n in zip(map(int, re.search(r"k=([\d,]+)", same)[1].split(",")), paddings, (7, 8, 9)):
        assert size(nn.Conv1d(1, 1, k, padding=p), n) == n
        d = 3
        assert size(nn.Conv1d(1, 1, k, padding=value("d(k-1)", d=d, k=k) // 2, dilation=d), n + 20) == n + 20
    assert size(nn.Conv1d(1, 1, 4, padding="same", dilation=3), 11) == 11

    def chosen(name):
        for call in re.findall(r"`(\w+\(.*?\))`", row(name, 1)[0]):
            yield eval(f"nn.{call}", {"nn": nn, "C": 2, "F": 3}).to("meta")

    for n in (8, 9, 15):
        image = torch.empty(1, 2, n, n + 1, device="meta")
        up, down = (layer(image).shape[-2:] for layer in chosen("halve it"))
        assert (up, down) == ((-(-n // 2), -(-(n + 1) // 2)), (n // 2, (n + 1) // 2))
        (double,) = chosen("double it")
        assert double(image).shape[-2:] == (2 * n, 2 * n + 2)
        assert nn.ConvTranspose2d(2, 3, 2, stride=2, device="meta")(image).shape[-2:] == (2 * n, 2 * n + 2)
        (average,) = chosen("have one size for every image")
        assert average(image).shape == (1, 2, 1, 1)
    for n, about in settings():
        q = value(re.search(r"q=(.*?)\$", row("get back to *in*", 1)[0])[1], **letters(n, about))
        there = size(nn.Conv1d(1, 1, **about), n)
        assert size(nn.ConvTranspose1d(1, 1, **about, output_padding=q), there) == n


def spent(layer, image):
    """(weights without biases, multiply–adds for one image) of a layer."""
    with FlopCounterMode(display=False) as counter:
        layer(image)
    weights = sum(w.numel() for name, w in layer.named_parameters() if name.endswith("weight"))
    return weights, counter.get_total_flops() // 2


def test_counts():
    side, about = 32, {"A": 32 * 32, "B": 32 * 32, "C": 16, "F": 32, "k": 3, "g": 4}
    with torch.device("meta"):
        image = torch.empty(1, 16, side, side)
        patches = torch.empty(side * side, 1, 9 * 16)  # of each output the pixels below it
        layers = {
            "dense": (nn.Linear(16 * side**2, 32 * side**2), image.flatten(1)),
            "convolution": (nn.Conv2d(16, 32, 3, padding=1), image),
            "grouped": (nn.Conv2d(16, 32, 3, padding=1, groups=4), image),
            "1 × 1": (nn.Conv2d(16, 32, 1), image),
            "depthwise separable": (
                nn.Sequential(nn.Conv2d(16, 16, 3, padding=1, groups=16), nn.Conv2d(16, 32, 1)),
                image,
            ),
        }
        counts = {name: spent(*case) for name, case in layers.items()}
        own = torch.empty(side * side, 9 * 16, 32)  # and for each output its own weights
        with FlopCounterMode(display=False) as counter:
            patches @ own
        counts["locally connected"] = own.numel(), counter.get_total_flops() // 2
    for name, wanted in counts.items():
        weights, said_weights, work, said_work = row(name, cells=4)
        assert (value(weights, **about), value(work, **about)) == wanted, name
        assert tuple(int(said.replace(",", "")) for said in (said_weights, said_work)) == wanted, name
    assert "$1/F+1/k^2$" in PAGE
    assert counts["depthwise separable"][1] / counts["convolution"][1] == pytest.approx(1 / 32 + 1 / 9)
    layer = nn.ConvTranspose2d(16, 32, 3, stride=2, device="meta")
    work = value(re.search(r"and (\$Ak.*?\$) multiply", PAGE)[1], **about)
    assert spent(layer, image) == (counts["convolution"][0], work)


def test_receptive_fields_are_those_of_the_gradient():
    said = re.search(r"\$r\$ = ([\d, ]+) and \$j\$ = ([\d, ]+)\.", PAGE)
    fields, jumps = ([int(n) for n in part.split(",")] for part in said.groups())
    kernels = [nn.Conv1d(1, 1, 3), nn.Conv1d(1, 1, 3), nn.AvgPool1d(2), nn.Conv1d(1, 1, 3, dilation=2)]
    x, h = torch.randn(1, 1, 60, requires_grad=True), None
    for layer, field, jump in zip(kernels, fields, jumps):
        h = layer(x if h is None else h)
        seen = [torch.autograd.grad(h[0, 0, i], x, retain_graph=True)[0][0, 0].nonzero().flatten() for i in (2, 3)]
        assert seen[0][-1] - seen[0][0] + 1 == field
        assert seen[1][0] - seen[0][0] == jump
    x = torch.randn(1, 1, 20, requires_grad=True)
    three = nn.Sequential(*(nn.Conv1d(1, 1, 3) for _ in range(3)))
    assert len(torch.autograd.grad(three(x)[0, 0, 5], x)[0].nonzero()) == 7


def test_shapes():
    sizes = {"N": 2, "C": 4, "F": 6, "g": 2, "k": 3, "L": 9, "D": 7, "H": 8, "W": 9}
    for axes in (1, 2, 3):
        shapes = [tuple(map(int, eval(cell.strip("`"), {}, sizes))) for cell in row(f"`Conv{axes}d`", 4)[:3]]
        for name, weight in (("Conv", shapes[1]), ("ConvTranspose", shapes[2])):
            layer = getattr(nn, f"{name}{axes}d")(4, 6, 3, groups=2)
            assert layer.weight.shape == weight
            assert layer(torch.zeros(shapes[0])).shape[:2] == (2, 6)
            assert layer(torch.zeros(shapes[0][1:])).shape[0] == 6


def test_what_follows_kernel_stride_and_padding():
    said = re.search(r"what follows them is .*", PAGE)[0]
    for part in said.split(","):
        for layer in re.findall(r"`(\w+2d)`", part):
            after = [name for name in inspect.signature(getattr(nn, layer)).parameters if "channels" not in name]
            assert after[:3] == ["kernel_size", "stride", "padding"]
            assert after[3] in part, layer


def test_what_raises_no_error_does_what_the_sheet_says():
    n, p, k, d = 20, 1, 3, 4
    assert (n + 2 * p - d * k + 1) == size(nn.Conv1d(1, 1, k, padding=p, dilation=d), n) - (d - 1)
    said = re.search(r"stride is its kernel, 8 becomes (\d) and not (\d)", PAGE).groups()
    assert [size(nn.MaxPool1d(3, **stride), 8) for stride in ({}, {"stride": 1})] == list(map(int, said))
    assert "with $s=1$ the map is $d-1$ cells larger than you computed" in PAGE
    ones = torch.ones(1, 1, 6, 6)
    assert F.avg_pool2d(ones, 3, 1, 1)[0, 0, 0, 0].item() == pytest.approx(4 / 9)
    assert torch.equal(F.avg_pool2d(ones, 3, 1, 1, count_include_pad=False), ones)
    x, w = np.random.default_rng(0).normal(size=(6, 7)), np.random.default_rng(1).normal(size=(3, 3))
    image, kernel = torch.tensor(x)[None, None], torch.tensor(w)[None, None]
    turned = F.conv2d(image, kernel.flip(-1, -2))[0, 0]
    assert np.allclose(convolve2d(x, w, mode="valid"), turned)
    assert not np.allclose(convolve2d(x, w, mode="valid"), F.conv2d(image, kernel)[0, 0])
    for k, levels in ((2, 1), (4, 1), (3, 3)):
        inside = F.conv_transpose2d(ones, torch.ones(1, 1, k, k), stride=2)[0, 0, 4:-4, 4:-4]
        assert len(inside.unique()) == levels
    rows = torch.arange(2 * 4 * 4 * 3).reshape(2, 4, 4, 3)
    assert not torch.equal(rows.reshape(2, 3, 4, 4), rows.permute(0, 3, 1, 2))
    assert nn.Conv1d(5, 6, 3)(torch.zeros(2, 5, 5)).shape == (2, 6, 3)


SVG = [ET.fromstring(svg) for svg in re.findall(r"<svg.*?</svg>", PAGE, re.S)]


@pytest.mark.parametrize(
    "svg", SVG, ids=[svg.get("data-layer").partition("(")[0] + str(i) for i, svg in enumerate(SVG)]
)
def test_pictures_show_what_the_layer_does(svg):
    layer = eval(f"nn.{svg.get('data-layer')}", {"nn": nn})
    cells = {
        side: [
            (float(r.get("x")) + float(r.get("width")) / 2, r.get("stroke-dasharray") is None)
            for r in svg.find(f"g[@class='{side}']")
        ]
        for side in ("in", "out")
    }
    inputs, outputs = ([x for x, solid in cells[side] if solid] for side in ("in", "out"))
    x = torch.zeros(1, 1, len(inputs))
    nn.init.ones_(layer.weight)
    used = torch.autograd.functional.jacobian(lambda x: layer(x)[0, 0], x)[:, 0, 0]  # (outputs, inputs)
    assert used.shape == (len(outputs), len(inputs))
    drawn = set()
    for path in svg.findall("path"):
        for a, b in re.findall(r"M([\d.]+) [\d.]+L([\d.]+) [\d.]+", path.get("d")):
            drawn.add((float(a), float(b)))
    solid = {(a, b) for a, b in drawn if a in outputs and b in inputs}
    assert solid == {(outputs[i], inputs[j]) for i, j in used.nonzero().tolist()}
    dashed = [x for side in ("in", "out") for x, whole in cells[side] if not whole]
    assert all(a in dashed or b in dashed for a, b in drawn - solid)


def test_the_text_under_the_pictures_gives_their_sizes():
    texts = re.findall(r"(\d+) → (\d+)</p>", PAGE)
    assert len(texts) == len(SVG) == 4
    for (n, m), svg in zip(texts, SVG):
        assert size(eval(f"nn.{svg.get('data-layer')}", {"nn": nn}), int(n)) == int(m)
