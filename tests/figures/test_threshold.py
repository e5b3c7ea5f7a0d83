"""The figure of the threshold."""

import math

import pytest
import torch


def shares(state, t):
    ndtr = torch.special.ndtr
    t = torch.as_tensor(t, dtype=torch.float64)
    recall, alarm = ndtr(state["apart"] - t), ndtr(-t)
    tp, fp = state["share"] * recall, (1 - state["share"]) * alarm
    tn = 1 - state["share"] - fp
    return {
        "recall": recall,
        "alarm": alarm,
        "tp": tp,
        "fn": state["share"] - tp,
        "fp": fp,
        "tn": tn,
        "precision": tp / (tp + fp),
        "accuracy": tp + tn,
    }


def truth(state):
    # the highest accuracy: where positives and negatives are equally dense
    low, high = -20.0, 40.0
    for _ in range(100):
        t = (low + high) / 2
        positives = state["share"] * math.exp(-((t - state["apart"]) ** 2) / 2)
        negatives = (1 - state["share"]) * math.exp(-(t**2) / 2)
        low, high = (t, high) if positives < negatives else (low, t)
    # the area under the curve: the chance that a positive's score is above a negative's
    x = torch.linspace(-9, 13, 20001, dtype=torch.float64)
    density = torch.exp(-(x**2) / 2) / math.sqrt(2 * math.pi)
    area = torch.trapezoid(density * torch.special.ndtr(state["apart"] - x), x)
    return {**shares(state, state["threshold"]), "area": area, "best": t, "top": shares(state, t)["accuracy"]}


def test_it_says_what_python_computes(drive):
    drive("threshold", truth)


def test_rare_positives_ruin_precision_and_the_roc_curve_does_not_see_it(screen):
    figure = screen("threshold")
    figure.predict(1)
    _, even = figure.settled()
    _, rare = figure.set(share=0.01)
    assert (rare["recall"], rare["alarm"], rare["area"]) == (even["recall"], even["alarm"], even["area"])
    assert even["precision"] > 0.8
    assert rare["precision"] < 0.06
    assert "That is what happens" in figure.page.inner_text(".fig-predicted")


def test_never_is_right_for_99_in_100(screen):
    figure = screen("threshold")
    _, readout = figure.set(share=0.01)
    assert readout["accuracy"] < 0.99
    assert "less than 99.0 %" in figure.says()
    _, never = figure.set(threshold=5.5)
    assert never["accuracy"] == pytest.approx(0.99, abs=1e-4)
    assert never["recall"] < 0.001


def test_no_threshold_is_more_accurate_than_the_marked_one(screen):
    figure = screen("threshold")
    for share in (0.5, 0.1):
        _, readout = figure.set(share=share)
        highest = max(figure.set(threshold=readout["best"] + off)[1]["accuracy"] for off in (-1, -0.1, 0, 0.1, 1))
        assert highest == pytest.approx(readout["top"])
