"""Release: the same bytes twice, nothing that belongs to the instructor, and the last good one if it fails."""

import hashlib
import shutil

import nbformat
import pytest
from classroom import ROOT, STEM, write_course
from nbgrader.apps.api import NbGraderAPI

from autograder import release, rubric
from autograder.course import Course
from coursekit import recorded


@pytest.fixture
def course(tmp_path, monkeypatch):
    (tmp_path / "course").mkdir()
    return write_course(tmp_path / "course", monkeypatch).root


def files(folder):
    return {
        str(p.relative_to(folder)): hashlib.sha256(p.read_bytes()).hexdigest()
        for p in sorted(folder.rglob("*"))
        if p.is_file() and p.suffix != ".db"
    }


def both(course):
    return files(course / "exercises") | files(course / "recorded")


def edit(course, change):
    path = course / "solutions" / STEM / f"{STEM}.ipynb"
    nb = nbformat.read(path, as_version=4)
    change(nb)
    nbformat.write(nb, path)


def test_a_second_release_changes_no_byte(course):
    before = both(course)
    assert set(before) == {f"{STEM}/{STEM}.ipynb", f"{STEM}.safetensors"}
    assert not release.release(STEM, course)
    shutil.rmtree(course / "exercises")
    assert release.release(STEM, course)
    assert both(course) == before


def test_the_repositorys_release_is_the_one_that_its_sources_give(course):
    name = f"{STEM}/{STEM}.ipynb"
    shutil.copy(ROOT / "solutions" / name, course / "solutions" / name)
    release.release(STEM, course)
    ours, theirs = (
        [(c.id, c.source, c.metadata) for c in nbformat.read(root / "exercises" / name, as_version=4).cells]
        for root in (course, ROOT)
    )
    assert ours == theirs, "run `autograder release` and commit exercises/"


def test_the_formgraders_button_gives_the_same_release(course):
    before = both(course)
    shutil.rmtree(course / "exercises")
    config = Course(course).config
    config.RecordCases.folder = str(recorded.FOLDER)
    answer = NbGraderAPI(config=config).generate_assignment(STEM)
    assert answer["success"], answer["error"]
    assert both(course) == before


@pytest.mark.parametrize("button", [False, True])
def test_a_failed_recording_leaves_the_previous_release_in_place(course, monkeypatch, button):
    def broken(*args, **kwargs):
        raise RuntimeError("the reference fails its own case")

    before = both(course)
    monkeypatch.setattr(rubric.Rubric, "exercise", broken)
    if button:
        config = Course(course).config
        config.RecordCases.folder = str(recorded.FOLDER)
        answer = NbGraderAPI(config=config).generate_assignment(STEM)
        assert not answer["success"]
        assert "the reference fails" in answer["error"]
    else:
        with pytest.raises(release.ReleaseError, match="the reference fails"):
            release.release(STEM, course)
    assert both(course) == before


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda nb: nb.cells.remove(grade_cell(nb)), "no grade cell 'perceptron-neuron'"),
        (lambda nb: grade_cell(nb).metadata.nbgrader.update(points=9), "the cell gives 9 points, the rubric 2"),
        (lambda nb: grade_cell(nb).update(source="check()"), "lacks the line check"),
        (lambda nb: grade_cell(nb).metadata.nbgrader.update(grade_id="perceptron-other"), "no grade cell"),
    ],
)
def test_a_source_that_disagrees_with_its_rubric_is_not_released(course, change, said):
    before = both(course)
    edit(course, change)
    with pytest.raises(release.ReleaseError, match=said):
        release.release(STEM, course)
    assert both(course) == before


def grade_cell(nb):
    return next(c for c in nb.cells if c.metadata.get("nbgrader", {}).get("grade_id") == "perceptron-neuron")


def test_nothing_else_from_solutions_is_handed_out(course):
    before = both(course)
    (course / "solutions" / STEM / "answers.txt").write_text("42")
    with pytest.raises(release.ReleaseError, match=r"answers\.txt would be handed to students"):
        release.release(STEM, course)
    assert both(course) == before


def test_an_unknown_stem_is_named_with_those_that_are_there(course):
    with pytest.raises(release.ReleaseError, match=r"no solutions/perceptrons; there are: .*perceptron"):
        release.release("perceptrons", course)


def test_the_public_address_is_filled_in_from_its_one_place(course):
    config = course / "_config.yml"
    config.write_text(config.read_text().replace('url: ""', 'url: "https://example.org/course"'))
    release.release(STEM, course)
    text = (course / "exercises" / STEM / f"{STEM}.ipynb").read_text()
    assert r"REPOSITORY = \"https://example.org/course\"" in text
    assert release.ADDRESS_LINE.replace('"', r"\"") not in text


def test_a_changed_source_makes_the_release_stale(course):
    assert release.stale(STEM, course) == ""
    edit(course, lambda nb: nb.cells[0].update(source=nb.cells[0].source + " "))
    assert "the solution of perceptron changed" in release.stale(STEM, course)


def test_other_numbers_make_the_release_stale(course, monkeypatch):
    monkeypatch.setattr(rubric, "PUBLIC_SEED", "public")  # the same name, but …
    real = rubric.Rubric._rng
    monkeypatch.setattr(rubric.Rubric, "_rng", lambda self, seed, case: real(self, "another", case))
    assert "this machine computes another value" in release.stale(STEM, course)


def test_the_students_course_holds_no_answers(tmp_path):
    release.student_course(tmp_path / "students", ROOT)
    there = {p.name for p in (tmp_path / "students").iterdir()}
    assert {"book", "exercises", "coursekit", "Makefile", "_toc.yml", "requirements.txt"} <= there
    assert not there & {"solutions", "autograder", "tests", ".git", ".autograder", "gradebook.db"}
    for path in (tmp_path / "students").rglob("*"):
        if path.is_file() and path.suffix in (".py", ".ipynb"):
            assert "BEGIN SOLUTION" not in path.read_text(), path
    with pytest.raises(release.ReleaseError, match="not empty"):
        release.student_course(tmp_path / "students", ROOT)


def test_an_exercise_that_comes_after_grading_is_a_sentence(classroom, monkeypatch):
    monkeypatch.setattr(recorded, "FOLDER", classroom.root / "recorded")
    source = classroom.root / "solutions" / STEM / f"{STEM}.ipynb"
    nb = nbformat.read(source, 4)
    added = nbformat.v4.new_markdown_cell("Say why.")
    about = {"grade_id": "why", "grade": True, "solution": True, "locked": False, "task": False, "schema_version": 3}
    added.metadata["nbgrader"] = {**about, "points": 2}
    nb.cells.append(added)
    nbformat.write(nb, source)
    before = (classroom.root / "exercises" / STEM / f"{STEM}.ipynb").read_bytes()
    with pytest.raises(release.ReleaseError, match="neither adds nor removes exercises"):
        release.release(STEM, classroom.root)
    assert (classroom.root / "exercises" / STEM / f"{STEM}.ipynb").read_bytes() == before
