"""The figure of dropout's many networks."""

import torch
from draws import Random


def network(state, x, first, second):
    """Outputs for masks of shape (masks, 6); x is one number."""
    w1, b1, w2, b2, w3 = (torch.tensor(state[name], dtype=torch.float64) for name in ("w1", "b1", "w2", "b2", "w3"))
    h = torch.relu(x * w1 + b1) * first
    h = torch.relu(h @ w2.T + b2) * second
    return h @ w3 + state["b3"]


def masks(state):
    draw = Random(state["seed"])
    uniforms = torch.tensor([draw.uniform() for _ in range(12 * state["draws"])], dtype=torch.float64)
    return (uniforms >= state["p"]).double().reshape(-1, 12)


def truth(state):
    kept, p = masks(state), state["p"]
    factor = 1 / (1 - p) if state["rescale"] else 1
    out = network(state, state["x"], factor * kept[:, :6], factor * kept[:, 6:])
    every = ((torch.arange(4096)[:, None] >> torch.arange(12)) & 1).double()  # all masks, and how likely each is
    chance = torch.where(every > 0, 1 - p, torch.tensor(float(p), dtype=torch.float64)).prod(1)
    return {
        "whole": network(state, state["x"], 1, 1),
        "average": out.mean(),
        "spread": out.std(correction=0),
        "every": chance @ network(state, state["x"], factor * every[:, :6], factor * every[:, 6:]),
        "last": out[-1],
        "kept": int(kept[-1].sum()),
        "different": len(kept.unique(dim=0)),
    }


def test_it_says_what_python_computes(drive):
    drive("dropout_nets", truth)


def test_without_rescaling_the_mean_of_the_masks_is_far_from_the_whole_network(screen):
    figure = screen("dropout_nets")
    figure.predict(1)
    _, off = figure.set(draws=300)
    assert off["average"] < 0.7 * off["whole"]
    assert "That is what happens" in figure.page.inner_text(".fig-predicted")
    _, on = figure.set(rescale=True)
    assert abs(on["every"] / on["whole"] - 1) < 0.08
    assert abs(on["average"] / on["every"] - 1) < 0.08
    assert on["whole"] == off["whole"]
    assert on["different"] > 280  # hardly any network is met twice


def test_nothing_dropped_is_one_network_and_nothing_else(screen):
    figure = screen("dropout_nets")
    figure.skip()
    _, readout = figure.set(p=0, draws=50)
    assert (readout["kept"], readout["different"]) == (12, 1)
    assert readout["spread"] < 1e-12
    assert abs(readout["every"] - readout["whole"]) < 1e-12
