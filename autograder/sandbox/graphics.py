"""Whose turn it is on a graphics card: one notebook at a time on each, or they run out of its memory together."""

import contextlib
import os
import tempfile
import time
from pathlib import Path

import coursekit

LOOK_SECONDS = 0.05


@contextlib.contextmanager
def card():
    """The environment that gives a student process a card of its own, for as long as the body runs; waits for one.
    Where there is none: an empty environment."""
    cards = _cards()
    if not cards:
        yield {}
        return

    from filelock import FileLock, Timeout

    folder = Path(tempfile.gettempdir(), f"autograder-cards-{os.getuid()}")
    folder.mkdir(mode=0o700, exist_ok=True)
    while True:
        for name in cards:
            lock = FileLock(folder / f"{name}.lock", timeout=0)
            with contextlib.suppress(Timeout), lock:
                yield {"CUDA_VISIBLE_DEVICES": name}
                return
        time.sleep(LOOK_SECONDS)


def _cards():
    """The names of the cards that this process may use, as CUDA_VISIBLE_DEVICES has them."""
    if coursekit.device().type != "cuda":
        return []
    visible = os.environ.get("CUDA_VISIBLE_DEVICES")
    if visible:
        return visible.split(",")

    import torch

    return [str(i) for i in range(torch.cuda.device_count())]
