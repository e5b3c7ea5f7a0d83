"""The referee: asks the student process, receives raw values, judges, and writes the report.

`run(job)` is a pure function of bytes. It holds references, cases and mistakes; student code never shares
a process with it. What student code causes is a failed exercise; what we cause is an undecided one.
"""

import json
import logging
import time
from dataclasses import asdict, dataclass, field
from functools import lru_cache

import coursekit
from coursekit import compare, wire
from coursekit.exercise import Failure, Observation
from coursekit.observe import WALL

from . import rubric
from .report import FAILED, PASSED, UNDECIDED, CaseReport, ExerciseReport, Report
from .sandbox import Unconfinable, graphics
from .sandbox.frames import Gone, Late
from .sandbox.process import student_process

log = logging.getLogger(__name__)

READY_SECONDS = 120.0  # for a student process to import what it needs: ours, not the student's
CELL_SECONDS = 30.0  # of computing; twice as many by the clock
SHOWN_SECONDS = 5.0  # likewise for a cell as released, once an answer of this notebook did not end
GRACE_SECONDS = 5.0  # by the clock, beyond a time limit that the student process keeps by itself
GRACE_COMPUTING = 1.0  # likewise, of computing
NOTEBOOK_SECONDS = 600.0


@dataclass(frozen=True)
class Job:
    """One notebook to grade. `seed` makes the cases: secret, and the same for all students of an assignment.
    `exercises` are the ids to judge, all of them if empty. `unconfined` allows to run the notebook where the machine
    cannot confine it. A cell with `as_released` in its metadata is run for what follows it, and its figures are not
    drawn."""

    stem: str
    notebook: bytes
    seed: str
    files: dict[str, bytes] = field(default_factory=dict, repr=False)  # what came with the notebook
    exercises: tuple[str, ...] = ()
    unconfined: bool = False


@dataclass(frozen=True)
class _Step:
    """A cell to run, or an exercise to serve."""

    index: int  # of the cell in the notebook; -1 for an exercise whose grade cell is missing
    source: str = ""
    exercise: str = ""
    draw: bool = True


def run(job):
    """Grade one notebook. Never raises for what the notebook or its code does; raises `sandbox.Unconfinable` if it
    must be confined and cannot be."""
    exercises = cases(job.stem, job.seed, str(coursekit.device()))
    exercises = {id: e for id, e in exercises.items() if id in job.exercises or not job.exercises}
    try:
        cells = _cells(job.notebook)
    except ValueError as error:
        note = f"This file is not a notebook that can be read: {error}."
        reports = {e.id: without_verdict(e, FAILED, note) for e in exercises.values()}
        return Report(job.stem, job.seed, reports)
    sitting = _Sitting(job, exercises, _steps(cells, exercises, whole=not job.exercises))
    with graphics.card() as environment:
        reports = sitting.hold(environment)
    outputs = tuple(sitting.outputs.get(i, []) for i in range(len(cells)))
    return Report(job.stem, job.seed, {id: reports[id] for id in exercises}, sitting.confined, outputs)


@lru_cache(maxsize=8)
def cases(stem, seed, device):
    """Every exercise of a chapter with all its cases, by id: made once per (rubric, seed, device)."""
    return {r.id: r.exercise(seed, device=device) for r in rubric.load(stem).values()}


def report(result):
    """An `ExerciseReport` of a `compare.Result`: hidden cases without inputs and wanted values."""
    exercise, mistake = result.exercise, result.mistake
    rows = []
    for case, verdict in zip(exercise.cases, result.verdicts):
        outcome = PASSED if verdict.passed else FAILED
        example = verdict.example if case.public else ""
        rows.append(CaseReport(case.name, case.public, case.weight, outcome, verdict.problem, example))
    return ExerciseReport(
        exercise.id,
        exercise.title,
        points=round(exercise.points * result.share, 2),
        max_points=exercise.points,
        outcome=PASSED if result.passed else FAILED,
        mistake=mistake and mistake.name,
        question=mistake.question if mistake else "",
        hint=mistake.hint if mistake else "",
        section=mistake.section if mistake else "",
        note=result.note,
        cases=tuple(rows),
    )


class _Sitting:
    """One student's notebook, in as many student processes as its crashes make necessary."""

    def __init__(self, job, exercises, steps):
        self.job, self.exercises, self.steps = job, exercises, steps
        self.outputs, self.reports = {}, {}
        self.confined = True
        self.hurry = False  # has an answer not ended? Then what calls it need not be waited for as long
        self.end = time.monotonic() + NOTEBOOK_SECONDS

    def hold(self, environment):
        """Run every step; returns the reports by exercise. Raises `Unconfinable`."""
        while self._pending():
            if time.monotonic() > self.end:
                note = (
                    f"The notebook took more than {NOTEBOOK_SECONDS:g} seconds in all; this exercise was not reached."
                )
                self._close(FAILED, note)
                break
            try:
                with student_process(self.confined, environment) as student:
                    limits = {"seconds": CELL_SECONDS, "shown_seconds": SHOWN_SECONDS, "hurry": self.hurry}
                    cells = [asdict(s) for s in self.steps]
                    student.start({"cells": cells, "files": self.job.files, **limits}, READY_SECONDS)
                    self._attend(student)
            except Unconfinable:
                if not self.job.unconfined:
                    raise
                self.confined = False
            except (Gone, Late, wire.Malformed, OSError) as error:
                log.exception("no student process")
                self._close(UNDECIDED, f"The student process could not be started: {error}")
        return self.reports

    def _pending(self):
        return [s for s in self.steps if s.exercise]

    def _attend(self, student):
        """Follow one student process until it is through, or until a step has ended it."""
        for step in list(self.steps):
            alive = self._serve(student, step) if step.exercise else self._watch(student, step)
            if step.exercise or not alive:
                self.steps.remove(step)  # decided, or not to be run again
            if not alive:
                return

    def _watch(self, student, step):
        """Wait for a cell to end; False if the process is to be given up."""
        seconds = SHOWN_SECONDS if self.hurry and not step.draw else CELL_SECONDS
        try:
            clock = min(2 * seconds + GRACE_SECONDS, self._left())
            message = student.answer(seconds + GRACE_COMPUTING, clock)
            self.outputs[step.index] = _outputs(message, step.index)
            return True
        except Late:
            text = f"This cell did not end within {seconds:g} seconds and could not be stopped."
        except Gone:
            text = "This cell ended the whole Python process (a crash, too much memory, or an exit)."
        except (wire.Malformed, ValueError) as error:
            text = f"This cell broke the connection to the grader: {error}"
        self.outputs[step.index] = [{"output_type": "stream", "name": "stderr", "text": text + "\n"}]
        return False

    def _serve(self, student, step):
        """Put an exercise to the fork that serves it; False if the process is to be given up."""
        exercise = self.exercises[step.exercise]
        line = _Line(student, exercise, self._left)
        try:
            result = compare.examine(exercise, line.ask)
            self.hurry |= any(o.failure and o.failure.kind == "endless" for o in result.observations)
            self.reports[exercise.id] = report(result)
        except Exception:  # ours: nothing the student sends is trusted to be more than a value
            log.exception("the judge failed at %s", exercise.id)
            note = "The grader could not judge this exercise. A person will look at it."
            self.reports[exercise.id] = without_verdict(exercise, UNDECIDED, note)
        return line.close(self.hurry)

    def _left(self):
        return max(self.end - time.monotonic(), 0.1)

    def _close(self, outcome, note):
        for step in self._pending():
            exercise = self.exercises[step.exercise]
            self.reports[exercise.id] = without_verdict(exercise, outcome, note)
        self.steps = []


class _Line:
    """The line to the fork that serves one exercise. Once it fails, every further case has failed the same way."""

    def __init__(self, student, exercise, left):
        self.student, self.exercise, self.left = student, exercise, left
        self.failure, self.forked, self.usable = None, False, True
        try:
            message = student.receive(min(GRACE_SECONDS, left()))
            self.forked = message["forked"] is True and message["serving"] == exercise.id
        except Exception as error:
            self._fail(error)

    def ask(self, case):
        """The student's `Observation` of `case`."""
        if self.failure:
            return Observation(failure=self.failure)
        seconds = self.exercise.seconds
        try:
            request = {"when": case.when, "given": case.given, "seconds": seconds}
            self.student.send(request, GRACE_SECONDS)
            clock = min(WALL * seconds + GRACE_SECONDS, self.left())
            message = self.student.answer(seconds + GRACE_COMPUTING, clock)
            if "ended" in message:
                self.failure = Failure("ended")
                return Observation(failure=self.failure)
            return Observation.unpacked(message["observation"])
        except Exception as error:
            self._fail(error)
            return Observation(failure=self.failure)

    def close(self, hurry):
        """Send the fork away; False if the process cannot go on from here."""
        if not self.usable:
            return False
        if self.failure:
            return self.forked
        try:
            self.student.send({"next": True, "hurry": hurry}, GRACE_SECONDS)
            return "ended" in self.student.receive(min(GRACE_SECONDS, self.left())) and self.forked
        except Exception:
            return False

    def _fail(self, error):
        """Whatever a student process can do to its line is its own failure."""
        self.usable = False
        match error:
            case Late():
                self.failure = Failure("endless", message=f"{self.exercise.seconds:g}")
            case Gone():
                self.failure = Failure("ended")
            case _:
                self.failure = Failure("unsendable", message="something that cannot be read")


def _cells(notebook):
    """The notebook's cells as dicts; raises `ValueError` with a sentence for what is no notebook."""
    try:
        cells = json.loads(notebook)["cells"]
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise ValueError(f"{type(error).__name__}: {error}"[:200])
    if not isinstance(cells, list) or not all(isinstance(c, dict) for c in cells):
        raise ValueError("its cells are not a list of cells")
    return cells


def _steps(cells, exercises, whole=True):
    """What to run and serve, in order. A missing grade cell is served at the end; a second one is passed over.
    What comes after the last exercise is run if the student wrote it, and if the `whole` notebook is wanted."""
    by_grade_id = {rubric.grade_id(id): id for id in exercises}
    steps, seen = [], set()
    for index, cell in enumerate(cells):
        if cell.get("cell_type") != "code":
            continue
        id = by_grade_id.get(_grade_id(cell))
        if id is None:
            source = cell.get("source", "")
            source = "".join(map(str, source)) if isinstance(source, list) else str(source)
            steps.append(_Step(index, source, draw=whole and not _as_released(cell)))
        elif id not in seen:
            seen.add(id)
            steps.append(_Step(index, exercise=id))
    steps += [_Step(-1, exercise=id) for id in exercises if id not in seen]
    while steps and not (steps[-1].exercise or steps[-1].draw):
        steps.pop()
    return steps


def _grade_id(cell):
    try:
        return str(cell["metadata"]["nbgrader"]["grade_id"])
    except (KeyError, TypeError):
        return None


def _as_released(cell):
    metadata = cell.get("metadata")
    return isinstance(metadata, dict) and metadata.get("as_released") is True


def _outputs(message, index):
    """The outputs of a cell, if the message is of that cell and they are what a notebook may hold."""
    import nbformat

    if message.get("cell") != index:
        raise ValueError("an answer out of turn")
    outputs = [nbformat.from_dict(o) for o in message["outputs"]]
    for output in outputs:
        nbformat.validate(output, ref="output", version=4, version_minor=5)
    return outputs


def without_verdict(exercise, outcome, note):
    """The report of an exercise that was never judged: no points, and None while a person must look."""
    points = None if outcome == UNDECIDED else 0.0
    return ExerciseReport(exercise.id, exercise.title, points, exercise.points, outcome, note=note)
