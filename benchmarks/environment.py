"""The peers' own environment, `benchmarks/.venv`, and what can be said of the machine."""

import hashlib
import os
import platform
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

import psutil

from .graders import HERE, PEERS

REQUIREMENTS = HERE / "requirements.txt"


def set_up(show):
    """Make the peers' environment, unless it stands already with the same requirements."""
    stamp, wanted = HERE / ".venv" / "installed", hashlib.sha256(REQUIREMENTS.read_bytes()).hexdigest()
    if stamp.exists() and stamp.read_text() == wanted:
        return
    show("installing nbgrader and otter-grader into benchmarks/.venv")
    subprocess.run([sys.executable, "-m", "venv", "--clear", HERE / ".venv"], check=True)
    subprocess.run([PEERS / "python", "-m", "pip", "install", "--quiet", "-r", REQUIREMENTS], check=True)
    stamp.write_text(wanted)


def machine():
    """What the numbers were measured on."""
    return {
        "processor": _processor(),
        "cores": os.cpu_count(),
        "memory": f"{psutil.virtual_memory().total / 2**30:.0f} GiB",
        "system": f"{platform.system()} {platform.release().partition('-')[0]}",
        "python": platform.python_version(),
        **{name: version(name) for name in ("torch", "numpy")},
        **{name: _peer(name) for name in ("nbgrader", "otter-grader")},
    }


def _processor():
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.processor()
    return next((line.partition(": ")[2] for line in lines if line.startswith("model name")), platform.machine())


def _peer(name):
    code = f"from importlib.metadata import version; print(version({name!r}))"
    return subprocess.run([PEERS / "python", "-c", code], capture_output=True, text=True, check=True).stdout.strip()
