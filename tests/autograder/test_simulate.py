"""A simulated class is what its manifest says: tests of grading stand on it."""

import json

import nbformat
import pytest
from classroom import STEM

from autograder import results, rubric, simulate
from autograder.course import CourseError
from autograder.solution import model_answer
from coursekit import compare
from coursekit.observe import observe

RUBRICS = rubric.load(STEM).values()
ANSWERS = [(r, "alternative", name, f) for r in RUBRICS for name, f in r.alternatives.items()]
ANSWERS += [(r, "mistake", m.name, f) for r in RUBRICS for m, f in r.mistakes.items()]


@pytest.mark.parametrize(
    ("r", "kind", "name", "function"), ANSWERS, ids=[f"{r.name}: {name}" for r, _, name, _ in ANSWERS]
)
def test_an_answer_written_into_a_notebook_does_what_it_did_in_the_rubric(r, kind, name, function):
    namespace = {}
    exec(simulate.standalone(function, r.name), namespace)
    assert set(namespace) == {r.name, "__builtins__"}, "it must not disturb the notebook's other names"
    exercise = r.exercise("simulate", hidden=False)
    result = compare.examine(exercise, lambda case: observe(namespace[r.name], case, exercise.seconds))
    assert result.passed == (kind == "alternative")
    if kind == "mistake":
        assert result.mistake is not None
        assert result.mistake.name == name


@pytest.mark.parametrize("id", ["generalization.EarlyStopping", "backpropagation.Value"])
def test_a_class_is_written_with_all_that_it_inherits(id):
    r = rubric.find(id)
    exercise = r.exercise("simulate", hidden=False)
    for (kind, name), source in simulate.written(r).items():
        namespace = {}
        exec(source, namespace)
        assert set(namespace) == {r.name, "__builtins__"}
        answer = namespace[r.name]
        result = compare.examine(exercise, lambda case, answer=answer: observe(answer, case, exercise.seconds))
        assert result.passed == (kind != "mistake"), name
        assert kind != "mistake" or result.mistake.name == name


def test_what_a_function_gave_an_answer_is_written_with_it():
    def shifted(by):
        def f(x):
            return x + by

        return f

    namespace = {}
    exec(simulate.standalone(shifted(3), "g"), namespace)
    assert namespace["g"](4) == 7


def test_a_class_that_a_function_made_cannot_be_written():
    class Local:
        def step(self):
            return 1

    with pytest.raises(TypeError, match="no definition of its own"):
        simulate.standalone(Local, "Local")


@pytest.mark.parametrize("stem", rubric.stems())
def test_every_chapter_can_be_simulated(stem):
    kinds = [{kind for kind, _ in simulate.written(r)} for r in rubric.load(stem).values()]
    assert all("reference" in found for found in kinds)
    assert sum("mistake" in found for found in kinds) >= len(kinds) / 2
    assert sum("alternative" in found for found in kinds) >= len(kinds) / 2


def test_every_kind_of_student_is_in_the_class(graded_class):
    kinds = {about["kind"] for about in graded_class.students.values()}
    assert kinds == {"model answers", "blank", "alternative answers", "deleted grade cells", "mixed", *simulate.BROKEN}
    answers = {e["kind"] for about in graded_class.students.values() for e in about["exercises"].values()}
    assert {"model", "reference", "alternative", "mistake", "stub"} <= answers


def test_what_students_are_is_not_written_where_their_code_runs(graded_class):
    for path in (graded_class.root / "submitted").rglob("*"):
        assert path.is_dir() or path.name == f"{STEM}.ipynb"


def test_the_same_seed_makes_the_same_class(classroom):
    before = {s: classroom.submission(s).read_bytes() for s in classroom.students}
    manifest = simulate.simulate(classroom.course, STEM, len(before))
    assert manifest["students"] == classroom.students
    cells = [[(c.cell_type, c.source) for c in nbformat.reads(b.decode(), 4).cells] for b in before.values()]
    again = [[(c.cell_type, c.source) for c in nbformat.read(classroom.submission(s), 4).cells] for s in before]
    assert again == cells
    other = simulate.simulate(classroom.course, STEM, len(before), seed=1)
    assert other["students"] != classroom.students


def test_a_real_submission_is_never_overwritten(classroom):
    path = classroom.root / results.PRIVATE / f"simulated-{STEM}.json"
    manifest = json.loads(path.read_text())
    del manifest["students"]["ada"]  # as if ada were real
    path.write_text(json.dumps(manifest))
    before = classroom.submission("ada").read_bytes()
    with pytest.raises(CourseError, match="ada has handed in"):
        simulate.simulate(classroom.course, STEM, 5, seed=3)
    assert classroom.submission("ada").read_bytes() == before


def test_model_answers_come_with_the_cells_that_they_lean_on(classroom):
    catalog = simulate.Catalog(STEM, classroom.course)
    about = {"nbgrader": {"solution": True, "grade": False, "grade_id": "helpers"}}
    catalog.released.cells.append(nbformat.v4.new_code_cell("raise NotImplementedError()", metadata=about))
    solved = "### BEGIN SOLUTION\nhelp = 1\n### END SOLUTION"
    catalog.model.cells.append(nbformat.v4.new_code_cell(solved, metadata=about))
    ids = list(catalog.exercises)
    answers = [catalog.answer(id, "model") for id in ids]
    assert catalog.notebook(answers).cells[-1].source == "help = 1"
    answers[0] = catalog.answer(ids[0], "stub")
    assert catalog.notebook(answers).cells[-1].source == "raise NotImplementedError()"


def test_a_model_answer_is_the_code_without_the_marks(graded_class):
    nb = graded_class.course.notebook("source", STEM)
    for r in RUBRICS:
        source = model_answer(nb, r.id)
        assert "SOLUTION" not in source
        assert f"def {r.name}(" in source
    with pytest.raises(LookupError, match="no cell"):
        model_answer(nb, f"{STEM}.nothing")
