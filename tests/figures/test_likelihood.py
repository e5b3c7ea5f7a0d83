"""The likelihood figure."""

import torch
from draws import Random


def points(state):
    draw = Random(state["seed"])
    mu, sigma = -1.5 + 3 * draw.uniform(), 1 + 1.2 * draw.uniform()
    return mu, sigma, torch.tensor(sorted(mu + sigma * draw.normal() for _ in range(state["n"])), dtype=torch.float64)


def gaussian(mu, sigma):
    return torch.distributions.Normal(torch.tensor(mu, dtype=torch.float64), torch.tensor(sigma, dtype=torch.float64))


def truth(state):
    mu, sigma, x = points(state)
    logs = gaussian(state["mu"], state["sigma"]).log_prob(x)
    mean, deviation = x.mean(), x.std(correction=0)
    return {
        "logLikelihood": logs.sum(),
        "best": gaussian(mean.item(), deviation.item()).log_prob(x).sum(),
        "mean": mean,
        "deviation": deviation,
        "worst": x[logs.argmin()],
        "worstLog": logs.min(),
        "firstDensities": logs[:7].exp(),
        "made": [mu, sigma],
        "madeLog": gaussian(mu, sigma).log_prob(x).sum(),
    }


def test_it_says_what_python_computes(drive):
    drive("likelihood", truth)


def test_nothing_is_above_the_mean_and_the_standard_deviation(screen):
    figure = screen("likelihood")
    figure.skip()
    _, first = figure.settled()
    mean, deviation = first["mean"], first["deviation"]
    _, top = figure.set(mu=mean, sigma=deviation)
    assert abs(top["logLikelihood"] - top["best"]) < 1e-9
    assert "This is the top" in figure.says()
    for dmu, dsigma in ((0.1, 0), (-0.1, 0), (0, 0.1), (0, -0.1)):
        _, other = figure.set(mu=mean + dmu, sigma=deviation + dsigma)
        assert other["logLikelihood"] < top["logLikelihood"]
    _, unbiased = figure.set(mu=mean, sigma=deviation * (7 / 6) ** 0.5)  # divided by n − 1
    assert unbiased["logLikelihood"] < top["logLikelihood"]


def test_the_top_is_not_what_made_the_points_and_comes_nearer_with_more(screen):
    figure = screen("likelihood")
    figure.skip()
    away = {}
    for n in (7, 120):
        distances = []
        for seed in range(1, 13):
            _, readout = figure.set(n=n, seed=seed, reveal=True)
            assert readout["madeLog"] < readout["best"]
            distances.append(abs(readout["mean"] - readout["made"][0]))
        away[n] = sum(distances)
    assert away[120] < away[7] / 2


def test_an_address_with_no_deviation_does_no_harm(screen):
    figure = screen("likelihood", hash="#fig-likelihood&sigma=0&mu=99")
    state, _ = figure.settled()
    assert [state["mu"], state["sigma"]] == [4, 0.5]
    figure.fits()
