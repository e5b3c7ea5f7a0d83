"""The figure of the logits."""

import pytest
import torch
from torch.nn import functional


def parts(state):
    ks = [k for k in range(3) if not state["two"] or k != (1 if state["true"] == 2 else 2)]
    z = torch.tensor([state["logits"][k] for k in ks], dtype=torch.float64, requires_grad=True)
    return ks, z, torch.tensor(ks.index(state["true"]))


def truth(state):
    _, z, own = parts(state)
    scaled = z / state["temperature"]
    loss = functional.cross_entropy(scaled, own)
    (gradient,) = torch.autograd.grad(loss, z)
    scaled = scaled.detach()
    p = scaled.softmax(0)
    rest = scaled[torch.arange(len(scaled)) != own]
    return {
        "p": p,
        "loss": loss.detach(),
        "gap": p - functional.one_hot(own, len(p)),
        "gradient": gradient,
        "lead": scaled[own] - rest.logsumexp(0),
    }


def test_it_says_what_python_computes(drive):
    drive("logits", truth)


def test_one_more_for_all_changes_nothing(screen):
    figure = screen("logits")
    figure.predict(2)
    before, first = figure.settled()
    assert "stands" in figure.page.inner_text(".fig-predicted")
    after, then = figure.press("+1 to all logits")
    assert after["logits"] == [z + 1 for z in before["logits"]]
    for name in first:
        assert then[name] == pytest.approx(first[name], abs=1e-12)
    assert "no probability moved" in figure.says()
    assert "That is what happens" in figure.page.inner_text(".fig-predicted")


def test_the_gradient_is_the_gap_and_adds_up_to_nothing(screen):
    figure = screen("logits")
    _, readout = figure.settled()
    assert readout["gradient"] == pytest.approx(readout["gap"])
    assert sum(readout["gap"]) == pytest.approx(0, abs=1e-12)


def test_confident_and_wrong_costs_most(screen):
    figure = screen("logits")
    sure, even, right = (figure.set(logits=[z, 0, 0], true=1)[1] for z in (6, 0, -6))
    assert sure["loss"] > 6 > 3 * even["loss"] > 3 * right["loss"]
    assert sum(map(abs, sure["gap"])) > sum(map(abs, even["gap"])) > sum(map(abs, right["gap"]))


def test_two_classes_are_the_sigmoid_of_the_difference(screen):
    figure = screen("logits")
    _, readout = figure.set(two=True, logits=[1.5, 0.25, 9])
    assert readout["p"] == pytest.approx(torch.tensor([1.25, -1.25], dtype=torch.float64).sigmoid().tolist())
    assert readout["lead"] == pytest.approx(-1.25)


def test_steps_down_the_gradient_lower_the_loss(screen):
    figure = screen("logits")
    figure.skip()
    state, readout = figure.settled()
    for _ in range(5):
        _, z, own = parts(state)
        (gradient,) = torch.autograd.grad(functional.cross_entropy(z, own), z)
        after, then = figure.press("Step down the gradient")
        assert after["logits"] == pytest.approx((z - gradient).tolist())
        assert then["loss"] < readout["loss"]
        state, readout = after, then
