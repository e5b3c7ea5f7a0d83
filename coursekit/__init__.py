"""coursekit: what a notebook of *Perceptron to Policy* imports, and all that a student has.

from coursekit import check, data, device, plot, progress, seed
"""

__version__ = "0.1.0"

from importlib import import_module

from .check import check
from .device import device, seed
from .progress import progress

__all__ = ["check", "data", "device", "plot", "progress", "seed"]


def __getattr__(name):
    """`data` and `plot` load when first used: they need NumPy and Matplotlib."""
    if name in ("data", "plot"):
        return import_module(f"{__name__}.{name}")
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
