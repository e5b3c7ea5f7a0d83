"""Everyone is graded once, rightly, and nothing is lost."""

import shutil
import signal
import subprocess
import sys
import time

import nbformat
import pytest
from classroom import ROOT, STEM

from autograder import grading, recording, results, rubric, submission, workers
from autograder.course import CourseError
from autograder.report import FAILED

CHEAP = ("ada", "alan", "bernard")  # model answers, a blank notebook, a syntax error: nothing that waits


def test_every_student_gets_what_such_an_answer_earns(graded_class):
    for student, about in graded_class.students.items():
        report = graded_class.course.report(STEM, student)
        for id, expected in about["exercises"].items():
            exercise = report.exercises[id]
            said = f"{student} ({about['kind']}), {id}: {expected} came out as {exercise}"
            assert exercise.points == expected["points"], said
            assert exercise.outcome == expected["outcome"], said
            if expected["kind"] == "mistake":
                assert exercise.mistake == expected["name"], said


def test_the_gradebook_holds_the_reports_points(graded_class):
    for student, marks in graded_class.marks().items():
        expected = graded_class.students[student]["exercises"]
        assert marks == {rubric.grade_id(id): (e["points"], False) for id, e in expected.items()}
    assert len(graded_class.marks()) == len(graded_class.students)


def test_a_deleted_grade_cell_costs_a_right_answer_nothing(graded_class):
    student = graded_class.of_kind("deleted grade cells")
    about = graded_class.students[student]
    earned = [about["exercises"][id]["points"] for id in about["without_grade_cell"]]
    assert max(earned) > 0
    assert min(earned) == 0
    cells = nbformat.read(graded_class.submission(student), 4).cells
    present = {c.metadata.get("nbgrader", {}).get("grade_id") for c in cells}
    assert not present & {rubric.grade_id(id) for id in about["without_grade_cell"]}


def test_a_second_run_grades_and_records_nothing(classroom, monkeypatch):
    def refuse(*args):
        raise AssertionError("graded or recorded twice")

    monkeypatch.setattr(workers.Processes, "submit", refuse)
    monkeypatch.setattr(recording.Recorder, "_commit", refuse)
    graded = classroom.grade()
    assert set(graded) == set(classroom.students)
    assert not any(g.new or g.problem for g in graded.values())


def test_a_lost_gradebook_is_filled_from_kept_results(classroom, monkeypatch):
    before = classroom.marks()
    classroom.keep_only(*CHEAP)
    assert classroom.marks() == {}
    monkeypatch.setattr(workers.Processes, "submit", lambda *args: pytest.fail("graded again"))
    graded = classroom.grade()
    assert all(g.new for g in graded.values())
    assert classroom.marks() == {s: before[s] for s in CHEAP}


def test_a_gradebook_that_lost_a_student_gets_the_marks_back(classroom):
    before = classroom.marks()
    with classroom.course.gradebook() as gradebook:
        gradebook.remove_student("ada")
    graded = classroom.grade()
    assert [g.student for g in graded.values() if g.new] == ["ada"]
    assert classroom.marks() == before


def test_what_is_handed_in_anew_is_recorded_anew(classroom):
    classroom.submission("alan").write_bytes(classroom.submission("ada").read_bytes())
    graded = classroom.grade()
    assert [g.student for g in graded.values() if g.new] == ["alan"]
    assert classroom.marks()["alan"] == classroom.marks()["ada"]


def test_killed_and_started_again_nothing_is_lost_or_graded_twice(classroom):
    before = classroom.marks()
    classroom.keep_only(*CHEAP)
    classroom.forget_results()
    folder = classroom.root / results.PRIVATE / "results"
    command = [sys.executable, "-m", "autograder.cli", "grade", "--assignment", STEM, "--workers", "1", "--unconfined"]
    process = subprocess.Popen(command, cwd=classroom.root, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    end = time.monotonic() + 120
    while not list(folder.glob("*.json")) and time.monotonic() < end and process.poll() is None:
        time.sleep(0.01)
    process.send_signal(signal.SIGKILL)
    process.wait()
    time.sleep(0.5)  # its workers notice, and end
    kept = {path: path.stat().st_mtime_ns for path in folder.glob("*.json")}
    assert len(kept) > 0, "it should have kept the first result before it was killed"
    graded = classroom.grade()
    assert {path: path.stat().st_mtime_ns for path in kept} == kept, "a kept result was made again"
    assert {g.student for g in graded.values() if g.report} == set(CHEAP)
    assert classroom.marks() == {s: before[s] for s in CHEAP}


def test_again_forgets_what_is_kept(classroom):
    classroom.keep_only("alan")
    job = classroom.submitted("alan").job
    (path,) = [p for p in (classroom.results()._path(job, confined) for confined in (True, False)) if p.exists()]
    stamp = path.stat().st_mtime_ns
    assert classroom.grade(again=True)["alan"].new
    assert path.stat().st_mtime_ns > stamp


def test_only_the_students_asked_for_are_graded(classroom):
    classroom.keep_only(*CHEAP)
    assert set(classroom.grade(students=("ada",))) == {"ada"}
    assert set(classroom.marks()) == {"ada"}
    with pytest.raises(CourseError, match="nobody-here has not handed in"):
        classroom.grade(students=("nobody-here",))


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b'{"cells": [', "goes wrong in line 1"),
        (b"", "an empty file"),
        (b"print('hello')", "goes wrong in line 1"),
        (b"\x80\x81\xff", "not JSON text"),
        (b'{"cells": 3}', "no list of cells"),
        (b"[1, 2]", "no list of cells"),
        (b"[" * 100_000, "not JSON text"),
    ],
)
def test_what_is_no_notebook_gets_a_sentence_and_no_points(classroom, data, words):
    classroom.keep_only("ada", "alan")
    classroom.submission("alan").write_bytes(data)
    graded = classroom.grade()
    assert graded["ada"].report.points == graded["ada"].report.max_points
    assert graded["alan"].report.points == 0
    for exercise in graded["alan"].report.exercises.values():
        assert exercise.outcome == FAILED
        assert words in exercise.note
    assert set(classroom.marks()["alan"].values()) == {(0.0, False)}


def test_another_chapters_notebook_is_named(classroom):
    classroom.keep_only("alan", "anita")
    shutil.copy(ROOT / "exercises/warmup/warmup.ipynb", classroom.submission("alan"))
    graded = classroom.grade()
    assert graded["alan"].report.unread.endswith(f"It is the notebook of warmup: hand in that of {STEM}.")
    assert graded["alan"].report.points == 0
    assert not graded["anita"].report.unread


def test_notebooks_in_the_wrong_place_are_named(classroom):
    assert classroom.course.misplaced(STEM) == {}
    places = [f"{STEM}.ipynb", f"bob/{STEM}.ipynb", f"bob/Perceptron/{STEM}.ipynb", f"bob/homework/{STEM}-2.ipynb"]
    places += [f"ada/{STEM}/{STEM}-2.ipynb", f"{STEM}/bob/{STEM}.ipynb"]
    others = ["ada/warmup/warmup.ipynb", f"ada/warmup/{STEM}.ipynb", "warmup.ipynb", f"misnamed/{STEM}/homework.ipynb"]
    for place in places + others:
        path = classroom.root / "submitted" / place
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    assert {str(p) for p in classroom.course.misplaced(STEM)} == {f"submitted/{place}" for place in places}


def test_a_link_is_not_followed(classroom):
    classroom.keep_only("ada", "alan")
    classroom.submission("alan").unlink()
    classroom.submission("alan").symlink_to(classroom.submission("ada"))
    graded = classroom.grade()
    assert graded["alan"].report.points == 0
    assert "a link to another file" in next(iter(graded["alan"].report.exercises.values())).note


def test_a_missing_notebook_gets_a_sentence_and_stops_nobody(classroom):
    classroom.keep_only("ada", "alan", "bernard")
    classroom.submission("alan").rename(classroom.submission("alan").with_name("perceptron (1).ipynb"))
    classroom.submission("bernard").unlink()
    graded = classroom.grade()
    assert graded["ada"].report.points == graded["ada"].report.max_points
    assert graded["alan"].problem == (
        "There is no perceptron.ipynb; the folder holds perceptron (1).ipynb: rename the notebook to perceptron.ipynb."
    )
    assert graded["bernard"].problem == "There is no perceptron.ipynb; the folder is empty."


def test_ones_own_notebook_is_known_by_its_cells_or_by_its_name(graded_class, tmp_path):
    nb = submission.read_file(graded_class.submission("ada"))
    assert grading.stem_of(nb, "renamed.ipynb") == STEM
    bare = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell("1 + 1")])
    assert grading.stem_of(bare, f"work/{STEM}.ipynb") == STEM
    with pytest.raises(LookupError, match="no exercise of this course"):
        grading.stem_of(bare, "shopping.ipynb")


def test_ones_own_notebook_gets_a_report_that_its_seed_repeats(graded_class):
    student = graded_class.of_kind("mixed")
    path = graded_class.submission(student)
    first = grading.own(path)
    again = grading.own(path, first.seed)
    assert again.as_dict() == first.as_dict()
    expected = graded_class.students[student]["exercises"]
    assert {id: e.outcome for id, e in first.exercises.items()} == {id: e["outcome"] for id, e in expected.items()}
