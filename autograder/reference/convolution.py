"""Convolution: one small filter, the same everywhere.

Images x are (n, channels, height, width), filters (filters, channels, kernel height, kernel width). As everywhere in
deep learning a kernel is not flipped: what is computed is a cross-correlation. New tensors stay on the device of x.
"""

import math

import torch
from jaxtyping import Bool, Float, Int, UInt8
from torch import Tensor, nn
from torch.nn import functional as F


def output_size(size: int, kernel: int, stride: int = 1, padding: int = 0, dilation: int = 1) -> int:
    """How many outputs there are along one axis: how often the kernel finds a place.

        ⌊(N + 2p − d(K − 1) − 1) / s⌋ + 1

    A dilated kernel reaches over d(K − 1) + 1 inputs, not dK: after the last tap there is no gap. With p = 0, s = d = 1
    it is N − K + 1.
    Dumoulin & Visin (2016), section 5.1.

    >>> output_size(64, 3, stride=2, padding=1)
    32
    """
    reach = dilation * (kernel - 1) + 1
    return (size + 2 * padding - reach) // stride + 1


def parameter_count(
    in_channels: int, out_channels: int, kernel: tuple[int, int], output: tuple[int, int], groups: int = 1
) -> tuple[int, int, int]:
    """Weights and biases of a convolution layer, and how many products one image takes.

        weights = F (C / g) K_h K_w,   biases = F,   multiply–adds = weights · H' · W'

    The size of the image is in the third number alone: weights are shared by all places, work is not.
    Goodfellow, Bengio & Courville (2016), section 9.2.

    >>> parameter_count(3, 16, (3, 3), (64, 64))
    (432, 16, 1769472)
    """
    weights = out_channels * (in_channels // groups) * math.prod(kernel)
    return weights, out_channels, weights * math.prod(output)


def conv2d(
    x: Float[Tensor, "n c h w"],
    weight: Float[Tensor, "f c kh kw"],
    bias: Float[Tensor, "f"],
    stride: int = 1,
    padding: int = 0,
) -> Float[Tensor, "n f rows columns"]:
    """Slide every filter over every image: at each place the dot product of filter and patch, over all channels at once.

        y[n, f, i, j] = b[f] + Σ_c Σ_a Σ_b w[f, c, a, b] x[n, c, s i + a − p, s j + b − p],   0 outside the image

    A filter has as many channels as the image; each filter gives one channel, with one bias.
    Goodfellow, Bengio & Courville (2016), equations 9.7 and 9.8.

    >>> conv2d(torch.tensor([[[[1.0, 2.0, 3.0]]]]), torch.tensor([[[[-1.0, 1.0]]]]), torch.zeros(1))
    tensor([[[[1., 1.]]]])
    """
    x = F.pad(x, (padding,) * 4)
    kh, kw = weight.shape[-2:]
    rows, columns = ((x.shape[i] - weight.shape[i]) // stride for i in (2, 3))  # the last place, not how many
    y = bias[:, None, None]  # (f, 1, 1)
    for a in range(kh):
        for b in range(kw):
            seen = x[:, :, a : a + stride * rows + 1 : stride, b : b + stride * columns + 1 : stride]
            y = y + torch.einsum("ncij,fc->nfij", seen, weight[:, :, a, b])  # (n, f, rows, columns)
    return y


def pool2d(
    x: Float[Tensor, "n c h w"], size: int, stride: int, padding: int = 0, kind: str = "max"
) -> Float[Tensor, "n c rows columns"]:
    """Of each window keep the largest value, or the average; each channel by itself. Padding does not count.

        max:  y = max over the window's pixels,   average:  y = their mean;   pixels outside the image are left out

    For the maximum this is padding with −∞: zeros would win wherever all pixels are negative. `F.avg_pool2d` does count
    the zeros unless it is told `count_include_pad=False`.
    Goodfellow, Bengio & Courville (2016), section 9.3.

    >>> pool2d(torch.tensor([[[[1.0, 2.0], [3.0, 4.0]]]]), 2, 2)
    tensor([[[[4.]]]])
    """
    there = windows(F.pad(torch.ones_like(x), (padding,) * 4), size, stride)  # 1: in the image; 0: padding
    seen = windows(F.pad(x, (padding,) * 4), size, stride)  # (n, c, rows, columns, size, size)
    if kind == "max":
        return seen.masked_fill(there == 0, -math.inf).amax(dim=(-2, -1))
    return seen.sum(dim=(-2, -1)) / there.sum(dim=(-2, -1))


def windows(x: Float[Tensor, "n c h w"], size: int, stride: int) -> Float[Tensor, "n c rows columns size size"]:
    """All square windows of every channel."""
    return x.unfold(2, size, stride).unfold(3, size, stride)


def im2col(
    x: Float[Tensor, "n c h w"], kernel: tuple[int, int], stride: int = 1, padding: int = 0
) -> Float[Tensor, "n c*kh*kw places"]:
    """Every patch as a column, so that a convolution becomes one matrix product.

        conv2d(x, w, 0) = w.reshape(f, c kh kw) @ im2col(x),   column i · columns + j the patch at row i, column j

    Each pixel is copied into up to kh · kw columns: memory is paid for the speed of one large product.
    Chellapilla, Puri & Simard (2006); the order of rows is that of `F.unfold`.

    >>> im2col(torch.tensor([[[[1.0, 2.0, 3.0]]]]), (1, 2))
    tensor([[[1., 2.],
             [2., 3.]]])
    """
    kh, kw = kernel
    x = F.pad(x, (padding,) * 4)
    patches = x.unfold(2, kh, stride).unfold(3, kw, stride)  # (n, c, rows, columns, kh, kw)
    patches = patches.permute(0, 1, 4, 5, 2, 3)  # (n, c, kh, kw, rows, columns)
    return patches.flatten(4).flatten(1, 3)


def find_motif(
    x: Float[Tensor, "n 4 length"], y: Int[Tensor, "n"], x_new: Float[Tensor, "m 4 length"]
) -> Int[Tensor, "m"]:
    """Learn which words are hidden in strings of letters, wherever they stand, and find them in new strings.

        logits = W max_i relu(conv1d(x)[:, i]) + b:   filters look for parts, the maximum forgets where they were

    A layer that knows places has to learn each motif once for every place, from the few strings that have it there.
    Alipanahi, Delong, Weirauch & Frey (2015): convolve, rectify, pool, then a small network.
    """
    filters, head = nn.Conv1d(4, 32, 8), nn.Linear(32, 3)
    optimizer = torch.optim.Adam([*filters.parameters(), *head.parameters()], lr=0.01)

    def scores(x):
        return head(filters(x).relu().amax(dim=2))  # (n, 32, places) → (n, 32) → (n, 3)

    for _ in range(200):
        batch = torch.randint(len(x), (64,))
        optimizer.zero_grad()
        F.cross_entropy(scores(x[batch]), y[batch]).backward()
        optimizer.step()
    return scores(x_new).argmax(dim=1)


def dilated_conv1d(
    x: Float[Tensor, "n length"], weight: Float[Tensor, "k"], dilation: int
) -> Float[Tensor, "n length"]:
    """A kernel with gaps, centered on each place of a signal, zeros around it: as many outputs as inputs.

        y[i] = Σ_a w[a] x[i + d (a − (k − 1)/2)],   so that the padding is d (k − 1)/2 on each side

    The k taps reach over d(k − 1) + 1 places. Padding for d k would move the output.
    Yu & Koltun (2016), equation 2; Dumoulin & Visin (2016), section 5.1.

    >>> dilated_conv1d(torch.tensor([[1.0, 2.0, 3.0, 4.0]]), torch.tensor([1.0, 0.0, 1.0]), dilation=2)
    tensor([[3., 4., 1., 2.]])
    """
    k, length = len(weight), x.shape[1]
    margin = dilation * (k - 1) // 2
    padded = F.pad(x, (margin, margin))  # (n, length + d (k − 1))
    return sum(weight[a] * padded[:, a * dilation : a * dilation + length] for a in range(k))


def photo_filters(photo: UInt8[Tensor, "h w 3"], kernels: Float[Tensor, "f k k"]) -> Float[Tensor, "f h w 3"]:
    """A photograph as each of several filters sees it: every color by itself, the same size, values cut off at 0 and 1.

        out[f, i, j, c] = clip(Σ_a Σ_b w[f, a, b] photo[i + a − r, j + b − r, c] / 255),   r = (k − 1)/2

    A file holds height × width × channel, a layer wants channel × height × width: axes are permuted, not reshaped.
    Szeliski (2022), section 3.2.
    """
    x = photo.permute(2, 0, 1)[:, None] / 255  # (3, 1, h, w): three gray images
    no_bias = torch.zeros(len(kernels), dtype=x.dtype, device=x.device)
    seen = conv2d(x, kernels[:, None], no_bias, padding=kernels.shape[-1] // 2)  # (3, f, h, w)
    return seen.permute(1, 2, 3, 0).clip(0, 1)  # (f, h, w, 3)


def conv_matrix(
    kernel: Float[Tensor, "k"], size: int, stride: int = 1, padding: int = 0
) -> Float[Tensor, "outputs size"]:
    """The matrix that does what sliding a kernel over `size` numbers does.

        T[i, s i + a − p] = w[a],   0 elsewhere;   weights that stand on the padding fall off

    Few different numbers, most of them 0: the first is sharing, the second locality.
    Goodfellow, Bengio & Courville (2016), section 9.1: a Toeplitz matrix.

    >>> conv_matrix(torch.tensor([1.0, 2.0]), 3)
    tensor([[1., 2., 0.],
            [0., 1., 2.]])
    """
    rows = output_size(size, len(kernel), stride, padding)
    wide = torch.zeros(rows, size + 2 * padding, dtype=kernel.dtype)
    for i in range(rows):
        wide[i, stride * i : stride * i + len(kernel)] = kernel
    return wide[:, padding : padding + size]


def conv1d(
    x: Float[Tensor, "n c length"],
    weight: Float[Tensor, "f c_group k"],
    bias: Float[Tensor, "f"],
    stride: int = 1,
    padding: int = 0,
    dilation: int = 1,
    groups: int = 1,
) -> Float[Tensor, "n f places"]:
    """Convolution in one dimension, with everything: stride, padding, dilation and groups.

        y[n, f, i] = b[f] + Σ_c Σ_a w[f, c, a] x[n, C_g + c, s i + d a − p],   C_g the first channel of f's group

    With g groups the channels fall into g equal parts in a row, the filters too, and part k sees part k alone.
    Krizhevsky, Sutskever & Hinton (2012), section 3.5, where two GPUs made two groups.
    """
    x = F.pad(x, (padding, padding))
    n, _, length = x.shape
    k, places = weight.shape[2], output_size(length, weight.shape[2], stride, 0, dilation)
    x = x.reshape(n, groups, -1, length)  # (n, g, c / g, length)
    w = weight.reshape(groups, -1, weight.shape[1], k)  # (g, f / g, c / g, k)
    y = 0
    for a in range(k):
        seen = x[..., a * dilation : a * dilation + stride * (places - 1) + 1 : stride]  # (n, g, c / g, places)
        y = y + torch.einsum("ngci,gfc->ngfi", seen, w[..., a])
    return y.reshape(n, len(weight), places) + bias[:, None]


def global_pool(x: Float[Tensor, "n c h w"], mask: Bool[Tensor, "n h w"], kind: str = "max") -> Float[Tensor, "n c"]:
    """One number for each feature map, whatever the size of the image: places outside of `mask` do not count.

        max:  y[n, c] = max over (i, j) with mask[n, i, j],   average:  Σ_{i,j} mask · x / Σ_{i,j} mask

    Images of different sizes travel in one batch filled up with zeros; these must not vote.
    Lin, Chen & Yan (2014), section 3.2.

    >>> global_pool(torch.tensor([[[[-3.0, -1.0, 0.0]]]]), torch.tensor([[[True, True, False]]]))
    tensor([[-1.]])
    """
    there = mask[:, None]  # (n, 1, h, w)
    if kind == "max":
        return x.masked_fill(~there, -math.inf).amax(dim=(2, 3))
    return (x * there).sum(dim=(2, 3)) / there.sum(dim=(2, 3))
