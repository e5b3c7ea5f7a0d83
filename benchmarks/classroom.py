"""The class that all three grade: made by `autograder simulate`, from a fixed seed."""

import copy
import json
import sys

import nbformat

from .graders import STEM

CLASS_SEED = 0
STUCK = ("crash", "endless loop", "catches everything")  # kinds that stop or hold up a grader


class Classroom:
    """`size` simulated students: what each handed in, and what `simulate` says of it."""

    def __init__(self, ours, size):
        course = ours.fresh(f"class-of-{size}")
        command = (sys.executable, "-m", "autograder.cli", "simulate", STEM)
        ours.setup(*command, "--students", str(size), "--seed", str(CLASS_SEED), cwd=course)
        manifest = json.loads((course / ".autograder" / f"simulated-{STEM}.json").read_text())
        self.students = manifest["students"]
        self._notebooks = {
            student: nbformat.read(course / "submitted" / student / STEM / f"{STEM}.ipynb", as_version=4)
            for student in self.students
        }

    def notebooks(self, students):
        """What these students handed in, to be changed at will."""
        return {student: copy.deepcopy(self._notebooks[student]) for student in students}

    @property
    def honest(self):
        """Who neither holds a grader up nor stops it."""
        return [s for s, about in self.students.items() if about["kind"] not in STUCK]

    @property
    def stuck(self):
        return [s for s, about in self.students.items() if about["kind"] in STUCK]
