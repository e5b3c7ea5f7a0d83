"""The benchmark's cheap half: the peers' tests are right, and the tables are what was measured. Nothing is timed."""

import copy

import nbformat
import numpy as np
import pytest

from autograder import rubric
from benchmarks import convert, grow, marks, table, timed
from benchmarks.graders import SEED, STEM
from coursekit import compare
from coursekit.observe import observe

from .course import ROOT, definitions, released, solution

EXERCISES = convert.exercises(STEM, SEED)
each_exercise = pytest.mark.parametrize("exercise", EXERCISES.values(), ids=EXERCISES)


def by_nbgrader(exercise, space):
    """The points that nbgrader's cell gives: the value of its last line, in a notebook where `space` is defined."""
    lines = convert.nbgrader_test(exercise).splitlines()
    *cell, last = (line for line in lines if line and not line.startswith("###"))
    exec("\n".join(cell), space)
    return eval(last, space)


def by_otter(exercise, space):
    """The points of otter's test cases that raise nothing, each called with the answer as otter does."""
    cases = []

    def test_case(name, points, hidden):
        return lambda function: cases.append((points, function))

    source = convert.otter_test(exercise).replace("from otter.test_files import test_case", "")
    exec(source, {"test_case": test_case})
    return sum(points for points, function in cases if not _raises(function, space.get(exercise.name)))


def _raises(function, *given):
    try:
        function(*given)
    except Exception:
        return True
    return False


peers = pytest.mark.parametrize("points", [by_nbgrader, by_otter])


@peers
@each_exercise
def test_a_model_answer_gets_full_points(points, exercise):
    assert points(exercise, definitions(solution(STEM))) == pytest.approx(exercise.points)


@peers
@each_exercise
def test_a_blank_gets_nothing(points, exercise):
    assert points(exercise, {**definitions(released(STEM))}) == 0
    assert points(exercise, {}) == 0


@peers
@each_exercise
def test_a_mistake_gets_what_ours_gives(points, exercise):
    r = rubric.find(exercise.id)
    mistake, implementation = next(iter(r.mistakes.items()))
    result = compare.examine(exercise, lambda case: observe(implementation, case, exercise.seconds))
    assert points(exercise, {exercise.name: implementation}) == pytest.approx(
        exercise.points * result.share, abs=0.01
    ), mistake.name


def test_the_peers_tests_notice_what_is_changed_in_place():
    exercise = EXERCISES["perceptron.neuron"]

    def neuron(x, w, b):
        answer = rubric.find(exercise.id).reference(x, w, b)
        x += 1
        return answer

    assert by_nbgrader(exercise, {"neuron": neuron}) == 0
    assert by_otter(exercise, {"neuron": neuron}) == 0


def test_a_submission_keeps_the_students_cells_and_nothing_of_our_checks():
    nb = convert.otter_submission(copy.deepcopy(solution(STEM)), EXERCISES)
    text = "\n".join(cell.source for cell in nb.cells)
    assert "return torch.where(score >= 0, 1.0, -1.0)" in text
    assert 'grader.check("neuron")' in text
    assert 'check("perceptron.' not in text.replace("grader.check", "")
    nbformat.validate(nb)


def test_values_are_written_as_they_are():
    for value in (0.1, (True, None), [np.float64(2.5)], {"x": 1}):
        if isinstance(value, dict):
            with pytest.raises(TypeError, match="dict"):
                convert.literal(value)
        else:
            assert eval(convert.literal(value), {"np": np}) == value


def test_marks_that_differ_are_counted_and_others_are_not():
    answer = {"kind": "mistake", "name": "The bias is missing"}
    students = {"ada": {"kind": "mixed", "exercises": {"a": answer, "b": answer}}}
    given = {"ours": {"ada": {"a": 1.0, "b": 2.0}}, "otter": {"ada": {"a": 1.01, "b": None}}}
    (row,) = marks.disagreements(given, students)
    assert (row["exercise"], row["theirs"], row["kind"]) == ("b", None, "mistake The bias is missing")
    assert marks.compared(given) == 2


def test_the_tables_are_what_was_measured():
    text = (ROOT / "benchmarks" / "README.md").read_text(encoding="utf-8")
    assert table.with_tables(text, table.load()) == text, (
        "benchmarks/README.md: run `make bench`, do not edit its tables"
    )


def test_every_difference_in_the_marks_is_explained():
    assert table.UNEXPLAINED not in table.render(table.load())


def test_what_the_benchmark_changes_is_still_there():
    """Cases are added to the rubrics by text, and steps are timed by name."""
    text = "".join(grow.ADDED.values())
    path = ROOT / "autograder" / "rubrics" / f"{STEM}.py"
    space = {"__name__": "autograder.rubrics.with_cases_added"}
    exec(compile(path.read_text(encoding="utf-8") + text, str(path), "exec"), space)
    for name in ("neuron", "averaged_perceptron"):
        assert len(space[name].givens) == len(rubric.find(f"{STEM}.{name}").givens) + 1
    for places in timed.STEPS.values():
        for place in places:
            assert callable(timed.found(place)[2]), f"benchmarks/timed.py: {place} is gone"
