"""What many rubrics draw and do: numbers that are exact in binary, and the same computation in double precision."""

import torch


def grid(rng, *shape, low=-3, high=3, fine=8):
    """A tensor of multiples of 1/fine from `low` to `high`: sums and products of such numbers are exact."""
    return torch.tensor(rng.integers(fine * low, fine * high + 1, shape) / fine, dtype=torch.float32)


def normal(rng, *shape, scale=1.0, shift=0.0):
    """A tensor of normal numbers with mean `shift` and standard deviation `scale`."""
    return torch.tensor(shift + scale * rng.normal(size=shape), dtype=torch.float32)


def doubles(*given):
    """The same in double precision, also inside tuples and lists; integers stay as they are."""
    return tuple(map(_double, given))


def _double(value):
    if isinstance(value, tuple | list):
        return type(value)(map(_double, value))
    return value.double() if isinstance(value, torch.Tensor) and value.is_floating_point() else value
