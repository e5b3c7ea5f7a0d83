"""The same class through stock nbgrader, otter-grader and ours, taking turns."""

import shutil
import sys

from .graders import OTTER_SECONDS, PEERS, STEM

OTTER_LOOP = """
import sys
from pathlib import Path
from otter.run import main
for folder in map(Path, sys.argv[1:]):
    results = Path("results", folder.name)
    results.mkdir(parents=True)
    main(str(folder / "perceptron.ipynb"), autograder="autograder.zip", output_dir=str(results), no_logo=True)
"""


def rounds(graders, classroom, chunk, count, show):
    """Chunks of honest students, each graded by all three in turn; every round begins with another grader.
    Returns ([{"grader", "students", "wall", "cpu"}, …], marks by grader)."""
    students, rows, marks = classroom.honest, [], {g.name: {} for g in graders}
    for i in range(count):
        chosen = students[i * chunk : (i + 1) * chunk]
        for grader in graders[i % 3 :] + graders[: i % 3]:
            show(f"round {i + 1} of {count}: {grader.name} grades {len(chosen)} students")
            cost, points = once(grader, classroom, chosen)
            rows.append({"grader": grader.name, "round": i, **_row(cost, chosen)})
            marks[grader.name] |= points
    return rows, marks


def stuck(graders, classroom, show):
    """The students who stop a grader or hold it up, by each grader; like `rounds`."""
    rows, marks = [], {}
    for grader in graders:
        show(f"{grader.name} grades {len(classroom.stuck)} students whose code hangs or crashes")
        cost, marks[grader.name] = once(grader, classroom, classroom.stuck)
        rows.append({"grader": grader.name, **_row(cost, classroom.stuck)})
    return rows, marks


def memory(graders, classroom, students, show):
    """The peak memory of each grader's processes, in bytes."""
    peaks = {}
    for grader in graders:
        show(f"{grader.name}: memory")
        cost, _ = once(grader, classroom, students, memory=True)
        peaks[grader.name] = cost.peak
    return peaks


def tuned(nbgrader, otter, classroom, students, show):
    """The peers as fast as their settings and a shell allow: two processes at once, each with half of the class;
    nbgrader's kernels shut down at once, otter called from one process for all of its half."""
    halves = students[::2], students[1::2]
    rows = []

    show("nbgrader, two at once")
    course = _course(nbgrader, classroom, students)
    commands = [
        f"nbgrader autograde {STEM} --ExecutePreprocessor.shutdown_kernel=immediate "
        f"--CourseDirectory.student_id_exclude={','.join(half)}"
        for half in halves
    ]
    cost = nbgrader.run(["sh", "-c", f"{commands[0]} & {commands[1]}; wait"], course)
    rows.append({"grader": "nbgrader", "graded": _graded(nbgrader.marks(course)), **_row(cost, students)})

    show("otter, two at once")
    course = _course(otter, classroom, students)
    (course / "loop.py").write_text(OTTER_LOOP)
    commands = [f"{PEERS}/python loop.py {' '.join(f'submitted/{s}' for s in half)}" for half in halves]
    cost = otter.run(
        ["sh", "-c", f"{commands[0]} & {commands[1]}; wait"], course, seconds=OTTER_SECONDS * len(students)
    )
    rows.append({"grader": "otter", "graded": _graded(otter.marks(course)), **_row(cost, students)})
    return rows


def once(grader, classroom, students, memory=False):
    """(cost, marks) of one run over these students, in a fresh course."""
    course = _course(grader, classroom, students)
    cost = grader.grade(course, memory=memory)
    marks = grader.marks(course)
    shutil.rmtree(course)
    return cost, marks


def warm_up(graders, classroom, show):
    """One student for each grader: whatever is made once (byte code, font caches) exists before anything is timed."""
    for grader in graders:
        show(f"{grader.name}: warming up")
        _, marks = once(grader, classroom, classroom.honest[:1])
        if not _graded(marks):
            sys.exit(f"{grader.name} cannot grade a model answer; its output is in {grader.log}")


def _course(grader, classroom, students):
    course = grader.fresh("course")
    grader.lay_out(course, classroom.notebooks(students))
    return course


def _graded(marks):
    """How many have a mark at all."""
    return sum(any(points is not None for points in row.values()) for row in marks.values())


def _row(cost, students):
    return {"students": len(students), "wall": round(cost.wall, 3), "cpu": round(cost.cpu, 3)}
