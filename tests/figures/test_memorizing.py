"""The figure of learning and memorizing: the same training by PyTorch."""

import functools

import torch
from draws import Random
from torch.nn import functional

UNITS = 64


def side(points):
    return torch.where(points[:, 1] > 0.8 * torch.sin(1.6 * points[:, 0]), 1.0, -1.0).double()


def begin(seed, share, points):
    draw = Random(seed)
    w, v = [], []
    for _ in range(UNITS):
        w.append([2 * draw.normal() for _ in range(3)])
        v.append(draw.normal() / UNITS**0.5)
    order = draw.permutation(len(points))
    coins = [1.0 if draw.uniform() < 0.5 else -1.0 for _ in range(len(points))]
    labels = side(points)
    for i in order[: int(share * len(points) + 0.5)]:
        labels[i] = coins[i]
    w, v = torch.tensor(w, dtype=torch.float64), torch.tensor(v, dtype=torch.float64)
    net = torch.nn.Sequential(torch.nn.Linear(2, UNITS), torch.nn.Tanh(), torch.nn.Linear(UNITS, 1)).double()
    with torch.no_grad():
        net[0].weight.copy_(w[:, :2])
        net[0].bias.copy_(w[:, 2])
        net[2].weight.copy_(v[None])
        net[2].bias.zero_()
    return net, labels


@functools.cache
def trained(seed, share, rate, points):
    """The network before the first of 400 steps and after each, and whether it was right on every training point."""
    x = torch.tensor(points, dtype=torch.float64)
    net, labels = begin(seed, share, x)
    adam = torch.optim.Adam(net.parameters(), lr=rate)
    states, right = [], []
    for _ in range(401):
        states.append({name: value.clone() for name, value in net.state_dict().items()})
        adam.zero_grad()
        score = net(x)[:, 0]
        right.append((score > 0) == (labels > 0))
        functional.softplus(-labels * score).mean().backward()
        adam.step()
    return net, labels, states, torch.stack(right)


def truth(state):
    points = tuple(map(tuple, state["points"]))
    net, labels, states, right = trained(state["seed"], state["share"], state["rate"], points)
    x, held = (torch.tensor(state[name], dtype=torch.float64) for name in ("points", "held"))
    t = state["steps"]
    all_right = right[: t + 1].all(1).nonzero()
    net.load_state_dict(states[t])
    with torch.no_grad():
        return {
            "train": right[t].double().mean(),
            "held": ((net(held)[:, 0] > 0) == (side(held) > 0)).double().mean(),
            "loss": functional.softplus(-labels * net(x)[:, 0]).mean(),
            "wrong": int((labels != side(x)).sum()),
            "fitted": int(all_right[0]) if len(all_right) else -1,
            "middle": net(torch.zeros(1, 2).double())[0, 0],
        }


def test_it_says_what_python_computes(drive):
    drive("memorizing", truth)


def test_coin_flips_are_learned_by_heart_and_only_held_out_points_tell(screen):
    figure = screen("memorizing")
    figure.skip()
    _, coins = figure.set(steps=400)
    assert "It memorized" in figure.says()
    _, real = figure.set(share=0)
    assert "It learned" in figure.says()
    assert coins["train"] == real["train"] == 1
    assert real["held"] > 0.95
    assert 0.4 < coins["held"] < 0.6
    assert coins["fitted"] > 3 * real["fitted"]  # by heart it takes longer


def test_a_prediction_is_answered_when_all_coin_flips_are_right(screen):
    figure = screen("memorizing", motion="reduce")
    figure.predict(0)
    figure.press("Play")
    assert "What happens: All of them" in figure.page.inner_text(".fig-predicted")
