"""A small course with a class that has been simulated and graded once for all tests."""

import os
import shutil

import pytest
from classroom import STEM, STUDENTS, Classroom, write_course
from filelock import FileLock

from autograder import grading, simulate


@pytest.fixture(scope="session")
def graded_class(tmp_path_factory):
    """Made once, by whichever test process comes first. Tests that change something use `classroom`."""
    shared = tmp_path_factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:
        shared = shared.parent
    root = shared / "classroom"
    with FileLock(shared / "classroom.lock"):
        if not (root / "graded").exists():
            shutil.rmtree(root, ignore_errors=True)
            root.mkdir()
            with pytest.MonkeyPatch.context() as monkeypatch:
                course = write_course(root, monkeypatch)
                simulate.simulate(course, STEM, STUDENTS)
                assert not [g for g in grading.everyone(course, STEM, workers=2, unconfined=True) if g.problem]
            (root / "graded").touch()
    return Classroom(root)


@pytest.fixture
def classroom(graded_class, tmp_path):
    """A copy of the graded class."""
    root = tmp_path / "course"
    shutil.copytree(graded_class.root, root, symlinks=True)
    return Classroom(root)
