"""The figure of XOR with a hidden layer."""

import math

import numpy as np
import torch
from scipy.optimize import lsq_linear

CORNERS = torch.tensor([[0, 0], [0, 1], [1, 0], [1, 1]], dtype=torch.float64)
XOR = [False, True, True, False]
# One way to solve it; the figure starts elsewhere.
SOLVED = {
    "first": [0.25, 0.25, math.pi / 4],
    "second": [0.75, 0.75, math.pi / 4],
    "output": [0.75, 0.25, -math.pi / 4],
    "steepness": 30,
}


def layer(lines, steepness):
    """Lines as weights (2, n) and biases (n,)."""
    points = torch.tensor(lines, dtype=torch.float64)
    weights = steepness * torch.stack([points[:, 2].cos(), points[:, 2].sin()])
    return weights, -(points[:, :2] * weights.T).sum(1)


def truth(state):
    weights, biases = layer([state["first"], state["second"]], state["steepness"])
    hidden = torch.sigmoid(CORNERS @ weights + biases)
    weights, biases = layer([state["output"]], 1)
    scores = (hidden @ weights + biases)[:, 0]
    off, on = hidden[[0, 3]].numpy(), hidden[[1, 2]].numpy()
    # The least distance of off[0] + s (off[1] − off[0]) and on[0] + t (on[1] − on[0]), 0 ≤ s, t ≤ 1
    columns = np.stack([off[1] - off[0], on[0] - on[1]], 1)
    found = lsq_linear(columns, on[0] - off[0], bounds=(0, 1), method="bvls", tol=1e-14)
    return {
        "hidden": hidden,
        "scores": scores,
        "mistakes": sum((score >= 0) != label for score, label in zip(scores.tolist(), XOR, strict=True)),
        "gap": math.sqrt(2 * found.cost),
    }


def test_it_says_what_python_computes(drive):
    drive("xor_layer", truth)


def test_the_start_is_no_solution_and_copies_the_inputs(screen):
    figure = screen("xor_layer")
    figure.predict(0)
    _, readout = figure.settled()
    assert readout["mistakes"] > 0
    assert readout["gap"] < 1e-9
    assert np.abs(np.array(readout["hidden"]) - CORNERS.numpy()).max() < 0.1
    assert "no line parts the classes" in figure.says()


def test_folded_a_line_is_enough(screen):
    figure = screen("xor_layer")
    figure.predict(0)
    _, readout = figure.set(**SOLVED)
    assert readout["mistakes"] == 0
    assert readout["gap"] > 0.6
    assert "All four corners are right: 01 and 10 come together" in figure.says()
    assert "What happens: With two corners of one class together" in figure.page.inner_text(".fig-predicted")
    _, flat = figure.set(steepness=1)  # almost no bend, almost no room
    assert flat["gap"] < 0.05


def test_steep_units_that_leave_room_have_put_two_of_one_class_together(screen):
    figure = screen("xor_layer")
    figure.skip()
    draw = np.random.default_rng(0)
    folded = 0
    for _ in range(80):
        angles = math.pi / 4 * draw.choice([-3, -1, 1, 3], 2) + draw.normal(0, 0.15, 2)  # about diagonal: most fold
        lines = {
            name: [*draw.uniform(0.1, 0.9, 2), angle] for name, angle in zip(("first", "second"), angles, strict=True)
        }
        _, readout = figure.set(**lines, steepness=50)
        h = np.array(readout["hidden"])
        if np.abs(h - h.round()).max() > 0.02:  # a line almost through a corner is no step there
            continue
        together = min(np.linalg.norm(h[1] - h[2]), np.linalg.norm(h[0] - h[3])) < 0.1
        if readout["gap"] > 0.1:
            folded += 1
            assert together
    assert folded > 5
