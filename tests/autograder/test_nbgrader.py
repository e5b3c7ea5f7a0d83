"""nbgrader and the referee: the same marks whichever way, and none for what a submission says of itself."""

import datetime
import json
import os
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import nbformat
import pytest
from classroom import STEM
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook
from nbgrader.apps.api import NbGraderAPI

from autograder import rubric, submission
from autograder.recording import Recorder
from autograder.report import UNDECIDED
from autograder.results import Result, Results
from autograder.submission import SourceCell

CHEAP = ("ada", "alan", "barbara", "bernard")  # right, blank, deleted grade cells, a syntax error
FIRST = rubric.grade_id(next(iter(rubric.load(STEM).values())).id)


def run_nbgrader(classroom, *arguments):
    """nbgrader's own command, as from a shell in which no environment is activated."""
    program = Path(sys.executable).parent / "nbgrader"
    environment = {k: v for k, v in os.environ.items() if k not in ("VIRTUAL_ENV", "PYTHONPATH")} | {
        "PATH": "/usr/bin:/bin"
    }
    return subprocess.run([program, *arguments], cwd=classroom.root, env=environment, capture_output=True, text=True)


def test_nbgrader_autograde_gives_the_same_marks(classroom):
    ours = classroom.marks()
    classroom.keep_only(*CHEAP)
    classroom.forget_results()
    done = run_nbgrader(classroom, "autograde", STEM)
    assert done.returncode == 0, done.stderr
    assert classroom.marks() == {s: ours[s] for s in CHEAP}


def test_the_formgraders_button_gives_the_same_marks(classroom):
    ours = classroom.marks()
    classroom.keep_only("alan", "barbara")
    classroom.forget_results()
    api = NbGraderAPI(config=classroom.course.config)
    for student in ("alan", "barbara"):
        done = api.autograde(STEM, student)
        assert done["success"], done
    assert classroom.marks() == {s: ours[s] for s in ("alan", "barbara")}


def test_a_new_gradebook_needs_no_activated_environment(classroom):
    (classroom.root / "gradebook.db").unlink()
    shutil.rmtree(classroom.root / "submitted")
    recorded = f"--RecordCases.folder={classroom.root / 'elsewhere'}"
    done = run_nbgrader(classroom, "generate_assignment", STEM, "--force", recorded)
    assert done.returncode == 0, done.stderr
    classroom.course.check_released(STEM)


@pytest.mark.parametrize("way", ["ours", "nbgrader"])
def test_an_unreadable_notebook_has_the_same_mark_either_way(classroom, way):
    classroom.keep_only("alan")
    classroom.submission("alan").write_text("{")
    if way == "ours":
        classroom.grade()
    else:
        assert NbGraderAPI(config=classroom.course.config).autograde(STEM, "alan")["success"]
    assert set(classroom.marks()["alan"].values()) == {(0.0, False)}


def test_nothing_that_a_submission_says_of_itself_gives_points(classroom):
    """A blank notebook with a forged report, forged outputs, tags, points and flags."""
    forged = classroom.course.report(STEM, "ada").as_dict()
    assert forged["points"] == forged["max_points"]
    classroom.keep_only("alan")
    nb = nbformat.read(classroom.submission("alan"), 4)
    nb.metadata["autograder"] = {"report": forged, "key": "0", "unreadable": ""}
    nb.metadata["kernelspec"] = {"name": "evil", "display_name": "evil"}
    for i, cell in enumerate(nb.cells):
        cell.metadata["tags"] = ["skip-execution"]
        cell.metadata["autograder"] = {"points": 99}
        about = cell.metadata.get("nbgrader", {})
        if about.get("grade"):
            about["points"] = 99
            about["grade"] = bool(i % 2)
            about["solution"] = not i % 3
            cell.source = "99.0"
            cell.outputs = [nbformat.v4.new_output("execute_result", {"text/plain": "99.0"})]
    classroom.submission("alan").write_text(json.dumps(nb))
    classroom.grade()
    assert set(classroom.marks()["alan"].values()) == {(0.0, False)}
    autograded = (classroom.course.folder("autograded", "alan", STEM) / f"{STEM}.ipynb").read_text()
    assert "skip-execution" not in autograded
    assert "evil" not in autograded
    assert json.loads(autograded)["metadata"]["kernelspec"]["name"] == "python3"
    about = [c["metadata"].get("nbgrader", {}) for c in json.loads(autograded)["cells"]]
    assert {a["grade_id"]: a["points"] for a in about if a.get("grade")} == {
        rubric.grade_id(r.id): r.points for r in rubric.load(STEM).values()
    }


def source(grade_id, **flags):
    cell_type = flags.pop("cell_type", "code")
    return SourceCell(grade_id, cell_type, f"# {grade_id} as released", "0123", **flags)


RELEASE = {
    "given": source("given", locked=True),
    "f-code": source("f-code", solution=True),
    "f": source("f", grade=True, locked=True, points=2.0),
    "essay": source("essay", grade=True, solution=True, points=4.0, cell_type="markdown"),
}


def cell(grade_id, text="# the student's", make=new_code_cell, **about):
    return make(text, metadata={"nbgrader": {"grade_id": grade_id, **about}} if grade_id else {})


def restored(*cells):
    nb = submission.read(json.dumps(new_notebook(cells=list(cells))).encode())
    return [
        (c.cell_type, c.source, c.metadata.get("nbgrader", {}).get("grade_id"))
        for c in submission.restored(nb, RELEASE).cells
    ]


WHOLE = [cell("given"), cell("f-code"), cell("f"), cell("essay", make=new_markdown_cell)]


def test_locked_cells_are_as_released_and_answers_as_written():
    assert restored(*WHOLE) == [
        ("code", "# given as released", "given"),
        ("code", "# the student's", "f-code"),
        ("code", "# f as released", "f"),
        ("markdown", "# the student's", "essay"),
    ]


def test_a_deleted_grade_cell_stands_at_the_end_and_a_deleted_essay_is_empty():
    kept = restored(cell("f-code"), cell(None, "1 + 1"))
    assert kept == [
        ("code", "# the student's", "f-code"),
        ("code", "1 + 1", None),
        ("code", "# f as released", "f"),
        ("markdown", "", "essay"),
    ]


def test_of_copies_of_a_cell_the_last_one_counts():
    kept = restored(cell("f-code", "1"), cell("f-code", "2"), *WHOLE[2:])
    assert kept[:2] == [("code", "1", None), ("code", "2", "f-code")]


def test_a_cell_of_no_release_loses_its_grade_id():
    assert restored(cell("made-up", grade=True, points=50), *WHOLE)[0] == ("code", "# the student's", None)


def test_a_cell_of_the_wrong_type_gets_its_own_back():
    kept = restored(cell("given"), cell("f-code", make=new_markdown_cell), *WHOLE[2:])
    assert kept[1] == ("code", "# the student's", "f-code")


def test_odd_cells_do_no_harm():
    plain = {
        "cells": [None, 3, {}, {"cell_type": "code", "source": ["a\n", "b"], "metadata": None}, {"cell_type": ["x"]}]
    }
    cells = submission.read(json.dumps(plain).encode()).cells
    assert [(c.cell_type, c.source) for c in cells] == [("raw", ""), ("code", "a\nb"), ("raw", "")]


def test_old_notebooks_are_converted():
    sheet = {
        "cells": [{"cell_type": "code", "language": "python", "input": "x = 1", "outputs": [], "metadata": {}}],
        "metadata": {},
    }
    plain = {"nbformat": 3, "nbformat_minor": 0, "metadata": {"name": ""}, "worksheets": [sheet]}
    assert [c.source for c in submission.read(json.dumps(plain).encode()).cells] == ["x = 1"]


def test_files_beside_the_notebook_come_along_but_links_and_the_ignored_do_not(tmp_path):
    mine, given = tmp_path / "mine", tmp_path / "given"
    (mine / "data").mkdir(parents=True)
    given.mkdir()
    (mine / "data" / "x.csv").write_text("mine")
    (mine / "perceptron.ipynb").write_text("{}")
    (mine / "timestamp.txt").write_text("now")
    (mine / "helper.py").write_text("1")
    (mine / "y.csv").write_text("mine")
    (given / "y.csv").write_text("the course's")
    (mine / "secret").symlink_to("/etc/passwd")
    (mine / "folder").symlink_to(given)
    found = submission.files(mine, ignore=["*.py"])
    assert found == {"data/x.csv": b"mine", "y.csv": b"mine"}
    found = submission.laid_over(found, submission.files(given))
    assert found == {"data/x.csv": b"mine", "y.csv": b"the course's"}


def test_a_file_and_a_folder_of_one_name_do_not_meet():
    assert submission.laid_over({"data": b"", "a/b/c": b"", "kept": b""}, {"data/x": b"", "a/b": b""}) == {
        "kept": b"",
        "data/x": b"",
        "a/b": b"",
    }


def test_files_beside_the_notebook_have_limits(tmp_path, monkeypatch):
    monkeypatch.setattr(submission, "FILES_LIMIT", 100)
    monkeypatch.setattr(submission, "FILES_COUNT", 7)
    os.mkfifo(tmp_path / "a-pipe")
    with open(tmp_path / "a-sparse", "wb") as file:
        file.truncate(10 * 2**30)
    (tmp_path / os.fsdecode(b"a-\xff")).write_text("x")
    (tmp_path / "b").write_bytes(bytes(60))
    (tmp_path / "c").write_bytes(bytes(60))
    here = os.open(tmp_path, os.O_RDONLY)
    for _ in range(60):  # deeper than any path is long
        os.mkdir("d" * 100, dir_fd=here)
        here, above = os.open("d" * 100, os.O_RDONLY, dir_fd=here), here
        with open(os.open("x", os.O_WRONLY | os.O_CREAT, dir_fd=here), "w"):
            pass
        os.close(above)
    os.close(here)
    (tmp_path / "e").touch()
    assert list(submission.files(tmp_path)) == ["b", "e", *("/".join(["d" * 100] * i + ["x"]) for i in (1, 2, 3, 4))]
    for i in range(20):
        (tmp_path / f"f{i:02}").touch()
    assert list(submission.files(tmp_path)) == ["b", "e", *(f"f{i:02}" for i in range(5))]
    deep = tmp_path / "deep" / "/".join("abcdefghijklmnopqrst")
    (deep / "u").mkdir(parents=True)
    (deep / "x").touch()
    (deep / "u" / "y").touch()
    assert list(submission.files(tmp_path / "deep")) == ["a/b/c/d/e/f/g/h/i/j/k/l/m/n/o/p/q/r/s/t/x"]
    assert submission.files(tmp_path / "nowhere") == submission.files(tmp_path / "b") == {}


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (os.mkfifo, "no file"),
        (os.mkdir, "no file"),
        (lambda path: os.symlink(path, path), "a link"),
        (lambda path: os.truncate(os.open(path, os.O_WRONLY | os.O_CREAT), 10 * 2**30), "larger than 20 MB"),
        (lambda path: path.write_text('{"cells": [], "nbformat": ' + "9" * 10**6 + "}"), "not JSON text"),
    ],
)
def test_what_is_no_notebook_gets_a_sentence_at_once(tmp_path, make, words):
    make(tmp_path / "perceptron.ipynb")
    with pytest.raises(submission.Unreadable, match=words):
        submission.read_file(tmp_path / "perceptron.ipynb")


def test_what_is_undecided_has_no_score_and_needs_a_person(classroom, monkeypatch):
    classroom.keep_only("ada")
    report = classroom.results().get(classroom.submitted("ada").job).report
    open_ = replace(
        report.exercises[rubric.exercise_id(FIRST)], points=None, outcome=UNDECIDED, note="The grader broke."
    )
    result = Result(replace(report, exercises={**report.exercises, open_.exercise: open_}))
    monkeypatch.setattr(Results, "get", lambda self, job: result)
    graded = classroom.grade()["ada"]
    assert graded.report.undecided == [open_.exercise]
    marks = classroom.marks()["ada"]
    assert marks.pop(FIRST) == (None, True)
    assert all(score is not None and not person for score, person in marks.values())


def test_without_a_verdict_there_are_no_points(classroom):
    classroom.keep_only("ada")
    report = classroom.results().get(classroom.submitted("ada").job).report
    result = Result(replace(report, exercises={}))
    with Recorder(classroom.course, STEM) as recorder:
        recorder.record(classroom.submitted("ada"), "key", result)
    assert set(classroom.marks()["ada"].values()) == {(None, True)}


def test_what_a_person_has_given_survives_a_regrade(classroom):
    classroom.keep_only("alan")
    classroom.grade()
    with classroom.course.gradebook() as gradebook:
        row = gradebook.find_grade(FIRST, STEM, STEM, "alan")
        row.manual_score, row.extra_credit = 1.5, 0.5
        gradebook.db.commit()
    _submit_at(classroom, "alan", "2026-01-01 10:00:00 UTC")  # handed in again
    assert classroom.grade()["alan"].new
    with classroom.course.gradebook() as gradebook:
        row = gradebook.find_grade(FIRST, STEM, STEM, "alan")
        assert (row.auto_score, row.manual_score, row.extra_credit, row.score) == (0.0, 1.5, 0.5, 2.0)
        assert not row.needs_manual_grade, "the answer and the verdict are what the person saw"


def test_late_penalties_apply_and_survive_a_regrade(classroom):
    plugin = "from nbgrader.plugins import BasePlugin\nclass Late(BasePlugin):\n"
    plugin += "    def late_submission_penalty(self, student_id, score, total_seconds_late):\n        return 2.0\n"
    config = classroom.root / "nbgrader_config.py"
    config.write_text(config.read_text() + f"\n{plugin}\nc.AssignLatePenalties.plugin_class = Late\n")
    with classroom.course.gradebook() as gradebook:
        gradebook.find_assignment(STEM).duedate = datetime.datetime(2026, 1, 1)
        gradebook.db.commit()
    classroom.keep_only("ada")
    _submit_at(classroom, "ada", "2026-01-02 00:00:00 UTC")
    for _ in range(2):
        classroom.grade(again=False)
        assert classroom.course.scores(STEM, "ada")["penalty"] == 2.0
        shutil.rmtree(classroom.root / "autograded")


def test_a_broken_configuration_stops_everything(classroom):
    path = classroom.root / "nbgrader_config.py"
    path.write_text(path.read_text() + "\nc.Autograde.autograde_preprocessors = nonsense\n")
    with pytest.raises(NameError):
        type(classroom.course)(classroom.root).config  # noqa: B018  (loads it)


def _submit_at(classroom, student, time):
    classroom.submission(student).with_name("timestamp.txt").write_text(time)
