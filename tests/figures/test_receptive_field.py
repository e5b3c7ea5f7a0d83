"""The receptive field's figure: sizes, jumps and weights, from the gradients of a stack of uniform kernels."""

import torch
import torch.nn.functional as F

KINDS = {"conv 3": (3, 1, 1, 1), "conv 5": (5, 1, 1, 2), "strided": (3, 2, 1, 1), "pool 2": (2, 2, 1, 0)}
KINDS["dilated"] = (3, 1, 2, 2)


def through(x, layers):
    for kind in layers:
        kernel, stride, dilation, padding = KINDS[kind]
        uniform = torch.full((1, 1, kernel), 1 / kernel, dtype=torch.float64)
        x = F.conv1d(x, uniform, stride=stride, dilation=dilation, padding=padding)
    return x


def gradient(layers, unit, inputs):
    x = torch.zeros(1, 1, inputs, dtype=torch.float64, requires_grad=True)
    through(x, layers)[0, 0, unit].backward()
    return x.grad[0, 0]


def seen(layers, unit):
    """First and last input of a unit in the middle of a long input."""
    used = gradient(layers, unit, 1600).nonzero().flatten()
    return int(used[0]), int(used[-1])


def truth(state):
    layers = state["layers"]
    sizes, jumps = [1], [1]
    for n in range(1, len(layers) + 1):
        (first, last), (following, _) = seen(layers[:n], 90), seen(layers[:n], 91)
        sizes.append(last - first + 1)
        jumps.append(following - first)
    units = through(torch.zeros(1, 1, 48, dtype=torch.float64), layers).shape[-1]
    far = seen(layers, 90)[0]  # where unit 90 begins to see; unit 0 begins 90 jumps before
    starts = [far + (i - 90) * jumps[-1] for i in range(units)]
    middles = [start + (sizes[-1] - 1) / 2 for start in starts]
    unit = min(range(units), key=lambda i: (abs(middles[i] - state["place"]), -i))
    weights = gradient(layers, unit, 48)
    where = torch.arange(48)
    share = weights / weights.sum()
    mean = (share * where).sum()
    runs = [n for n in range(1, 49) if any(share[i : i + n].sum() >= 0.95 - 1e-9 for i in range(48 - n + 1))]
    return {
        "sizes": sizes,
        "jumps": jumps,
        "units": units,
        "weights": weights,
        "start": starts[unit],
        "spread": (share * (where - mean) ** 2).sum().sqrt(),
        "core": runs[0],
    }


def test_it_says_what_python_computes(drive):
    drive("receptive_field", truth)


def test_every_kind_of_layer_everywhere(screen):
    figure = screen("receptive_field")
    figure.skip()
    for layers in (
        ["dilated", "dilated"],
        ["strided", "pool 2", "strided"],
        ["conv 5"] * 7,
        ["pool 2"] * 3 + ["dilated"] * 4,
    ):
        for place in (0, 20, 47):
            state, read = figure.set(layers=layers, place=place)
            for key, wanted in truth(state).items():
                assert torch.allclose(torch.tensor(read[key]).double(), torch.as_tensor(wanted).double()), key


def test_after_the_pooling_a_kernel_reaches_twice_as_far(screen):
    figure = screen("receptive_field")
    figure.predict(1)
    _, before = figure.settled()
    _, after = figure.press("+ conv 3")
    assert after["sizes"][-1] - before["sizes"][-1] == 4
    assert "That is what happens" in figure.page.inner_text(".fig-predicted")


def test_layers_add_up_to_a_bell(screen):
    """The effective field grows as the square root of the depth, the theoretical one as the depth."""
    figure = screen("receptive_field")
    figure.skip()
    _, shallow = figure.set(layers=["conv 5"], place=24)
    _, deep = figure.set(layers=["conv 5"] * 4)
    assert deep["sizes"][-1] - 1 == 4 * (shallow["sizes"][-1] - 1)
    assert abs(deep["spread"] / shallow["spread"] - 2) < 1e-6


def test_dilated_layers_alone_leave_inputs_out(screen):
    figure = screen("receptive_field")
    figure.skip()
    _, read = figure.set(layers=["dilated", "dilated"], place=24)
    assert read["sizes"][-1] == 9
    assert [i for i, weight in enumerate(read["weights"]) if weight] == [20, 22, 24, 26, 28]
    assert "leaves out 4" in figure.says()
