"""The references on convolutional networks against oracles that share no code with them."""

import numpy as np
import pytest
import torch
from scipy import signal
from torch import nn

from autograder.reference import cnn as reference
from coursekit import data

LAYERS = [
    [],
    [(3, 1, 1)],
    [(3, 1, 1), (2, 2, 1), (3, 1, 1)],
    [(5, 2, 1), (3, 3, 2), (2, 2, 3)],
    [(3, 1, 1), (3, 1, 2), (3, 1, 4), (4, 3, 1)],
]


@pytest.mark.parametrize("layers", LAYERS)
def test_the_receptive_field_is_where_the_gradient_is_not_zero(layers):
    network = nn.Sequential(*[nn.Conv1d(1, 1, k, stride=s, dilation=d, bias=False) for k, s, d in layers])
    for weight in network.parameters():
        nn.init.ones_(weight)
    x = torch.ones(1, 1, 200, requires_grad=True)
    y = network(x)
    seen = [torch.autograd.grad(y[0, 0, i], x, retain_graph=True)[0][0, 0].nonzero() for i in (3, 4)]
    size, jump = reference.receptive_field(layers)
    assert size == seen[0][-1] - seen[0][0] + 1
    assert jump == seen[1][0] - seen[0][0]


def some_boxes(rng, n):
    low, side = rng.integers(0, 20, (n, 2)), rng.integers(1, 12, (n, 2))
    return np.concatenate([low, low + side], axis=1)


def cells(box):
    x1, y1, x2, y2 = box
    return {(x, y) for x in range(x1, x2) for y in range(y1, y2)}


def test_iou_is_that_of_sets_of_cells():
    rng = np.random.default_rng(0)
    a, b = some_boxes(rng, 30), some_boxes(rng, 20)
    wanted = [[len(cells(p) & cells(q)) / len(cells(p) | cells(q)) for q in b] for p in a]
    assert np.allclose(reference.iou(torch.tensor(a).float(), torch.tensor(b).float()), wanted)
    assert 0.1 < np.mean(np.array(wanted) == 0) < 0.9


def test_non_maximum_suppression_keeps_what_no_better_kept_box_is_against():
    rng = np.random.default_rng(1)
    for _ in range(50):
        boxes, classes, scores = some_boxes(rng, 15), rng.integers(0, 3, 15), rng.permutation(15) / 15
        given = torch.tensor(boxes).float(), torch.tensor(scores), torch.tensor(classes), 0.3
        kept = reference.non_maximum_suppression(*given).tolist()
        assert list(scores[kept]) == sorted(scores[kept], reverse=True)
        for i in range(15):
            against = [
                j
                for j in kept
                if scores[j] > scores[i]
                and classes[j] == classes[i]
                and len(cells(boxes[i]) & cells(boxes[j])) > 0.3 * len(cells(boxes[i]) | cells(boxes[j]))
            ]
            assert (i in kept) == (not against)


def correlated(x, weight, stride=1, padding=0):
    """Images (n, c, h, w) with kernels (f, c, k, k), by SciPy."""
    x = np.pad(x, ((0, 0), (0, 0), (padding, padding), (padding, padding)))
    out = [[sum(signal.correlate2d(c, k, "valid") for c, k in zip(image, w)) for w in weight] for image in x]
    return np.array(out)[:, :, ::stride, ::stride]


def numbers(tensor):
    return tensor.detach().double().numpy()


def test_lenet_is_that_of_scipy_and_numpy():
    torch.manual_seed(0)
    network, x = reference.LeNet(channels=2, classes=3, size=21), torch.randn(2, 2, 21, 21)
    out = numbers(x)
    for conv in (network.conv1, network.conv2):
        out = correlated(out, numbers(conv.weight)) + numbers(conv.bias)[:, None, None]
        n, c, side, _ = out.shape
        out = out[:, :, : side // 2 * 2, : side // 2 * 2].reshape(n, c, side // 2, 2, side // 2, 2)
        out = np.maximum(out.max(axis=(3, 5)), 0)
    out = out.reshape(2, -1)
    for dense in (network.dense1, network.dense2):
        out = np.maximum(out @ numbers(dense.weight).T + numbers(dense.bias), 0)
    out = out @ numbers(network.dense3.weight).T + numbers(network.dense3.bias)
    assert np.allclose(numbers(network(x)), out, atol=1e-4)


def test_lenet_has_as_many_numbers_as_one_counts_by_hand():
    network = reference.LeNet(channels=1, classes=10, size=32)
    by_hand = (25 + 1) * 6 + (6 * 25 + 1) * 16 + (400 + 1) * 120 + (120 + 1) * 84 + (84 + 1) * 10
    assert sum(p.numel() for p in network.parameters()) == by_hand == 61_706


@pytest.mark.parametrize(("channels", "stride"), [((2, 2), 1), ((2, 3), 1), ((3, 3), 2), ((2, 5), 2)])
def test_a_residual_block_is_that_of_scipy_and_numpy(channels, stride):
    torch.manual_seed(0)
    block, x = reference.ResidualBlock(*channels, stride), torch.randn(3, channels[0], 6, 5)

    def normed(v):
        mean, var = v.mean(axis=(0, 2, 3), keepdims=True), v.var(axis=(0, 2, 3), keepdims=True)
        return (v - mean) / np.sqrt(var + 1e-5)

    first = np.maximum(normed(correlated(numbers(x), numbers(block.conv1.weight), stride, 1)), 0)
    second = normed(correlated(first, numbers(block.conv2.weight), 1, 1))
    short = numbers(x)
    if channels[0] != channels[1] or stride != 1:
        short = normed(correlated(short, numbers(block.shortcut[0].weight), stride))
    assert np.allclose(numbers(block(x)), np.maximum(second + short, 0), atol=1e-4)


def test_no_order_of_the_detections_changes_what_is_found_and_nothing_is_found_twice():
    rng = np.random.default_rng(2)
    for _ in range(100):
        boxes, truth, scores = some_boxes(rng, 12), some_boxes(rng, 5), rng.permutation(12) / 12
        given = [torch.tensor(v) for v in (boxes, scores, truth)]
        found = reference.match_detections(given[0].float(), given[1], given[2].float(), 0.3).tolist()
        hits = [k for k in found if k >= 0]
        assert len(hits) == len(set(hits))
        free = set(range(5))
        for i in np.argsort(-scores):  # sets of cells, one detection after the other
            shares = {
                k: len(cells(boxes[i]) & cells(truth[k])) / len(cells(boxes[i]) | cells(truth[k])) for k in sorted(free)
            }
            best = max(shares, key=shares.get, default=-1)
            assert found[i] == (best if best >= 0 and shares[best] >= 0.3 else -1)
            free.discard(found[i])
        order = rng.permutation(12)
        again = reference.match_detections(given[0][order].float(), given[1][order], given[2].float(), 0.3)
        assert again.tolist() == [found[i] for i in order]


def test_a_network_trained_on_six_hundred_digits_reads_others():
    torch.manual_seed(0)
    digits = data.load("digits")
    order = torch.randperm(len(digits.y))
    network = reference.train_cnn(digits.x[order[:600]], digits.y[order[:600]])
    said = network(digits.x[order[600:]]).argmax(dim=1)
    assert (said == digits.y[order[600:]]).float().mean() > 0.93


def test_where_the_network_is_linear_each_pixel_goes_where_its_weight_points():
    torch.manual_seed(0)
    network = nn.Sequential(nn.Flatten(), nn.Linear(12, 4))
    x = reference.maximize_activation(network, torch.full((1, 1, 3, 4), 0.5), unit=2, steps=4000, lr=0.1)
    assert torch.equal(x.flatten(), (network[1].weight[2] > 0).float())
