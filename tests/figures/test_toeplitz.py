"""The figure of the convolution as a matrix."""

import torch
from torch.nn import functional


def forward(state, x):
    """The layer, as PyTorch has it."""
    name, side, of = ("kernel", 10, functional.conv1d) if state["dims"] == 1 else ("kernel2", 5, functional.conv2d)
    w = torch.tensor(state[name], dtype=torch.float64).reshape([1, 1] + [3] * state["dims"])
    x = x.reshape([1, 1] + [side] * state["dims"])
    return of(x, w, stride=state["stride"], padding=state["padding"]).flatten()


def matrix(state):
    """What it multiplies with: its Jacobian."""
    x = torch.tensor(state["x" if state["dims"] == 1 else "image"], dtype=torch.float64)
    return torch.autograd.functional.jacobian(lambda x: forward(state, x), x), forward(state, x)


def truth(state):
    t, y = matrix(state)
    ones = {**state, "kernel": [1.0] * 3, "kernel2": [1.0] * 9}
    return {
        "output": y,
        "row": t[min(max(state["at"], 0), len(t) - 1)],
        "rows": t.shape[0],
        "columns": t.shape[1],
        "filled": int(matrix(ones)[0].sum()),
        "learned": 3 ** state["dims"],
        "all": t.sum(),
    }


def test_it_says_what_python_computes(drive):
    drive("toeplitz", truth)


def test_one_weight_that_moves_changes_one_entry_in_every_row(screen):
    figure = screen("toeplitz")
    figure.skip()
    before = matrix(figure.settled()[0])[0]
    middle = figure.page.locator(".fig-handle").nth(1)
    middle.press("ArrowDown")
    state, readout = figure.settled()
    after = matrix(state)[0]
    assert ((before != after).sum(1) == 1).all()
    assert len(after) == readout["rows"] == 8
    assert "stands in 8 rows, and all changed at once" in figure.says()
    assert (
        figure.page.evaluate("() => document.querySelectorAll('.fig-plot rect[stroke=\"var(--fig-orange)\"]').length")
        == 8
    )


def test_in_every_setting_the_view_multiplies_with_the_matrix_of_the_convolution(screen):
    figure = screen("toeplitz")
    figure.skip()
    for dims in (1, 2):
        for padding in (0, 1):
            for stride in (1, 2):
                state, readout = figure.set(dims=dims, padding=padding, stride=stride, at=99)
                expected = {name: torch.as_tensor(value) for name, value in truth(state).items()}
                for name, value in readout.items():
                    assert torch.allclose(torch.tensor(value).double(), expected[name].double()), (name, state)
                figure.fits()


def test_a_weight_of_the_image_is_none_of_the_numbers(screen):
    figure = screen("toeplitz")
    figure.skip()
    figure.set(dims=2)
    figure.page.locator(".fig-handle").nth(7).press("ArrowUp")
    figure.settled()
    assert "stands in 9 rows" in figure.says()
    figure.set(dims=1)
    assert "stands in" not in figure.says()
    assert "∞" not in figure.says()
