"""The referee: asks the student process, receives raw values, judges, and writes the report.

`run(job)` is a pure function of bytes. It holds references, cases and mistakes; student code never shares
a process with it. What student code causes is a failed exercise; what we cause is an undecided one.
"""

import json
import logging
import secrets
import time
from dataclasses import asdict, dataclass, field
from functools import lru_cache

import coursekit
from coursekit import compare, wire
from coursekit.exercise import Failure, Observation
from coursekit.observe import WALL

from . import pictures, rubric
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
LATE = {b"optim": "torch._dynamo"}  # imported by the first torch.optim optimizer of a process, in 2 s; many have none
OUTPUTS = 250  # of a cell
OUTPUTS_SIZE = 3_000_000  # characters of JSON in all: the student process stops at fewer, unless somebody changed it


@dataclass(frozen=True)
class Job:
    """One notebook to grade. `seed` makes the cases: secret, and the same for all students of an assignment.
    `exercises` are the ids to judge, all of them if empty. `unconfined` allows to run the notebook where the machine
    cannot confine it. A cell with `as_released` in its metadata is run for what follows it, and its figures are not
    drawn; one with `picture`, too, is not even run if nothing else can see what it leaves behind."""

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
    picture: bool = False


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
        self.exams = {id: _Exam(exercise, self._left) for id, exercise in exercises.items()}
        self.outputs, self.reports = {}, {}
        self.shown = 0  # characters of outputs so far
        self.modules = [module for word, module in LATE.items() if word in job.notebook]
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
                with student_process(self.confined, environment, self.modules) as student:
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
        """Follow one student process until it is through, or until a step has ended it.

        What is hidden is asked last: nothing that runs after it is shown to the student."""
        waiting = []
        for step in list(self.steps):
            if step.exercise:
                exam = self.exams[step.exercise]
                forked = exam.begin(student)
                alive = exam.ask(student, hidden=exam.again or not forked) and forked and self._go_on(student, exam)
                waiting += [step] if forked and not exam.over else []
            else:
                alive = self._watch(student, step)
            if not alive:
                self._settle([] if step.exercise and forked else [step])
                return
        for step in waiting:
            exam = self.exams[step.exercise]
            alive = exam.ask(student, hidden=True)
            exam.give_another_chance()
            if not alive:
                break
        self._settle()

    def _settle(self, done=()):
        """Decide what can be decided, and take it and what is `done` from the steps."""
        for step in list(self.steps):
            exam = self.exams.get(step.exercise)
            if exam and exam.over:
                self.reports[step.exercise] = exam.decide()
            if step in done or (exam and exam.over):
                self.steps.remove(step)

    def _go_on(self, student, exam):
        """Let the cells after a grade cell run; False if nobody hears it."""
        self.hurry |= exam.endless > 0
        try:
            student.send({"go": True, "hurry": self.hurry}, GRACE_SECONDS)
            return student.receive(min(GRACE_SECONDS, self._left())) == {"going": True}
        except (Gone, Late, wire.Malformed):
            return False

    def _watch(self, student, step):
        """Wait for a cell to end; False if the process is to be given up."""
        seconds = SHOWN_SECONDS if self.hurry and not step.draw else CELL_SECONDS
        try:
            clock = min(2 * seconds + GRACE_SECONDS, self._left())
            message = student.answer(seconds + GRACE_COMPUTING, clock)
            self.outputs.setdefault(step.index, self._outputs(message, step.index))  # a second run may know too much
            return True
        except Late:
            text = f"This cell did not end within {seconds:g} seconds and could not be stopped."
        except Gone:
            text = "This cell ended the whole Python process (a crash, too much memory, or an exit)."
        except (wire.Malformed, ValueError) as error:
            text = f"This cell broke the connection to the grader: {error}"
        self.outputs[step.index] = _note(text)
        return False

    def _outputs(self, message, index):
        """The outputs of a cell, as far as a notebook may hold them. Raises `ValueError` for an answer out of turn."""
        import nbformat

        if not isinstance(message, dict) or message.get("cell") != index:
            raise ValueError("an answer out of turn")
        outputs = message.get("outputs")
        try:
            self.shown += len(json.dumps(outputs))
            if self.shown > OUTPUTS_SIZE or len(outputs) > OUTPUTS:
                return _note("The output is too long: it is left out.")
            outputs = [nbformat.from_dict(o) for o in outputs]
            for output in outputs:
                nbformat.validate(output, ref="output", version=4, version_minor=5)
            return outputs
        except Exception:  # whatever student code made of them
            return _note("The output is none that a notebook may hold: it is left out.")

    def _left(self):
        return max(self.end - time.monotonic(), 0.1)

    def _close(self, outcome, note):
        for step in self._pending():
            exercise = self.exercises[step.exercise]
            self.reports[exercise.id] = without_verdict(exercise, outcome, note)
        self.steps = []


class _Exam:
    """One exercise put to one student, in one process or more. `over`: there is nothing left to observe."""

    def __init__(self, exercise, left):
        self.exercise, self.left = exercise, left
        self.seen = {}  # the number of a case → what was observed
        self.failure = None  # of the one who serves: every case that is not observed by then has failed the same way
        self.endless = 0
        self.again = False  # has it had another chance?

    @property
    def over(self):
        return bool(self.failure) or len(self.seen) == len(self.exercise.cases)

    def begin(self, student):
        """Meet the one who serves the exercise; True if it is a fork, and what comes after may go on in the process
        that it was forked from."""
        try:
            message = student.receive(min(GRACE_SECONDS, self.left()))
            if message["serving"] != self.exercise.id:
                raise ValueError("out of turn")
            student.lines[self.exercise.id].clear()  # before it is asked, nothing on its line is an answer
            return message["forked"] is True
        except Exception as error:
            self._fail(error)
            return False

    def ask(self, student, hidden):
        """Observe the public cases, or all; False if the process is to be given up."""
        for number, case in enumerate(self.exercise.cases):
            if number not in self.seen and (case.public or hidden) and not self.failure:
                self.seen[number] = self._observation(student, case)
        if hidden:
            student.lines[self.exercise.id].connection.close()
        return not (self.failure and self.failure.kind == "endless")  # who cannot be stopped computes on

    def _observation(self, student, case):
        if self.endless >= 2:  # as `compare.examine`
            return Observation(failure=Failure("endless"))
        seconds, number = self.exercise.seconds, secrets.token_hex(8)
        question = {"when": case.when, "given": case.given, "seconds": seconds, "number": number}
        line = student.lines[self.exercise.id]
        end = time.monotonic() + min(WALL * seconds + GRACE_SECONDS, self.left())
        try:
            line.send(question, GRACE_SECONDS)
            while True:
                message = student.answer(seconds + GRACE_COMPUTING, max(end - time.monotonic(), 0), line)
                if isinstance(message, dict) and message.get("number") == number:  # others were sent unasked
                    observation = Observation.unpacked(message["observation"])
                    break
        except Exception as error:
            self._fail(error)
            return Observation(failure=self.failure)
        self.endless += bool(observation.failure and observation.failure.kind == "endless")
        return observation

    def give_another_chance(self):
        """While a fork waits for what is hidden, another exercise can end it. So one that is gone when the first hidden
        question comes is put to a fresh process, once."""
        hidden = [number for number in self.seen if not self.exercise.cases[number].public]
        if self.failure and self.failure.kind == "ended" and len(hidden) == 1 and not self.again:
            self.again, self.failure = True, None
            del self.seen[hidden[0]]

    def _fail(self, error):
        """Whatever a student process can do to its line is its own failure."""
        match error:
            case Late():
                self.failure, self.endless = Failure("endless"), self.endless + 1
            case Gone():
                self.failure = Failure("ended")
            case _:
                self.failure = Failure("unsendable", message="something that cannot be read")

    def decide(self):
        """The `ExerciseReport`."""
        lacking = Observation(failure=self.failure)
        seen = {id(case): self.seen.get(number, lacking) for number, case in enumerate(self.exercise.cases)}
        try:
            return report(compare.examine(self.exercise, lambda case: seen[id(case)]))
        except Exception:  # ours: nothing the student sends is trusted to be more than a value
            log.exception("the judge failed at %s", self.exercise.id)
            note = "The grader could not judge this exercise. A person will look at it."
            return without_verdict(self.exercise, UNDECIDED, note)


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
    steps, seen, written = [], set(), []  # written: by the student
    for index, cell in enumerate(cells):
        if cell.get("cell_type") != "code":
            continue
        id = by_grade_id.get(_grade_id(cell))
        if id is None:
            source = cell.get("source", "")
            source = "".join(map(str, source)) if isinstance(source, list) else str(source)
            released = _marked(cell, "as_released")
            written += [] if released else [source]
            steps.append(
                _Step(index, source, draw=whole and not released, picture=released and _marked(cell, "picture"))
            )
        elif id not in seen:
            seen.add(id)
            steps.append(_Step(index, exercise=id))
    steps += [_Step(-1, exercise=id) for id in exercises if id not in seen]
    while steps and not (steps[-1].exercise or steps[-1].draw):
        steps.pop()
    if pictures.unneeded([step.source for step in steps if step.picture], written):
        steps = [step for step in steps if not step.picture]
    return steps


def _grade_id(cell):
    try:
        return str(cell["metadata"]["nbgrader"]["grade_id"])
    except (KeyError, TypeError):
        return None


def _marked(cell, what):
    metadata = cell.get("metadata")
    return isinstance(metadata, dict) and metadata.get(what) is True


def _note(text):
    return [{"output_type": "stream", "name": "stderr", "text": text + "\n"}]


def without_verdict(exercise, outcome, note):
    """The report of an exercise that was never judged: no points, and None while a person must look."""
    points = None if outcome == UNDECIDED else 0.0
    return ExerciseReport(exercise.id, exercise.title, points, exercise.points, outcome, note=note)
