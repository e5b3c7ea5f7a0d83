"""The data of the project on vision, and what the projects share when they compare with what is reported."""

from types import SimpleNamespace

import pytest
import torch

from coursekit import data
from coursekit.cases.project_vision import ACCIDENTS, deal, reproduced, weathered
from coursekit.reproducible import Claim, doubts, in_two_kernels, reported


def rows(images):
    """Which rows of the digits these are; −1 where an image is none of them."""
    own = data.load("digits").x.flatten(1)
    distance, row = torch.cdist(images.flatten(1), own).min(dim=1)
    return torch.where(distance < 1e-3, row, -1)


@pytest.mark.parametrize("part", ["development", "final"])
def test_what_is_learned_is_never_tested_and_a_third_of_the_field_is_clean(part):
    x, y, x_test, y_test = deal(3, part)
    assert x.shape == (700, 1, 8, 8)
    assert torch.equal(y, data.load("digits").y[rows(x)])
    assert rows(x).unique().numel() == 700
    assert rows(x).max() < 898
    found = rows(x_test)
    clean = found[found >= 0]
    low, high = {"development": (898, 1347), "final": (1347, 1797)}[part]
    assert set(range(low, high)) == set(clean.tolist())
    assert len(clean) < 1.1 * (high - low) == 1.1 * len(x_test) / 3
    assert torch.equal(data.load("digits").y[clean], y_test[found >= 0])
    assert 0 <= x_test.min() < x_test.max() <= 1


def test_the_same_seed_deals_the_same_and_another_another():
    assert all(torch.equal(a, b) for a, b in zip(deal(1), deal(1)))
    assert not torch.equal(deal(1)[2], deal(2)[2])


def test_images_of_any_size_can_go_to_the_field():
    images = torch.rand(30, 1, 28, 28)
    changed = weathered(images, torch.Generator().manual_seed(0))
    assert changed.shape == images.shape
    assert (changed != images).flatten(1).any(dim=1).all()
    assert len(ACCIDENTS) == 7


def test_two_runs_begin_with_other_random_numbers_and_leave_no_trace():
    torch.manual_seed(5)
    wanted = torch.rand(1)
    torch.manual_seed(5)
    first, second = in_two_kernels(lambda which: (which, torch.rand(1).item()))
    assert (first[0], second[0]) == (0, 1)
    assert first[1] != second[1]
    assert torch.rand(1) == wanted


def test_what_is_reported_for_a_seed_and_on_average():
    class Study:
        def reported(self):
            return {s: (s / 10, 0.5) for s in range(5)}

    spread = [pytest.approx(torch.arange(5.0).div(10).std().item()), 0.0]
    assert reported(Study(), 3, parts=2) == ([pytest.approx(0.3), 0.5], spread)
    assert reported(Study(), 77, parts=2)[0] == [pytest.approx(0.2), 0.5]


def test_the_final_accuracies_are_told_only_to_those_who_report():
    """Who tries the check early must not learn by the way how well the repair does on the final part."""
    labels = torch.arange(40) % 10
    group = torch.arange(40) < 10
    case = SimpleNamespace(given=(None, None, None, 0), kept=labels, public=True)
    runs = [labels, labels[::2], group, group[::2]]
    early = reproduced([*runs, 0.0, 0.0, 0.0], case, None)
    assert early.problem.startswith("Two runs agree.")
    assert "1.000" not in str(early)
    assert "1.000" in str(reproduced([*runs, 0.5, 0.5, 0.0], case, None))


@pytest.mark.parametrize(
    ("claim", "seed", "which"),
    [
        (Claim(0.9, 0.9), 0, None),
        (Claim(90.0, 0.9), 0, 0),
        (Claim(1.0, 0.9), 0, 1),
        (Claim(0.0, 0.9), 0, 2),
        (Claim(0.93, 0.9), 0, 3),
        (Claim(0.87, 0.9), 0, 3),
        (Claim(0.93, 0.9), 77, None),
        (Claim(0.99, 0.9), 77, 4),
        (Claim(0.99, 0.9, luck=0.1), 77, None),
    ],
)
def test_what_may_be_wrong_with_a_claim(claim, seed, which):
    assert [place for place, (failed, _) in enumerate(doubts(claim, seed)) if failed][:1] == (
        [] if which is None else [which]
    )
