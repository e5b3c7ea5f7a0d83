"""How the exercises on convolutional networks are judged.

Boxes are drawn until no IoU lies near the threshold, and until every known mistake answers differently. Networks that
students build get weights from us (coursekit/cases/cnn.py). The network that reads digits is judged by held-out labels.
"""

import math

import numpy as np
import torch
from torch import nn
from torch.nn import functional as F

from autograder.givens import doubles, normal
from autograder.reference import cnn as reference
from autograder.rubric import Kept, Rubric
from coursekit import data

LENET = "cnn#cnn-lenet"
RECEPTIVE = "cnn#cnn-receptive"
SIZES = "cnn#cnn-sizes"
RESIDUAL = "cnn#cnn-residual"
FEATURES = "cnn#cnn-features"
DIGIT = "cnn#cnn-digit"
DETECTION = "cnn#cnn-detection"
WRONG = "cnn#cnn-wrong"
RUN = "cnn#cnn-run"


def all_differ(answers):
    """Are these tensors, or tuples, pairwise different?"""
    texts = [str(a.tolist() if isinstance(a, torch.Tensor) else a) for a in answers]
    return len(set(texts)) == len(texts)


# ── Receptive field ───────────────────────────────────────────────────────────────────────────────────────────────────

receptive_field = Rubric(
    reference.receptive_field,
    title="How far a unit sees",
    points=2,
    minutes=8,
    returns="a pair of whole numbers (size, jump)",
)


def seen(layers, *, own=False, last=False, added=False, reach=lambda k, d: d * (k - 1), start=1):
    """The receptive field with one thing wrong."""
    size, jump = start, 1
    for kernel, stride, dilation in layers:
        if own:
            jump *= stride
        size += reach(kernel, dilation) * jump
        if not own:
            jump = stride if last else jump + stride - 1 if added else jump * stride
    return size, jump


SEEN_WRONGLY = {
    "last": {"last": True},
    "added": {"added": True},
    "own": {"own": True},
    "inflated": {"reach": lambda k, d: d * k - 1},
    "whole": {"reach": lambda k, d: k * d},
    "dense": {"reach": lambda k, d: k - 1},
}


def from_the_top(layers):
    return seen(layers[::-1])


def stack(rng, depth):
    """Layers on which every known mistake goes wrong in a way of its own."""
    while True:
        layers = [(int(rng.integers(2, 6)), int(rng.integers(1, 4)), int(rng.integers(1, 4))) for _ in range(depth)]
        if all_differ(
            [seen(layers), from_the_top(layers), *(seen(layers, **wrong) for wrong in SEEN_WRONGLY.values())]
        ):
            return (layers,)


@receptive_field.given("one convolution")
def _(rng):
    return ([(int(rng.choice([3, 5, 7])), 1, 1)],)


@receptive_field.given("three convolutions with kernels of 3")
def _(rng):
    return ([(3, 1, 1)] * 3,)


@receptive_field.given("a convolution, a pooling 2×2, and another convolution")
def _(rng):
    return ([(3, 1, 1), (2, 2, 1), (int(rng.choice([3, 5])), 1, 1)],)


@receptive_field.given("three layers, each with a stride")
def _(rng):
    return ([(int(rng.choice([5, 7])), 2, 1), (4, 3, 1), (2, 2, 1)],)


@receptive_field.given("dilations of 1, 2 and 4")
def _(rng):
    k = int(rng.choice([3, 5]))
    return ([(k, 1, 1), (k, 1, 2), (k, 1, 4)],)


@receptive_field.given("strides and dilations", weight=2)
def _(rng):
    return stack(rng, 3)


@receptive_field.given("thirteen convolutions and five poolings (VGG-16)", public=False)
def _(rng):
    return ([layer for n in (2, 2, 3, 3, 3) for layer in [(3, 1, 1)] * n + [(2, 2, 1)]],)


@receptive_field.given("six layers", public=False, weight=2)
def _(rng):
    return stack(rng, 6)


@receptive_field.given("no layer at all", public=False, weight=0.5)
def _(rng):
    return ([],)


@receptive_field.mistake(
    "The jump is the last stride",
    question="Two layers of stride 2 in a row: how many inputs lie between two neighboring units of the second?",
    hint="Four. Each stride widens the steps once more: `jump *= stride`, not `jump = stride`.",
    section=RECEPTIVE,
)
def _(layers):
    return seen(layers, **SEEN_WRONGLY["last"])


@receptive_field.mistake(
    "Strides are added up",
    question="Two layers of stride 3: does a step of the second one cross 5 inputs, 6, or 9?",
    hint="Nine: a step of 3 units, each 3 inputs apart. Jumps multiply, `jump *= stride`.",
    section=RECEPTIVE,
)
def _(layers):
    return seen(layers, **SEEN_WRONGLY["added"])


@receptive_field.mistake(
    "A layer's own stride acts before its kernel",
    question="One pooling 2×2 with stride 2, and nothing else: how many inputs does a unit of it see?",
    hint="Two. Its kernel reaches over units of the layer *below*, whose jump is still 1. First `size`, then `jump`.",
    section=RECEPTIVE,
)
def _(layers):
    return seen(layers, **SEEN_WRONGLY["own"])


@receptive_field.mistake(
    "A dilated kernel is taken for d·k wide",
    question="A kernel of 3 with dilation 2 touches the places 0, 2 and 4. How many inputs is that from end to end?",
    hint="Five: d (k − 1) + 1, not d·k. So the layer adds d (k − 1) steps.",
    section=RECEPTIVE,
)
def _(layers):
    return seen(layers, **SEEN_WRONGLY["inflated"])


@receptive_field.mistake(
    "Each layer adds its whole kernel",
    question="One unit sees 1 input before the first layer. With a kernel of 3 on top, how many does it see: 3 or 4?",
    hint="Three. One of the k places is already counted, so a layer adds k − 1 steps, not k.",
    section=RECEPTIVE,
)
def _(layers):
    return seen(layers, **SEEN_WRONGLY["whole"])


@receptive_field.mistake(
    "The dilation is left out",
    question="What is between two neighboring weights of a kernel with dilation 4?",
    hint="Four steps. The k − 1 gaps of a kernel are each d wide: it adds d (k − 1) steps.",
    section=RECEPTIVE,
)
def _(layers):
    return seen(layers, **SEEN_WRONGLY["dense"])


@receptive_field.mistake(
    "From the top down, with the rule for the way up",
    question="Which layer comes first in the list, the one next to the image or the last one?",
    hint="The one next to the image. Its steps are 1 input wide; go through the list as it is given.",
    section=RECEPTIVE,
)
def _(layers):
    return from_the_top(layers)


@receptive_field.alternative("from the top down, with the rule for the way down")
def _(layers):
    size = 1
    for kernel, stride, dilation in reversed(layers):
        size = (size - 1) * stride + dilation * (kernel - 1) + 1
    return size, math.prod(stride for _, stride, _ in layers)


@receptive_field.alternative("with NumPy's products")
def _(layers):
    kernels, strides, dilations = np.array(layers, dtype=int).reshape(-1, 3).T
    jumps = np.cumprod(np.concatenate([[1], strides]))
    return 1 + np.sum(dilations * (kernels - 1) * jumps[:-1]), jumps[-1]


@receptive_field.alternative("with closed sums")
def _(layers):
    jumps = [math.prod(stride for _, stride, _ in layers[:i]) for i in range(len(layers) + 1)]
    return 1 + sum(d * (k - 1) * jump for (k, _, d), jump in zip(layers, jumps)), jumps[-1]


# ── Intersection over union ───────────────────────────────────────────────────────────────────────────────────────────

iou = Rubric(
    reference.iou,
    title="Intersection over union",
    points=3,
    minutes=10,
    returns="a tensor of shape (n, m)",
    on_device=True,
)


def boxes(rng, n, span=6):
    """Boxes with sides of 1 to 4, in quarters."""
    low, side = rng.integers(0, 4 * span, (n, 2)) / 4, rng.integers(4, 17, (n, 2)) / 4
    return torch.tensor(np.concatenate([low, low + side], axis=1), dtype=torch.float32)


def quarters(rng, low, high):
    return rng.integers(4 * low, 4 * high + 1) / 4


def box(x, y, width, height):
    return torch.tensor([[x, y, x + width, y + height]], dtype=torch.float32)


@iou.given("two boxes that overlap at a corner")
def _(rng):
    w, h = quarters(rng, 3, 4), quarters(rng, 5, 6)
    return box(1, 2, w, h), box(1 + quarters(rng, 1, 2), 2 + quarters(rng, 3, 4), 4.5, 2.5)


@iou.given("two boxes side by side, with a gap between them")
def _(rng):
    return box(0, 1, 2, 4), box(2 + quarters(rng, 1, 3), 2, 3, 2)


@iou.given("two boxes apart in both directions")
def _(rng):
    return box(0, 0, 2, 3), box(2 + quarters(rng, 1, 2), 3 + quarters(rng, 1, 2), 2, 1)


@iou.given("a small box inside a large one")
def _(rng):
    return box(1, 1, quarters(rng, 5, 8), 4), box(2, 2, 2, quarters(rng, 1, 2))


@iou.given("three boxes against two")
def _(rng):
    return boxes(rng, 3, span=4), boxes(rng, 2, span=4)


@iou.given("the same boxes twice", public=False)
def _(rng):
    a = boxes(rng, 4)
    return a, a.clone()


@iou.given("five boxes against seven", public=False, weight=2)
def _(rng):
    return boxes(rng, 5), boxes(rng, 7)


@iou.given("boxes that touch, with corners below zero", public=False)
def _(rng):
    x = -quarters(rng, 2, 4)
    return box(x, -3, 2, 2), torch.cat([box(x + 2, -3, 1, 2), box(x, -1, 2, 5), box(x - 1, -4, 2, 3)])


@iou.given("double precision (float64)", public=False, weight=0.5)
def _(rng):
    return doubles(boxes(rng, 6), boxes(rng, 3))


def agreement(a, b, *, clamp="sides", union="union", sized=False, pixel=0):
    """IoU with one thing wrong."""
    if sized:  # width and height are read where the second corner stands
        a, b = (torch.cat([v[:, :2], v[:, :2] + v[:, 2:]], dim=1) for v in (a, b))
    low, high = torch.maximum(a[:, None, :2], b[:, :2]), torch.minimum(a[:, None, 2:], b[:, 2:])
    sides = high - low + pixel
    both = sides.clamp(min=0).prod(-1) if clamp == "sides" else sides.prod(-1)
    both = both.clamp(min=0) if clamp == "area" else both
    area_a, area_b = ((v[:, 2:] - v[:, :2] + pixel).prod(-1) for v in (a, b))
    area_a = area_a[:, None]
    around = torch.maximum(a[:, None, 2:], b[:, 2:]) - torch.minimum(a[:, None, :2], b[:, :2])
    below = {
        "union": area_a + area_b - both,
        "sum": area_a + area_b,
        "smaller": torch.minimum(area_a, area_b),
        "around": around.prod(-1),
    }
    return both / below[union]


@iou.mistake(
    "Boxes that lie apart get a negative overlap",
    question="Two boxes lie side by side, 1 apart. What is the smaller right edge minus the larger left edge?",
    hint="−1, and no overlap has a negative width. Set width and height to at least 0: `.clamp(min=0)`.",
    section=DETECTION,
)
def _(a, b):
    return agreement(a, b, clamp="never")


@iou.mistake(
    "The area is clamped, its sides are not",
    question="Two boxes lie apart in both directions: width −2, height −3. What is their product?",
    hint="+6, an overlap that does not exist. Clamp both sides *before* you multiply them.",
    section=DETECTION,
)
def _(a, b):
    return agreement(a, b, clamp="area")


@iou.mistake(
    "The overlap is counted twice in the union",
    question="Two equal boxes, one on the other: how large is the area that at least one of them covers?",
    hint="As large as one box. In |A| + |B| the overlap is counted twice: subtract it once.",
    section=DETECTION,
)
def _(a, b):
    return agreement(a, b, union="sum")


@iou.mistake(
    "Divided by the smaller box",
    question="A small box inside a large one: do these two agree perfectly?",
    hint="No, and yet your measure says 1. Divide by the area of the union, |A| + |B| − |A ∩ B|.",
    section=DETECTION,
)
def _(a, b):
    return agreement(a, b, union="smaller")


@iou.mistake(
    "Divided by the box around both",
    question="Two boxes overlap at a corner. Is all of the rectangle around them covered by one or the other?",
    hint="No: two of its corners are empty. The union is |A| + |B| − |A ∩ B|.",
    section=DETECTION,
)
def _(a, b):
    return agreement(a, b, union="around")


@iou.mistake(
    "Corners read as width and height",
    question="What are the last two numbers of a box here: its second corner, or its width and height?",
    hint="The second corner, (x1, y1, x2, y2). Widths are `x2 - x1`. (Both forms are in use: always ask which.)",
    section=DETECTION,
)
def _(a, b):
    return agreement(a, b, sized=True)


@iou.mistake(
    "One pixel too wide",
    question="How wide is a box from x1 = 0 to x2 = 2: 2 or 3?",
    hint="2: here x1 and x2 are positions of edges, not of pixels, and no + 1 belongs to their difference.",
    section=DETECTION,
)
def _(a, b):
    return agreement(a, b, pixel=1)


@iou.alternative("two loops")
def _(a, b):
    out = a.new_zeros(len(a), len(b))
    for i, (l1, t1, r1, u1) in enumerate(a.tolist()):
        for j, (l2, t2, r2, u2) in enumerate(b.tolist()):
            both = max(0.0, min(r1, r2) - max(l1, l2)) * max(0.0, min(u1, u2) - max(t1, t2))
            out[i, j] = both / ((r1 - l1) * (u1 - t1) + (r2 - l2) * (u2 - t2) - both)
    return out


@iou.alternative("in NumPy and back")
def _(a, b):
    p, q = a.cpu().numpy()[:, None], b.cpu().numpy()[None]
    width = np.maximum(0, np.minimum(p[..., 2], q[..., 2]) - np.maximum(p[..., 0], q[..., 0]))
    height = np.maximum(0, np.minimum(p[..., 3], q[..., 3]) - np.maximum(p[..., 1], q[..., 1]))
    areas = [(v[..., 2] - v[..., 0]) * (v[..., 3] - v[..., 1]) for v in (p, q)]
    return torch.from_numpy(width * height / (areas[0] + areas[1] - width * height)).to(a)


@iou.alternative("with relu and columns")
def _(a, b):
    x1, y1, x2, y2 = (v[:, None] for v in a.unbind(1))
    u1, v1, u2, v2 = (v[None, :] for v in b.unbind(1))
    both = F.relu(torch.min(x2, u2) - torch.max(x1, u1)) * F.relu(torch.min(y2, v2) - torch.max(y1, v1))
    return both / ((x2 - x1) * (y2 - y1) + (u2 - u1) * (v2 - v1) - both)


# ── Non-maximum suppression ───────────────────────────────────────────────────────────────────────────────────────────

non_maximum_suppression = Rubric(
    reference.non_maximum_suppression,
    title="One box for each object",
    points=4,
    minutes=14,
    returns="a tensor of whole numbers, the places of the boxes that are kept, best first",
    kinds="i",
)


def suppressed(
    boxes, scores, classes, threshold, *, across=False, chain=False, rising=False, one=False, ends="best first"
):
    """Non-maximum suppression with one thing wrong."""
    same = classes[:, None] == classes
    clash = same if one else reference.iou(boxes, boxes) > threshold
    clash = clash if across else clash & same
    order, kept = scores.argsort(descending=not rising).tolist(), []
    for place, i in enumerate(order):
        if not any(clash[i, j] for j in (order[:place] if chain else kept)):
            kept.append(i)
    ends = {"best first": kept, "as given": sorted(kept), "places": [order.index(i) for i in kept]}[ends]
    return torch.tensor(ends, dtype=torch.int64)


SUPPRESSED_WRONGLY = {
    "across": {"across": True},
    "chain": {"chain": True},
    "rising": {"rising": True},
    "one": {"one": True},
    "as given": {"ends": "as given"},
    "places": {"ends": "places"},
}


def crowd(rng, objects, threshold, jitter=0.9, telling=False):
    """Boxes around objects, each (x, class, how many), in any order, with scores; no IoU near the threshold.
    telling: drawn until all known mistakes answer differently."""
    while True:
        rows, classes = [], []
        for x, c, copies in objects:
            rows.append([x, 1, x + 4, 6] + jitter * rng.uniform(-1, 1, (copies, 4)))
            classes += [c] * copies
        order = rng.permutation(len(classes))
        found = torch.tensor(np.round(np.concatenate(rows)[order], 2), dtype=torch.float32)
        scores = torch.tensor((5 + rng.permutation(91)[: len(order)]) / 100, dtype=torch.float32)
        given = found, scores, torch.tensor(np.array(classes)[order]), threshold
        if (reference.iou(found, found) - threshold).abs().min() < 0.02:
            continue
        if not telling or all_differ(
            [suppressed(*given), *(suppressed(*given, **wrong) for wrong in SUPPRESSED_WRONGLY.values())]
        ):
            return given


@non_maximum_suppression.given("three boxes on one object")
def _(rng):
    return crowd(rng, [(2, 0, 3)], 0.4, jitter=0.5)


@non_maximum_suppression.given("two objects of one class, apart")
def _(rng):
    return crowd(rng, [(0, 5, 2), (9, 5, 2)], 0.4, jitter=0.5)


@non_maximum_suppression.given("two classes in the same place: a rider and a horse")
def _(rng):
    return crowd(rng, [(1, 3, 2), (1, 4, 2)], 0.4, jitter=0.3)


@non_maximum_suppression.given("a chain: the second overlaps both its neighbors, which do not touch")
def _(rng):
    x, y = rng.integers(0, 8, 2) / 2
    chain = torch.cat([box(x + 2.5 * i, y, 4, 3) for i in range(3)])
    return chain, torch.tensor([0.9, 0.8, 0.3]), torch.tensor([2, 2, 2]), 0.2


@non_maximum_suppression.given("two boxes whose IoU is exactly the threshold")
def _(rng):
    x, y = rng.integers(0, 8, 2)
    return torch.cat([box(x, y, 10, 10), box(x, y, 20, 10)]), torch.tensor([0.5, 0.8]), torch.tensor([1, 1]), 0.5


@non_maximum_suppression.given("eleven boxes of three classes, in any order", weight=2)
def _(rng):
    return crowd(rng, [(0, 7, 2), (2.5, 7, 2), (5, 7, 2), (0.5, 2, 3), (9, 4, 2)], 0.3, telling=True)


@non_maximum_suppression.given("a single box", public=False, weight=0.5)
def _(rng):
    return crowd(rng, [(3, 1, 1)], 0.5)


@non_maximum_suppression.given("a high threshold: only near copies go", public=False)
def _(rng):
    return crowd(rng, [(0, 1, 4), (1, 1, 3), (6, 0, 2)], 0.75)


@non_maximum_suppression.given("fourteen boxes of three classes", public=False, weight=2)
def _(rng):
    return crowd(rng, [(x, c, 2) for c in range(2) for x in (0, 2.5, 5)] + [(8, 3, 2)], 0.3, jitter=0.6, telling=True)


@non_maximum_suppression.given("double precision (float64)", public=False, weight=0.5)
def _(rng):
    return doubles(*crowd(rng, [(0, 2, 3), (2, 2, 3), (1, 1, 2)], 0.4))


@non_maximum_suppression.mistake(
    "An IoU of just the threshold suppresses",
    question="Two boxes have an IoU of 0.5, and the threshold is 0.5. Is one above the other?",
    hint="No, they are equal, and both boxes stay: a box goes where its IoU is `>` the threshold.",
    section=DETECTION,
)
def _(boxes, scores, classes, threshold):
    return suppressed(boxes, scores, classes, threshold - 1e-6)


@non_maximum_suppression.mistake(
    "Boxes of other classes are suppressed too",
    question="A rider sits on a horse, and their boxes overlap by half. Which of the two shall not be reported?",
    hint="Both shall be. A box may suppress only boxes of its own class: `classes[i] == classes[j]`.",
    section=DETECTION,
)
def _(boxes, scores, classes, threshold):
    return suppressed(boxes, scores, classes, threshold, across=True)


@non_maximum_suppression.mistake(
    "What is suppressed suppresses others",
    question="A suppresses B, and B overlaps C, which A does not touch. Is there still anything against C?",
    hint="No: B is gone. Compare each box with those that are *kept*, not with all that have a higher score.",
    section=DETECTION,
)
def _(boxes, scores, classes, threshold):
    return suppressed(boxes, scores, classes, threshold, chain=True)


@non_maximum_suppression.mistake(
    "The lowest score goes first",
    question="Which of several boxes around one object survives in your function: the surest, or the least sure?",
    hint="`argsort` sorts upward. Use `scores.argsort(descending=True)`.",
    section=DETECTION,
)
def _(boxes, scores, classes, threshold):
    return suppressed(boxes, scores, classes, threshold, rising=True)


@non_maximum_suppression.mistake(
    "One box for each class",
    question="Two dogs stand far apart in one picture. How many boxes of the class dog does your function keep?",
    hint="Only one. A kept box suppresses those of its class that overlap it, by an IoU above the threshold; not all of them.",
    section=DETECTION,
)
def _(boxes, scores, classes, threshold):
    return suppressed(boxes, scores, classes, threshold, one=True)


@non_maximum_suppression.mistake(
    "The right boxes, in the order in which they were given",
    question="In which order are the places asked for?",
    hint="The best first: append each place when its box is kept. (From a mask, `nonzero` gives them in the given order.)",
    section=DETECTION,
)
def _(boxes, scores, classes, threshold):
    return suppressed(boxes, scores, classes, threshold, ends="as given")


@non_maximum_suppression.mistake(
    "Places in the sorted list",
    question="After sorting, the best box stands at place 0. Where did it stand among the boxes that you were given?",
    hint="At `order[0]`. What is asked for are places in `boxes` as given: translate back with `order[...]`.",
    section=DETECTION,
)
def _(boxes, scores, classes, threshold):
    return suppressed(boxes, scores, classes, threshold, ends="places")


@non_maximum_suppression.alternative("the classes moved far apart, and boxes struck from a list")
def _(boxes, scores, classes, threshold):
    moved = boxes.double() + 1000.0 * classes[:, None]
    left, kept = scores.argsort(descending=True), []
    while len(left):
        kept.append(int(left[0]))
        left = left[1:][reference.iou(moved[left[:1]], moved[left[1:]])[0] <= threshold]
    return torch.tensor(kept)


@non_maximum_suppression.alternative("class by class, in NumPy")
def _(boxes, scores, classes, threshold):
    overlap, score = reference.iou(boxes, boxes).numpy(), scores.numpy()
    kept = []
    for c in np.unique(classes.numpy()):
        own = [int(i) for i in np.argsort(-score) if classes[i] == c]
        while own:
            best, *own = own
            kept.append(best)
            own = [i for i in own if overlap[best, i] <= threshold]
    return np.array(sorted(kept, key=lambda i: -score[i]))


# ── LeNet ─────────────────────────────────────────────────────────────────────────────────────────────────────────────

LeNet = Rubric(
    reference.LeNet,
    title="LeNet",
    points=3,
    minutes=12,
    returns="a network that answers with logits, of shape (n, classes)",
    rtol=2e-3,
    atol=2e-3,
    when="asked",
    on_device=True,
)


def images(rng, n, channels, classes, size):
    """How to make the network, a number that its weights hang on, and what it is asked about."""
    return channels, classes, size, float(rng.uniform(1, 1000)), normal(rng, n, channels, size, size)


@LeNet.given("digits of 32×32 pixels, ten classes")
def _(rng):
    return images(rng, 2, 1, 10, 32)


@LeNet.given("pictures of 28×28 pixels, ten classes")
def _(rng):
    return images(rng, 2, 1, 10, 28)


@LeNet.given("three colors, 32×32 pixels, four classes")
def _(rng):
    return images(rng, 3, 3, 4, 32)


@LeNet.given("one picture of 16×16 pixels, seven classes")
def _(rng):
    return images(rng, 1, 1, 7, 16)


@LeNet.given("a size that does not halve evenly: 21×21", public=False)
def _(rng):
    return images(rng, 3, 1, 5, 21)


@LeNet.given("two channels, 24×24 pixels", public=False)
def _(rng):
    return images(rng, 4, 2, 9, 24)


@LeNet.given("double precision (float64)", public=False, weight=0.5)
def _(rng):
    return doubles(*images(rng, 2, 3, 10, 20))


def lenet(
    channels, classes, size, *, convs=nn.ReLU, denses=nn.ReLU, pool=nn.MaxPool2d, end=nn.Identity, flat=None, pad=0
):
    """LeNet with one thing wrong."""
    side = size // 4 if pad else ((size - 4) // 2 - 4) // 2
    return nn.Sequential(
        nn.Conv2d(channels, 6, 5, padding=pad), convs(), pool(2), nn.Conv2d(6, 16, 5, padding=pad), convs(), pool(2),
        nn.Flatten(), nn.Linear(flat or 16 * side * side, 120), denses(), nn.Linear(120, 84), denses(),
        nn.Linear(84, classes), end(),
    )  # fmt: skip


@LeNet.mistake(
    "Softmax at the end",
    question="What does `cross_entropy` do to the numbers that it is given, first of all?",
    hint="It takes their log-softmax. Return logits, the output of the last layer as it is; else softmax acts twice.",
    section=LENET,
)
def _(channels, classes, size):
    return lenet(channels, classes, size, end=lambda: nn.Softmax(dim=1))


@LeNet.mistake(
    "A ReLU on the logits",
    question="Can one of your logits be negative?",
    hint="No: a ReLU after the last layer sets it to 0, and its gradient, too. The last layer has no activation.",
    section=LENET,
)
def _(channels, classes, size):
    return lenet(channels, classes, size, end=nn.ReLU)


@LeNet.mistake(
    "Nothing between the dense layers",
    question="Three dense layers in a row with nothing in between: how many dense layers is that worth?",
    hint="One: a product of matrices is a matrix. Put a ReLU after the layer of 120 and after that of 84.",
    section=LENET,
)
def _(channels, classes, size):
    return lenet(channels, classes, size, denses=nn.Identity)


@LeNet.mistake(
    "Nothing after the convolutions",
    question="What stands between a convolution and the pooling after it?",
    hint="A ReLU, after each of the two convolutions. (Before or after max pooling makes no difference; try it.)",
    section=LENET,
)
def _(channels, classes, size):
    return lenet(channels, classes, size, convs=nn.Identity)


@LeNet.mistake(
    "Average pooling",
    question="Of four neighbors, which does the pooling that is asked for pass on?",
    hint="The largest: `nn.MaxPool2d(2)`. (The LeNet of 1998 did average, with weights that it learned.)",
    section=LENET,
)
def _(channels, classes, size):
    return lenet(channels, classes, size, pool=nn.AvgPool2d)


@LeNet.mistake(
    "400 features, whatever the size",
    question="How many numbers come out of the second pooling for pictures of 28×28 pixels?",
    hint="16 · 4 · 4 = 256. A convolution of 5 without padding takes away 4, a pooling halves (and rounds down); write that "
    "with `size`.",
    section=SIZES,
)
def _(channels, classes, size):
    return lenet(channels, classes, size, flat=400)


@LeNet.mistake(
    "One channel, whatever is given",
    question="How many channels does a color picture have, and how many does your first layer expect?",
    hint="Three. The first layer is `nn.Conv2d(channels, 6, 5)`.",
    section=LENET,
)
def _(channels, classes, size):
    return lenet(1, classes, size)


@LeNet.mistake(
    "Padded convolutions",
    question="With padding 2, how large are the maps after the first convolution of a picture of 32×32?",
    hint="Still 32×32. Here there is no padding: 32 becomes 28, then 14, 10 and 5.",
    section=LENET,
)
def _(channels, classes, size):
    return lenet(channels, classes, size, pad=2)


@LeNet.alternative("one long Sequential, pooled before the ReLU")
def _(channels, classes, size):
    side = ((size - 4) // 2 - 4) // 2
    first = nn.Sequential(nn.Conv2d(channels, 6, 5), nn.MaxPool2d(2), nn.ReLU())
    second = nn.Sequential(nn.Conv2d(6, 16, 5), nn.MaxPool2d(2), nn.ReLU(), nn.Flatten())
    dense = nn.Sequential(
        nn.Linear(16 * side**2, 120), nn.ReLU(), nn.Linear(120, 84), nn.ReLU(), nn.Linear(84, classes)
    )
    return nn.Sequential(first, second, dense)


@LeNet.alternative("a lazy layer finds out how many features there are")
class _(nn.Module):
    def __init__(self, channels, classes, size):
        super().__init__()
        self.out = nn.Linear(84, classes)
        self.hidden = nn.ModuleList([nn.LazyLinear(120), nn.Linear(120, 84)])
        self.maps = nn.ModuleList([nn.Conv2d(channels, 6, kernel_size=5), nn.Conv2d(6, 16, kernel_size=5)])

    def forward(self, x):
        for layer in self.maps:
            x = F.max_pool2d(layer(x).clamp(min=0), 2)
        x = x.reshape(len(x), -1)
        for layer in self.hidden:
            x = torch.relu(layer(x))
        return self.out(x)


# ── A residual block ──────────────────────────────────────────────────────────────────────────────────────────────────

ResidualBlock = Rubric(
    reference.ResidualBlock,
    title="A residual block",
    points=4,
    minutes=15,
    returns="a block whose output has the shape (n, channels_out, height / stride, width / stride)",
    rtol=2e-3,
    atol=2e-3,
    when="passed",
    on_device=True,
)


def through(rng, n, channels_in, channels_out, stride, training, height, width):
    """How to make the block, in which mode, its weights, and what is sent through."""
    kernels = [
        normal(rng, channels_out, c, k, k, scale=1 / math.sqrt(c * k * k))
        for c, k in ((channels_in, 3), (channels_out, 3), (channels_in, 1))
    ]
    positive = [torch.tensor(rng.uniform(0.5, 2, channels_out), dtype=torch.float32) for _ in range(2)]
    shift, mean = (normal(rng, channels_out, scale=0.7) for _ in range(2))
    norms = [positive[0], shift, mean, positive[1]]
    return channels_in, channels_out, stride, training, kernels + norms, normal(rng, n, channels_in, height, width)


@ResidualBlock.given("the shape stays: two channels, stride 1")
def _(rng):
    return through(rng, 3, 2, 2, 1, True, 4, 4)


@ResidualBlock.given("more channels: two become three")
def _(rng):
    return through(rng, 3, 2, 3, 1, True, 4, 5)


@ResidualBlock.given("more channels and stride 2")
def _(rng):
    return through(rng, 4, 2, 4, 2, True, 6, 4)


@ResidualBlock.given("stride 2, and as many channels as before")
def _(rng):
    return through(rng, 4, 3, 3, 2, True, 4, 6)


@ResidualBlock.given("in evaluation")
def _(rng):
    return through(rng, 2, 2, 3, 2, False, 4, 4)


@ResidualBlock.given("all weights 0: only the shortcut is left")
def _(rng):
    cin, cout, stride, training, weights, x = through(rng, 2, 3, 3, 1, False, 3, 4)
    weights = [w * 0 for w in weights[:6]] + [weights[6]]
    return cin, cout, stride, training, weights, x


@ResidualBlock.given("fewer channels, an odd height", public=False)
def _(rng):
    return through(rng, 3, 5, 2, 2, True, 7, 4)


@ResidualBlock.given("stride 3", public=False)
def _(rng):
    return through(rng, 4, 2, 2, 3, True, 6, 9)


@ResidualBlock.given("one picture in evaluation, the shape stays", public=False)
def _(rng):
    return through(rng, 1, 4, 4, 1, False, 5, 3)


@ResidualBlock.given("double precision (float64)", public=False, weight=0.5)
def _(rng):
    return doubles(*through(rng, 3, 3, 5, 1, True, 4, 4))


class Block(nn.Module):
    """A residual block with one thing wrong."""

    def __init__(
        self, channels_in, channels_out, stride=1, *,
        between=F.relu, before=None, after=F.relu, project="where shapes differ", normed=True, again=1, bias=False,
    ):  # fmt: skip
        super().__init__()
        conv1 = nn.Conv2d(channels_in, channels_out, 3, stride, 1, bias=bias)
        conv2 = nn.Conv2d(channels_out, channels_out, 3, stride if again == "stride" else 1, 1, bias=bias)
        self.first = nn.Sequential(conv1, nn.BatchNorm2d(channels_out))
        self.second = nn.Sequential(conv2, nn.BatchNorm2d(channels_out))
        projected = nn.Sequential(nn.Conv2d(channels_in, channels_out, 1, stride, bias=bias))
        if normed:
            projected.append(nn.BatchNorm2d(channels_out))
        needed = {
            "where shapes differ": stride != 1 or channels_in != channels_out,
            "where channels differ": channels_in != channels_out,
            "always": True,
            "never": False,
            "no shortcut": False,
        }[project]
        self.shortcut = projected if needed else nn.Identity()
        self.project, self.between, self.before, self.after = project, between, before, after

    def forward(self, x):
        out = self.first(x)
        out = self.second(self.between(out) if self.between else out)
        out = self.before(out) if self.before else out
        out = out if self.project == "no shortcut" else out + self.shortcut(x)
        return self.after(out) if self.after else out


@ResidualBlock.mistake(
    "The activation comes before the addition",
    question="What sign can the two convolutions add to their input, if a ReLU stands between them and the sum?",
    hint="Only a positive one: block after block, the numbers could only grow. Add first, then the ReLU: `relu(out + shortcut)`.",
    section=RESIDUAL,
)
class _(Block):
    def __init__(self, channels_in, channels_out, stride=1):
        super().__init__(channels_in, channels_out, stride, before=F.relu, after=None)


@ResidualBlock.mistake(
    "No ReLU after the sum",
    question="How many ReLUs does the block have, and where do they stand?",
    hint="Two: one after the first batch norm, one after the addition.",
    section=RESIDUAL,
)
class _(Block):
    def __init__(self, channels_in, channels_out, stride=1):
        super().__init__(channels_in, channels_out, stride, after=None)


@ResidualBlock.mistake(
    "No ReLU between the convolutions",
    question="Two convolutions with only a batch norm between them: is that more than one convolution could do?",
    hint="Hardly: linear after linear is linear. After the first batch norm stands a ReLU.",
    section=RESIDUAL,
)
class _(Block):
    def __init__(self, channels_in, channels_out, stride=1):
        super().__init__(channels_in, channels_out, stride, between=None)


@ResidualBlock.mistake(
    "No projection where the shapes differ",
    question="Two channels come in and three go out. How shall the input be added to the output?",
    hint="Through a convolution 1×1 from `channels_in` to `channels_out`, with the same stride, and a batch norm.",
    section=RESIDUAL,
)
class _(Block):
    def __init__(self, channels_in, channels_out, stride=1):
        super().__init__(channels_in, channels_out, stride, project="never")


@ResidualBlock.mistake(
    "A projection only where the channels differ",
    question="With stride 2 and as many channels as before: is the output as high and as wide as the input?",
    hint="No, half as high and wide, so the shortcut has to shrink as well: project if `stride != 1` *or* the channels differ.",
    section=RESIDUAL,
)
class _(Block):
    def __init__(self, channels_in, channels_out, stride=1):
        super().__init__(channels_in, channels_out, stride, project="where channels differ")


@ResidualBlock.mistake(
    "A projection also where the shape stays",
    question="If all weights of the block were 0, what would come through it where the shape stays?",
    hint="The input itself should: that is what makes depth harmless. Where the shape stays, the shortcut is the identity.",
    section=RESIDUAL,
)
class _(Block):
    def __init__(self, channels_in, channels_out, stride=1):
        super().__init__(channels_in, channels_out, stride, project="always")


@ResidualBlock.mistake(
    "The projection has no batch norm",
    question="Both terms of the sum should be of one size. What brings the projected one to mean 0 and variance 1?",
    hint="A batch norm of its own, after the convolution 1×1.",
    section=RESIDUAL,
)
class _(Block):
    def __init__(self, channels_in, channels_out, stride=1):
        super().__init__(channels_in, channels_out, stride, normed=False)


@ResidualBlock.mistake(
    "Both convolutions have the stride",
    question="Stride 2 in the first convolution and stride 2 in the second: how much smaller is the output?",
    hint="Four times, and it no longer fits the shortcut. Only the first convolution has the stride; the second has 1.",
    section=RESIDUAL,
)
class _(Block):
    def __init__(self, channels_in, channels_out, stride=1):
        super().__init__(channels_in, channels_out, stride, again="stride")


@ResidualBlock.mistake(
    "The shortcut is missing",
    question="What does your block do with its input, apart from sending it through the two convolutions?",
    hint="It should add it: `relu(out + shortcut(x))`. Keep x, do not write over it.",
    section=RESIDUAL,
)
class _(Block):
    def __init__(self, channels_in, channels_out, stride=1):
        super().__init__(channels_in, channels_out, stride, project="no shortcut")


@ResidualBlock.mistake(
    "Convolutions with a bias, before a batch norm",
    question="A batch norm subtracts the mean of each channel. What becomes of a bias that was added before?",
    hint="It goes away with the mean, so nothing can be learned by it: `bias=False` in every convolution of the block.",
    section=RESIDUAL,
)
class _(Block):
    def __init__(self, channels_in, channels_out, stride=1):
        super().__init__(channels_in, channels_out, stride, bias=True)


@ResidualBlock.alternative("the body as a Sequential, added in place")
class _(nn.Module):
    def __init__(self, channels_in, channels_out, stride=1):
        super().__init__()
        self.body = nn.Sequential(
            nn.Conv2d(channels_in, channels_out, 3, stride, 1, bias=False),
            nn.BatchNorm2d(channels_out),
            nn.ReLU(inplace=True),
            nn.Conv2d(channels_out, channels_out, 3, 1, 1, bias=False),
            nn.BatchNorm2d(channels_out),
        )
        self.short = nn.Sequential()
        if (channels_in, 1) != (channels_out, stride):
            self.short.append(nn.Conv2d(channels_in, channels_out, 1, stride, bias=False))
            self.short.append(nn.BatchNorm2d(channels_out))

    def forward(self, x):
        out = self.body(x)
        out += self.short(x)
        return out.relu_()


@ResidualBlock.alternative("the shortcut first, or none")
class _(nn.Module):
    def __init__(self, channels_in, channels_out, stride=1):
        super().__init__()
        self.fit = None
        if stride > 1 or channels_in != channels_out:
            self.fit, self.fit_norm = (
                nn.Conv2d(channels_in, channels_out, 1, stride, bias=False),
                nn.BatchNorm2d(channels_out),
            )
        self.b1, self.b2 = nn.BatchNorm2d(channels_out), nn.BatchNorm2d(channels_out)
        self.c1 = nn.Conv2d(channels_in, channels_out, (3, 3), stride=stride, padding=(1, 1), bias=False)
        self.c2 = nn.Conv2d(channels_out, channels_out, (3, 3), padding="same", bias=False)

    def forward(self, x):
        same = x if self.fit is None else self.fit_norm(self.fit(x))
        return torch.clamp(self.b2(self.c2(torch.relu(self.b1(self.c1(x))))) + same, min=0)


# ── Which objects are found ───────────────────────────────────────────────────────────────────────────────────────────

match_detections = Rubric(
    reference.match_detections,
    title="Find the bug: more found than there is",
    points=3,
    minutes=12,
    returns="a tensor of whole numbers, of shape (n,): the place of the true box that each detection finds, or -1",
    kinds="i",
)


def matched(
    boxes, scores, truth, threshold, *, order="best first", twice=False, greedy=False, first_choice=False, poor=False, sort=False,
    first_free=False,
):  # fmt: skip
    """Detections matched to true boxes with one thing wrong."""
    overlap, found = reference.iou(boxes, truth), [-1] * len(boxes)
    best_first = scores.argsort(descending=True).tolist()
    free = set(range(len(truth)))
    if greedy:
        for k in range(len(truth)):
            i = int(overlap[:, k].argmax())
            found[i] = k if overlap[i, k] >= threshold else found[i]
        return torch.tensor(found)
    for i in {"best first": best_first, "worst first": best_first[::-1], "as given": range(len(boxes))}[order]:
        among = range(len(truth)) if twice or first_choice else sorted(free)
        among = [k for k in among if overlap[i, k] >= threshold] if first_free else among
        k = max(among, key=lambda k: 0.0 if first_free else float(overlap[i, k]), default=None)
        if k is None or (first_choice and k not in free):
            continue
        if overlap[i, k] >= threshold:
            found[i] = k
        if overlap[i, k] >= threshold or poor:
            free.discard(k)
    return torch.tensor([found[i] for i in best_first] if sort else found)


MATCHED_WRONGLY = {
    "twice": {"twice": True},
    "as given": {"order": "as given"},
    "worst first": {"order": "worst first"},
    "greedy": {"greedy": True},
    "first choice": {"first_choice": True},
    "poor": {"poor": True},
    "sort": {"sort": True},
}


def scene(rng, truth, around, threshold, jitter=0.8, telling=False):
    """True boxes, given by (x, y), and detections: around[k] of them near the box k, in any order. No IoU is near the
    threshold or near another of the same detection. telling: drawn until all known mistakes answer differently."""
    corners = np.array([[x, y, x + 4, y + 4] for x, y in truth], dtype=float)
    while True:
        rows = [corners[k] + jitter * rng.uniform(-1, 1, (n, 4)) for k, n in enumerate(around)]
        found = np.round(rng.permutation(np.concatenate(rows)), 2)
        given = (
            torch.tensor(found, dtype=torch.float32),
            torch.tensor((5 + rng.permutation(91)[: len(found)]) / 100, dtype=torch.float32),
            torch.tensor(corners, dtype=torch.float32),
            threshold,
        )
        overlap = reference.iou(given[0], given[2])
        if (overlap - threshold).abs().min() < 0.02 or (len(truth) > 1 and _close(overlap)):
            continue
        if not telling or all_differ(
            [matched(*given), *(matched(*given, **wrong) for wrong in MATCHED_WRONGLY.values())]
        ):
            return given


def _close(overlap):
    first, second = overlap.topk(2, dim=1).values.unbind(1)
    return bool(((first - second < 0.02) & (first > 0)).any())


@match_detections.given("one object, and three detections of it")
def _(rng):
    return scene(rng, [(1, 1)], [3], 0.4, jitter=0.4)


@match_detections.given("two objects, of which one is found twice and the other not at all")
def _(rng):
    return scene(rng, [(0, 1), (9, 2)], [2, 0], 0.5, jitter=0.4)


@match_detections.given("a sure detection that is too far off, and a less sure one that is right")
def _(rng):
    off = rng.integers(8, 12) / 4
    both = torch.cat([box(1 + off, 2, 4, 4), box(1, 2, 4, 4.5)])
    return both, torch.tensor([0.9, 0.6]), box(1, 2, 4, 4), 0.5


@match_detections.given("two objects so near that one detection would do for either")
def _(rng):
    x = rng.integers(0, 8) / 2
    found = torch.cat([box(x + 0.75, 1, 4, 4), box(x, 1, 4, 4)])
    return found, torch.tensor([0.5, 0.8]), torch.cat([box(x, 1, 4, 4), box(x + 2, 1, 4, 4)]), 0.5


@match_detections.given("a detection that reaches both objects, and fits the second better")
def _(rng):
    x = rng.integers(0, 8) / 2
    return box(x + 1.5, 1, 4, 4), torch.tensor([0.7]), torch.cat([box(x, 1, 4, 4), box(x + 2, 1, 4, 4)]), 0.4


@match_detections.given("an IoU of exactly the threshold")
def _(rng):
    x, y = rng.integers(0, 8, 2)
    return box(x, y, 10, 10), torch.tensor([0.6]), torch.cat([box(30, 5, 8, 8), box(x, y, 20, 10)]), 0.5


@match_detections.given("four objects, nine detections, in any order", weight=2)
def _(rng):
    return scene(rng, [(0, 0), (1.5, 0.5), (8, 1), (9, 2)], [3, 2, 3, 1], 0.45, jitter=1.1, telling=True)


@match_detections.given("a single detection that finds nothing", public=False, weight=0.5)
def _(rng):
    return box(20, 20, 2, 3), torch.tensor([0.7]), boxes(rng, 3), 0.5


@match_detections.given("twelve detections", public=False, weight=2)
def _(rng):
    return scene(rng, [(0, 0), (1.5, 1), (7, 0), (7.5, 1.5), (14, 1)], [3, 3, 2, 2, 2], 0.45, jitter=1.0, telling=True)


@match_detections.given("a low threshold", public=False)
def _(rng):
    return scene(rng, [(0, 0), (2, 1), (8, 2)], [3, 2, 2], 0.3, jitter=1.2)


@match_detections.given("double precision (float64)", public=False, weight=0.5)
def _(rng):
    return doubles(*scene(rng, [(0, 0), (3, 2)], [3, 3], 0.5, jitter=0.8))


@match_detections.mistake(
    "An object is found more than once",
    question="There is one dog, and three detections lie on it. How many dogs has the detector found?",
    hint="One; the other two are false alarms. Keep a list of true boxes that are still free, and strike out what is found.",
    section=DETECTION,
)
def _(boxes, scores, truth, threshold):
    return matched(boxes, scores, truth, threshold, twice=True)


@match_detections.mistake(
    "In the order given, not by score",
    question="Two detections claim the same object. Which one gets it in your function?",
    hint="The one that stands first. The surer one should get it: go through `scores.argsort(descending=True)`.",
    section=DETECTION,
)
def _(boxes, scores, truth, threshold):
    return matched(boxes, scores, truth, threshold, order="as given")


@match_detections.mistake(
    "The least sure detection chooses first",
    question="In which direction does `argsort` sort?",
    hint="Upward. The highest score chooses first: `scores.argsort(descending=True)`.",
    section=DETECTION,
)
def _(boxes, scores, truth, threshold):
    return matched(boxes, scores, truth, threshold, order="worst first")


@match_detections.mistake(
    "The best fit gets the object, not the surest detection",
    question="Does the score of a detection matter in your function?",
    hint="It should: go through the *detections*, the surest first, and let each take the free box that it overlaps most. "
    "A detector does not know which of its boxes fits best.",
    section=DETECTION,
)
def _(boxes, scores, truth, threshold):
    return matched(boxes, scores, truth, threshold, greedy=True)


@match_detections.mistake(
    "Only the first choice counts",
    question="The box that a detection overlaps most is taken, and another one, still free, overlaps it enough. What then?",
    hint="Then it finds the other one. Look for the largest IoU among the boxes that are still free.",
    section=DETECTION,
)
def _(boxes, scores, truth, threshold):
    return matched(boxes, scores, truth, threshold, first_choice=True)


@match_detections.mistake(
    "A detection that is too far off takes the object away",
    question="A sure detection overlaps an object by 0.2, which is not enough. Is the object found now, or still free?",
    hint="Still free. Strike a box out only where its IoU reaches the threshold.",
    section=DETECTION,
)
def _(boxes, scores, truth, threshold):
    return matched(boxes, scores, truth, threshold, poor=True)


@match_detections.mistake(
    "The first box that is near enough is taken",
    question="A detection overlaps two free boxes by more than the threshold. Which of them does it find in your function?",
    hint="The first in the list. It should be the one that it overlaps most: go through all free boxes before you decide.",
    section=DETECTION,
)
def _(boxes, scores, truth, threshold):
    return matched(boxes, scores, truth, threshold, first_free=True)


@match_detections.mistake(
    "An IoU of just the threshold does not count",
    question="A detection has an IoU of 0.5 with a free box, and the threshold is 0.5. Has it found the box?",
    hint="Yes: the threshold is the IoU that is needed, so `>=`.",
    section=DETECTION,
)
def _(boxes, scores, truth, threshold):
    return matched(boxes, scores, truth, threshold + 1e-6)


@match_detections.mistake(
    "The answers stand in the order of the scores",
    question="Which detection does the first number of your answer belong to?",
    hint="To the first one given, it should be. Make the answer full of -1, and write to `found[i]`.",
    section=DETECTION,
)
def _(boxes, scores, truth, threshold):
    return matched(boxes, scores, truth, threshold, sort=True)


@match_detections.alternative("a list of what is free, in plain Python")
def _(boxes, scores, truth, threshold):
    overlap, free, found = reference.iou(boxes, truth).tolist(), list(range(len(truth))), [-1] * len(boxes)
    for i in sorted(range(len(boxes)), key=lambda i: -float(scores[i])):
        good = [k for k in free if overlap[i][k] >= threshold]
        if good:
            found[i] = max(good, key=lambda k: overlap[i][k])
            free.remove(found[i])
    return torch.tensor(found)


@match_detections.alternative("a mask, in NumPy")
def _(boxes, scores, truth, threshold):
    overlap, found = reference.iou(boxes, truth).numpy().copy(), np.full(len(boxes), -1)
    for i in np.argsort(-scores.numpy()):
        k = overlap[i].argmax()
        if overlap[i, k] >= threshold:
            found[i], overlap[:, k] = k, 0
    return found


# ── A network that reads digits ───────────────────────────────────────────────────────────────────────────────────────

train_cnn = Rubric(
    reference.train_cnn,
    title="Your own network in the page",
    points=5,
    minutes=18,
    returns="the trained network, an nn.Module that maps (n, 1, 8, 8) to logits (n, 10)",
    seconds=10.0,
    when="trained",
    then="reads",
)


def some_digits(rng, n, new, wanted, renamed=False):
    """n digits to learn from, `new` others to read, and the share that must be right. renamed: 0 is called 9, and so on."""
    digits = data.load("digits")
    order = torch.tensor(rng.permutation(len(digits.y)))
    y = 9 - digits.y if renamed else digits.y
    some, others = order[:n], order[n : n + new]
    return Kept((digits.x[some], y[some], wanted, digits.x[others]), y[others])


@train_cnn.given("600 digits to learn from, 400 others to read")
def _(rng):
    return some_digits(rng, 600, 400, 0.9)


@train_cnn.given("300 digits to learn from")
def _(rng):
    return some_digits(rng, 300, 400, 0.8)


@train_cnn.given("600 other digits", public=False)
def _(rng):
    return some_digits(rng, 600, 500, 0.9)


@train_cnn.given("300 digits whose classes have other names", public=False)
def _(rng):
    return some_digits(rng, 300, 500, 0.8, renamed=True)


@train_cnn.given("450 digits", public=False)
def _(rng):
    return some_digits(rng, 450, 500, 0.87)


def layers(first=nn.ReLU, second=nn.ReLU, pool=nn.MaxPool2d, end=nn.Identity):
    return nn.Sequential(
        nn.Conv2d(1, 8, 3, padding=1), first(), nn.Conv2d(8, 16, 3, padding=1), second(), pool(2), nn.Flatten(),
        nn.Linear(256, 10), end(),
    )  # fmt: skip


def fitted(model, x, y, epochs, lr=0.01, size=50):
    optimizer = torch.optim.Adam(model.parameters(), lr=lr)
    for _ in range(epochs):
        for batch in torch.randperm(len(x)).split(size):
            optimizer.zero_grad()
            F.cross_entropy(model(x[batch]), y[batch]).backward()
            optimizer.step()
    return model


@train_cnn.mistake(
    "Softmax before the cross-entropy",
    question="What is the lowest loss that your network has reached, and why does it stop there?",
    hint="At 1.46: `cross_entropy` takes the softmax itself, so yours is applied twice. End with `nn.Linear(256, 10)`.",
    section=WRONG,
)
def _(x, y):
    return fitted(layers(end=lambda: nn.Softmax(dim=1)), x[:50], y[:50], 1)


@train_cnn.mistake(
    "No ReLU",
    question="Two convolutions, one after the other, with nothing in between: how many is that worth?",
    hint="One. Put an `nn.ReLU()` after each convolution, as in the table.",
    section=DIGIT,
)
def _(x, y):
    return fitted(layers(nn.Identity, nn.Identity), x[:50], y[:50], 1)


@train_cnn.mistake(
    "Average pooling",
    question="Which pooling does the table ask for?",
    hint="The maximum of each 2×2 cells: `nn.MaxPool2d(2)`. The figure shows your weights in the network of the table.",
    section=DIGIT,
)
def _(x, y):
    return fitted(layers(pool=nn.AvgPool2d), x[:50], y[:50], 1)


@train_cnn.mistake(
    "The labels do not go with the images",
    question="If you shuffle, do images and labels stay in the same order?",
    hint="Draw one permutation and index both with it: `x[batch]`, `y[batch]`. The loss stays near ln 10 = 2.30 otherwise.",
    section=WRONG,
)
def _(x, y):
    return fitted(layers(), x[:200], y[torch.randperm(len(y))][:200], 2)


@train_cnn.mistake(
    "Training has hardly begun",
    question="How many steps does your optimizer make in all, and how large is the loss after the last?",
    hint="Go through all digits a dozen times, in batches of about 50, with Adam and a learning rate of 0.01. That takes less "
    "than a second.",
    section=RUN,
)
def _(x, y):
    return fitted(layers(), x[:300], y[:300], 1, size=25)


@train_cnn.alternative("a class that names its last layer first")
def _(x, y):
    class Reader(nn.Module):
        def __init__(self):
            super().__init__()
            self.dense = nn.Linear(256, 10)
            self.second, self.first = nn.Conv2d(8, 16, 3, padding=1), nn.Conv2d(1, 8, 3, padding=1)

        def forward(self, x):
            return self.dense(F.max_pool2d(self.second(self.first(x).relu()).relu(), 2).flatten(1))

    model = Reader()
    optimizer = torch.optim.Adam(model.parameters(), lr=0.01)
    for _ in range(12):
        for batch in torch.randperm(len(x)).split(50):
            optimizer.zero_grad()
            F.cross_entropy(model(x[batch]), y[batch]).backward()
            optimizer.step()
    return model


@train_cnn.alternative("two steps at a time, SGD with momentum")
def _(x, y):
    model = layers()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.9)
    for _ in range(15):
        for batch in torch.randperm(len(x)).split(40):
            loss = -model(x[batch]).log_softmax(dim=1)[torch.arange(len(batch)), y[batch]].mean()
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
    return model


@train_cnn.alternative("a class, weight decay, a data loader, a falling rate, log-probabilities")
def _(x, y):
    class Reader(nn.Module):
        def __init__(self):
            super().__init__()
            self.one, self.two = nn.Conv2d(1, 8, 3, padding="same"), nn.Conv2d(8, 16, 3, padding="same")
            self.drop, self.dense = nn.Dropout(0.1), nn.Linear(256, 10)

        def forward(self, x):
            x = F.relu(self.two(F.relu(self.one(x))))
            return F.log_softmax(self.dense(self.drop(F.max_pool2d(x, 2).flatten(1))), dim=1)

    model, epochs = Reader(), 12
    loader = torch.utils.data.DataLoader(torch.utils.data.TensorDataset(x, y), batch_size=32, shuffle=True)
    optimizer = torch.optim.AdamW(model.parameters(), lr=0.01, weight_decay=1e-3)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, epochs)
    for _ in range(epochs):
        for images, labels in loader:
            optimizer.zero_grad()
            F.nll_loss(model(images), labels).backward()
            optimizer.step()
        schedule.step()
    return model


# ── Stretch: an image that a unit likes ───────────────────────────────────────────────────────────────────────────────

maximize_activation = Rubric(
    reference.maximize_activation,
    title="Stretch: what would it like to see?",
    points=0,
    minutes=12,
    returns="a tensor of the shape of x",
    rtol=1e-3,
    atol=2e-3,
    when="climbed",
    on_device=True,
)


def start(rng, channels, side, unit, steps, lr, f=4, k=3):
    """Filters and weights of a small network, an image to begin with, and how to climb."""
    filters, mixing = normal(rng, f, channels, 3, 3, scale=1.2), normal(rng, k, f)
    x = torch.tensor(rng.uniform(0.3, 0.7, (1, channels, side, side + 1)), dtype=torch.float32)
    return filters, mixing, x, unit, steps, lr


@maximize_activation.given("one step")
def _(rng):
    return start(rng, 1, 5, 1, 1, 0.5)


@maximize_activation.given("four steps")
def _(rng):
    return start(rng, 1, 5, 0, 4, 0.8)


@maximize_activation.given("ten steps in color")
def _(rng):
    return start(rng, 3, 4, 2, 10, 1.0)


@maximize_activation.given("no step at all", public=False, weight=0.5)
def _(rng):
    return start(rng, 1, 4, 0, 0, 1.0)


@maximize_activation.given("long steps", public=False)
def _(rng):
    return start(rng, 2, 6, 1, 6, 2.5)


@maximize_activation.given("double precision (float64)", public=False, weight=0.5)
def _(rng):
    return doubles(*start(rng, 1, 6, 2, 5, 1.0))


def climb(
    network, x, unit, steps, lr, *, way=1, length=True, clip="each step", what=lambda s: s, pile=False, signs=False
):
    """Gradient ascent in the pixels with one thing wrong."""
    total = torch.zeros_like(x)
    for _ in range(steps):
        x = x.detach().requires_grad_()
        (slope,) = torch.autograd.grad(what(network(x))[0, unit], x)
        total = slope = total + slope if pile else slope
        step = slope.sign() / slope.numel() ** 0.5 if signs else slope / slope.norm() if length else slope
        x = x + way * lr * step
        x = x.clamp(0, 1) if clip == "each step" else x
    return (x.clamp(0, 1) if clip == "at the end" else x).detach()


@maximize_activation.mistake(
    "Down instead of up",
    question="In which direction does the gradient point, and in which one do you go?",
    hint="It points to where the value grows. Here it shall grow: *add* the step.",
    section=FEATURES,
)
def _(network, x, unit, steps, lr):
    return climb(network, x, unit, steps, lr, way=-1)


@maximize_activation.mistake(
    "Steps as long as the gradient",
    question="How long is your step where the unit hardly answers to any change?",
    hint="Hardly anything. Divide the gradient by its length, `slope / slope.norm()`, so that every step has the length lr.",
    section=FEATURES,
)
def _(network, x, unit, steps, lr):
    return climb(network, x, unit, steps, lr, length=False)


@maximize_activation.mistake(
    "Pixels leave the range from 0 to 1",
    question="What is the smallest number in your image, and what color is that?",
    hint="None. After each step bring the pixels back: `.clamp(0, 1)`.",
    section=FEATURES,
)
def _(network, x, unit, steps, lr):
    return climb(network, x, unit, steps, lr, clip="never")


@maximize_activation.mistake(
    "Clipped only at the end",
    question="What does the network see during the climb: images, or numbers far outside of 0 to 1?",
    hint="Clip after every step, inside the loop, so that each gradient is that of a real image.",
    section=FEATURES,
)
def _(network, x, unit, steps, lr):
    return climb(network, x, unit, steps, lr, clip="at the end")


@maximize_activation.mistake(
    "The probability instead of the score",
    question="Softmax of one class grows if its own score grows. By what else?",
    hint="If the other scores fall. What one unit likes to see is in its own output, `network(x)[0, unit]`.",
    section=FEATURES,
)
def _(network, x, unit, steps, lr):
    return climb(network, x, unit, steps, lr, what=lambda s: s.softmax(dim=1))


@maximize_activation.mistake(
    "Gradients pile up",
    question="After the second `backward()`, whose gradient is in `x.grad`?",
    hint="The sum of both. Set it to zero (or None) before each, or ask `torch.autograd.grad`, which keeps nothing.",
    section=FEATURES,
)
def _(network, x, unit, steps, lr):
    return climb(network, x, unit, steps, lr, pile=True)


@maximize_activation.mistake(
    "Only the signs of the gradient",
    question="How far does your step move a pixel on which the unit hardly depends?",
    hint="As far as any other. Take the gradient itself, divided by its length.",
    section=FEATURES,
)
def _(network, x, unit, steps, lr):
    return climb(network, x, unit, steps, lr, signs=True)


@maximize_activation.alternative("with backward, in place on a copy")
def _(network, x, unit, steps, lr):
    image = x.clone().requires_grad_()
    for _ in range(steps):
        image.grad = None
        network(image)[0, unit].backward()
        with torch.no_grad():
            image += lr * image.grad / image.grad.norm()
            image.clamp_(0, 1)
    return image.detach()


@maximize_activation.alternative("with torch.func")
def _(network, x, unit, steps, lr):
    slope = torch.func.grad(lambda image: network(image)[0, unit])
    for _ in range(steps):
        g = slope(x)
        x = torch.clip(x + lr * g / torch.linalg.vector_norm(g), 0, 1)
    return x
