"""Grading: one's own notebook, or everyone's into the gradebook.

What decides a mark is hashed into a key (the notebook's cells, the files beside it, the secret seed, the sources
of rubrics and judge, the versions); a result is kept on disk under its key. So a run that was killed carries on
where it stopped, and grading again asks for nothing twice.
"""

import hashlib
import json
import logging
import multiprocessing
import os
import platform
import secrets
import signal
import tempfile
import threading
from concurrent.futures import ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass, field
from functools import cache
from importlib.metadata import version
from pathlib import Path
from typing import ClassVar

import coursekit

from . import referee, rubric, submission
from .report import FAILED, UNDECIDED, Report

log = logging.getLogger(__name__)

PRIVATE = ".autograder"  # in the course's folder: seeds, results, what `simulate` made
JUDGE = ["autograder/rubrics", "autograder/reference", "autograder/sandbox", "coursekit"]
JUDGE_FILES = ["autograder/referee.py", "autograder/rubric.py", "autograder/report.py"]


@dataclass(frozen=True)
class Result:
    """A report and the outputs of the notebook's cells."""

    report: Report
    outputs: tuple[list, ...] = field(default=(), repr=False)


# One's own notebook


def own(path, seed=None):
    """The `Report` of the notebook in a file, with a fresh seed unless one is given.

    Raises `submission.Unreadable` for what is no notebook and `LookupError` for one of no chapter.
    """
    nb = submission.read_file(path)
    return run(submission.job(nb, stem_of(nb, path), seed or secrets.token_hex(16))).report


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


def run(job):
    """`referee.run`; what goes wrong on our side makes every exercise undecided."""
    try:
        report = referee.run(job)
    except Exception as error:
        log.exception("the referee failed")
        note = f"The grader could not judge this notebook ({type(error).__name__}: {error}). A person will look at it."
        return Result(alike(job, UNDECIDED, note))
    return Result(report, report.outputs)


def unreadable(job, sentence):
    """The result for a file that is no notebook: nothing to run, no points."""
    return Result(alike(job, FAILED, f"Your notebook could not be read. {sentence}"))


def alike(job, outcome, note):
    """A report in which every exercise has the same outcome and note."""
    try:
        exercises = [r.about for r in rubric.load(job.stem).values()]
    except Exception:  # the rubrics themselves are broken: then SaveReport finds no verdict
        exercises = []
    reports = {e.id: referee.without_verdict(e, outcome, note) for e in exercises}
    return Report(job.stem, job.seed, reports)


# Keys, seeds and kept results


def key(job):
    """The hash of all that decides the result of a job."""
    parts = [job.stem, job.seed, _judge(), _versions(), hashlib.sha256(job.notebook).hexdigest()]
    parts += [[name, hashlib.sha256(data).hexdigest()] for name, data in sorted(job.files.items())]
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()


@cache
def _judge():
    """The hash of the sources of rubrics, references and judge."""
    root = Path(__file__).parent.parent
    paths = [root / name for name in JUDGE_FILES] + [p for name in JUDGE for p in (root / name).rglob("*.py")]
    digest = hashlib.sha256()
    for path in sorted(paths):
        digest.update(path.relative_to(root).as_posix().encode() + b"\0" + path.read_bytes() + b"\0")
    return digest.hexdigest()


@cache
def _versions():
    return [platform.python_version(), version("numpy"), version("torch"), str(coursekit.device())]


def secret_seed(course, stem):
    """The seed of an assignment: drawn once, the same for all students, kept for regrades."""
    path = Path(course, PRIVATE, "seeds.json")
    seeds = json.loads(path.read_text()) if path.exists() else {}
    if stem not in seeds:
        seeds[stem] = secrets.token_hex(16)
        write_private(path, json.dumps(seeds, indent=1))
    return seeds[stem]


def write_private(path, text):
    """Write a file that only its owner can read, whole or not at all."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    number, temporary = tempfile.mkstemp(dir=path.parent)  # made with mode 600
    try:
        with os.fdopen(number, "w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, path)
    except BaseException:
        os.unlink(temporary)
        raise


class Results:
    """Results by key, in files. An undecided one is not kept beyond this process: the next run tries again."""

    _undecided: ClassVar[dict[str, Result]] = {}

    def __init__(self, course):
        self.folder = Path(course, PRIVATE, "results")

    def of(self, job):
        """The result of a job: the kept one, or a new one, which is then kept."""
        result = self.get(job)
        if result is None:
            result = run(job)
            self.keep(job, result)
        return result

    def get(self, job):
        path = self._path(job)
        try:
            plain = json.loads(path.read_text(encoding="utf-8"))
            return Result(Report.from_dict(plain["report"]), tuple(plain["outputs"]))
        except FileNotFoundError:
            return self._undecided.get(path.stem)
        except (ValueError, KeyError, TypeError):  # damaged: as good as none
            return None

    def keep(self, job, result):
        path = self._path(job)
        if result.report.undecided or not result.report.exercises:
            self._undecided[path.stem] = result
        else:
            plain = {"report": result.report.as_dict(), "outputs": result.outputs}
            write_private(path, json.dumps(plain, ensure_ascii=False))

    def forget(self, job):
        self._path(job).unlink(missing_ok=True)

    def _path(self, job):
        return self.folder / f"{key(job)}.json"


# Everyone


@dataclass(frozen=True)
class Graded:
    """What came of one student: a report, or a sentence that says why there is none. `new`: recorded by this run."""

    student: str
    report: Report | None = None
    problem: str = ""
    new: bool = False


def everyone(course, stem, *, students=(), workers=None, again=False, step=lambda text, done, total: None):
    """Grade what everyone submitted for `stem` into the gradebook; yields a `Graded` for each student.

    First all notebooks are graded in `workers` processes, then the marks are recorded one by one.
    `again` forgets kept results. `step` is told how far it is. Raises `course.CourseError`.
    """
    course.check_released(stem)
    found = course.submissions(stem, students)
    results, jobs, problems = Results(course.root), {}, {}
    for student, path in found.items():
        if path is None:
            problems[student] = course.why_missing(stem, student)
        else:
            jobs[student] = course.job(stem, student, path)
    if again:
        for job, _ in jobs.values():
            results.forget(job)
    pending = {key(job): job for job, sentence in jobs.values() if not sentence and results.get(job) is None}
    step("grading", 0, len(pending))
    for done, (job, result) in enumerate(_parallel(course.root, list(pending.values()), workers), 1):
        if result is not None:
            results.keep(job, result)
        step("grading", done, len(pending))
    step("recording", 0, len(found))
    for done, student in enumerate(found, 1):
        if student in problems:
            yield Graded(student, problem=problems[student])
        else:
            yield course.record(stem, student, key(jobs[student][0]), again)
        step("recording", done, len(found))


def _parallel(root, jobs, workers):
    """Grade jobs in processes that keep their results on disk; yields each job, with its result if that cannot
    be kept. Stopping it lets the jobs under way end."""
    if not jobs:
        return
    workers = max(1, min(workers or os.cpu_count() or 1, len(jobs)))
    context = multiprocessing.get_context("spawn")  # a fork would copy threads' locks
    executor = ProcessPoolExecutor(workers, mp_context=context, initializer=_worker)
    futures = {executor.submit(_grade, root, job): job for job in jobs}
    try:
        for future in as_completed(futures):
            job = futures[future]
            try:
                yield job, future.result()
            except BrokenProcessPool:
                note = (
                    "The process that graded this notebook died. Grade again; if it happens again, a person must look."
                )
                yield job, Result(alike(job, UNDECIDED, note))
    finally:
        executor.shutdown(wait=True, cancel_futures=True)


def _grade(root, job):
    result = Results(root).of(job)
    return result if result.report.undecided else None


def _worker():
    """In a new worker: Ctrl-C is the parent's business, and nobody outlives the parent."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    parent = multiprocessing.parent_process()
    threading.Thread(target=lambda: (parent.join(), os._exit(1)), daemon=True).start()
