"""Recorded as nbgrader would, whole or not at all, whatever happens meanwhile."""

import hashlib
import json
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
from dataclasses import asdict, replace
from pathlib import Path

import pytest
from classroom import STEM
from nbgrader.apps.api import NbGraderAPI
from nbgrader.converters import Autograde
from nbgrader.utils import compute_checksum
from sqlalchemy import event
from sqlalchemy.engine import Engine

from autograder import nbgrader, recording, rubric, submission
from autograder.course import CourseError
from autograder.recording import Recorder
from autograder.results import Results
from autograder.submission import cell_of

FIRST, SECOND = (rubric.grade_id(r.id) for r in list(rubric.load(STEM).values())[:2])
ESSAY = {"grade_id": "essay", "grade": True, "solution": True, "locked": False, "points": 4.0}
CHECKSUM = compute_checksum(cell_of("markdown", "Write.", metadata={"nbgrader": ESSAY}))
LATE = """
from nbgrader.plugins import BasePlugin
class Late(BasePlugin):
    def late_submission_penalty(self, student_id, score, seconds):
        return {"alan": 1.5, "barbara": 99.0, "anita": -1.0}.get(student_id)
c.AssignLatePenalties.plugin_class = Late
c.LimitOutput.max_lines = 3
"""


@pytest.fixture
def written(classroom):
    """A class with all that a gradebook can hold: written answers, tasks, files, late work, marks given by hand."""
    with open(classroom.root / "nbgrader_config.py", "a") as file:
        file.write(LATE)
    with classroom.course.gradebook() as gradebook:
        gradebook.update_or_create_assignment(STEM, duedate="2026-01-01")
        for name in ("essay", "sketch"):
            about = {"cell_type": "markdown", "notebook": STEM, "assignment": STEM}
            gradebook.update_or_create_grade_cell(name, max_score=4.0, **about)
            gradebook.update_or_create_solution_cell(name, notebook=STEM, assignment=STEM)
            gradebook.update_or_create_source_cell(name, source="Write.", checksum=CHECKSUM, locked=False, **about)
        gradebook.update_or_create_task_cell("task", max_score=2.0, **about)
        gradebook.update_or_create_source_cell("task", source="Do it.", checksum=CHECKSUM, locked=True, **about)
    classroom.keep_only("ada", "alan", "anita", "barbara", "bernard", "claude")
    for student, time_ in [
        ("alan", "2026-01-02 10:00:00"),
        ("barbara", "2026-02-02 10:00"),
        ("anita", "2026-03-03"),
        ("ada", "2025-12-31 10:00:00 UTC"),
    ]:
        classroom.submission(student).with_name("timestamp.txt").write_text(time_)
    data = classroom.submission("ada").with_name("data") / "mine.csv"
    data.parent.mkdir()
    data.write_text("1,2\n")
    (classroom.root / "solutions" / STEM / "given.csv").write_text("3,4\n")
    classroom.submission("ada").with_name("given.csv").write_text("changed\n")
    for student, text in [("ada", "My essay."), ("claude", "Write.")]:
        nb = json.loads(classroom.submission(student).read_text())
        nb["cells"].append({"cell_type": "markdown", "metadata": {"nbgrader": {"grade_id": "essay"}}, "source": text})
        classroom.submission(student).write_text(json.dumps(nb))
    classroom.submission("bernard").write_text("no notebook")
    return classroom


@pytest.fixture
def known(graded_class, monkeypatch):
    """Nobody is judged: each notebook has a result already, made up from one that is kept."""
    job = graded_class.submitted(graded_class.of_kind("mixed")).job
    result = graded_class.results().get(job)
    line = {"output_type": "stream", "name": "stdout", "text": "a line\n" * 9}
    result = replace(result, outputs=tuple([line] if o else o for o in result.outputs))
    monkeypatch.setattr(Results, "get", lambda self, job: result)
    return result


def by_nbgrader(classroom, students):
    api = NbGraderAPI(config=type(classroom.course)(classroom.root).config)
    for student in students:
        done = api.autograde(STEM, student)
        assert done["success"], done["log"]


def test_gradebook_and_notebooks_are_as_nbgrader_would_write_them(written, known):
    graded = written.grade()
    assert all(g.new for g in graded.values()), graded
    ours = written.rows(), written.files()
    written.keep_only(*graded)
    by_nbgrader(written, graded)
    theirs = written.rows(), written.files()
    assert ours[0] == theirs[0]
    assert ours[1] == theirs[1]
    rows, files = ours
    assert [rows[s]["penalty"] for s in ("ada", "alan", "anita", "claude")] == [None, 1.5, 0.0, None]
    assert rows["barbara"]["penalty"] == sum(g[-1] for g in rows["barbara"]["grades"].values())
    assert rows["ada"]["grades"]["essay"][3] is True, "a person grades it"
    assert rows["claude"]["grades"]["essay"][0] == 0.0, "nobody need look at what was not begun"
    assert rows["claude"]["comments"]["essay"][0] == "No response."
    assert {"ada/perceptron/data/mine.csv", "ada/perceptron/given.csv", "ada/perceptron/timestamp.txt"} <= set(files)


def test_recorded_again_it_is_still_as_nbgrader_would_write_it(written, known):
    """With marks and comments that a person has given meanwhile."""
    written.grade()
    with written.course.gradebook() as gradebook:
        for grade_id, score, extra in [(FIRST, 1.5, 0.5), ("essay", 3.0, None), (SECOND, None, 1.0)]:
            row = gradebook.find_grade(grade_id, STEM, STEM, "ada")
            row.manual_score, row.extra_credit, row.needs_manual_grade = score, extra, False
        gradebook.find_comment("essay", STEM, STEM, "ada").manual_comment = "Well written."
        gradebook.db.commit()
    untouched = written.rows()["ada"]
    assert not any(g.new for g in written.grade().values())
    assert written.rows()["ada"] == untouched, "what is recorded is left alone"
    for student in ("ada", "alan"):
        written.submission(student).with_name("timestamp.txt").write_text("2026-01-05 10:00:00 UTC")
    assert [s for s, g in written.grade().items() if g.new] == ["ada", "alan"]
    row = written.rows()["ada"]
    assert [row["grades"][cell][3] for cell in (FIRST, "essay")] == [False, False], "nobody need look again"
    ours = written.rows(), written.files()
    for cell in (FIRST, "essay"):
        ours[0]["ada"]["grades"][cell][3] = True  # nbgrader asks for it after every regrade
    by_nbgrader(written, written.rows())
    assert (written.rows(), written.files()) == ours
    assert row["grades"]["essay"][1] == 3.0
    assert row["grades"][FIRST][1:3] == [1.5, 0.5]
    assert row["comments"]["essay"] == [None, "Well written."]


@pytest.mark.parametrize("new", ["answer", "verdict", "nothing"])
def test_a_mark_given_by_hand_needs_another_look_where_something_is_new(written, known, monkeypatch, new):
    written.grade()
    with written.course.gradebook() as gradebook:
        row = gradebook.find_grade(FIRST, STEM, STEM, "ada")
        row.manual_score, row.needs_manual_grade = 1.5, False
        gradebook.db.commit()
    if new == "answer":
        nb = json.loads(written.submission("ada").read_text())
        nb["cells"].append({"cell_type": "code", "metadata": {}, "source": "another = 1"})
        written.submission("ada").write_text(json.dumps(nb))
    if new == "verdict":
        id = FIRST.replace("-", ".", 1)
        judged = replace(known.report.exercises[id], points=0.25)
        result = replace(known, report=replace(known.report, exercises=known.report.exercises | {id: judged}))
        monkeypatch.setattr(Results, "get", lambda self, job: result)
    assert written.grade(students=["ada"], again=new == "nothing")["ada"].new
    grade = written.rows()["ada"]["grades"][FIRST]
    assert grade[1] == 1.5
    assert grade[3] is (new != "nothing")


def test_a_job_is_byte_for_byte_what_nbgraders_pipeline_makes(classroom, monkeypatch):
    odd = {
        "cell_type": "code",
        "source": "x = '\ud800\u2028\r\n\x0c'",
        "metadata": {"nbgrader": {"grade_id": "\ud800"}},
    }
    odd = [
        odd,
        {"cell_type": "raw", "source": ["a\n", 3]},
        {"cell_type": "markdown", "source": "", "metadata": {"tags": ["x"]}},
    ]
    nb = json.loads(classroom.submission("ada").read_text())
    classroom.submission("ada").write_text(json.dumps({**nb, "cells": [*odd, *nb["cells"], *odd]}))
    classroom.submission("bernard").write_text("{")
    theirs = {}

    def catch(self, job):
        theirs[current] = job
        raise RuntimeError("seen enough")

    monkeypatch.setattr(Results, "of", catch)
    monkeypatch.setattr(nbgrader.results, "unreadable", lambda job, *rest: catch(None, job))
    for current in classroom.students:
        classroom.course.convert(Autograde, STEM, current)
    ours = {student: classroom.submitted(student).job for student in classroom.students}
    assert list(theirs) == list(ours)
    for student in ours:
        assert ours[student] == theirs[student], student
    assert all(released(ours["alan"])), "a blank notebook is as it was released"
    assert not all(released(ours["ada"]))


def released(job):
    """Is it as released? Of each code cell that is run."""
    for cell in json.loads(job.notebook)["cells"]:
        grade_id = cell["metadata"].get("nbgrader", {}).get("grade_id", "-code")
        if cell["cell_type"] == "code" and grade_id.endswith("-code"):
            yield cell["metadata"].get("as_released", False)


def test_a_course_with_steps_of_its_own_is_recorded_by_nbgrader(classroom):
    path = classroom.root / "nbgrader_config.py"
    path.write_text(
        path.read_text()
        + "\nc.Autograde.autograde_preprocessors = [*AUTOGRADE, 'nbgrader.preprocessors.ClearOutput']\n"
    )
    classroom.keep_only("alan")
    graded = type(classroom)(classroom.root).grade()
    assert graded["alan"].new
    cells = json.loads((classroom.course.folder("autograded", "alan", STEM) / f"{STEM}.ipynb").read_text())["cells"]
    assert not any(c.get("outputs") for c in cells)


def test_links_and_pipes_beside_a_notebook_are_left_where_they_are(classroom, known):
    classroom.keep_only("ada")
    folder = classroom.submission("ada").parent
    (folder / "secret.csv").symlink_to("/etc/passwd")
    (folder / "above").symlink_to(classroom.root)
    os.mkfifo(folder / "pipe")
    with open(folder / "sparse", "wb") as file:
        file.truncate(10 * 2**30)
    assert classroom.grade()["ada"].new
    assert list(classroom.files()) == ["ada/perceptron/perceptron.ipynb"]
    (folder / "pipe").unlink()  # at which nbgrader gives up
    os.truncate(folder / "sparse", submission.FILES_LIMIT + 1)
    by_nbgrader(classroom, ["ada"])
    assert list(classroom.files()) == ["ada/perceptron/perceptron.ipynb"]


@pytest.mark.parametrize("way", ["recorded", "by nbgrader"])
def test_what_students_write_and_show_is_harmless_in_the_formgrader(written, known, monkeypatch, way):
    """Text and outputs of theirs, not of ours; and what they handed in stays as it is."""
    script = "<script>alert(1)</script>"
    outputs = [{"output_type": "display_data", "metadata": {}, "data": {"text/html": script, "text/plain": "x"}}]
    result = replace(known, outputs=tuple(outputs if o else o for o in known.outputs))
    monkeypatch.setattr(Results, "get", lambda self, job: result)
    written.keep_only("ada")
    nb = json.loads(written.submission("ada").read_text())
    essay = {"cell_type": "markdown", "id": "e", "source": script, "metadata": {"nbgrader": {"grade_id": "essay"}}}
    more = [{"cell_type": kind, "id": kind, "source": script, "metadata": {}} for kind in ("markdown", "raw")]
    written.submission("ada").write_text(json.dumps({**nb, "cells": [*nb["cells"], essay, *more]}))
    handed_in = written.submission("ada").read_bytes()
    if way == "recorded":
        assert written.grade()["ada"].new
    else:
        by_nbgrader(written, ["ada"])
    text = (written.root / "autograded" / "ada" / STEM / f"{STEM}.ipynb").read_text()
    assert script not in text
    assert text.count("< script>alert(1)< /script>") == 3
    ours = next(c["source"] for c in nb["cells"] if c["cell_type"] == "markdown" and "<" in "".join(c["source"]))
    assert json.dumps("".join(ours)) in json.dumps(["".join(c["source"]) for c in json.loads(text)["cells"]])
    assert written.submission("ada").read_bytes() == handed_in


@pytest.mark.parametrize("data", [b"\xff yesterday", b"9" * 100, b" " * 10_000], ids=["words", "year", "length"])
def test_a_time_that_is_none_gets_a_sentence_and_stops_nobody(classroom, known, data):
    classroom.keep_only("ada", "alan")
    classroom.submission("ada").with_name("timestamp.txt").write_bytes(data)
    graded = classroom.grade()
    assert "holds no date" in graded["ada"].problem
    assert graded["alan"].new


def test_a_penalty_that_fails_stops_nobody(classroom, known, monkeypatch):
    classroom.keep_only("ada", "alan")
    original = Recorder._penalty
    monkeypatch.setattr(
        Recorder, "_penalty", lambda self, row, nb: 1 / 0 if row.student_id == "ada" else original(self, row, nb)
    )
    graded = classroom.grade()
    assert "ZeroDivisionError" in graded["ada"].problem
    assert graded["alan"].new
    assert set(classroom.rows()) == {"alan"}, "all or nothing"
    assert {name.split("/")[0] for name in classroom.files()} == {"alan"}


# Stopped anywhere


@pytest.fixture
def stopped_at(classroom, tmp_path):
    """Stop a run at each of its writes: for a student who is new, and one who has handed in something else."""
    kept, jobs = classroom.results(), [classroom.submitted(s).job for s in ("ada", "alan")]
    results, model = [kept.get(job) for job in jobs], classroom.submission("ada").read_bytes()
    answers = {
        hashlib.sha256(job.notebook).hexdigest(): {
            "report": {**r.report.as_dict(), "confined": True},
            "outputs": r.outputs,
        }
        for job, r in zip(jobs, results)
    }
    answers["ready"] = {"device": kept.device, "exercises": [[id, asdict(a)] for id, a in kept.exercises.items()]}
    classroom.keep_only("alan")
    classroom.submission("alan").with_name("mine.csv").write_text("1,2\n")
    classroom.grade()
    shutil.copytree(classroom.root / "submitted" / "alan", classroom.root / "submitted" / "zoe")
    classroom.submission("alan").write_bytes(model)
    classroom.submission("alan").with_name("mine.csv").write_text("3,4\n")
    classroom.submission("alan").with_name("timestamp.txt").write_text("2026-01-05 10:00:00 UTC")
    classroom.forget_results()
    (classroom.root / ".autograder" / f"exercises-{STEM}.json").unlink()
    path = tmp_path / "answers.json"
    path.write_text(json.dumps(answers))

    def run(kind):
        program = Path(__file__).with_name("interrupted.py")
        done = subprocess.run([sys.executable, program, kind, classroom.root, path], capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)

    return run


def test_killed_between_any_two_writes_the_same_command_carries_on(stopped_at):
    whole, *stops = stopped_at("killed")
    assert set(whole["there"]["rows"]) == {"alan", "zoe"}
    assert all(g[0] is not None for row in whole["there"]["rows"].values() for g in row["grades"].values())
    assert len([s for s in stops if s["first"] is None]) > 50
    for stop in stops:
        assert stop["there"] == whole["there"], stop
        assert stop["then"] == [["alan", ""], ["zoe", ""]], stop


def test_with_a_full_disk_at_any_write_it_says_so_and_the_same_command_carries_on(stopped_at):
    whole, *stops = stopped_at("full")
    said = [stop["first"]["said"] for stop in stops]
    sentences = [s for s in said if s != whole["first"]["said"]]  # the rest of the writes were needless
    assert len(sentences) > 12
    assert all("the disk that holds" in s and "the same command carries on" in s for s in sentences), sentences
    for stop in stops:
        assert stop["there"] == whole["there"], stop


def test_a_full_disk_under_the_gradebook_gets_a_sentence(classroom, known):
    classroom.keep_only("ada")

    def narrow(connection, record):
        pages = connection.execute("PRAGMA page_count").fetchone()[0]
        connection.execute(f"PRAGMA max_page_count = {pages}")

    for i in range(60):
        shutil.copytree(classroom.root / "submitted" / "ada", classroom.root / "submitted" / f"student-{i}")
    event.listen(Engine, "connect", narrow)
    try:
        with pytest.raises(CourseError, match=r"the disk of the gradebook .* is full"):
            classroom.grade()
    finally:
        event.remove(Engine, "connect", narrow)
    some = set(classroom.rows())
    assert {name.split("/")[0] for name in classroom.files()} == some
    graded = classroom.grade()
    assert set(graded) == set(classroom.rows()) > some


def test_a_locked_gradebook_is_waited_for_then_gets_a_sentence(classroom, known, monkeypatch):
    monkeypatch.setattr(recording, "PATIENCE", 0.0)
    classroom.keep_only("ada", "alan")
    other = sqlite3.connect(classroom.root / "gradebook.db", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(CourseError, match=r"gradebook\.db\) is locked by another program: close it"):
        classroom.grade()
    other.execute("ROLLBACK")
    assert classroom.rows() == {}
    assert not list((classroom.root / "autograded").rglob("*.ipynb"))
    assert all(g.new for g in classroom.grade().values())


def test_a_lock_that_goes_away_is_waited_for(classroom, known, monkeypatch):
    classroom.keep_only("ada")
    other = sqlite3.connect(classroom.root / "gradebook.db", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    original, tries = Recorder._write, []

    def write(self, *args):
        tries.append(1)
        if len(tries) == 2:
            other.execute("ROLLBACK")
        return original(self, *args)

    monkeypatch.setattr(Recorder, "_write", write)
    assert classroom.grade()["ada"].new
    assert len(tries) == 2


def test_two_graders_at_once_take_turns(classroom):
    code = (
        "import sys, time; from autograder import grading; from autograder.course import Course\n"
        f"with grading._alone(Course(sys.argv[1]), {STEM!r}): print('in', flush=True); time.sleep(600)"
    )
    other = subprocess.Popen([sys.executable, "-c", code, classroom.root], stdout=subprocess.PIPE, text=True)
    try:
        assert other.stdout.readline() == "in\n"
        with pytest.raises(CourseError, match=rf"perceptron is being graded by process {other.pid} on .* since 20"):
            classroom.grade()
    finally:
        other.send_signal(signal.SIGKILL)
        other.wait()
        other.stdout.close()
    assert len(classroom.grade()) == len(classroom.students), "a lock whose holder was killed is no lock"


def test_nbgrader_may_grade_at_the_same_time(classroom):
    before = classroom.rows()
    program = Path(sys.executable).parent / "nbgrader"
    log = classroom.root / "nbgrader.log"
    with open(log, "w") as file:
        other = subprocess.Popen([program, "autograde", STEM, "--force"], cwd=classroom.root, stdout=file, stderr=file)
        runs = 0
        while other.poll() is None:
            classroom.grade()
            for student in list(classroom.students)[:3]:
                shutil.rmtree(classroom.root / "autograded" / student, ignore_errors=True)
            runs += 1
    assert runs > 0
    graded = classroom.grade()
    assert not [g for g in graded.values() if g.problem], log.read_text()[-2000:]
    assert classroom.rows() == before
    assert not any(g.new for g in classroom.grade().values())
