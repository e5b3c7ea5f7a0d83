"""The figure of the optimizers' race."""

import pytest
import torch

NAMES = ["bowl", "ravine", "saddle", "beale"]
LANDS = {
    "bowl": lambda x, y: (x**2 + y**2) / 2,
    "ravine": lambda x, y: (x**2 / 25 + y**2) / 2,
    "saddle": lambda x, y: (x**2 - y**2) / 2 + y**4 / 8 + 0.5,  # 0 at the minimum
    "beale": lambda x, y: (1.5 - x + x * y) ** 2 + (2.25 - x + x * y**2) ** 2 + (2.625 - x + x * y**3) ** 2,
}
MAKERS = [
    lambda p, rate: torch.optim.SGD(p, lr=rate),
    lambda p, rate: torch.optim.SGD(p, lr=rate, momentum=0.9),
    lambda p, rate: torch.optim.SGD(p, lr=rate, momentum=0.9, nesterov=True),
    lambda p, rate: torch.optim.Adagrad(p, lr=rate, foreach=False),
    lambda p, rate: torch.optim.RMSprop(p, lr=rate, foreach=False),
    lambda p, rate: torch.optim.Adam(p, lr=rate, foreach=False),
]


def run(make, state):
    """Places and losses, by torch.optim."""
    start = state["starts"][NAMES.index(state["landscape"])]
    p = torch.tensor(start, dtype=torch.float64, requires_grad=True)
    optimizer = make([p], state["rate"])
    land = LANDS[state["landscape"]]
    trail, losses = [], []
    while True:
        optimizer.zero_grad()
        loss = land(*p)
        trail.append(p.tolist())
        losses.append(loss.item())
        if len(trail) > 120 or p.detach().norm() >= 100:
            return trail, losses
        loss.backward()
        optimizer.step()


def truth(state):
    runs = [run(make, state) for make in MAKERS]
    now = [min(state["step"], len(trail) - 1) for trail, _ in runs]
    return {
        "places": [trail[t] for (trail, _), t in zip(runs, now, strict=True)],
        "losses": [losses[t] for (_, losses), t in zip(runs, now, strict=True)],
        "arrived": [next((t for t, loss in enumerate(losses) if loss < 0.01), -1) for _, losses in runs],
        "lost": [bool(torch.tensor(trail[-1]).norm() >= 100) for trail, _ in runs],
        "hundred": [trail[min(100, len(trail) - 1)] for trail, _ in runs],
    }


def test_it_says_what_python_computes(drive):
    drive("optimizer_race", truth)


@pytest.mark.parametrize("landscape", NAMES)
def test_a_hundred_steps_are_those_of_torch(screen, landscape):
    figure = screen("optimizer_race")
    for rate in (0.01, 0.1):
        state, readout = figure.set(landscape=landscape, rate=rate)
        for make, found in zip(MAKERS, readout["hundred"], strict=True):
            trail, _ = run(make, state)
            assert found == pytest.approx(trail[min(100, len(trail) - 1)], rel=1e-6, abs=1e-6)


def test_where_it_is_steep_those_that_follow_the_slope_fly_away(screen):
    figure = screen("optimizer_race", motion="reduce")
    figure.predict(1)
    state, readout = figure.press("Play")  # who wants no motion gets to the end at once
    assert state["step"] == 120
    assert readout["lost"] == [True] * 3 + [False] * 3
    assert "Lost: SGD, momentum, Nesterov." in figure.says()
    assert "That is what happens" in figure.page.inner_text(".fig-predicted")


def test_on_an_easy_bowl_sgd_is_faster_than_adam_and_from_the_saddle_rmsprop_leaves_first(screen):
    figure = screen("optimizer_race")
    sgd, _, _, adagrad, _, adam = figure.set(landscape="bowl", rate=0.1)[1]["arrived"]
    assert 0 < sgd < adam
    assert adagrad == -1  # its steps shrink and shrink
    *others, rmsprop, adam = figure.set(landscape="saddle")[1]["arrived"]
    assert all(rmsprop < other for other in [*others, adam] if other >= 0)


def test_exactly_on_the_ridge_nobody_leaves_the_saddle(screen):
    figure = screen("optimizer_race")
    starts = [[-2.5, 1.5], [-3.0, 1.2], [-2.5, 0.0], [1.0, 1.5]]
    _, readout = figure.set(landscape="saddle", starts=starts, step=120)
    assert readout["arrived"] == [-1] * 6
    assert [y for _, y in readout["places"]] == [0] * 6
