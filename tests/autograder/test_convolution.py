"""The references on convolution against oracles that share no code with them: torch's layers, SciPy, plain counting."""

import itertools
import re

import numpy as np
import pytest
import torch
from scipy import ndimage
from torch import nn
from torch.nn import functional as F

from autograder.reference import convolution as reference
from autograder.rubrics.convolution import LEFT, RIGHT, dilated_conv1d, strings, two_motifs
from coursekit import compare
from coursekit.cases.convolution import predicted
from coursekit.check import run
from coursekit.observe import observe
from tests.course import chapter, prose, solution


@pytest.fixture(autouse=True)
def same_numbers():
    torch.manual_seed(0)


def drawn(*shape):
    return torch.randn(*shape, dtype=torch.float64)


def test_output_size_counts_the_places_where_the_kernel_fits():
    for size, k, s, p, d in itertools.product(range(5, 15), (1, 2, 3), (1, 2, 3), (0, 1, 2), (1, 2, 3)):
        cells = range(-p, size + p)
        fits = [i for i in cells[::s] if all(i + d * a in cells for a in range(k))]
        if fits:
            assert reference.output_size(size, k, s, p, d) == len(fits)


def test_parameter_count_is_the_size_of_torchs_layer():
    layer = nn.Conv2d(12, 18, (3, 5), groups=6)
    out = layer(torch.zeros(1, 12, 10, 13))
    weights, biases, work = reference.parameter_count(12, 18, (3, 5), tuple(out.shape[2:]), groups=6)
    assert [weights, biases] == [layer.weight.numel(), layer.bias.numel()]
    assert work == out.numel() * layer.weight[0].numel()  # each output is one dot product with its filter


@pytest.mark.parametrize(("stride", "padding"), [(1, 0), (1, 2), (2, 1), (3, 2)])
def test_conv2d_is_torchs(stride, padding):
    x, w, b = drawn(2, 3, 8, 9), drawn(4, 3, 3, 2), drawn(4)
    assert torch.allclose(reference.conv2d(x, w, b, stride, padding), F.conv2d(x, w, b, stride, padding))


def test_conv2d_of_one_channel_is_scipys_correlation():
    x, w = drawn(7, 8), drawn(3, 3)
    y = reference.conv2d(x[None, None], w[None, None], torch.zeros(1, dtype=torch.float64), padding=1)
    assert np.allclose(y[0, 0], ndimage.correlate(x.numpy(), w.numpy(), mode="constant"))


@pytest.mark.parametrize(("size", "stride", "padding"), [(2, 2, 0), (3, 2, 1), (4, 3, 2)])
def test_pool2d_is_torchs(size, stride, padding):
    x = drawn(2, 3, 9, 8) - 5
    largest = F.max_pool2d(x, size, stride, padding)
    mean = F.avg_pool2d(x, size, stride, padding, count_include_pad=False)
    assert torch.equal(reference.pool2d(x, size, stride, padding), largest)
    assert torch.allclose(reference.pool2d(x, size, stride, padding, "average"), mean)


def test_im2col_is_torchs_and_turns_convolution_into_a_product():
    x, w = drawn(2, 3, 7, 6), drawn(4, 3, 3, 2)
    columns = reference.im2col(x, (3, 2), stride=2, padding=1)
    assert torch.equal(columns, F.unfold(x, (3, 2), stride=2, padding=1))
    assert torch.allclose(w.reshape(4, -1) @ columns, F.conv2d(x, w, stride=2, padding=1).flatten(2))


def test_a_filter_bank_finds_words_where_they_never_were():
    rng = np.random.default_rng(0)
    words = two_motifs(rng)
    x, y = strings(rng, words, 600, LEFT)
    x_new, y_new = strings(rng, words, 300, RIGHT)
    assert (predicted(reference.find_motif, x, y, x_new) == y_new).float().mean() > 0.95


def test_dilated_conv1d_is_torchs_with_the_same_padding():
    x, w = drawn(3, 20), drawn(5)
    for d in (1, 2, 3, 6):
        wanted = F.conv1d(x[:, None], w[None, None], dilation=d, padding="same")[:, 0]
        assert torch.allclose(reference.dilated_conv1d(x, w, d), wanted)


def test_photo_filters_is_scipys_on_each_color():
    photo, kernels = torch.randint(256, (9, 11, 3), dtype=torch.uint8), torch.randn(2, 5, 5)
    out = reference.photo_filters(photo, kernels)
    for f, c in itertools.product(range(2), range(3)):
        wanted = ndimage.correlate(photo[:, :, c].numpy() / 255, kernels[f].double().numpy(), mode="constant")
        assert np.allclose(out[f, :, :, c], wanted.clip(0, 1), atol=1e-5)


def test_conv_matrix_does_what_sliding_does():
    kernel, x = drawn(4), drawn(11)
    for stride, padding in itertools.product((1, 2, 3), (0, 1, 3)):
        wanted = F.conv1d(x[None, None], kernel[None, None], stride=stride, padding=padding)[0, 0]
        assert torch.allclose(reference.conv_matrix(kernel, 11, stride, padding) @ x, wanted)


def test_conv1d_is_torchs():
    x, b = drawn(2, 6, 20), drawn(9)
    for groups, stride, padding, dilation in itertools.product((1, 3), (1, 2), (0, 3), (1, 2)):
        w = drawn(9, 6 // groups, 4)
        wanted = F.conv1d(x, w, b, stride, padding, dilation, groups)
        assert torch.allclose(reference.conv1d(x, w, b, stride, padding, dilation, groups), wanted)


def test_global_pool_sees_each_image_as_if_it_were_alone():
    x, mask = torch.full((3, 2, 5, 6), 7.0), torch.zeros(3, 5, 6, dtype=torch.bool)
    images = [torch.randn(2, h, w) - 3 for h, w in ((5, 4), (2, 6), (1, 1))]
    for i, image in enumerate(images):
        mask[i, : image.shape[1], : image.shape[2]] = True
        x[i, :, : image.shape[1], : image.shape[2]] = image
    wanted = [F.adaptive_max_pool2d(image, 1).flatten() for image in images]
    assert torch.equal(reference.global_pool(x, mask), torch.stack(wanted))
    wanted = [F.adaptive_avg_pool2d(image, 1).flatten() for image in images]
    assert torch.allclose(reference.global_pool(x, mask, "average"), torch.stack(wanted))


def test_the_fault_that_students_are_shown_is_recognized():
    shown = {"torch": torch, "F": F}
    exec(next(c.source for c in solution("convolution").cells if c.id == "dilated-conv1d-fault"), shown)
    fault, exercise = shown["dilated_with_a_fault"], dilated_conv1d.exercise("any")
    graded = compare.examine(exercise, lambda case: observe(fault, case, exercise.seconds))
    for result in (run("convolution.dilated_conv1d", fault), graded):
        assert result.mistake.name == "The reach of the kernel is still d·k"


def test_every_link_of_the_exercises_leads_to_a_heading_of_the_chapter():
    text = "\n".join(c.source for c in prose(chapter("convolution")))
    headings = {h.strip().replace(" ", "-") for h in re.findall(r"^#+ (.+)$", text, re.M)}
    links = [
        re.findall(r"\.\./\.\./book/convolution\.ipynb#([^)]+)\)", c.source) for c in prose(solution("convolution"))
    ]
    assert set(itertools.chain(*links)) <= headings
    assert sum(map(bool, links)) == 11
