"""Grading: one's own notebook, or everyone's into the gradebook."""

import json
import logging
import os
import secrets
import socket
from contextlib import ExitStack, contextmanager
from datetime import datetime
from pathlib import Path

from filelock import FileLock, Timeout
from sqlalchemy.exc import OperationalError

from . import rubric, submission
from .course import CourseError
from .recording import Graded, Recorder
from .report import UNDECIDED
from .results import PRIVATE, DiskFull, Results, alike, device, disk_of, run, unreadable, write_private
from .sandbox import Unconfinable
from .workers import Cluster, Processes, Refused, question, ready, ready_of, result_of

log = logging.getLogger(__name__)


# One's own notebook


def own(path, seed=None):
    """The `Report` of the notebook in a file, with a fresh seed unless one is given; unconfined where this machine
    cannot confine.

    Raises `submission.Unreadable` for what is no notebook and `LookupError` for one of no chapter.
    """
    nb = submission.read_file(path)
    return run(submission.job(nb, stem_of(nb, path), seed or secrets.token_hex(16), unconfined=True)).report


def stem_of(nb, path):
    """The chapter a notebook belongs to: by its grade cells, else by its name. Raises `LookupError`."""
    ids = [rubric.exercise_id(cell.metadata.get("nbgrader", {}).get("grade_id", "")) for cell in nb.cells]
    for stem in [*(id.partition(".")[0] for id in ids), Path(path).stem]:
        if stem in rubric.stems():
            return stem
    raise LookupError(
        f"{path} has no exercise of this course (its grade cells are gone, or it is another notebook); "
        f"there are: {', '.join(rubric.stems())}"
    )


# Everyone


def everyone(
    course,
    stem,
    *,
    students=(),
    workers=None,
    scheduler=None,
    again=False,
    unconfined=False,
    warm=None,
    step=lambda text, done, total: None,
):
    """Grade what everyone submitted for `stem` into the gradebook; yields a `Graded` for each student, as they come.

    It is judged in `workers` processes, or by the workers of the Dask `scheduler`; recorded here, meanwhile, one by
    one. `again` forgets kept results. `unconfined` allows workers to run student code where they cannot confine it.
    `warm` is where the processes come from, if that has begun already. `step` is told how far it is. Raises
    `CourseError`; the same call then carries on.
    """
    try:
        course.check_released(stem)
        found = course.submissions(stem, students)
        with ExitStack() as stack, disk_of(course.root):
            stack.enter_context(_alone(course, stem))
            yield from _Run(course, stem, stack, workers, scheduler, again, unconfined, warm, step).grade(found)
    except (Unconfinable, Refused, DiskFull) as sentence:
        raise CourseError(str(sentence))
    except OperationalError as error:
        raise CourseError(course.why_not(error))


class _Run:
    """One run over a class: read, ask what is not known, keep, record."""

    def __init__(self, course, stem, stack, workers, scheduler, again, unconfined, warm, step):
        self.course, self.again, self.unconfined, self.step = course, again, unconfined, step
        self.assignment = course.assignment(stem)
        seed = self.assignment.seed
        first = ready(stem, seed, unconfined)
        self.crew = Cluster(scheduler, first) if scheduler else Processes(workers or os.cpu_count() or 1, first, warm)
        stack.enter_context(self.crew)
        self.recorder = stack.enter_context(Recorder(course, stem))
        if scheduler:
            there, exercises = ready_of(self.crew.start())
            self.results = Results(course.root, stem, seed, there, lambda *_: exercises)
        else:
            self.results = Results(course.root, stem, seed, device(), lambda *_: ready_of(self.crew.start())[1])
        self.pending = {}  # key → (who waits for it, the job that is asked, what is kept)
        self.renewed = set()

    def grade(self, found):
        """Yields a `Graded` for each student in `found`."""
        total, self.judged = len(found), 0
        self.step("grading", 0, total)
        for recorded, graded in enumerate(self._each(found), 1):
            yield graded
            self.step("grading", self.judged, total)
            self.step("recording", recorded, total)

    def _each(self, found):
        for student, path in found.items():
            yield from self._begin(student, path)
            yield from self._collect(block=False)
            while self.crew.full:
                yield from self._collect()
        while self.crew.busy:
            yield from self._collect()

    def _begin(self, student, path):
        if path is None:
            self.judged += 1
            yield Graded(student, problem=self.course.why_missing(self.assignment.stem, student))
            return
        submitted = self.course.submission(self.assignment, student, path, self.unconfined)
        key = self.results.key(submitted.job)
        if submitted.unreadable:
            yield from self._record(
                key, [submitted], unreadable(submitted.job, self.results.exercises, submitted.unreadable)
            )
        elif key in self.pending:  # the same notebook as another's: most blank ones are
            self.pending[key][0].append(submitted)
        else:
            if self.again and key not in self.renewed:
                self.results.forget(submitted.job)
                self.renewed.add(key)
            yield from self._go_on(key, [submitted], self.results.get(submitted.job))

    def _go_on(self, key, waiting, result):
        """Ask for what is missing of a result; record it if nothing is."""
        job = self.results.wanting(waiting[0].job, result)
        if job is None:
            yield from self._record(key, waiting, result)
        else:
            self.pending[key] = (waiting, job, result)
            self.crew.submit(key, question(job, self.results.device))

    def _collect(self, block=True):
        """Keep and record what has come from the workers."""
        for key, answer in self.crew.done(block):
            waiting, job, kept = self.pending.pop(key)
            result = self.results.keep(job, self._read(answer, job), kept)
            if job.exercises:
                yield from self._go_on(key, waiting, result)
            else:
                yield from self._record(key, waiting, result)

    def _read(self, answer, job):
        note = "The process that graded this notebook died, again and again. A person must look."
        try:
            if answer is not None:
                return result_of(answer, job, self.results.exercises)
        except ValueError as error:
            log.error("a worker gave %s", error)
            note = f"A worker gave {error}. Grade again; if it happens again, a person must look."
        asked = {id: a for id, a in self.results.exercises.items() if id in job.exercises or not job.exercises}
        return alike(job, asked, UNDECIDED, note)

    def _record(self, key, waiting, result):
        self.judged += len(waiting)
        for submitted in waiting:
            yield self.recorder.record(submitted, key, result, self.again)


@contextmanager
def _alone(course, stem):
    """Nobody else grades this assignment meanwhile. The lock is the operating system's: it ends with its process."""
    path = Path(course.root, PRIVATE, f"grading-{stem}.lock")
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    lock, about = FileLock(path), path.with_suffix(".json")
    try:
        lock.acquire(blocking=False)
    except Timeout:
        try:
            by = "process {pid} on {host} since {since}".format(**json.loads(about.read_text(encoding="utf-8")))
        except (OSError, ValueError, KeyError):
            by = "another process"
        raise CourseError(f"{stem} is being graded by {by}: wait for it, or stop it and use the same command.")
    try:
        since = datetime.now().astimezone().isoformat(sep=" ", timespec="seconds")
        write_private(about, json.dumps({"pid": os.getpid(), "host": socket.gethostname(), "since": since}))
        yield
    finally:
        lock.release()
