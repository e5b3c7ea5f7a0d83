"""Where the time of ours goes, and the floor under it: what the students' code computes by itself."""

import json
import subprocess
import sys
from collections import defaultdict

from .classroom import Classroom
from .graders import SEED, STEM, Ours


def of(folder, size, show):
    """{"start": seconds of computing for a class of none, "submission": for each submission, "floor": {"cells",
    "answers"}, "steps": {step: for each submission}}; all with one worker, by the difference of two class sizes."""
    ours = Timed(folder)
    ours.prepare()
    few = max(size // 4, 2)
    classroom = Classroom(ours, size + few + 3)
    big, small = classroom.honest[few : few + size], classroom.honest[:few]
    ours.once(classroom, small[:1])  # warm up
    show(f"with a stopwatch: {few} students")
    small_cost, small_steps = ours.once(classroom, small)
    show(f"with a stopwatch: {size} students")
    cost, steps = ours.once(classroom, big)
    more = len(big) - len(small)
    each = (cost.cpu - small_cost.cpu) / more
    per_step = {step: (cpu - small_steps[step]) / more for step, cpu in steps.items()}
    show("the floor")
    return {
        "students": len(big),
        "submission": each,
        "start": cost.cpu - each * len(big),
        "steps": {step: cpu for step, cpu in per_step.items() if "once" not in step},
        "floor": floor(ours, classroom, big),
    }


class Timed(Ours):
    """Ours, started by `timed.py`."""

    def __init__(self, folder):
        super().__init__(folder, workers=1, name="timed")

    def env(self):
        return {**super().env(), "TIMES": str(self.folder / "times")}

    def once(self, classroom, students):
        """(cost, {step: seconds of computing})"""
        course, times = self.fresh("course"), self.folder / "times"
        times.unlink(missing_ok=True)
        self.lay_out(course, classroom.notebooks(students))
        command = [sys.executable, "-m", "benchmarks.timed", "grade", "--assignment", STEM, "--workers", "1"]
        cost = self.run(command, course)
        steps = defaultdict(float)
        for line in times.read_text().splitlines():
            step, _, cpu = json.loads(line)
            steps[step] += cpu
        return cost, steps


def floor(ours, classroom, students):
    """The mean of what `floor.py` says of these students."""
    course = ours.fresh("floor")
    ours.lay_out(course, classroom.notebooks(students))
    paths = [course / "submitted" / s / STEM / f"{STEM}.ipynb" for s in students]
    env = {**ours.env(), "OMP_NUM_THREADS": "1", "MPLBACKEND": "agg"}
    command = [sys.executable, "-m", "benchmarks.floor", STEM, SEED, *paths]
    done = subprocess.run(list(map(str, command)), cwd=course, env=env, capture_output=True, text=True, check=True)
    rows = [json.loads(line) for line in done.stdout.splitlines()]
    return {key: sum(row[key] for row in rows) / len(rows) for key in ("cells", "answers")}
