"""Comparison and its sentences."""

import math
from dataclasses import replace

import numpy as np
import pytest
import torch

from coursekit import compare
from coursekit.exercise import Case, Exercise, Failure, Mistake, Observation
from coursekit.wire import PAIR

EXERCISE = Exercise("toy.f", "F", "a float tensor of shape (2,)", points=1, minutes=1, parameters=("x",))


def judge(observed, wanted, public=True, **about):
    case = Case("a case", (torch.tensor([5.0]),), Observation(wanted), public=public)
    seen = observed if isinstance(observed, Observation) else Observation(observed)
    return compare.judge(replace(EXERCISE, **about), case, seen)


@pytest.mark.parametrize(
    ("observed", "wanted"),
    [
        (torch.tensor([1.0, 2.0]), torch.tensor([1.0, 2.0])),
        (np.array([1.0, 2.0]), torch.tensor([1.0, 2.0])),
        (torch.tensor([1.0, 2.0], dtype=torch.float64), torch.tensor([1.0, 2.0])),
        (torch.tensor([1.0, 2.00001]), torch.tensor([1.0, 2.0])),
        (2.0, torch.tensor(2.0)),
        (np.float32(2), 2.0),
        (torch.tensor(3), 3),
        ([1, 2.0], (1, 2.0)),
        ({"a": 1, "b": (2.0,)}, {"b": (2.0,), "a": 1}),
        (math.nan, math.nan),
        ("same", "same"),
        (torch.zeros(0, 3), torch.zeros(0, 3)),
    ],
)
def test_equal_values_pass(observed, wanted):
    assert judge(observed, wanted).passed


@pytest.mark.parametrize(
    ("observed", "wanted", "said"),
    [
        (torch.tensor([1.0, 2.5]), torch.tensor([1.0, 2.0]), "First differs at [1]: yours is 2.5."),
        (torch.tensor([1.0, math.nan]), torch.tensor([1.0, 2.0]), "nan (not a number)"),
        (torch.ones(2, 1), torch.ones(2), "has shape (2, 1); wanted: (2,)"),
        (torch.ones(2, dtype=torch.int64), torch.ones(2), "holds int numbers (torch.int64); wanted: float"),
        (True, 1, "holds bool numbers"),
        (1, True, "holds int numbers"),
        (1.0, torch.ones(2), "shape ()"),
        ([1.0, 1.0], torch.ones(2), "is a list of 2 values; wanted: a float tensor of shape (2,)"),
        ("text", torch.ones(2), "is a str"),
        (torch.ones(2), (torch.ones(2), 1.0), "wanted: a tuple of 2 values"),
        ((torch.ones(2),), (torch.ones(2), 1.0), "has 1 values; wanted: 2"),
        ((torch.ones(2), 2.0), (torch.ones(2), 1.0), "First differs in value 2: yours is 2."),
        (
            (0.0, (torch.ones(2),)),
            (0.0, (torch.zeros(2),)),
            "First differs in value 2, in value 1, at [0]: yours is 1.",
        ),
        ({"a": 1}, {"b": 1}, "dict with the keys b"),
        (None, torch.ones(2), "It returns None; wanted: a float tensor"),
        (Observation(None, printed=True), torch.ones(2), "prints its answer but returns nothing"),
        (Observation(torch.ones(2), mutated=True), torch.ones(2), "in place"),
        (Observation(failure=Failure("missing")), 1, "There is no `f`"),
        (Observation(failure=Failure("stub")), 1, "still the stub"),
        (Observation(failure=Failure("endless", message="9")), 1, "within 2 seconds"),
        (Observation(failure=Failure("ended")), 1, "ended the whole Python process"),
        (Observation(failure=Failure("unsendable", message="a set")), 1, "It returns a set"),
        (Observation(failure=Failure("unsendable", message=PAIR)), 1, "It returns a pair of values and indices (take"),
        (
            Observation(failure=Failure("unsendable", message="a given_3_1_4")),
            1,
            "It returns something that is no plain",
        ),
        (Observation(failure=Failure("raised", "ValueError", "no")), 1, "It raises a ValueError."),
        (Observation(failure=Failure("raised", "IndexError", "no")), 1, "It raises an IndexError."),
        *(
            (Observation(failure=Failure("raised", "RuntimeError", said)), 1, "Some of its tensors lie on the CPU")
            for said in (
                "Expected all tensors to be on the same device, but got mat2 is on cpu, different from others on cuda:0",
                "Input type (torch.cuda.FloatTensor) and weight type (torch.FloatTensor) should be the same",
                "Input type (torch.FloatTensor) and weight type (MPSFloatType) should be the same",
                "can't convert cuda:0 device type tensor to numpy. Use Tensor.cpu() to copy the tensor to host memory",
            )
        ),
        (torch.ones(2), torch.ones(2, device="meta"), "is on the device 'cpu'"),
        (torch.ones(2, device="meta"), torch.ones(2), "is on the device 'meta'"),
        (torch.ones(2**20, 2**20, device="meta"), torch.ones(2), "has shape (1048576, 1048576)"),
    ],
)
def test_every_difference_has_its_sentence(observed, wanted, said):
    verdict = judge(observed, wanted)
    assert not verdict.passed
    assert said in verdict.problem


def test_both_kinds_pass_where_the_exercise_says_so():
    assert judge(torch.tensor([1, 2]), torch.tensor([1.0, 2.0]), kinds="if").passed
    assert not judge(torch.tensor([True, True]), torch.tensor([1.0, 1.0]), kinds="if").passed


def test_a_public_failure_shows_all_and_a_hidden_one_shows_nothing_given_or_wanted():
    wanted = torch.tensor([1.0, 77.0])
    public, hidden = judge(torch.tensor([1.0, 2.0]), wanted), judge(torch.tensor([1.0, 2.0]), wanted, public=False)
    assert "x = [5.]" in public.example
    assert "77" in public.example
    assert hidden.example == ""
    assert "77" not in hidden.problem
    assert "5" not in hidden.problem


def test_an_error_named_by_the_student_carries_nothing_out():
    secret = Failure("raised", "inputs_were_5_and_7", "5 and 7")
    assert judge(Observation(failure=secret), 1, public=False).problem == "It raises an error of its own."


def exercise(*cases, mistakes=()):
    return replace(EXERCISE, cases=tuple(cases), mistakes=tuple(mistakes))


def case(given, wanted, mistaken=(), **more):
    return Case(f"given {given}", (given,), Observation(wanted), tuple(map(Observation, mistaken)), **more)


SQUARE, NEGATE, SAME_AS_SQUARE = (Mistake(n, "?", "!", "toy#f") for n in ("squared", "negated", "squared too"))


def examine(exercise, implementation):
    return compare.examine(exercise, lambda c: Observation(implementation(*c.given)))


def test_a_mistake_is_recognized_when_it_agrees_on_every_case_and_no_other_does():
    doubling = exercise(case(2.0, 4.0, [4.0, -2.0]), case(3.0, 6.0, [9.0, -3.0]), mistakes=[SQUARE, NEGATE])
    assert examine(doubling, lambda x: x * x).mistake == SQUARE
    assert examine(doubling, lambda x: -x).mistake == NEGATE
    assert examine(doubling, lambda x: 2 * x).mistake is None
    assert examine(doubling, lambda x: x + 1).mistake is None
    assert examine(doubling, lambda x: x * x if x == 3 else 0.0).mistake is None


def test_two_mistakes_that_behave_alike_are_neither():
    doubling = exercise(case(3.0, 6.0, [9.0, 9.0]), mistakes=[SQUARE, SAME_AS_SQUARE])
    assert examine(doubling, lambda x: x * x).mistake is None


def test_share_is_the_weight_passed():
    doubling = exercise(case(2.0, 4.0, weight=3), case(3.0, 6.0))
    assert examine(doubling, lambda x: x * x).share == 0.75


def test_a_constant_has_no_share_but_a_right_constant_has():
    doubling = exercise(case(2.0, 4.0), case(3.0, 6.0))
    result = examine(doubling, lambda x: 4.0)
    assert (result.share, result.passed) == (0.0, False)
    same = exercise(case(2.0, 4.0), case(3.0, 4.0))
    assert examine(same, lambda x: 4.0).share == 1.0


def test_the_smallest_failing_example_is_the_one_shown():
    summing = exercise(case(torch.ones(9), 9.0), case(torch.ones(2), 2.0), case(torch.ones(1), 1.0, public=False))
    found, _ = examine(summing, lambda x: -1.0 * len(x)).smallest_failure()
    assert len(found.given[0]) == 2


def test_what_never_ends_twice_is_not_waited_for_again():
    asked = []

    def ask(case):
        asked.append(case)
        return Observation(failure=Failure("endless", message="2"))

    doubling = exercise(*(case(float(i), 2.0 * i) for i in range(5)))
    result = compare.examine(doubling, ask)
    assert len(asked) == 2
    assert all("within 2 seconds" in v.problem for v in result.verdicts)
