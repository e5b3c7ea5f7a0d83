"""A small convolutional network that reads a drawn digit, with everything that it computes on the way."""

import json
import math
from pathlib import Path

import traitlets

from .figure import Figure

_FILE = Path(__file__).parent / "data/digit.json"
_SIZES = (72, 8, 1152, 16, 2560, 10)  # of 8×1×3×3, 8, 16×8×3×3, 16, 10×256, 10


def _samples():
    """Ten held-out digits that the network reads, two that it misreads, and a drawing that is none."""
    held_out = json.loads(_FILE.read_text(encoding="utf-8"))["samples"]
    shown = [{"name": f"{each['label']}{'' if i < 10 else '?'}", **each} for i, each in enumerate(held_out)]
    return [*shown, {"name": "minus", "strokes": [[[12, 32], [52, 32]]]}]


class _Weights(traitlets.List):
    """Six flat lists of numbers, or whatever holds six such tensors, in any order: a state_dict, a module, a list of
    arrays."""

    def validate(self, obj, value):
        if hasattr(value, "state_dict"):
            value = value.state_dict()
        value = [_numbers(each) for each in (value.values() if hasattr(value, "values") else value)]
        value.sort(key=lambda each: [*_SIZES, len(each)].index(len(each)))
        sizes = tuple(map(len, value))
        if value and sizes != _SIZES:
            raise traitlets.TraitError(f"The weights must be six, with {_SIZES} numbers; these have {sizes}.")
        if not all(math.isfinite(number) for each in value for number in each):
            raise traitlets.TraitError("Some of the weights are no finite numbers.")
        return super().validate(obj, value)


def _numbers(value):
    """A tensor, an array or nested lists as one flat list, rounded to six digits."""
    value = value.tolist() if hasattr(value, "tolist") else value
    if isinstance(value, list | tuple):
        return [number for each in value for number in (_numbers(each) if isinstance(each, list | tuple) else [each])]
    return [value]


class Digit(Figure):
    """What did it see in my digit?

    The drawing is brought to the form of scikit-learn's digits: 32 pixels tall and about 20 wide, drawn with a pen so
    thick that some 310 of the 32×32 pixels are black, and these counted in blocks of 4×4. The 8×8 counts, divided by
    16, are what the network sees:

        nn.Sequential(nn.Conv2d(1, 8, 3, padding=1), nn.ReLU(), nn.Conv2d(8, 16, 3, padding=1), nn.ReLU(),
                      nn.MaxPool2d(2), nn.Flatten(), nn.Linear(256, 10))

    As the last layer is linear, the difference of two classes' scores, log(p_a / p_b), is a sum over the pooled cells:
    the blocks of color behind the digit are its parts.

    `tools/figures/train_digit.py` trained the weights. `Digit(weights=model)` shows a network of your own, if it has
    these six tensors in this order and was trained on pixels from 0 to 1; a state_dict will do, too.

    What it fails at: ways of writing that its 13 people seldom used. A 1 on a foot is mostly read as 2, an open 4 whose
    bar ends at the stem as 9, a 7 without a bar now and then as 3.

    The digits: E. Alpaydin and C. Kaynak, Optical Recognition of Handwritten Digits, 1998. scikit-learn has the 1797
    that 13 people wrote.
    """

    strokes = traitlets.List(
        [[[18, 52], [44, 52], [36, 31], [28, 10]]],
        help="the drawing: strokes, each a list of points [x, y] in 0 … 64, y upward",
    ).tag(sync=True)
    sample = traitlets.Int(-1, help="which of `samples` is shown; −1 is the drawing").tag(sync=True)
    layer = traitlets.Int(0, help="where the chosen cell is: 0 conv 1, 1 conv 2, 2 pooled").tag(sync=True)
    cells = traitlets.List([[6, 4, 3], [0, 3, 5], [0, 1, 2]], help="in each layer a cell: [map, row, column]").tag(
        sync=True
    )
    rival = traitlets.Int(-1, help="the class that the answer is compared with; −1 is the second best").tag(sync=True)
    pen = traitlets.List(traitlets.Float(), [10, 10], help="where the keyboard's pen is").tag(sync=True)
    down = traitlets.Bool(False, help="whether the keyboard's pen draws").tag(sync=True)
    samples = traitlets.List(_samples(), help="name, and either label and pixels (0 … g is 0 … 16) or strokes").tag(
        sync=True
    )
    weights = _Weights(help="weights and biases of the three layers; empty: the book's own").tag(sync=True)
