"""The gradebook may be in PostgreSQL, which many graders can share."""

import glob
import os
import shutil
import subprocess
import tempfile
import time
from pathlib import Path

import pytest
from classroom import STEM, Classroom

from autograder import recording, release
from autograder.course import CourseError
from coursekit import recorded


@pytest.fixture
def postgresql():
    """The address of an empty database, in a server of its own."""
    places = [*sorted(glob.glob("/usr/lib/postgresql/*/bin"), reverse=True), os.environ["PATH"]]
    initdb = shutil.which("initdb", path=os.pathsep.join(places))
    assert initdb, "These tests keep a gradebook in PostgreSQL: sudo apt-get install postgresql"
    user = {"user": "nobody"} if os.getuid() == 0 else {}  # it refuses to run as root
    folder = Path(tempfile.mkdtemp(prefix="pg-"))  # a socket's path must be short
    if user:
        shutil.chown(folder, "nobody")
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL, "cwd": folder, **user}
    subprocess.run(
        [initdb, "-D", folder / "data", "-U", "course", "-A", "trust", "-N", "-E", "UTF8"], check=True, **quiet
    )
    programs = Path(initdb).parent
    server = subprocess.Popen(
        [programs / "postgres", "-D", folder / "data", "-k", folder, "-c", "listen_addresses="], **quiet
    )
    try:
        ready = [programs / "pg_isready", "-h", folder, "-U", "course"]
        while subprocess.run(ready, **quiet).returncode != 0:
            assert server.poll() is None
            time.sleep(0.05)
        yield f"postgresql+psycopg://course@/postgres?host={folder}"
    finally:
        server.terminate()
        server.wait()
        shutil.rmtree(folder)


def test_the_gradebook_may_be_in_postgresql(classroom, postgresql, monkeypatch):
    before = classroom.rows()
    with open(classroom.root / "nbgrader_config.py", "a") as file:
        file.write(f"\nc.CourseDirectory.db_url = {postgresql!r}\n")
        file.write("c.CourseDirectory.course_id = 'learning'  # nbgrader needs one there\n")
    monkeypatch.setattr(recorded, "FOLDER", classroom.root / "recorded")
    there = Classroom(classroom.root)
    shutil.rmtree(there.root / "exercises")
    release.release(STEM, there.root)
    assert there.course.gradebook().engine.name == "postgresql"
    assert all(g.new for g in there.grade().values())
    assert there.rows() == before
    assert not any(g.new for g in there.grade().values())
    with there.course.gradebook() as gradebook:
        (grade, *_) = gradebook.find_submission_notebook(STEM, STEM, "ada").grades
        grade.manual_score, name = 0.5, grade.name
        gradebook.db.commit()
    there.submission("ada").with_name("timestamp.txt").write_text("2026-01-05 10:00:00 UTC")
    assert [s for s, g in there.grade().items() if g.new] == ["ada"]
    assert there.rows()["ada"]["grades"][name][1] == 0.5


def test_a_server_that_stops_is_a_sentence(classroom, postgresql, monkeypatch):
    with open(classroom.root / "nbgrader_config.py", "a") as file:
        file.write(f"\nc.CourseDirectory.db_url = {postgresql.replace('pg-', 'not-there-')!r}\n")
    monkeypatch.setattr(recording, "PATIENCE", 0.0)
    with pytest.raises(CourseError, match=r"the gradebook \(.*\) does not answer: .* the same command carries on"):
        Classroom(classroom.root).grade()
