"""How the exercises on convolution are judged.

Images and kernels hold multiples of 1/8, so that sums of products are exact and no answer hangs on rounding. Each size
that plays a role of its own differs from the others. Where a number must tell mistakes apart, it is drawn again until
it does. Tensors that live on the device "meta" have shapes but no numbers: with them a tensor made on the CPU shows.
"""

import math

import numpy as np
import torch
from torch import nn
from torch.nn import functional as F

from autograder.givens import doubles, grid
from autograder.reference import convolution as reference
from autograder.rubric import Kept, Rubric

IMAGES = "convolution#convolution-images"
CORRELATION = "convolution#convolution-correlation"
SIZE = "convolution#convolution-size"
CHANNELS = "convolution#convolution-channels"
SHARING = "convolution#convolution-sharing"
MATRIX = "convolution#convolution-matrix"
EQUIVARIANCE = "convolution#convolution-equivariance"
POOLING = "convolution#convolution-pooling"
ONE_DIMENSION = "convolution#convolution-one-dimension"
TENSORS = "warmup#warmup-tensors"

ELSEWHERE = {
    "question": "Where does a tensor live that `torch.zeros(…)` makes, and where does x live?",
    "hint": "`torch.zeros(…)` is on the CPU, always. `x.new_zeros(…)`, or `torch.zeros(…, device=x.device)`, is where x is.",
}
TAKEN_OUT = {
    "question": "What do `.item()`, and `if` with a tensor behind it, need of a tensor: its shape, or a number in it?",
    "hint": "A number, fetched from wherever the tensor lives: on `meta` there is none, and on a graphics card the fetching is slow. "
    "Leave the numbers in tensors: one with a single number can be assigned to a place of another, and `.amax(…)` compares.",
}


def on_meta(*given):
    """The same shapes, without numbers, on another device."""
    return tuple(g.to("meta") if isinstance(g, torch.Tensor) else g for g in given)


def size(n, k, s=1, p=0, d=1):
    return (n + 2 * p - d * (k - 1) - 1) // s + 1


# ── Output size ───────────────────────────────────────────────────────────────────────────────────────────────────────

output_size = Rubric(
    reference.output_size,
    title="How many outputs?",
    points=2,
    minutes=4,
    returns="a whole number (int)",
)

WRONG_SIZES = {
    "ceil": lambda n, k, s, p, d: math.ceil((n + 2 * p - d * (k - 1) - 1) / s) + 1,
    "swapped": lambda n, k, s, p, d: (n + 2 * s - d * (k - 1) - 1) // p + 1,
    "d k": lambda n, k, s, p, d: (n + 2 * p - d * k) // s + 1,
    "one side": lambda n, k, s, p, d: (n + p - d * (k - 1) - 1) // s + 1,
    "no first": lambda n, k, s, p, d: (n + 2 * p - d * (k - 1) - 1) // s,
    "no dilation": lambda n, k, s, p, d: (n + 2 * p - k) // s + 1,
    "true division": lambda n, k, s, p, d: (n + 2 * p - d * (k - 1) - 1) / s + 1,
}


def all_at_once(rng, low, high):
    """Size, kernel, stride, padding and dilation for which each wrong formula gives another number."""
    while True:
        n, k, s = int(rng.integers(low, high)), int(rng.integers(3, 6)), int(rng.integers(2, 4))
        p, d = int(rng.integers(1, 7)), int(rng.integers(4, 8))
        answers = {float(f(n, k, s, p, d)) for f in WRONG_SIZES.values()} | {float(size(n, k, s, p, d))}
        if p not in (s, d) and s != d and min(answers) > 1 and len(answers) == len(WRONG_SIZES) + 1:
            return n, k, s, p, d


@output_size.given("no padding, stride 1")
def _(rng):
    return int(rng.integers(12, 40)), int(rng.integers(3, 8))


@output_size.given("padding to keep the size: an odd kernel")
def _(rng):
    half = int(rng.integers(2, 5))
    return int(rng.integers(20, 40)), 2 * half + 1, 1, half


@output_size.given("stride 2 or more; the last stride would stick out")
def _(rng):
    k, s = int(rng.integers(3, 6)), int(rng.integers(2, 5))
    return int(k + s * rng.integers(3, 8) + rng.integers(1, s)), k, s, 1


@output_size.given("a dilated kernel")
def _(rng):
    return int(rng.integers(25, 50)), int(rng.integers(3, 5)), 1, 2, int(rng.integers(3, 5))


@output_size.given("everything at once", weight=2)
def _(rng):
    return all_at_once(rng, 50, 100)


@output_size.given("the kernel is as large as the input", public=False, weight=0.5)
def _(rng):
    n = int(rng.integers(5, 12))
    return n, n


@output_size.given("a stride larger than the kernel", public=False)
def _(rng):
    return int(rng.integers(31, 60)), 3, 5, 1


@output_size.given("a photograph", public=False, weight=2)
def _(rng):
    return all_at_once(rng, 300, 1200)


@output_size.mistake(
    "Rounded up instead of down",
    question="The kernel has made its last full step, and half a step of input is left. Is there another output?",
    hint="No: the kernel would stick out. Steps are rounded *down*: `//`, not `math.ceil`.",
    section=SIZE,
)
def _(size, kernel, stride=1, padding=0, dilation=1):
    return WRONG_SIZES["ceil"](size, kernel, stride, padding, dilation)


@output_size.mistake(
    "Stride and padding are swapped",
    question="Which of the two makes the output larger, and which smaller? What does your formula divide by?",
    hint="Padding adds to the input, on both sides: size + 2·padding. The stride divides the way that the kernel goes.",
    section=SIZE,
)
def _(size, kernel, stride=1, padding=0, dilation=1):
    return WRONG_SIZES["swapped"](size, kernel, stride, padding, dilation)


@output_size.mistake(
    "A dilated kernel is taken for d·k long",
    question="Three taps with dilation 2: draw them. From the first to the last, how many cells is that?",
    hint="Five, not six: between k taps there are k − 1 gaps. The reach is dilation · (kernel − 1) + 1.",
    section=SIZE,
)
def _(size, kernel, stride=1, padding=0, dilation=1):
    return WRONG_SIZES["d k"](size, kernel, stride, padding, dilation)


@output_size.mistake(
    "The padding is counted once",
    question="With padding 1, how many cells does a row of five have, zeros included?",
    hint="Seven: one on the left *and* one on the right. size + 2·padding.",
    section=SIZE,
)
def _(size, kernel, stride=1, padding=0, dilation=1):
    return WRONG_SIZES["one side"](size, kernel, stride, padding, dilation)


@output_size.mistake(
    "The first place is not counted",
    question="A kernel of 3 on an input of 3: how many steps can it make, and how many outputs are there?",
    hint="No step, but one output. Count the steps, then add 1 for the place where it starts.",
    section=SIZE,
)
def _(size, kernel, stride=1, padding=0, dilation=1):
    return WRONG_SIZES["no first"](size, kernel, stride, padding, dilation)


@output_size.mistake(
    "Dilation is left out",
    question="What does `dilation` change in your formula?",
    hint="It makes the kernel reach farther: dilation · (kernel − 1) + 1 cells in place of kernel.",
    section=SIZE,
)
def _(size, kernel, stride=1, padding=0, dilation=1):
    return WRONG_SIZES["no dilation"](size, kernel, stride, padding, dilation)


@output_size.mistake(
    "Not a whole number",
    question="Can a layer have 5.5 outputs? And which type has `6 / 2` in Python?",
    hint="`/` gives a float, always. `//` divides and rounds down.",
    section=SIZE,
)
def _(size, kernel, stride=1, padding=0, dilation=1):
    return WRONG_SIZES["true division"](size, kernel, stride, padding, dilation)


@output_size.alternative("counting the places one by one")
def _(size, kernel, stride=1, padding=0, dilation=1):
    reach = dilation * (kernel - 1) + 1
    return len(range(-padding, size + padding - reach + 1, stride))


@output_size.alternative("asking a layer of PyTorch's")
def _(size, kernel, stride=1, padding=0, dilation=1):
    layer = nn.Conv1d(1, 1, kernel, stride=stride, padding=padding, dilation=dilation)
    return layer(torch.zeros(1, 1, size)).shape[-1]


@output_size.alternative("math.floor")
def _(size, kernel, stride=1, padding=0, dilation=1):
    return math.floor((size + 2 * padding - dilation * (kernel - 1) - 1) / stride + 1)


# ── Parameter count ───────────────────────────────────────────────────────────────────────────────────────────────────

parameter_count = Rubric(
    reference.parameter_count,
    title="Weights, biases, multiplications",
    points=2,
    minutes=5,
    returns="(weights, biases, multiply_adds), three whole numbers",
)


def layer(rng, groups=1, most=20):
    """A layer whose numbers all differ: channels in and out, height and width of kernel and output."""
    numbers = rng.permutation(np.arange(2, most))
    a, b, (kh, kw, h, w) = *numbers[:2], numbers[2:6].tolist()
    return int(a) * groups, int(b) * groups, (kh, kw), (h + most, w + most), groups


@parameter_count.given("from 3 channels to 16, a square kernel")
def _(rng):
    side = int(rng.integers(20, 40))
    return 3, 16, (5, 5), (side, side + 3)


@parameter_count.given("everything differs")
def _(rng):
    return layer(rng)[:4]


@parameter_count.given("in two groups", weight=2)
def _(rng):
    return layer(rng, groups=2)


@parameter_count.given("depthwise: as many groups as channels")
def _(rng):
    c = int(rng.integers(5, 12))
    return c, c, (3, 5), (int(rng.integers(13, 30)), 12), c


@parameter_count.given("1 × 1 kernels", public=False)
def _(rng):
    return int(rng.integers(20, 60)), int(rng.integers(61, 99)), (1, 1), (7, 9)


@parameter_count.given("a large layer", public=False)
def _(rng):
    return layer(rng, most=80)[:4]


@parameter_count.given("in three groups", public=False)
def _(rng):
    return layer(rng, groups=3)


def counted(in_channels, out_channels, kernel, output, groups=1, *, weights=None, biases=None, work=None):
    """Counts with one of them wrong."""
    right = out_channels * (in_channels // groups) * math.prod(kernel)
    weights = right if weights is None else weights
    return (
        weights,
        out_channels if biases is None else biases,
        weights * math.prod(output) if work is None else work,
    )


@parameter_count.mistake(
    "A bias for each input channel",
    question="To make one number of the output, how many biases does the layer add?",
    hint="One. The products of *all* input channels are summed first, then the filter's bias is added: out_channels biases.",
    section=CHANNELS,
)
def _(in_channels, out_channels, kernel, output, groups=1):
    return counted(in_channels, out_channels, kernel, output, groups, biases=out_channels * (in_channels // groups))


@parameter_count.mistake(
    "Filters without depth",
    question="A filter looks at a patch of a color image. How many numbers are in that patch?",
    hint="Height times width *times channels*: each filter has weights for every channel that it sees.",
    section=CHANNELS,
)
def _(in_channels, out_channels, kernel, output, groups=1):
    return counted(in_channels, out_channels, kernel, output, groups, weights=out_channels * math.prod(kernel))


@parameter_count.mistake(
    "Weights for each place",
    question="Does the filter in the upper left corner of the image have other weights than the one in the middle?",
    hint="No, and that is the point: all places share them. The size of the output is in the multiplications alone.",
    section=SHARING,
)
def _(in_channels, out_channels, kernel, output, groups=1):
    weights = out_channels * (in_channels // groups) * math.prod(kernel) * math.prod(output)
    return counted(in_channels, out_channels, kernel, output, groups, weights=weights, work=weights)


@parameter_count.mistake(
    "One bias for the whole layer",
    question="Two filters, one for edges and one for spots. Must they have the same threshold?",
    hint="No: each filter, that is each output channel, has a bias of its own.",
    section=CHANNELS,
)
def _(in_channels, out_channels, kernel, output, groups=1):
    return counted(in_channels, out_channels, kernel, output, groups, biases=1)


@parameter_count.mistake(
    "The groups are left out",
    question="In two groups, how many of the input channels does one filter see?",
    hint="Half of them: each filter has in_channels // groups channels.",
    section=CHANNELS,
)
def _(in_channels, out_channels, kernel, output, groups=1):
    return counted(in_channels, out_channels, kernel, output)


@parameter_count.mistake(
    "Divided by the groups twice",
    question="In two groups, how many filters are there in both groups together?",
    hint="Still out_channels. Each of them sees in_channels // groups channels; that is the only division.",
    section=CHANNELS,
)
def _(in_channels, out_channels, kernel, output, groups=1):
    right = counted(in_channels, out_channels, kernel, output, groups)[0]
    return counted(in_channels, out_channels, kernel, output, groups, weights=right // groups)


@parameter_count.mistake(
    "Multiplications as if there were one place",
    question="How often is each weight used while one image passes?",
    hint="Once for each place of the output: multiply the weights by height times width of the output.",
    section=SHARING,
)
def _(in_channels, out_channels, kernel, output, groups=1):
    weights = counted(in_channels, out_channels, kernel, output, groups)[0]
    return counted(in_channels, out_channels, kernel, output, groups, work=weights)


@parameter_count.mistake(
    "The biases are counted among the multiplications",
    question="What does the layer do with a bias at each place: multiply, or only add?",
    hint="Only add. Multiply–adds are products: as many for each place as there are weights, without the biases.",
    section=SHARING,
)
def _(in_channels, out_channels, kernel, output, groups=1):
    weights = counted(in_channels, out_channels, kernel, output, groups)[0]
    work = (weights + out_channels) * math.prod(output)
    return counted(in_channels, out_channels, kernel, output, groups, work=work)


@parameter_count.alternative("counting PyTorch's layer")
def _(in_channels, out_channels, kernel, output, groups=1):
    layer = nn.Conv2d(in_channels, out_channels, kernel, groups=groups, device="meta")
    return layer.weight.numel(), layer.bias.numel(), layer.weight.numel() * output[0] * output[1]


@parameter_count.alternative("group by group")
def _(in_channels, out_channels, kernel, output, groups=1):
    weights = 0
    for _ in range(groups):
        weights += (in_channels // groups) * (out_channels // groups) * kernel[0] * kernel[1]
    return [weights, out_channels, weights * output[0] * output[1]]


# ── Convolution ───────────────────────────────────────────────────────────────────────────────────────────────────────

conv2d = Rubric(
    reference.conv2d,
    title="Convolution",
    points=6,
    minutes=20,
    returns="a tensor of shape (n, f, rows, columns)",
    on_device=True,
)


def images_and_filters(rng, n, c, h, w, f, kh, kw, *more):
    return grid(rng, n, c, h, w), grid(rng, f, c, kh, kw), grid(rng, f), *more


@conv2d.given("a gray image, one filter, whole numbers")
def _(rng):
    return grid(rng, 1, 1, 4, 5, fine=1), grid(rng, 1, 1, 2, 3, fine=1), grid(rng, 1, fine=1)


@conv2d.given("three channels, two filters")
def _(rng):
    return images_and_filters(rng, 1, 3, 5, 6, 4, 2, 2)


@conv2d.given("several images, padding to keep the size")
def _(rng):
    return images_and_filters(rng, 3, 2, 5, 6, 4, 3, 3, 1, 1)


@conv2d.given("stride 2, padding 1; the last stride would stick out")
def _(rng):
    return images_and_filters(rng, 2, 3, 6, 8, 4, 3, 3, 2, 1)


@conv2d.given("stride 1, padding 2")
def _(rng):
    return images_and_filters(rng, 1, 2, 4, 5, 3, 3, 4, 1, 2)


@conv2d.given("tensors on another device (meta: shapes without numbers)", weight=0.5)
def _(rng):
    return on_meta(*images_and_filters(rng, 2, 3, 6, 5, 4, 3, 2))


@conv2d.given("1 × 1 filters: each pixel by itself", public=False)
def _(rng):
    return images_and_filters(rng, 2, 5, 3, 4, 6, 1, 1)


@conv2d.given("filters as large as the image", public=False)
def _(rng):
    return images_and_filters(rng, 4, 2, 5, 3, 7, 5, 3)


@conv2d.given("stride 3, padding 2, filters of 5 × 4", public=False, weight=2)
def _(rng):
    return images_and_filters(rng, 2, 4, 11, 13, 3, 5, 4, 3, 2)


@conv2d.given("double precision (float64)", public=False, weight=0.5)
def _(rng):
    return doubles(*images_and_filters(rng, 2, 3, 7, 5, 2, 3, 2, 2, 1))


def slid(x, weight, bias, stride=1, padding=0, *, step=None, across=None, margins=None, biases=1):
    """Convolution place by place, with one thing wrong."""
    (h, w), (kh, kw) = x.shape[-2:], weight.shape[-2:]
    step = stride if step is None else step
    across = step if across is None else across
    rows, columns = size(h, kh, stride, padding), size(w, kw, stride, padding)
    x = F.pad(x, margins or (padding,) * 4)
    lines = []
    for i in range(rows):
        patches = [x[:, :, i * step : i * step + kh, j * across : j * across + kw] for j in range(columns)]
        lines.append(torch.stack([torch.einsum("ncab,fcab->nf", p, weight) for p in patches], dim=-1))
    return torch.stack(lines, dim=-2) + biases * bias[:, None, None]


@conv2d.mistake(
    "The kernel is flipped",
    question="Which weight meets the upper left pixel of a patch in your function: the upper left one, or the lower right one?",
    hint="Mathematics turns the kernel by 180° before it slides; deep learning does not. Leave out the flip.",
    section=CORRELATION,
)
def _(x, weight, bias, stride=1, padding=0):
    return slid(x, weight.flip(-2, -1), bias, stride, padding)


@conv2d.mistake(
    "The channels are not summed",
    question="An image of three channels and two filters: how many channels has the output?",
    hint="Two, one for each filter: the products of *all* channels are added into one number. Sum over the channel axis too.",
    section=CHANNELS,
)
def _(x, weight, bias, stride=1, padding=0):
    out = torch.stack([slid(x[:, [k]], weight[:, [k]], bias, stride, padding, biases=0) for k in range(x.shape[1])], 2)
    return out + bias[:, None, None, None]  # (n, f, c, rows, columns)


@conv2d.mistake(
    "Only the first channel is seen",
    question="Set all channels of an image to zero except the last. Does your output notice the image?",
    hint="The sum runs over height, width *and channels* of the patch.",
    section=CHANNELS,
)
def _(x, weight, bias, stride=1, padding=0):
    return slid(x[:, :1], weight[:, :1], bias, stride, padding)


@conv2d.mistake(
    "The bias is missing",
    question="What is your output where a patch holds nothing but zeros, and what should it be?",
    hint="The bias of the filter: add `bias[k]` to each number of output channel k.",
    section=CHANNELS,
)
def _(x, weight, bias, stride=1, padding=0):
    return slid(x, weight, bias, stride, padding, biases=0)


@conv2d.mistake(
    "The bias is added for each input channel",
    question="How often does the bias of one filter go into one number of the output?",
    hint="Once, after the sum over the channels. In a loop over channels it must stand outside.",
    section=CHANNELS,
)
def _(x, weight, bias, stride=1, padding=0):
    return slid(x, weight, bias, stride, padding, biases=x.shape[1])


@conv2d.mistake(
    "Stride and padding are swapped",
    question="Stride 1 and padding 2: does the kernel move by one pixel, or by two?",
    hint="The stride is the step: patch (i, j) begins at row i · stride. The padding is the rim of zeros around the image.",
    section=SIZE,
)
def _(x, weight, bias, stride=1, padding=0):
    return slid(x, weight, bias, padding, stride)


@conv2d.mistake(
    "The stride acts on the rows alone",
    question="With stride 2, at which column does the patch (0, 1) begin in your function?",
    hint="At column 2, it should. The stride is the step in both directions: row `i * stride`, column `j * stride`.",
    section=SIZE,
)
def _(x, weight, bias, stride=1, padding=0):
    return slid(x, weight, bias, stride, padding, across=1)


@conv2d.mistake(
    "The kernel moves by one, whatever the stride",
    question="With stride 2, in which row of the padded image does the second row of patches begin?",
    hint="In row 2: patch (i, j) begins at `i * stride` and `j * stride`, not at i and j.",
    section=SIZE,
)
def _(x, weight, bias, stride=1, padding=0):
    return slid(x, weight, bias, stride, padding, step=1)


@conv2d.mistake(
    "All the padding stands on one side",
    question="Which pixel does the middle of a 3 × 3 kernel look at in its first place, if the padding is 1?",
    hint="The first pixel of the image: there are zeros above *and* below, left *and* right. `F.pad` wants (left, right, top, bottom).",
    section=SIZE,
)
def _(x, weight, bias, stride=1, padding=0):
    return slid(x, weight, bias, stride, padding, margins=(0, 2 * padding, 0, 2 * padding))


@conv2d.mistake(
    "The padding is left out",
    question="How many rows of the image does the kernel see with padding 1, and how many with padding 0?",
    hint="Two more with padding 1: one of zeros above, one below. Put the rim around the image first: `x = F.pad(x, (padding,) * 4)`.",
    section=SIZE,
)
def _(x, weight, bias, stride=1, padding=0):
    return slid(x, weight, bias, stride)


@conv2d.mistake("Numbers are taken out of the tensors", section=TENSORS, **TAKEN_OUT)
def _(x, weight, bias, stride=1, padding=0):
    right = reference.conv2d(x, weight, bias, stride, padding)
    right[0, 0, 0, 0] = right[0, 0, 0, 0].item()
    return right


@conv2d.mistake("The output is made on the CPU, wherever x is", section=TENSORS, **ELSEWHERE)
def _(x, weight, bias, stride=1, padding=0):
    right = reference.conv2d(x, weight, bias, stride, padding)
    out = torch.zeros(right.shape)
    for i in range(right.shape[2]):
        for j in range(right.shape[3]):
            out[:, :, i, j] = right[:, :, i, j]
    return out


@conv2d.alternative("a loop over all places")
def _(x, weight, bias, stride=1, padding=0):
    (n, _, h, w), (f, _, kh, kw) = x.shape, weight.shape
    x = F.pad(x, (padding, padding, padding, padding))
    out = x.new_zeros(n, f, (h + 2 * padding - kh) // stride + 1, (w + 2 * padding - kw) // stride + 1)
    for k in range(f):
        for i in range(out.shape[2]):
            for j in range(out.shape[3]):
                patch = x[:, :, i * stride : i * stride + kh, j * stride : j * stride + kw]
                out[:, k, i, j] = (patch * weight[k]).sum(dim=(1, 2, 3)) + bias[k]
    return out


@conv2d.alternative("unfold and einsum")
def _(x, weight, bias, stride=1, padding=0):
    x = F.pad(x, (padding,) * 4)
    patches = x.unfold(2, weight.shape[2], stride).unfold(3, weight.shape[3], stride)
    return torch.einsum("ncijab,fcab->nfij", patches, weight) + bias.view(1, -1, 1, 1)


@conv2d.alternative("one matrix product")
def _(x, weight, bias, stride=1, padding=0):
    f, _, kh, kw = weight.shape
    columns = F.unfold(x, (kh, kw), stride=stride, padding=padding)
    out = weight.reshape(f, -1) @ columns + bias[:, None]
    return out.reshape(len(x), f, size(x.shape[2], kh, stride, padding), -1)


@conv2d.alternative("PyTorch's own")
def _(x, weight, bias, stride=1, padding=0):
    return F.conv2d(x, weight, bias, stride=stride, padding=padding)


# ── Pooling ───────────────────────────────────────────────────────────────────────────────────────────────────────────

pool2d = Rubric(
    reference.pool2d,
    title="Pooling",
    points=3,
    minutes=14,
    returns="a tensor of shape (n, c, rows, columns)",
    on_device=True,
)


@pool2d.given("maximum, 2 × 2, stride 2")
def _(rng):
    return grid(rng, 1, 2, 4, 6, high=9, fine=1), 2, 2


@pool2d.given("maximum, 3 × 3, stride 2: windows that overlap")
def _(rng):
    return grid(rng, 2, 3, 7, 9), 3, 2


@pool2d.given("maximum with padding 1, all pixels negative")
def _(rng):
    return grid(rng, 2, 1, 5, 4, low=-9, high=-1, fine=1), 3, 2, 1


@pool2d.given("average, 2 × 2, stride 2")
def _(rng):
    return grid(rng, 2, 3, 4, 6), 2, 2, 0, "average"


@pool2d.given("average with padding 1", weight=2)
def _(rng):
    return grid(rng, 1, 1, 5, 6, low=1, high=9, fine=1), 3, 2, 1, "average"


@pool2d.given("a tensor on another device (meta: shapes without numbers)", weight=0.5)
def _(rng):
    return *on_meta(grid(rng, 2, 3, 5, 6)), 3, 1, 1


@pool2d.given("the last window would stick out", public=False)
def _(rng):
    return grid(rng, 2, 4, 8, 9), 3, 3


@pool2d.given("maximum, 5 × 5, stride 3, padding 2, pixels of both signs", public=False)
def _(rng):
    return grid(rng, 1, 3, 11, 8), 5, 3, 2


@pool2d.given("maximum with padding 1, all pixels far below zero", public=False)
def _(rng):
    return grid(rng, 2, 2, 4, 6, low=-90, high=-50, fine=1) * 1000, 3, 2, 1


@pool2d.given("average, 4 × 4, stride 3, padding 2, pixels of both signs", public=False)
def _(rng):
    return grid(rng, 3, 2, 9, 10), 4, 3, 2, "average"


@pool2d.given("double precision (float64)", public=False, weight=0.5)
def _(rng):
    return *doubles(grid(rng, 2, 1, 6, 5, low=-3, high=-1)), 3, 1, 1


def pooled(x, window, stride, padding=0, kind="max", *, outside=-math.inf, outside_average=None, over=(-2, -1)):
    """Pooling with other numbers around the image; outside_average None: padding is left out of the average."""
    if kind == "max":
        return reference.windows(F.pad(x, (padding,) * 4, value=outside), window, stride).amax(dim=over)
    if outside_average is None:
        return reference.pool2d(x, window, stride, padding, kind)
    seen = reference.windows(F.pad(x, (padding,) * 4, value=outside_average), window, stride)
    return seen.mean(dim=over)


@pool2d.mistake(
    "Zeros around the image take part",
    question="A window at the rim sees −3, −1 and, outside the image, zeros. What is the largest *pixel*, and what their mean?",
    hint="−1 and −2: padding is no pixel. For the maximum put −∞ around the image; for the average divide by the number of "
    "pixels that are really there.",
    section=POOLING,
)
def _(x, size, stride, padding=0, kind="max"):
    return pooled(x, size, stride, padding, kind, outside=0.0, outside_average=0.0)


@pool2d.mistake(
    "Zeros around the image win the maximum",
    question="A window at the rim sees −3, −1 and, outside the image, zeros. What is the largest *pixel*?",
    hint="−1. Put −∞ around the image, `F.pad(…, value=-math.inf)`: it never wins.",
    section=POOLING,
)
def _(x, size, stride, padding=0, kind="max"):
    return pooled(x, size, stride, padding, kind, outside=0.0)


@pool2d.mistake(
    "The average counts the padding",
    question="In the corner a 3 × 3 window lies on four pixels and five places outside. What does your average divide by?",
    hint="By 9, so that the rim becomes dark; wanted is 4. Pool a tensor of ones in the same way: its sums say how many pixels "
    "there are. (`F.avg_pool2d` divides by 9 too, unless `count_include_pad=False`.)",
    section=POOLING,
)
def _(x, size, stride, padding=0, kind="max"):
    return pooled(x, size, stride, padding, kind, outside_average=0.0)


@pool2d.mistake(
    "The edge of the image is repeated outside",
    question="You continue the image by repeating its edge. How often does a corner pixel go into the average of its window?",
    hint="Four times with padding 1, as the edge is repeated in both directions; wanted is once. (The maximum does not notice, "
    "since the repeated pixel is in the window anyway.)",
    section=POOLING,
)
def _(x, size, stride, padding=0, kind="max"):
    x = F.pad(x, (padding,) * 4, mode="replicate") if padding else x
    return pooled(x, size, stride, 0, kind)


@pool2d.mistake(
    "The windows never overlap",
    question="With a window of 3 and a stride of 2, where does the second window begin?",
    hint="At pixel 2: windows are `stride` apart, whatever their size.",
    section=POOLING,
)
def _(x, size, stride, padding=0, kind="max"):
    return pooled(x, size, size, padding, kind)


@pool2d.mistake(
    "The channels are pooled too",
    question="The input has three feature maps. How many has your output?",
    hint="Also three: pooling shrinks height and width, and leaves each channel to itself.",
    section=POOLING,
)
def _(x, size, stride, padding=0, kind="max"):
    y = pooled(x, size, stride, padding, kind)
    y = y.amax(dim=1, keepdim=True) if kind == "max" else y.mean(dim=1, keepdim=True)
    return y.repeat(1, x.shape[1], 1, 1)


@pool2d.mistake("Numbers are taken out of the tensors", section=TENSORS, **TAKEN_OUT)
def _(x, size, stride, padding=0, kind="max"):
    right = reference.pool2d(x, size, stride, padding, kind)
    right[0, 0, 0, 0] = right[0, 0, 0, 0].item()
    return right


@pool2d.mistake("The output is made on the CPU, wherever x is", section=TENSORS, **ELSEWHERE)
def _(x, size, stride, padding=0, kind="max"):
    right = reference.pool2d(x, size, stride, padding, kind)
    out = torch.zeros(right.shape)
    out[:] = right
    return out


@pool2d.alternative("a loop over all windows, cut off at the rim")
def _(x, size, stride, padding=0, kind="max"):
    n, c, h, w = x.shape
    rows, columns = ((m + 2 * padding - size) // stride + 1 for m in (h, w))
    out = x.new_zeros(n, c, rows, columns)
    for i in range(rows):
        for j in range(columns):
            top, left = i * stride - padding, j * stride - padding
            window = x[:, :, max(top, 0) : top + size, max(left, 0) : left + size].flatten(2)
            out[:, :, i, j] = window.max(dim=2).values if kind == "max" else window.mean(dim=2)
    return out


@pool2d.alternative("PyTorch's own")
def _(x, size, stride, padding=0, kind="max"):
    if kind == "max":
        return F.max_pool2d(x, size, stride, padding)
    return F.avg_pool2d(x, size, stride, padding, count_include_pad=False)


@pool2d.alternative("−∞ around the image, and nanmean")
def _(x, size, stride, padding=0, kind="max"):
    x = F.pad(x, (padding,) * 4, value=-math.inf if kind == "max" else math.nan)
    seen = x.unfold(2, size, stride).unfold(3, size, stride).flatten(4)
    return seen.max(dim=-1).values if kind == "max" else seen.nanmean(dim=-1)


# ── Patches as columns ────────────────────────────────────────────────────────────────────────────────────────────────

im2col = Rubric(
    reference.im2col,
    title="Patches as columns",
    points=4,
    minutes=11,
    returns="a tensor of shape (n, c·kh·kw, places)",
    on_device=True,
)


@im2col.given("a gray image, its pixels counted from 1")
def _(rng):
    return torch.arange(1.0, 13.0).reshape(1, 1, 3, 4), (2, 2)


@im2col.given("two images of three channels, patches of 2 × 3")
def _(rng):
    return grid(rng, 2, 3, 4, 6), (2, 3)


@im2col.given("stride 2, padding 1")
def _(rng):
    return grid(rng, 2, 2, 5, 8), (3, 2), 2, 1


@im2col.given("a tensor on another device (meta: shapes without numbers)", weight=0.5)
def _(rng):
    return *on_meta(grid(rng, 2, 3, 5, 6)), (3, 2)


@im2col.given("patches of one pixel", public=False)
def _(rng):
    return grid(rng, 2, 5, 3, 4), (1, 1)


@im2col.given("stride 3, padding 2, patches of 4 × 3", public=False, weight=2)
def _(rng):
    return grid(rng, 2, 4, 9, 11), (4, 3), 3, 2


@im2col.given("the patch is the image", public=False)
def _(rng):
    return grid(rng, 3, 2, 4, 5), (4, 5)


@im2col.given("double precision (float64)", public=False, weight=0.5)
def _(rng):
    return *doubles(grid(rng, 2, 3, 5, 4)), (2, 3), 1, 1


def gathered(x, kernel, stride=1, padding=0, *, order=(0, 1, 4, 5, 2, 3), rows=3, step=None):
    """Patches (n, c, i, j, kh, kw) with their axes in another order; the first `rows` of them, after n, become rows."""
    x = F.pad(x, (padding,) * 4)
    step = stride if step is None else step
    patches = x.unfold(2, kernel[0], step).unfold(3, kernel[1], step).permute(order)
    return patches.flatten(1 + rows).flatten(1, rows)


@im2col.mistake(
    "A row for each patch",
    question="Which of the two axes should be as long as there are places, the second or the third?",
    hint="The last one: every patch is a *column*, so that `weight.reshape(f, -1) @ columns` is the convolution. Transpose.",
    section=MATRIX,
)
def _(x, kernel, stride=1, padding=0):
    return gathered(x, kernel, stride, padding, order=(0, 2, 3, 1, 4, 5), rows=2)


@im2col.mistake(
    "Reshaped without permuting",
    question="After `unfold` the axes are (n, c, rows, columns, kh, kw). Which of them should become the rows of your matrix, and "
    "are they neighbors?",
    hint="c, kh and kw, and they are not: first `permute(0, 1, 4, 5, 2, 3)`, then reshape. `reshape` alone cuts the same sequence of "
    "numbers in other places.",
    section=IMAGES,
)
def _(x, kernel, stride=1, padding=0):
    right = gathered(x, kernel, stride, padding)
    return gathered(x, kernel, stride, padding, order=(0, 1, 2, 3, 4, 5)).reshape(right.shape)


@im2col.mistake(
    "The channels vary fastest",
    question="In which order does `weight.reshape(f, -1)` read a filter of shape (c, kh, kw)?",
    hint="Channel by channel, each row by row: c is the slowest. The rows of your matrix must come in the same order.",
    section=MATRIX,
)
def _(x, kernel, stride=1, padding=0):
    return gathered(x, kernel, stride, padding, order=(0, 4, 5, 1, 2, 3))


@im2col.mistake(
    "Each patch is read column by column",
    question="Which number stands second in your first column: the right neighbor of the first pixel, or the one below it?",
    hint="Wanted is the right neighbor: a patch is read row by row, kw faster than kh.",
    section=MATRIX,
)
def _(x, kernel, stride=1, padding=0):
    return gathered(x, kernel, stride, padding, order=(0, 1, 5, 4, 2, 3))


@im2col.mistake(
    "The places go down before they go right",
    question="Where does the patch of your second column stand: right of the first, or below it?",
    hint="Places come row by row too: loop over rows outside, over columns inside.",
    section=MATRIX,
)
def _(x, kernel, stride=1, padding=0):
    return gathered(x, kernel, stride, padding, order=(0, 1, 4, 5, 3, 2))


@im2col.mistake(
    "The padding is missing",
    question="How many places has a 3 × 3 patch on 5 × 5 pixels with padding 1, and how many columns do you return?",
    hint="25. Put the rim of zeros around the image first: `F.pad(x, (padding, padding, padding, padding))`.",
    section=SIZE,
)
def _(x, kernel, stride=1, padding=0):
    return gathered(x, kernel, stride)


@im2col.mistake("The matrix is made on the CPU, wherever x is", section=TENSORS, **ELSEWHERE)
def _(x, kernel, stride=1, padding=0):
    right = gathered(x, kernel, stride, padding)
    out = torch.zeros(right.shape)
    for i in range(right.shape[2]):
        out[:, :, i] = right[:, :, i]
    return out


@im2col.alternative("a loop over the places")
def _(x, kernel, stride=1, padding=0):
    kh, kw = kernel
    x = F.pad(x, (padding,) * 4)
    columns = []
    for i in range(0, x.shape[2] - kh + 1, stride):
        for j in range(0, x.shape[3] - kw + 1, stride):
            columns.append(x[:, :, i : i + kh, j : j + kw].reshape(len(x), -1))
    return torch.stack(columns, dim=2)


@im2col.alternative("a loop over the taps")
def _(x, kernel, stride=1, padding=0):
    kh, kw = kernel
    x = F.pad(x, (padding,) * 4)
    n, c, h, w = x.shape
    taps = [x[:, :, a : h - kh + a + 1 : stride, b : w - kw + b + 1 : stride] for a in range(kh) for b in range(kw)]
    return torch.stack(taps, dim=2).reshape(n, c * kh * kw, -1)


@im2col.alternative("PyTorch's own")
def _(x, kernel, stride=1, padding=0):
    return F.unfold(x, kernel, stride=stride, padding=padding)


# ── Motifs ────────────────────────────────────────────────────────────────────────────────────────────────────────────

find_motif = Rubric(
    reference.find_motif,
    title="Words in a string of letters",
    points=4,
    minutes=18,
    returns="a tensor of classes 0, 1 or 2 (not of scores), of shape (m,)",
    kinds="if",
    seconds=8.0,
    when="predicted",
    then="accuracy",
)

LENGTH, MOTIF = 40, 8
LEFT, RIGHT = (
    np.arange(4, 16),
    np.arange(16, 29),
)  # where words begin; a filter may have learned four letters around them
ANYWHERE = np.concatenate([LEFT, RIGHT])


def two_motifs(rng):
    """Two words with each letter twice (so that counting letters tells nothing), in few places alike."""
    letters = np.repeat(np.arange(4), 2)
    while True:
        a, b = rng.permutation(letters), rng.permutation(letters)
        shifts = range(-MOTIF + 4, MOTIF - 3)
        alike = max((a[max(s, 0) : MOTIF + s] == b[max(-s, 0) : MOTIF - s]).sum() for s in shifts)
        if alike <= 3:
            return a, b


def strings(rng, motifs, n, places):
    """n strings of letters 0 … 3, (n, length), with classes 0 (no word), 1 or 2 (that word, beginning in one of `places`)."""
    letters, y = rng.integers(0, 4, (n, LENGTH)), rng.permutation(np.arange(n) % 3)
    for row, label in zip(letters, y):
        if label:
            start = rng.choice(places)
            row[start : start + MOTIF] = motifs[label - 1]
    return torch.tensor(letters, dtype=torch.uint8), torch.tensor(y)


def hidden_words(rng, places, new_places, n=600, new=300):
    motifs = two_motifs(rng)
    x_new, y_new = strings(rng, motifs, new, new_places)
    return Kept((*strings(rng, motifs, n, places), x_new), y_new)


@find_motif.given("the words begin at one place, always the same")
def _(rng):
    place = [int(rng.choice(ANYWHERE))]
    return hidden_words(rng, place, place)


@find_motif.given("the words are anywhere")
def _(rng):
    return hidden_words(rng, ANYWHERE, ANYWHERE)


@find_motif.given("in the new strings they are where they never were before")
def _(rng):
    return hidden_words(rng, LEFT, RIGHT)


@find_motif.given("two other words", public=False, weight=2)
def _(rng):
    return hidden_words(rng, ANYWHERE, ANYWHERE)


@find_motif.given("learned on the right, found on the left", public=False)
def _(rng):
    return hidden_words(rng, RIGHT, LEFT)


def fitted(x, y, network, steps=150):
    """The network after so many steps of Adam."""
    optimizer = torch.optim.Adam(network.parameters(), lr=0.01)
    for _ in range(steps):
        batch = torch.randint(len(x), (64,))
        optimizer.zero_grad()
        F.cross_entropy(network(x[batch]), y[batch]).backward()
        optimizer.step()
    return network


@find_motif.mistake(
    "A weight for every place",
    question="Your network has learned a word at place 3. Does it know the same word at place 20?",
    hint="A dense layer on the flattened string does not, nor does a convolution whose outputs are flattened: each place has weights of "
    "its own. Keep of every filter only its largest output, wherever it is: `.amax(dim=2)`.",
    section=EQUIVARIANCE,
)
def _(x, y, x_new):
    return fitted(x, y, nn.Sequential(nn.Flatten(), nn.Linear(4 * LENGTH, 3)), 80)(x_new).argmax(dim=1)


@find_motif.mistake(
    "No word is found, not even where it always stands",
    question="How many letters does one of your filters see at once? And does the loss fall while you train?",
    hint="One letter is as frequent with the word as without. A filter must be about as wide as the word: `nn.Conv1d(4, 32, 8)`. "
    "If it is, the network has hardly been trained: 200 steps of Adam with a learning rate of 0.01 are enough.",
    section=ONE_DIMENSION,
)
def _(x, y, x_new):
    return fitted(x.mean(dim=2), y, nn.Linear(4, 3), 40)(x_new.mean(dim=2)).argmax(dim=1)


@find_motif.mistake(
    "Found, but not told apart",
    question="There are three classes. Does your answer ever say 2?",
    hint="The last layer needs three outputs, one for each class, and cross-entropy with y as it is: 0, 1 or 2.",
    section=ONE_DIMENSION,
)
def _(x, y, x_new):
    return (reference.find_motif(x, y, x_new) > 0).long()


@find_motif.alternative("a module, in epochs, filters that are too wide")
def _(x, y, x_new):
    network = nn.Sequential(
        nn.Conv1d(4, 40, 11, padding=5), nn.ReLU(), nn.AdaptiveMaxPool1d(1), nn.Flatten(), nn.Linear(40, 3)
    )
    optimizer = torch.optim.Adam(network.parameters(), lr=0.01)
    for _ in range(20):
        for batch in torch.randperm(len(x)).split(50):
            optimizer.zero_grad()
            F.cross_entropy(network(x[batch]), y[batch]).backward()
            optimizer.step()
    return network(x_new).argmax(dim=1)


@find_motif.alternative("no network: the word that is most typical of each class, in NumPy")
def _(x, y, x_new):
    def words(x):
        letters = x.argmax(dim=1).numpy()
        return sum(
            letters[:, k : LENGTH - MOTIF + 1 + k] * 4**k for k in range(MOTIF)
        )  # (n, places): each word as a number

    known, new, y = words(x), words(x_new), y.numpy()
    answers = np.zeros(len(new), dtype=int)
    for label in (1, 2):
        counts = np.bincount(known[y == label].ravel(), minlength=4**MOTIF)
        answers[(new == counts.argmax()).any(axis=1)] = label
    return answers


# ── Find the bug: a kernel with gaps ──────────────────────────────────────────────────────────────────────────────────

dilated_conv1d = Rubric(
    reference.dilated_conv1d,
    title="Find the bug: the late peak",
    points=3,
    minutes=8,
    returns="a tensor of shape (n, length)",
)


@dilated_conv1d.given("dilation 1")
def _(rng):
    return grid(rng, 2, 7), grid(rng, 3), 1


@dilated_conv1d.given("dilation 2, whole numbers")
def _(rng):
    return grid(rng, 1, 9, fine=1), grid(rng, 3, fine=1), 2


@dilated_conv1d.given("dilation 3, five taps")
def _(rng):
    return grid(rng, 3, 17), grid(rng, 5), 3


@dilated_conv1d.given("dilation 4, five taps", public=False)
def _(rng):
    return grid(rng, 2, 30), grid(rng, 5), 4


@dilated_conv1d.given("the kernel reaches farther than the signal is long", public=False)
def _(rng):
    return grid(rng, 2, 6), grid(rng, 7), 2


@dilated_conv1d.given("one tap", public=False, weight=0.5)
def _(rng):
    return grid(rng, 4, 5), grid(rng, 1), 3


@dilated_conv1d.given("double precision (float64)", public=False, weight=0.5)
def _(rng):
    return *doubles(grid(rng, 2, 12), grid(rng, 3)), 3


def tapped(x, weight, dilation, *, left=None, right=None, gap=None, mode="constant"):
    """A dilated kernel on a signal with other margins; the output is as long as these make it."""
    k = len(weight)
    margin = dilation * (k - 1) // 2
    gap = dilation if gap is None else gap
    padded = F.pad(x, (margin if left is None else left, margin if right is None else right), mode=mode)
    places = padded.shape[1] - gap * (k - 1)
    return sum(weight[a] * padded[:, a * gap : a * gap + places] for a in range(k))


@dilated_conv1d.mistake(
    "The reach of the kernel is still d·k",
    question="Three taps with dilation 2: draw them. From the first to the last, how many cells is that?",
    hint="Five, not six: between k taps there are k − 1 gaps. The reach is d (k − 1) + 1, and the padding on each side half of what it is "
    "more than one: d (k − 1)/2.",
    section=SIZE,
)
def _(x, weight, dilation):
    half = dilation * len(weight) // 2
    y = tapped(x, weight, dilation, left=half, right=half)
    return y[:, : x.shape[1] + 2 * half - dilation * len(weight) + 1]


@dilated_conv1d.mistake(
    "Of the right length, but still late",
    question="Give it an impulse: a signal that is 1 in one place and 0 elsewhere. Where is the middle of the answer?",
    hint="Cutting the output to length takes its end away; its beginning has the wrong padding. On the left there must be d (k − 1)/2 zeros.",
    section=SIZE,
)
def _(x, weight, dilation):
    k, length = len(weight), x.shape[1]
    half = dilation * k // 2
    return tapped(x, weight, dilation, left=half, right=half + dilation)[:, :length]


@dilated_conv1d.mistake(
    "All the padding stands on the left",
    question="Give it an impulse. Does your answer begin before it, or only after?",
    hint="Only after, because the kernel looks back alone (which is called causal). Here it is centered: as many zeros on the right as on the left.",
    section=ONE_DIMENSION,
)
def _(x, weight, dilation):
    return tapped(x, weight, dilation, left=dilation * (len(weight) - 1), right=0)


@dilated_conv1d.mistake(
    "The padding does not grow with the dilation",
    question="With dilation 3, how many outputs do you get for 17 inputs?",
    hint="Too few: (k − 1)/2 zeros on each side are enough for dilation 1 alone. The kernel reaches d times as far.",
    section=SIZE,
)
def _(x, weight, dilation):
    half = (len(weight) - 1) // 2
    reach = dilation * (len(weight) - 1)
    return tapped(x, weight, dilation, left=half, right=half) if x.shape[1] + 2 * half > reach else x[:, :0]


@dilated_conv1d.mistake(
    "The kernel is flipped",
    question="Which tap meets the leftmost cell: the first one, or the last one?",
    hint="The first: y[i] = Σ_a w[a] x[i + d (a − (k − 1)/2)]. Nothing is turned around.",
    section=CORRELATION,
)
def _(x, weight, dilation):
    return tapped(x, weight.flip(0), dilation)


@dilated_conv1d.mistake(
    "The taps are neighbors",
    question="With dilation 2, which cells does the kernel see around cell 5?",
    hint="3, 5 and 7: tap a stands a · dilation after the first one, not a.",
    section=SIZE,
)
def _(x, weight, dilation):
    half = (len(weight) - 1) // 2
    return tapped(x, weight, dilation, left=half, right=half, gap=1)


@dilated_conv1d.alternative("PyTorch's own")
def _(x, weight, dilation):
    return F.conv1d(x[:, None], weight[None, None], dilation=dilation, padding="same")[:, 0]


@dilated_conv1d.alternative("the fault mended in its place")
def _(x, weight, dilation):
    k = len(weight)
    reach = dilation * (k - 1) + 1
    padded = F.pad(x, (reach // 2, reach // 2))
    places = padded.shape[1] - reach + 1
    y = torch.zeros(len(x), places, dtype=x.dtype)
    for a in range(k):
        y += weight[a] * padded[:, a * dilation : a * dilation + places]
    return y


@dilated_conv1d.alternative("place by place, in NumPy")
def _(x, weight, dilation):
    x, weight = x.numpy(), weight.numpy()
    y = np.zeros_like(x)
    for i in range(x.shape[1]):
        for a in range(len(weight)):
            j = i + dilation * (a - len(weight) // 2)
            if 0 <= j < x.shape[1]:
                y[:, i] += weight[a] * x[:, j]
    return y


# ── A photograph ──────────────────────────────────────────────────────────────────────────────────────────────────────

photo_filters = Rubric(
    reference.photo_filters,
    title="A photograph through your filters",
    points=4,
    minutes=10,
    returns="a tensor of floats from 0 to 1, of shape (f, h, w, 3)",
    atol=1e-5,
)


def photo(rng, h, w):
    return torch.tensor(rng.integers(0, 256, (h, w, 3)), dtype=torch.uint8)


def kernels(rng, f, k, strength=0.5):
    """f kernels whose outputs lie partly below 0, partly within, partly above 1; on average they keep the brightness."""
    w = grid(rng, f, k, k, low=-1, high=1, fine=16) * strength
    w[:, k // 2, k // 2] += 1 - w.sum(dim=(1, 2))
    return w


@photo_filters.given("a tiny photograph, a kernel that changes nothing")
def _(rng):
    same = torch.zeros(1, 3, 3)
    same[0, 1, 1] = 1
    return photo(rng, 4, 5), same


@photo_filters.given("twelve pixels, one kernel of 3 × 3")
def _(rng):
    return photo(rng, 3, 4), kernels(rng, 1, 3)


@photo_filters.given("four kernels of 5 × 5")
def _(rng):
    return photo(rng, 7, 9), kernels(rng, 4, 5, 0.2)


@photo_filters.given("three kernels of 3 × 3 on a tall photograph", public=False, weight=2)
def _(rng):
    return photo(rng, 14, 8), kernels(rng, 3, 3)


@photo_filters.given("kernels of one pixel", public=False)
def _(rng):
    return photo(rng, 5, 7), grid(rng, 2, 1, 1, low=0, high=2)


@photo_filters.given("a blur of 7 × 7", public=False)
def _(rng):
    return photo(rng, 10, 12), torch.full((1, 7, 7), 1 / 49)


def seen(photo, kernels, *, into=None, back=None, scale=255, low=0.0, high=1.0, mixed=False, margin=None):
    """The photograph through the kernels, with one thing wrong."""
    x = (into or (lambda photo: photo.permute(2, 0, 1)))(photo)[:, None].to(kernels.dtype) / scale  # (3, 1, h, w)
    y = F.conv2d(x, kernels[:, None], padding=kernels.shape[-1] // 2 if margin is None else margin)  # (3, f, h, w)
    if mixed:
        y = y.sum(dim=0, keepdim=True).expand(3, -1, -1, -1)
    return (back or (lambda y: y.permute(1, 2, 3, 0)))(y).clip(low, high)


def reshaped_in(photo):
    """(h, w, 3) → (3, h, w), the numbers in the order in which they lie."""
    return photo.reshape(3, *photo.shape[:2])


def reshaped_back(y):
    """(3, f, h, w) → (f, h, w, 3), likewise."""
    _, f, h, w = y.shape
    return y.transpose(0, 1).reshape(f, h, w, 3)


@photo_filters.mistake(
    "Reshaped where axes must be permuted",
    question="A photograph file reads red, green, blue, red, green, blue, … Whose numbers are in the first third of it?",
    hint="Those of the upper third of the image, in all three colors. `reshape(3, h, w)` calls that third *red*; "
    "`permute(2, 0, 1)` collects the red ones from everywhere. The same on the way back.",
    section=IMAGES,
)
def _(photo, kernels):
    return seen(photo, kernels, into=reshaped_in, back=reshaped_back)


@photo_filters.mistake(
    "Reshaped on the way in",
    question="Does `photo.reshape(3, h, w)[0]` hold the red values of all pixels? Print them beside `photo[:, :, 0]`.",
    hint="It holds the upper third of the image in all three colors. `photo.permute(2, 0, 1)` moves the axis.",
    section=IMAGES,
)
def _(photo, kernels):
    return seen(photo, kernels, into=reshaped_in)


@photo_filters.mistake(
    "Reshaped on the way back",
    question="You have (3, h, w) and want (h, w, 3). Does `reshape` bring the three values of one pixel together?",
    hint="No, it cuts the same sequence in other places: three neighbors of one color become one pixel. Permute.",
    section=IMAGES,
)
def _(photo, kernels):
    return seen(photo, kernels, back=reshaped_back)


@photo_filters.mistake(
    "Bytes are not brought to 0 … 1",
    question="A white pixel is 255 in a file. What is it in your output, before and after cutting off at 1?",
    hint="Divide by 255 first. Otherwise nearly everything lies above 1 and becomes white.",
    section=IMAGES,
)
def _(photo, kernels):
    return seen(photo, kernels, scale=1)


@photo_filters.mistake(
    "Values are not cut off at 0 and 1",
    question="What are the smallest and the largest number of your output, and can a screen show them?",
    hint="A sharpening kernel overshoots: end with `.clip(0, 1)`.",
    section=IMAGES,
)
def _(photo, kernels):
    return seen(photo, kernels, low=-math.inf, high=math.inf)


@photo_filters.mistake(
    "The colors are summed into one",
    question="Is your output gray? How many input channels does each of your filters see?",
    hint="One filter on all three channels adds them. Here each color is filtered by itself: make the three channels a batch of three "
    "gray images, shape (3, 1, h, w).",
    section=CHANNELS,
)
def _(photo, kernels):
    return seen(photo, kernels, mixed=True)


@photo_filters.mistake(
    "The kernel is flipped",
    question="Which weight meets the upper left pixel of a patch: the upper left one, or the lower right one?",
    hint="The upper left one. Deep learning slides the kernel as it is.",
    section=CORRELATION,
)
def _(photo, kernels):
    return seen(photo, kernels.flip(-2, -1))


@photo_filters.alternative("in groups: every color with every kernel")
def _(photo, kernels):
    f, k, _ = kernels.shape
    x = photo.permute(2, 0, 1).unsqueeze(0).float() / 255  # (1, 3, h, w)
    y = F.conv2d(x, kernels[:, None].repeat(3, 1, 1, 1), padding=k // 2, groups=3)  # (1, 3 f, h, w)
    return y.reshape(3, f, *x.shape[2:]).permute(1, 2, 3, 0).clamp(0, 1)


@photo_filters.alternative("a loop over kernels, colors and taps, in NumPy")
def _(photo, kernels):
    photo, kernels = photo.numpy() / 255, kernels.numpy()
    (h, w, _), r = photo.shape, kernels.shape[-1] // 2
    wide = np.pad(photo, ((r, r), (r, r), (0, 0)))
    out = np.zeros((len(kernels), h, w, 3))
    for k, kernel in enumerate(kernels):
        for a in range(2 * r + 1):
            for b in range(2 * r + 1):
                out[k] += kernel[a, b] * wide[a : a + h, b : b + w]
    return np.clip(out, 0, 1)


# ── Stretch: the matrix ───────────────────────────────────────────────────────────────────────────────────────────────

conv_matrix = Rubric(
    reference.conv_matrix,
    title="Stretch: The matrix of a convolution",
    points=0,
    minutes=10,
    returns="a tensor of shape (outputs, size)",
)


@conv_matrix.given("three weights on six numbers")
def _(rng):
    return grid(rng, 3), 6


@conv_matrix.given("padding 1")
def _(rng):
    return grid(rng, 3), 5, 1, 1


@conv_matrix.given("stride 2; the last stride would stick out")
def _(rng):
    return grid(rng, 2), 7, 2


@conv_matrix.given("four weights, stride 3, padding 2", weight=2)
def _(rng):
    return grid(rng, 4), 10, 3, 2


@conv_matrix.given("the kernel is as long as the signal", public=False)
def _(rng):
    return grid(rng, 5), 5


@conv_matrix.given("five weights, stride 2, padding 3", public=False)
def _(rng):
    return grid(rng, 5), 12, 2, 3


def banded(kernel, size, stride=1, padding=0, *, wrap=False, step=None):
    """The matrix entry by entry; wrap: a weight on the padding before the signal goes to its end."""
    rows = (size + 2 * padding - len(kernel)) // stride + 1
    T = torch.zeros(rows, size, dtype=kernel.dtype)
    for i in range(rows):
        for a in range(len(kernel)):
            j = i * (stride if step is None else step) + a - padding
            if 0 <= j < size or (wrap and j < 0):
                T[i, j] = kernel[a]
    return T


@conv_matrix.mistake(
    "The kernel is flipped",
    question="What is T @ x for x = (1, 0, 0, …)? Which weight meets the first number when the kernel stands at the beginning?",
    hint="The first one. The first row begins with kernel[0], kernel[1], …",
    section=CORRELATION,
)
def _(kernel, size, stride=1, padding=0):
    return banded(kernel.flip(0), size, stride, padding)


@conv_matrix.mistake(
    "Transposed",
    question="What has one row of T to do: make one output, or spread one input?",
    hint="Make one output: y = T x, so T has a row for each output and a column for each input. (Its transpose goes backward.)",
    section=MATRIX,
)
def _(kernel, size, stride=1, padding=0):
    return banded(kernel, size, stride, padding).T


@conv_matrix.mistake(
    "Weights on the padding come back at the other end",
    question="What does `T[0, -1] = 5` write to?",
    hint="To the last column: a negative index counts from the end. Weights that stand on the padding fall off; skip them.",
    section=MATRIX,
)
def _(kernel, size, stride=1, padding=0):
    return banded(kernel, size, stride, padding, wrap=True)


@conv_matrix.mistake(
    "Each row moves by one, whatever the stride",
    question="With stride 2, where does the kernel stand in the second row?",
    hint="Two columns farther to the right: weight a of row i stands in column i · stride + a − padding.",
    section=SIZE,
)
def _(kernel, size, stride=1, padding=0):
    return banded(kernel, size, stride, padding, step=1)


@conv_matrix.alternative("what it does to each unit vector")
def _(kernel, size, stride=1, padding=0):
    units = torch.eye(size, dtype=kernel.dtype)[:, None]  # each a signal
    return F.conv1d(units, kernel[None, None], stride=stride, padding=padding)[:, 0].T


@conv_matrix.alternative("in NumPy, with shifted diagonals")
def _(kernel, size, stride=1, padding=0):
    rows = (size + 2 * padding - len(kernel)) // stride + 1
    wide = sum(float(w) * np.eye(size + 2 * padding, k=a) for a, w in enumerate(kernel))
    return wide[: rows * stride : stride, padding : padding + size].astype(np.float32)


# ── Stretch: one dimension, with everything ───────────────────────────────────────────────────────────────────────────

conv1d = Rubric(
    reference.conv1d,
    title="Stretch: One dimension, with everything",
    points=0,
    minutes=15,
    returns="a tensor of shape (n, f, places)",
    on_device=True,
)


def signals(rng, n, c, length, f, k, stride=1, padding=0, dilation=1, groups=1):
    given = grid(rng, n, c, length), grid(rng, f, c // groups, k), grid(rng, f)
    return *given, stride, padding, dilation, groups


@conv1d.given("two channels, three filters")
def _(rng):
    return signals(rng, 1, 2, 7, 3, 4)[:3]


@conv1d.given("stride 2, padding 1")
def _(rng):
    return signals(rng, 2, 3, 8, 2, 3, 2, 1)


@conv1d.given("dilation 3")
def _(rng):
    return signals(rng, 2, 1, 14, 2, 4, 1, 2, 3)


@conv1d.given("two groups", weight=2)
def _(rng):
    return signals(rng, 2, 4, 6, 6, 3, 1, 0, 1, 2)


@conv1d.given("tensors on another device (meta: shapes without numbers)", weight=0.5)
def _(rng):
    return on_meta(*signals(rng, 2, 3, 9, 5, 2)[:3])


@conv1d.given("everything at once", public=False, weight=2)
def _(rng):
    return signals(rng, 2, 6, 19, 9, 4, 2, 3, 2, 3)


@conv1d.given("depthwise: a filter for each channel", public=False)
def _(rng):
    return signals(rng, 2, 4, 9, 4, 3, 1, 1, 1, 4)


def grouped(x, weight, bias, stride=1, padding=0, dilation=1, groups=1, *, order=None):
    """Group by group; order: how the channels fall into groups."""
    c, f = x.shape[1] // groups, len(weight) // groups
    parts = [x[:, k * c : (k + 1) * c] if order is None else x[:, order(k)] for k in range(groups)]
    filters = [(weight[k * f : (k + 1) * f], bias[k * f : (k + 1) * f]) for k in range(groups)]
    return torch.cat([F.conv1d(p, w, b, stride, padding, dilation) for p, (w, b) in zip(parts, filters)], dim=1)


@conv1d.mistake(
    "The kernel is flipped",
    question="Which weight meets the leftmost number of a patch?",
    hint="The first one: nothing is turned around.",
    section=CORRELATION,
)
def _(x, weight, bias, stride=1, padding=0, dilation=1, groups=1):
    return grouped(x, weight.flip(-1), bias, stride, padding, dilation, groups)


@conv1d.mistake(
    "A dilated kernel is taken for d·k long",
    question="How many outputs has a signal of 14 with padding 2, four taps and dilation 3?",
    hint="Nine: the kernel reaches over 3 · (4 − 1) + 1 = 10 of 18 numbers. With d · k = 12 the last places are lost.",
    section=SIZE,
)
def _(x, weight, bias, stride=1, padding=0, dilation=1, groups=1):
    places = size(x.shape[2], dilation * weight.shape[2], stride, padding)
    return grouped(x, weight, bias, stride, padding, dilation, groups)[..., :places]


@conv1d.mistake(
    "Every filter sees the first group",
    question="Two groups: which channels do the filters of the second group see?",
    hint="Those of the second half. Filter f belongs to group f // (filters per group), and sees that group's channels.",
    section=CHANNELS,
)
def _(x, weight, bias, stride=1, padding=0, dilation=1, groups=1):
    return F.conv1d(x[:, : weight.shape[1]], weight, bias, stride, padding, dilation)


@conv1d.mistake(
    "The groups are dealt like cards",
    question="Four channels in two groups: which two are together?",
    hint="The first two, and the last two: groups are parts in a row, not every second channel.",
    section=CHANNELS,
)
def _(x, weight, bias, stride=1, padding=0, dilation=1, groups=1):
    return grouped(x, weight, bias, stride, padding, dilation, groups, order=lambda k: slice(k, None, groups))


@conv1d.mistake(
    "The filters are dealt like cards",
    question="Six filters in two groups: which filters see the first half of the channels?",
    hint="The first three: filter o belongs to group o // (f // groups), not o % groups.",
    section=CHANNELS,
)
def _(x, weight, bias, stride=1, padding=0, dilation=1, groups=1):
    f = len(weight)
    dealt = torch.arange(f).reshape(-1, groups).T.flatten()  # the filters of the first group, of the second, …
    y = grouped(x, weight[dealt], bias[dealt], stride, padding, dilation, groups)
    return y[:, dealt.argsort()]


@conv1d.mistake("The output is made on the CPU, wherever x is", section=TENSORS, **ELSEWHERE)
def _(x, weight, bias, stride=1, padding=0, dilation=1, groups=1):
    right = reference.conv1d(x, weight, bias, stride, padding, dilation, groups)
    out = torch.zeros(right.shape)
    for i in range(right.shape[2]):
        out[:, :, i] = right[:, :, i]
    return out


@conv1d.alternative("PyTorch's own")
def _(x, weight, bias, stride=1, padding=0, dilation=1, groups=1):
    return F.conv1d(x, weight, bias, stride, padding, dilation, groups)


@conv1d.alternative("place by place, filter by filter")
def _(x, weight, bias, stride=1, padding=0, dilation=1, groups=1):
    (f, c, k), x = weight.shape, F.pad(x, (padding, padding))
    reach = dilation * (k - 1) + 1
    starts = range(0, x.shape[2] - reach + 1, stride)
    out = x.new_zeros(len(x), f, len(starts))
    for o in range(f):
        first = c * (o // (f // groups))
        for i, start in enumerate(starts):
            patch = x[:, first : first + c, start : start + reach : dilation]
            out[:, o, i] = (patch * weight[o]).sum(dim=(1, 2)) + bias[o]
    return out


# ── Stretch: global pooling ───────────────────────────────────────────────────────────────────────────────────────────

global_pool = Rubric(
    reference.global_pool,
    title="Stretch: Images of any size in one batch",
    points=0,
    minutes=10,
    returns="a tensor of shape (n, c)",
    on_device=True,
)


def batch_of_sizes(rng, n, c, h, w, low=-3, high=3, filling=0.0):
    """Feature maps of different sizes, filled up on the right and below, and masks that say how large each is."""
    x, mask = grid(rng, n, c, h, w, low=low, high=high), torch.zeros(n, h, w, dtype=torch.bool)
    for i in range(n):
        mask[i, : h if i == 0 else int(rng.integers(1, h)), : w if i == 1 else int(rng.integers(2, w))] = True
    return torch.where(mask[:, None], x, filling), mask


@global_pool.given("maximum, one map that fills its place")
def _(rng):
    return grid(rng, 1, 2, 3, 4), torch.ones(1, 3, 4, dtype=torch.bool)


@global_pool.given("maximum, three sizes, all values negative")
def _(rng):
    return batch_of_sizes(rng, 3, 2, 4, 5, low=-5, high=-1)


@global_pool.given("average, three sizes; what lies outside is not zero")
def _(rng):
    return *batch_of_sizes(rng, 3, 2, 4, 5, low=1, high=4, filling=9.0), "average"


@global_pool.given("a batch on another device (meta: shapes without numbers)", weight=0.5)
def _(rng):
    return *on_meta(*batch_of_sizes(rng, 2, 4, 3, 5)), "average"


@global_pool.given("maximum, five sizes, both signs", public=False)
def _(rng):
    return batch_of_sizes(rng, 5, 3, 6, 7)


@global_pool.given("average, five sizes, both signs; what lies outside is not zero", public=False, weight=2)
def _(rng):
    return *batch_of_sizes(rng, 5, 3, 6, 7, filling=9.0), "average"


@global_pool.given("double precision (float64)", public=False, weight=0.5)
def _(rng):
    return *doubles(*batch_of_sizes(rng, 4, 2, 5, 6)), "average"


@global_pool.mistake(
    "The filling takes part",
    question="An image is smaller than its batch, and all its values are negative. What is its largest value, and what do you return?",
    hint="You return the 0 of the filling. Set what is outside to −∞ for the maximum, `x.masked_fill(~mask[:, None], -math.inf)`, and divide the sum by "
    "the number of places inside.",
    section=POOLING,
)
def _(x, mask, kind="max"):
    return x.amax(dim=(2, 3)) if kind == "max" else x.mean(dim=(2, 3))


@global_pool.mistake(
    "Zeros in place of −∞",
    question="You multiply by the mask before you take the maximum. Which value do the places outside then have?",
    hint="0, which is larger than any negative value. `x.masked_fill(~mask[:, None], -math.inf)`.",
    section=POOLING,
)
def _(x, mask, kind="max"):
    return (x * mask[:, None]).amax(dim=(2, 3)) if kind == "max" else reference.global_pool(x, mask, kind)


@global_pool.mistake(
    "The average divides by all places",
    question="A map has 6 places inside and 14 outside. By which number must its sum be divided?",
    hint="By 6, which is `mask.sum(dim=(1, 2))` for each image.",
    section=POOLING,
)
def _(x, mask, kind="max"):
    return (x * mask[:, None]).mean(dim=(2, 3)) if kind == "average" else reference.global_pool(x, mask, kind)


@global_pool.mistake(
    "One denominator for the whole batch",
    question="By which number do you divide for the first image, and by which for the second?",
    hint="`mask.sum()` counts the places of all images together. Sum over height and width alone, `dim=(1, 2)`.",
    section=POOLING,
)
def _(x, mask, kind="max"):
    total = (x * mask[:, None]).sum(dim=(2, 3)) / mask.sum()
    return total if kind == "average" else reference.global_pool(x, mask, kind)


@global_pool.alternative("image by image, cut out")
def _(x, mask, kind="max"):
    where = torch.where(mask[:, None], x, -math.inf if kind == "max" else math.nan).flatten(2)
    return where.max(dim=2).values if kind == "max" else where.nanmean(dim=2)


@global_pool.alternative("with einsum")
def _(x, mask, kind="max"):
    if kind == "max":
        return torch.where(mask.unsqueeze(1), x, torch.full_like(x, -math.inf)).flatten(2).amax(dim=-1)
    m = mask.to(x.dtype)
    return torch.einsum("nchw,nhw->nc", x, m) / torch.einsum("nhw->n", m)[:, None]
