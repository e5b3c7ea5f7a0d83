"""Where tensors live, and where randomness starts."""

import random

import numpy as np
import pytest
import torch

from coursekit import device, seed
from coursekit.device import seeded


def test_the_best_device_is_chosen(monkeypatch):
    monkeypatch.delenv("COURSEKIT_DEVICE", raising=False)
    best = "cuda" if torch.cuda.is_available() else "mps" if torch.backends.mps.is_available() else "cpu"
    assert device() == torch.device(best)
    torch.ones(2, device=device()).sum()


@pytest.mark.parametrize(
    ("cuda", "mps", "best"), [(True, True, "cuda"), (True, False, "cuda"), (False, True, "mps"), (False, False, "cpu")]
)
def test_cuda_comes_before_mps_and_mps_before_the_cpu(monkeypatch, cuda, mps, best):
    monkeypatch.delenv("COURSEKIT_DEVICE", raising=False)
    monkeypatch.setattr(torch.cuda, "is_available", lambda: cuda)
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: mps)
    assert device().type == best


@pytest.mark.parametrize("wish", ["cpu", "CPU", " cpu ", "cpu:0"])
def test_the_environment_decides(monkeypatch, wish):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setenv("COURSEKIT_DEVICE", wish)
    assert device().type == "cpu"


def test_the_environment_can_name_one_of_several_gpus(monkeypatch):
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 2)
    monkeypatch.setenv("COURSEKIT_DEVICE", "cuda:1")
    assert device() == torch.device("cuda", 1)
    monkeypatch.setenv("COURSEKIT_DEVICE", "cuda:2")
    with pytest.raises(RuntimeError, match=r"asks for cuda:2.* finds 2 here"):
        device()


@pytest.mark.parametrize("wish", ["gpu", "cuda:", "cuda:one", "cuda:-1", "meta", "tpu:0"])
def test_an_unknown_device_is_named_with_what_to_do(monkeypatch, wish):
    monkeypatch.setenv("COURSEKIT_DEVICE", wish)
    with pytest.raises(ValueError, match=rf"COURSEKIT_DEVICE is '{wish}'.*Set it to cpu"):
        device()


@pytest.mark.parametrize("wish", ["cuda", "cuda:0", "mps"])
def test_a_device_that_is_not_there_is_named_with_what_to_do(monkeypatch, wish):
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 0)
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: False)
    monkeypatch.setenv("COURSEKIT_DEVICE", wish)
    with pytest.raises(RuntimeError, match=rf"asks for {wish}.*finds none here.*Set it to cpu"):
        device()


def draws():
    return random.random(), float(np.random.rand()), float(torch.rand(()))


def test_a_seed_repeats_all_three_streams():
    seed(3)
    first = draws()
    seed(3)
    assert draws() == first
    seed(4)
    assert all(a != b for a, b in zip(draws(), first))


def test_seeds_are_zero_unless_given():
    seed()
    first = draws()
    seed(0)
    assert draws() == first


def test_what_is_drawn_from_a_seed_for_a_while_does_not_show_afterwards():
    seed(3)
    undisturbed = draws()
    seed(3)
    with seeded(4):
        inside = draws()
    assert draws() == undisturbed
    seed(4)
    assert draws() == inside


def test_random_numbers_go_on_after_an_error_too():
    seed(3)
    undisturbed = draws()
    seed(3)
    with pytest.raises(ValueError), seeded():
        raise ValueError(draws())
    assert draws() == undisturbed
