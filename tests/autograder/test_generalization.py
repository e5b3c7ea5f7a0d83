"""The references on generalization against oracles that share no code with them."""

import numpy as np
import pytest
import torch
from scipy import ndimage
from sklearn.linear_model import LogisticRegression
from torch import nn

from autograder.reference import generalization as reference


def test_dropout_keeps_the_mean_and_the_share():
    torch.manual_seed(0)
    x = torch.tensor([1.0, -2.0, 5.0]).expand(200_000, 3)
    out = reference.dropout(x, 0.3)
    assert torch.allclose(out.mean(dim=0), x[0], atol=0.03)
    assert (out == 0).float().mean().item() == pytest.approx(0.3, abs=0.01)


def test_early_stopping_stops_where_a_search_through_all_losses_does():
    rng = np.random.default_rng(0)
    for _ in range(200):
        losses, patience = rng.integers(1, 6, 12).astype(float), int(rng.integers(1, 5))
        stopper, model = reference.EarlyStopping(patience), nn.Linear(1, 1)
        for epoch, loss in enumerate(losses):
            nn.init.constant_(model.weight, epoch)
            if stopper.step(loss, model):
                break
        stopper.restore(model)
        window = [
            e for e in range(patience, 12) if losses[: e - patience + 1].min() <= losses[e - patience + 1 : e + 1].min()
        ]
        assert epoch == (window[0] if window else 11)
        assert model.weight.item() == losses[: epoch + 1].argmin()


def test_shifts_are_those_of_scipy():
    x = torch.rand(2, 1, 5, 6)
    for dy, dx in [(0, 0), (2, -1), (-3, 2), (0, 4)]:
        wanted = ndimage.shift(x.numpy(), (0, 0, dy, dx), order=0, mode="constant")
        assert np.allclose(reference.shifted(x, dy, dx), wanted)


def test_augmented_images_are_shifts_of_their_own_image():
    torch.manual_seed(0)
    x, y = torch.rand(6, 2, 5, 4), torch.arange(6)
    images, labels = reference.augment(x, y, copies=3, most=2)
    assert labels.bincount().tolist() == [3] * 6
    for image, label in zip(images, labels):
        shifts = [ndimage.shift(x[label].numpy(), (0, a, b), order=0) for a in range(-2, 3) for b in range(-2, 3)]
        assert any(np.allclose(image, s) for s in shifts)


def test_random_search_finds_a_peak_on_a_log_scale():
    torch.manual_seed(0)
    lr, p, test = reference.random_search(
        lambda lr, p: (-abs(np.log10(lr) + 3) - abs(p - 0.5), lr), (1e-5, 1.0), (0.0, 1.0), 500
    )
    assert 4e-4 < lr < 2.5e-3
    assert abs(p - 0.5) < 0.2
    assert test == lr


def test_a_tuned_head_is_logistic_regression_on_the_frozen_features():
    torch.manual_seed(0)
    body = nn.Sequential(nn.Linear(4, 20), nn.BatchNorm1d(20), nn.ReLU())
    x, y = torch.randn(60, 4), torch.arange(60) % 3
    x[torch.arange(60), y] += 2
    model = reference.fine_tune(nn.Sequential(body, nn.Linear(20, 7)), x, y, 3, steps=3000, lr=0.5)
    features = body(x).detach().numpy()
    oracle = LogisticRegression(C=1e6, max_iter=10_000).fit(features, y)
    assert (model(x).argmax(dim=1).numpy() == oracle.predict(features)).mean() > 0.9
