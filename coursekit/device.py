"""Where tensors live, and where randomness starts."""

import contextlib
import os

__all__ = ["device", "seed", "seeded"]


def device():
    """The best device of this machine: an NVIDIA GPU (CUDA), else an Apple GPU (MPS), else the CPU.

    The environment variable COURSEKIT_DEVICE decides instead where it is set: cpu, mps, cuda, or cuda:1 for the
    second GPU. Raises `ValueError` where it names none of these, `RuntimeError` where this machine has no such
    device.
    """
    import torch

    wish = os.environ.get("COURSEKIT_DEVICE", "").strip().lower()
    if not wish:
        best = "cuda" if torch.cuda.is_available() else "mps" if torch.backends.mps.is_available() else "cpu"
        return torch.device(best)

    kind, _, index = wish.partition(":")
    if kind not in ("cpu", "mps", "cuda") or (index and not index.isdecimal()) or wish.endswith(":"):
        raise ValueError(
            f"COURSEKIT_DEVICE is {wish!r}, which names no device. Set it to cpu, mps, cuda or cuda:1, or unset it."
        )
    there = {"cpu": 1, "mps": int(torch.backends.mps.is_available()), "cuda": torch.cuda.device_count()}[kind]
    if int(index or 0) >= there:
        found = {0: "finds none here", 1: "finds one here"}.get(there, f"finds {there} here, counted from 0")
        raise RuntimeError(
            f"COURSEKIT_DEVICE asks for {wish}, but this PyTorch ({torch.__version__}) {found}. "
            "Set it to cpu, or unset it to have the best device there is."
        )
    return torch.device(wish)


def seed(n: int = 0) -> None:
    """Start the random numbers of Python, NumPy and PyTorch (on every device) from `n`."""
    import random

    import numpy as np
    import torch

    random.seed(n)
    np.random.seed(n)
    torch.manual_seed(n)


@contextlib.contextmanager
def seeded(n: int = 0):
    """`with seeded(n):` within it, random numbers on the CPU start from `n`; after it, they go on as if nothing had been
    drawn."""
    import random

    import numpy as np
    import torch

    before = random.getstate(), np.random.get_state()
    with torch.random.fork_rng(devices=[]):
        seed(n)
        try:
            yield
        finally:
            random.setstate(before[0])
            np.random.set_state(before[1])
