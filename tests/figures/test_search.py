"""The figure of random search."""

import torch
from draws import Random


def score(w, settings, peak):
    a, b = torch.exp(-0.5 * ((settings - peak) / 0.1) ** 2).unbind(-1)
    return (1 - w) * a + w * b


def searches(state, number):
    """The peak of a task, and the settings of both searches."""
    draw = Random(state["seed"] * 10000 + number)
    numbers = torch.tensor([draw.uniform() for _ in range(52)], dtype=torch.float64).reshape(26, 2)
    side = round(state["trials"] ** 0.5)
    places = (torch.arange(side, dtype=torch.float64) + 0.5) / side
    return numbers[0], torch.cartesian_prod(places, places), numbers[1 : state["trials"] + 1]


def truth(state):
    w = state["weight"]
    _, grid, drawn = searches(state, state["task"])
    here = torch.tensor(state["peak"], dtype=torch.float64)
    results = []
    for number in range(1, state["task"] + 1):
        peak, g, r = searches(state, number)
        results.append([score(w, g, peak).max(), score(w, r, peak).max()])
    results = torch.tensor(results, dtype=torch.float64)
    return {
        "grid": score(w, grid, here).max(),
        "random": score(w, drawn, here).max(),
        "wins": (results[:, 1] > results[:, 0]).double().mean(),
        "meanGrid": results[:, 0].mean(),
        "meanRandom": results[:, 1].mean(),
        "columns": len(grid[:, 0].unique()),
    }


def test_it_says_what_python_computes(drive):
    drive("search", truth)


def test_where_one_parameter_matters_random_is_better_in_seven_of_ten_tasks(screen):
    figure = screen("search")
    figure.predict(1)
    for _ in range(10):
        _, one = figure.press("100 tasks more")
    assert 0.66 < one["wins"] < 0.76
    assert one["meanRandom"] > one["meanGrid"] + 0.05
    assert "That is what happens" in figure.page.inner_text(".fig-predicted")
    _, other = figure.set(weight=1)
    assert 0.66 < other["wins"] < 0.76  # whichever it is
    _, both = figure.set(weight=0.5)
    assert both["wins"] < one["wins"] - 0.08  # a grid is not so bad where both matter
    _, more = figure.set(weight=0, trials=25)
    assert more["wins"] > one["wins"] + 0.05  # the more trials, the more of them a grid wastes


def test_the_grid_wins_where_the_peak_is_on_one_of_its_columns(screen):
    figure = screen("search")
    figure.skip()
    _, readout = figure.set(peak=[0.5, 0.9])
    assert readout["grid"] == 1 > readout["random"]
