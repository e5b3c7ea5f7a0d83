"""The figure of the support vectors."""

import pytest
import torch
from sklearn.svm import SVC


def logistic(x, y, price):
    """½ ‖w‖² + C Σ log(1 + exp(−y (w·x + b))) at its smallest: [w, b], by Newton's method with torch's derivatives."""

    def loss(v):
        return v[:2] @ v[:2] / 2 + price * torch.nn.functional.softplus(-y * (x @ v[:2] + v[2])).sum()

    v = torch.zeros(3, dtype=torch.float64)
    for _ in range(100):
        step = torch.linalg.solve(torch.func.hessian(loss)(v), torch.func.grad(loss)(v))
        size = 1.0
        while size > 1e-9 and not loss(v - size * step) <= loss(v):
            size /= 2
        v = v - size * step
        if step.norm() < 1e-10:
            break
    return v


def machine(x, y, price):
    """Forces, w and b. Which forces are 0 or C is libsvm's word, which computes in float32; the rest are linear
    equations: the free points are on the edge of the street, and the forces add up to zero."""
    found = SVC(kernel="linear", C=price, tol=1e-7).fit(x.numpy(), y.numpy())
    alpha = torch.zeros(len(y), dtype=torch.float64)
    alpha[found.support_] = torch.tensor(abs(found.dual_coef_[0]))
    free = (alpha > 1e-4 * price) & (alpha < price * (1 - 1e-4))
    alpha = torch.where(free, alpha, price * (alpha > price / 2).double())
    fixed = torch.where(free, 0, alpha * y)
    n = int(free.sum())
    if n:
        left = torch.zeros(n + 1, n + 1, dtype=torch.float64)
        left[:n, :n] = x[free] @ x[free].T
        left[:n, n] = left[n, :n] = 1
        solved = torch.linalg.solve(left, torch.cat([y[free] - x[free] @ (fixed @ x), -fixed.sum()[None]]))
        alpha[free] = solved[:n] * y[free]
        return alpha, (alpha * y) @ x, solved[n]
    # every force at an end: b is free between two bounds, and the middle is taken
    w = fixed @ x
    rest = y - x @ w
    up = ((y > 0) & (alpha < price)) | ((y < 0) & (alpha > 0))
    low = ((y < 0) & (alpha < price)) | ((y > 0) & (alpha > 0))
    return alpha, w, (rest[up].max() + rest[low].min()) / 2


def truth(state):
    x, y = (torch.tensor(state[name], dtype=torch.float64) for name in ("points", "labels"))
    alpha, w, b = machine(x, y, state["C"])
    return {
        "w": w,
        "b": b,
        "alpha": alpha,
        "width": 2 / w.norm(),
        "logistic": logistic(x, y, state["C"]),
        "holding": int((alpha > 1e-6 * state["C"]).sum()),
    }


def test_it_says_what_python_computes(drive):
    drive("support_vectors", truth)


def test_a_far_point_moves_the_logistic_line_and_not_the_street(screen):
    figure = screen("support_vectors")
    figure.predict(2)
    state, before = figure.settled()
    assert before["alpha"][0] == 0
    figure.drag(figure.page.locator(".fig-handle").first, 30, -30)
    after_state, after = figure.settled()
    assert after_state["points"][0] != state["points"][0]
    assert after["w"] == pytest.approx(before["w"])
    assert after["b"] == pytest.approx(before["b"])
    assert after["logistic"] != pytest.approx(before["logistic"], rel=1e-3)
    assert "no force" in figure.says()
    assert "That is what happens" in figure.page.inner_text(".fig-predicted")


def test_without_the_others_the_support_vectors_hold_the_same_line(screen):
    figure = screen("support_vectors")
    state, readout = figure.settled()
    held = [i for i, alpha in enumerate(readout["alpha"]) if alpha > 0]
    assert len(held) == 3
    alone = truth({**state, "points": [state["points"][i] for i in held], "labels": [state["labels"][i] for i in held]})
    assert alone["w"].tolist() == pytest.approx(readout["w"])
    assert alone["b"] == pytest.approx(readout["b"])


def test_the_forces_balance_and_a_lower_price_widens_the_street(screen):
    figure = screen("support_vectors")
    widths = []
    for price in (1, 0.3, 0.05):
        state, readout = figure.set(C=price)
        assert sum(a * y for a, y in zip(readout["alpha"], state["labels"], strict=True)) == pytest.approx(0, abs=1e-9)
        widths.append(readout["width"])
    assert widths == sorted(set(widths))
    assert readout["holding"] > 3


def test_classes_that_cannot_be_separated_keep_their_street(screen):
    figure = screen("support_vectors")
    state, _ = figure.settled()
    points = [[-2.5, -1.0], *state["points"][1:]]
    state, readout = figure.set(points=points, C=100)
    wanted = truth(state)
    assert readout["w"] == pytest.approx(wanted["w"].tolist(), rel=1e-6)
    assert "on the wrong side" in figure.says()
