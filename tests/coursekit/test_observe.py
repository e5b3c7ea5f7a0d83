"""*When*: whatever an implementation does, an observation comes of it."""

import threading
import time

import numpy as np
import pytest
import torch

from coursekit.exercise import Case, Failure, Observation
from coursekit.observe import OverTime, limit, observe


def see(implementation, *given, seconds=1.0):
    return observe(implementation, Case("a case", given, Observation()), seconds)


def test_a_value_is_observed_and_the_given_are_copies():
    given = np.ones(3)

    def keep(x):
        x[0] = 7
        return x.sum()

    seen = see(keep, given)
    assert seen == Observation(value=9.0, mutated=True)
    assert given[0] == 1


@pytest.mark.parametrize(
    "change",
    [
        lambda x: x.add_(1) and None,
        lambda x: x.resize_(1) and None,
        lambda x: x.unsqueeze_(0) and None,
    ],
)
def test_changing_a_tensor_in_place_is_seen(change):
    assert see(change, torch.ones(2, 2)).mutated


def test_printing_is_discarded_and_noted(capsys):
    assert see(lambda x: print(x), 3) == Observation(value=None, printed=True)
    assert capsys.readouterr().out == ""


def raises(error):
    def implementation(*given):
        raise error

    return implementation


@pytest.mark.parametrize(
    ("implementation", "kind", "type_"),
    [
        (raises(NotImplementedError()), "stub", "NotImplementedError"),
        (raises(NotImplementedError("not for this dtype")), "raised", "NotImplementedError"),
        (raises(ValueError("no")), "raised", "ValueError"),
        (raises(SystemExit(0)), "raised", "SystemExit"),
        (raises(GeneratorExit()), "raised", "GeneratorExit"),
        (3, "raised", "TypeError"),
        (lambda: {1, 2}, "unsendable", "Unsendable"),
        (lambda: (i for i in range(3)), "unsendable", "Unsendable"),
    ],
)
def test_every_way_to_fail_has_its_kind(implementation, kind, type_):
    failure = see(implementation).failure
    assert (failure.kind, failure.type) == (kind, type_)


class Rude(Exception):
    def __str__(self):
        raise RuntimeError


def test_an_error_that_cannot_even_be_shown_is_observed():
    failure = see(raises(Rude())).failure
    assert (failure.kind, failure.type) == ("raised", "Rude")


def swallow():
    while True:
        try:
            while True:
                pass
        except Exception:
            pass


@pytest.mark.parametrize("endless", [swallow, lambda: time.sleep(60)])
def test_what_never_ends_is_stopped(endless):
    assert see(endless, seconds=0.2).failure == Failure("endless", message="0.2")


def test_waiting_is_not_computing():
    def slow():
        time.sleep(0.3)
        return 3

    assert see(slow, seconds=0.1).value == 3


def test_a_stubborn_loop_is_stopped_again_and_again():
    def stubborn(left=3):
        while True:
            try:
                while True:
                    pass
            except BaseException:
                left -= 1
                if left == 0:
                    raise

    assert see(stubborn, seconds=0.1).failure.kind == "endless"


def test_the_interrupt_key_still_works():
    with pytest.raises(KeyboardInterrupt):
        see(raises(KeyboardInterrupt()))


def test_limit_leaves_no_alarm_behind():
    with limit(0.05):
        pass
    time.sleep(0.1)
    with pytest.raises(OverTime), limit(0.05):
        time.sleep(5)
    time.sleep(0.4)


def test_off_the_main_thread_it_runs_without_a_limit():
    seen = []
    worker = threading.Thread(target=lambda: seen.append(see(lambda: 3)))
    worker.start()
    worker.join()
    assert seen == [Observation(value=3)]


@pytest.mark.parametrize(
    "plain",
    [
        None,
        [],
        {},
        {"value": 1},
        {"value": 1, "mutated": 1, "printed": False, "failure": None},
        {"value": 1, "mutated": False, "printed": False, "failure": 3},
        {"value": 1, "mutated": False, "printed": False, "failure": ["a", "b", "c", "d"]},
        {"value": 1, "mutated": False, "printed": False, "failure": ["a", "b", 3]},
    ],
)
def test_what_is_no_observation_is_refused(plain):
    with pytest.raises(ValueError, match="not an observation"):
        Observation.unpacked(plain)


def test_an_observation_reads_back():
    seen = Observation(3.0, True, False, Failure("raised", "ValueError", "no"))
    assert Observation.unpacked(seen.packable()) == seen
