"""What the rubrics promise beyond the rules of the course: fair data, blind answers worth nothing, networks judged by what
they compute, hints that lead somewhere."""

import re
import warnings
from dataclasses import replace
from pathlib import Path

import nbformat
import numpy as np
import pytest
import torch

from autograder import rubric
from coursekit import compare, recorded
from coursekit.cases import perceptron as cases
from coursekit.observe import observe

COURSE = Path(__file__).parents[2]
RUBRICS = rubric.load("perceptron")
SEEDS = [f"rubrics {i}" for i in range(5)]


def examine(rubric, implementation, seed="rubrics", **options):
    exercise = rubric.exercise(seed, **options)
    return compare.examine(exercise, lambda case: observe(implementation, case, exercise.seconds))


@pytest.fixture(params=RUBRICS.values(), ids=RUBRICS.keys())
def each_rubric(request):
    return request.param


# ── cases ──


def test_every_case_can_refuse_something(each_rubric):
    exercise = each_rubric.exercise("rubrics")
    for case in exercise.cases:
        refused = [
            m for m, seen in zip(exercise.mistakes, case.mistaken) if not compare.judge(exercise, case, seen).passed
        ]
        assert refused, (
            f"{exercise.id}: no known mistake fails the case {case.name!r}; drop it, or name the mistake it is for"
        )


@pytest.mark.parametrize("name", ["neuron", "perceptron_update", "train_perceptron", "path"])
@pytest.mark.parametrize("seed", SEEDS)
def test_no_answer_hangs_on_rounding(name, seed):
    for case in RUBRICS[name].exercise(seed).cases:
        doubles = tuple(v.double() if isinstance(v, torch.Tensor) else v for v in case.given)
        exact = observe(RUBRICS[name].reference, replace(case, given=doubles), seconds=60).value
        assert flat(exact) == flat(case.wanted.value), f"{name}, {case.name}: single and double precision disagree"


def flat(value):
    if isinstance(value, list | tuple):
        return [number for part in value for number in flat(part)]
    return np.ravel(value).tolist()


BLIND = {
    "neuron": [
        lambda x, w, b: torch.ones(len(x)),
        lambda x, w, b: -torch.ones(len(x)),
        lambda x, w, b: torch.zeros(len(x)),
    ],
    "perceptron_update": [
        lambda w, b, x, y: (w, b),
        lambda w, b, x, y: (torch.zeros_like(w), torch.zeros_like(b)),
        lambda w, b, x, y: (x, y),
    ],
    "margin": [lambda x, y, w, b: torch.tensor(0.0), lambda x, y, w, b: 1.0],
    "train_perceptron": [
        lambda x, y, max_epochs=100: (x.new_zeros(x.shape[1]), x.new_zeros(()), 0),
        lambda x, y, max_epochs=100: (x.new_zeros(x.shape[1]), x.new_zeros(()), max_epochs),
    ],
    "xor_network": [lambda: (torch.zeros(2, 2), torch.zeros(2), torch.zeros(2), torch.tensor(0.0))],
    "path": [lambda x, y, epochs: x.new_zeros(1, x.shape[1] + 1)],
    "polygon_network": [
        lambda c: (torch.zeros(len(c), 2), torch.zeros(len(c)), torch.zeros(len(c)), torch.tensor(0.0)),
        lambda c: (torch.zeros(len(c), 2), torch.zeros(len(c)), torch.zeros(len(c)), torch.tensor(-1.0)),
    ],
    "averaged_perceptron": [lambda x, y, epochs: (x.new_zeros(x.shape[1]), x.new_zeros(()))],
}


@pytest.mark.parametrize("seed", SEEDS)
def test_an_answer_that_does_not_look_earns_nothing(each_rubric, seed):
    for blind in BLIND[each_rubric.name]:
        assert examine(each_rubric, blind, seed).share == 0


# ── networks ──


def scaled(network, factor):
    """The same network in other numbers: a unit fires alike if its weights and bias are multiplied by a positive number."""
    W1, b1, w2, b2 = network
    each = torch.linspace(factor, 2 * factor, len(b1), dtype=b1.dtype)
    return W1 * each[:, None], b1 * each, w2 * factor, b2 * factor


NETWORKS = [RUBRICS["xor_network"], RUBRICS["polygon_network"]]
networks = pytest.mark.parametrize("network", NETWORKS, ids=lambda r: r.name)


@networks
@pytest.mark.parametrize("factor", [1e-6, 0.3, 1e6])
def test_scaled_weights_are_the_same_network(network, factor):
    assert examine(network, lambda *given: scaled(network.reference(*given), factor)).passed


@networks
def test_weights_turned_around_are_another_network(network):
    assert examine(network, lambda *given: scaled(network.reference(*given), -1.0)).share == 0


@networks
@pytest.mark.parametrize("place", range(4))
@pytest.mark.parametrize("bad", [float("nan"), float("inf"), -float("inf")])
def test_a_weight_that_is_no_number_is_refused_in_words(network, place, bad):
    def spoiled(*given):
        parts = [part.clone() for part in network.reference(*given)]
        parts[place].view(-1)[0] = bad
        return tuple(parts)

    result = examine(network, spoiled)
    assert result.share == 0
    assert all("nan or infinite" in v.problem for v in result.verdicts)


@networks
def test_sums_that_overflow_are_judged_without_a_warning(network):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        result = examine(network, lambda *given: scaled([v.double() for v in network.reference(*given)], 5.9e307))
    assert all(verdict.passed or verdict.problem for verdict in result.verdicts)


@networks
def test_a_sum_that_is_zero_but_for_rounding_counts_as_zero(network):
    def thirds(*given):
        W1, b1, w2, _ = network.reference(*given)
        k = len(b1)
        if network.name == "xor_network":  # on the edge: x1 + x2 reaches exactly 1, and 2
            return W1 / 3, torch.tensor([-1 / 3, -2 / 3]), w2 / 3, torch.tensor(-1 / 3)
        return W1, b1, torch.full((k,), 1 / k) / 3, torch.tensor(-1 / 3)

    assert examine(network, thirds).passed


def test_a_hidden_polygon_is_not_given_away():
    polygon = RUBRICS["polygon_network"]
    mistake = next(f for m, f in polygon.mistakes.items() if m.name == "One edge may be missed")
    result = examine(polygon, mistake)
    for case, verdict in zip(result.exercise.cases, result.verdicts):
        assert not verdict.passed
        assert bool(verdict.example) == case.public
        assert not re.search(r"\d\.\d|nan", verdict.problem), f"{case.name}: a coordinate in {verdict.problem!r}"


def test_the_truth_table_shows_where_a_network_is_wrong():
    result = examine(RUBRICS["xor_network"], next(iter(RUBRICS["xor_network"].mistakes.values())))
    assert "(1, 1)  →  (1, 1)  →  1   ← wrong" in result.verdicts[0].example
    assert result.verdicts[0].example.count("wrong") == 1


# ── observing ──


def test_in_turn_hands_on_what_it_was_given():
    def update(w, b, x, y):
        return w + x, b + y

    x, y = torch.tensor([[1.0], [2.0]]), torch.tensor([1.0, -1.0])
    assert cases.in_turn(update, torch.zeros(1), torch.tensor(0.0), x, y) == [(1.0, 1.0), (3.0, 0.0)]


@pytest.mark.parametrize("answer", [None, 3.0, (1.0,), [1.0, 2.0, 3.0]])
def test_in_turn_returns_what_is_no_pair_as_it_is(answer):
    given = torch.zeros(1), torch.tensor(0.0), torch.ones(2, 1), torch.ones(2)
    assert cases.in_turn(lambda *_: answer, *given) is answer


def test_one_by_one_keeps_the_points_a_matrix():
    shapes = cases.one_by_one(lambda x, w, b: tuple(x.shape), torch.ones(3, 2), torch.ones(2), torch.tensor(0.0))
    assert shapes == [(1, 2)] * 3


# ── the notebook and the chapter ──


def notebook(path):
    return nbformat.read(COURSE / path, as_version=4)


def test_the_fault_that_students_are_shown_is_recognized():
    cells = {cell.id: cell for cell in notebook("solutions/perceptron/perceptron.ipynb").cells}
    shown = {"torch": torch}
    exec(cells["path-fault"].source, shown)
    for hidden in (False, True):
        result = examine(RUBRICS["path"], shown["path_with_a_fault"], hidden=hidden)
        assert result.share == 0
        assert result.mistake is not None
        assert result.mistake.name == "Every row is the last"


def test_every_hint_leads_to_a_section_of_the_chapter(each_rubric):
    chapter = "\n".join(cell.source for cell in notebook("book/perceptron.ipynb").cells)
    for mistake in each_rubric.mistakes:
        page, _, label = mistake.section.partition("#")
        assert page == "perceptron"
        assert f"({label})=" in chapter, f"{each_rubric.id}, {mistake.name!r}: the chapter has no label {label}"


def test_every_link_of_the_exercises_leads_to_a_heading_of_the_chapter():
    chapter = "\n".join(cell.source for cell in notebook("book/perceptron.ipynb").cells if cell.cell_type == "markdown")
    headings = {h.strip().replace(" ", "-") for h in re.findall(r"^#+ (.+)$", chapter, re.M)}
    text = "\n".join(cell.source for cell in notebook("solutions/perceptron/perceptron.ipynb").cells)
    links = re.findall(r"\.\./\.\./book/perceptron\.ipynb#([^)]+)\)", text)
    assert len(links) >= len(RUBRICS)
    for link in links:
        assert link in headings, f"solutions/perceptron links to #{link}, which is no heading of book/perceptron.ipynb"


# ── devices ──


@pytest.mark.parametrize(
    "r", [r for s in rubric.stems() for r in rubric.load(s).values() if r.on_device], ids=lambda r: r.id
)
def test_what_is_given_on_a_device_is_answered_there(r):
    """On meta tensors, which every machine has: no numbers, but a device."""
    here, there = r.exercise("devices"), r.exercise("devices", device="meta")
    for at_home, case in zip(here.cases, there.cases):
        answered = list(rubric.tensors(case.wanted.value))
        assert answered
        assert {t.device.type for t in answered} == {"meta"}
        if at_home.wanted.value is not None and {t.device.type for t in rubric.tensors(at_home.given)} == {"cpu"}:
            verdict = compare.judge(there, case, at_home.wanted)
            assert "is on the device 'cpu'" in verdict.problem, case.name


def test_doubles_stay_where_a_device_has_none():
    given = {"x": torch.zeros(2, dtype=torch.float64)}, torch.arange(3)
    assert rubric.moved(given, "mps") is given
    singles, places = rubric.moved(({"x": torch.zeros(2)}, torch.arange(3)), "meta")
    assert {singles["x"].device.type, places.device.type} == {"meta"}


def test_what_is_recorded_is_the_same_each_time_though_a_reference_draws_without_a_generator():
    minibatches = rubric.find("optimization.minibatches")
    once, again = (recorded.pack([minibatches.exercise("a", hidden=False)], {}) for _ in range(2))
    assert once == again
