"""`import coursekit` is fast because it loads nothing heavy: judged by what is loaded, not by a clock."""

import subprocess
import sys

import pytest

HEAVY = {"torch", "numpy", "matplotlib", "rich", "sklearn", "pooch", "IPython", "safetensors", "filelock", "requests"}


@pytest.mark.parametrize(
    "statement",
    [
        "import coursekit",
        "from coursekit import check, data, device, plot, progress, seed",
        "import coursekit.__main__",
    ],
)
def test_an_import_loads_nothing_heavy(statement):
    code = f"{statement}\nimport sys\nprint(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    assert HEAVY & set(loaded) == set()
