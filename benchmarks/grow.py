"""How ours grows: with the class, with workers, with what has changed since the last time; and what confinement costs."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

from . import measure
from .classroom import Classroom
from .graders import ROOT, STEM, Ours

# A hidden case that an instructor adds after the class was graded, to the first exercise and to the last one graded.
ADDED = {
    "the first exercise": """

@neuron.given("added later", public=False)
def _(rng):
    return told_by_the_bias(rng, n=6, d=3)
""",
    "the last exercise": """

@averaged_perceptron.given("added later", public=False)
def _(rng):
    return wandering(rng, n=5, d=2, epochs=2)
""",
}


def packages(folder, added):
    """A copy of our packages in `folder`, with text added to some files: {path: text}. Returns the folder."""
    for name in ("autograder", "coursekit"):
        shutil.copytree(ROOT / name, Path(folder, name), ignore=shutil.ignore_patterns("__pycache__"))
    for path, text in added.items():
        with open(Path(folder, path), "a", encoding="utf-8") as file:
            file.write(text)
    subprocess.run([sys.executable, "-m", "compileall", "-q", folder], check=True)  # not in the time of a run
    return Path(folder)


def with_the_class(folder, sizes, workers, show):
    """What classes of these sizes cost with so many workers, and what they cost again when nothing has changed."""
    ours = Ours(folder, name="growing")
    ours.prepare()
    classroom = Classroom(ours, min(max(sizes) + 3, 1000))
    rows = []
    for size in sizes:
        for count in workers:
            ours.workers, students = count, classroom.honest[:size]
            course = ours.fresh("course")
            ours.lay_out(course, classroom.notebooks(students))
            show(f"{len(students)} students, {count} worker{'s' * (count > 1)}")
            row = {"size": size, "students": len(students), "workers": count, **_cost(ours.grade(course))}
            rows.append(row | {"again": _cost(ours.grade(course))})
    return rows


def again(folder, size, show):
    """A class graded, graded again with nothing changed, and again after a case was added to one exercise."""
    ours = Ours(folder, name="again")
    ours.prepare()
    classroom = Classroom(ours, size + 3)
    course = ours.fresh("course")
    students = classroom.honest[:size]
    ours.lay_out(course, classroom.notebooks(students))

    def graded(what):
        show(f"{what}: {size} students")
        rows.append({"what": what, "students": len(students), **_cost(ours.grade(course))})

    rows = []
    graded("everything new")
    graded("nothing changed")
    for which, text in ADDED.items():
        ours.packages = packages(ours.folder / which.replace(" ", "-"), {f"autograder/rubrics/{STEM}.py": text})
        graded(f"one case added to {which}")
        graded(f"nothing changed after {which}")
    return rows


def confinement(folder, size, rounds, show):
    """Milliseconds of each notebook, judged confined and not, by turns in one warm process; see `confined.py`."""
    ours = Ours(folder, name="confined")
    ours.prepare()
    classroom = Classroom(ours, size + 3)
    course = ours.fresh("course")
    ours.lay_out(course, classroom.notebooks(classroom.honest[:size]))
    show(f"{size} students, confined and not, {rounds} times each")
    command = [sys.executable, "-m", "benchmarks.confined", STEM, str(rounds)]
    done = subprocess.run(command, cwd=course, env=ours.env(), capture_output=True, text=True, check=True)
    return json.loads(done.stdout)


def _cost(cost: measure.Cost):
    return {"wall": round(cost.wall, 3), "cpu": round(cost.cpu, 3)}
