"""The perceptron's figure."""

import torch


def truth(state):
    x, y, w = (torch.tensor(state[name], dtype=torch.float64) for name in ("points", "labels", "w"))
    score = y * (x @ w + state["b"])
    i = state["next"]
    return {
        "mistakes": int((score <= 0).sum()),
        "margin": score.min() / w.norm(),
        "score": score[i],
        "step": y[i] * x[i],
    }


def test_it_says_what_python_computes(drive):
    drive("perceptron", truth)


def test_steps_follow_the_rule_until_no_point_is_wrong(screen):
    figure = screen("perceptron", motion="reduce")
    figure.skip()
    state, _ = figure.settled()
    x, y = (torch.tensor(state[name], dtype=torch.float64) for name in ("points", "labels"))
    w, wanted = torch.tensor(state["w"], dtype=torch.float64), []
    for i in list(range(len(x))) * 50:
        if (y * (x @ w) > 0).all():
            break
        if y[i] * (x[i] @ w) <= 0:
            wanted.append(w.tolist())
            w = w + y[i] * x[i]
    state, readout = figure.press("Play")  # who wants no motion gets to the end at once
    assert readout["mistakes"] == 0
    assert [weights for weights, bias in state["trail"]] == wanted
    assert len(wanted) > 4
    assert "No point is wrong" in figure.says()


def test_where_b_is_learned_a_step_changes_it(screen):
    figure = screen("perceptron")
    figure.skip()
    figure.set(bias=True)
    state, _ = figure.press("Look at the next point")
    assert state["b"] == 1
