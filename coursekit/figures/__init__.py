"""Figures a reader can move: alive on the book's pages without Python, and in JupyterLab with it.

    from coursekit import figures

    figure = figures.Perceptron()
    figure.w = [1.0, -2.0]      # the view moves
    figure.readout["mistakes"]  # what the view computed

Every figure has two files here: `perceptron.py`, its state (`Perceptron`, typed and documented), and `perceptron.js`,
how it looks and moves. `kit/` is what the scripts share; `built/` is what `make figures` makes of them.
"""

import importlib
import re
from functools import cache
from pathlib import Path

_HERE = Path(__file__).parent


def names() -> list[str]:
    """The names of all figures: `perceptron` is `figures.Perceptron`."""
    return sorted(path.stem for path in _HERE.glob("*.js"))


def class_name(name: str) -> str:
    """`lost_signal` → `LostSignal`"""
    return "".join(word.capitalize() for word in name.split("_"))


@cache
def _classes() -> dict[str, str]:
    return {class_name(name): name for name in names()}


def __getattr__(name):
    # One figure is imported when it is asked for: all of them, with ipywidgets, would take half a second.
    if re.match("[A-Z]", name) and name in _classes():
        return getattr(importlib.import_module(f"{__name__}.{_classes()[name]}"), name)
    raise AttributeError(f"There is no figure {name}; there are {', '.join(_classes())}.")


def __dir__():
    return [*globals(), *_classes()]
