"""What came of each notebook, kept on disk by content: what has not changed is never asked again.

A notebook's file is named for all that decides its outputs (cells, files beside it, sandbox, coursekit, versions,
device). In it each exercise stands under the key of all that decides its verdict (the cases as they were made, the
mistakes with their texts, weights, tolerances, the judge). So a changed exercise is judged again, and no other.
"""

import contextlib
import errno
import hashlib
import json
import logging
import os
import platform
import secrets
import sys
import tempfile
from dataclasses import dataclass, field, replace
from functools import cache
from importlib.metadata import version
from pathlib import Path

import coursekit
from coursekit import wire
from coursekit.exercise import Exercise

from . import referee
from .report import FAILED, UNDECIDED, Report
from .sandbox import Unconfinable

log = logging.getLogger(__name__)

ROOT = Path(__file__).parent.parent
PRIVATE = ".autograder"  # in the course's folder: seeds, results, what `simulate` made
# The rest of the judge is in coursekit.
JUDGE = ["autograder/referee.py", "autograder/pictures.py", "autograder/report.py"]
SANDBOX = ["autograder/sandbox", "coursekit"]
VERSIONS = ("numpy", "torch", "matplotlib", "ipython", "scikit-learn", "safetensors")
GPUS = ("/dev/nvidiactl", "/dev/dxg", "/dev/kfd")
FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


@dataclass(frozen=True)
class Result:
    """A report and the outputs of the notebook's cells."""

    report: Report
    outputs: tuple[list, ...] = field(default=(), repr=False)


@dataclass(frozen=True)
class Asked:
    """An exercise as it is judged in this run: `key` hashes all that decides its verdict."""

    key: str
    title: str
    points: float


class DiskFull(OSError):
    """A sentence that says which disk."""


def run(job):
    """`referee.run`; what goes wrong on our side makes every exercise undecided. Raises `Unconfinable`."""
    try:
        report = referee.run(job)
    except Unconfinable:
        raise
    except Exception as error:
        log.exception("the referee failed")
        note = f"The grader could not judge this notebook ({type(error).__name__}: {error}). A person will look at it."
        return alike(job, asked(job.stem, job.seed), UNDECIDED, note)
    return Result(Report.from_dict(writable(report.as_dict())), tuple(writable(report.outputs)))


def writable(plain):
    """The same plain values, as a file can hold them: of half a character, a question mark remains."""
    return json.loads(json.dumps(plain, ensure_ascii=False).encode(errors="replace"))


def unreadable(job, exercises, sentence):
    """The result for a file that is no notebook: nothing to run, no points."""
    return alike(job, exercises, FAILED, f"Your notebook could not be graded. {sentence}")


def alike(job, exercises, outcome, note):
    """A result in which every exercise has the same outcome and note, and nothing was run."""
    exercises = {id: Exercise(id, a.title, "", a.points, 0) for id, a in exercises.items()}
    reports = {id: referee.without_verdict(e, outcome, note) for id, e in exercises.items()}
    return Result(Report(job.stem, job.seed, reports, confined=True))


# What decides a result


def asked(stem, seed):
    """Every exercise of a chapter as it is judged here: `Asked` by id. Loads PyTorch and makes the cases.

    If the rubrics themselves are broken there is none, and so no verdict."""
    try:
        exercises = referee.cases(stem, seed, str(coursekit.device()))
    except Exception:
        log.exception("the rubrics of %s are broken", stem)
        return {}
    return {e.id: Asked(_exercise_key(e, seed), e.title, e.points) for e in exercises.values()}


def installed():
    """The hash of the course's code and of what it runs on: a worker with another one would judge otherwise."""
    return _hash([_sources("autograder", "coursekit"), _versions()])


def device():
    """The name of `coursekit.device()`, without loading PyTorch where there can be nothing but the CPU."""
    if sys.platform == "linux" and "COURSEKIT_DEVICE" not in os.environ and not any(map(os.path.exists, GPUS)):
        return "cpu"
    return str(coursekit.device())


def notebook_key(job, device):
    """The hash of all that decides the outputs of a notebook."""
    parts = [job.stem, _environment(job.stem), device, hashlib.sha256(job.notebook).hexdigest()]
    parts += [[name, hashlib.sha256(data).hexdigest()] for name, data in sorted(job.files.items())]
    return _hash(parts)


def _exercise_key(exercise, seed):
    digest = hashlib.sha256(_sources(*JUDGE).encode())
    try:
        for piece in _pieces(exercise):
            data = wire.pack(piece)
            digest.update(len(data).to_bytes(8, "big") + data)
    except wire.Unsendable:  # what is kept on the trusted side may be anything: then every line of the course counts
        digest.update((installed() + seed).encode())
    return digest.hexdigest()


def _pieces(exercise):
    """All that an exercise is made of, as values that can be packed."""
    yield {k: v for k, v in vars(exercise).items() if k not in ("mistakes", "cases")}
    yield [vars(mistake) for mistake in exercise.mistakes]
    for case in exercise.cases:
        yield {k: v for k, v in vars(case).items() if k not in ("wanted", "mistaken")}
        yield from (o.packable() for o in (case.wanted, *case.mistaken))


@cache
def _environment(stem):
    """What a notebook runs in. The cases of other chapters are no part of it."""
    return _hash([_sources(*SANDBOX, cases=stem), _versions()])


@cache
def _sources(*names, cases=None):
    """The hash of these files, and of the Python files in these folders."""
    paths = {p for n in names for p in ((ROOT / n).rglob("*.py") if (ROOT / n).is_dir() else [ROOT / n])}
    if cases:
        paths -= {p for p in (ROOT / "coursekit/cases").glob("*.py") if p.stem not in (cases, "__init__")}
    digest = hashlib.sha256()
    for path in sorted(paths):
        digest.update(path.relative_to(ROOT).as_posix().encode() + b"\0" + path.read_bytes() + b"\0")
    return digest.hexdigest()


@cache
def _versions():
    return [platform.python_version(), *(version(name) for name in VERSIONS)]


def _hash(parts):
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()


# Private files


def secret_seed(course, stem):
    """The seed of an assignment: drawn once, the same for all students, kept for regrades. Where the file was lost or
    spoiled, it is the seed of the last report that is recorded."""
    path = Path(course, PRIVATE, "seeds.json")
    seeds = _seeds(path)
    if stem not in seeds:
        seeds[stem] = _recorded_seed(course, stem) or secrets.token_hex(16)
        write_private(path, json.dumps(seeds, indent=1), durable=True)
    return seeds[stem]


def _seeds(path):
    try:
        seeds = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    except ValueError:
        seeds = None
    if not isinstance(seeds, dict) or not all(isinstance(seed, str) for seed in seeds.values()):
        aside = path.with_name(f"seeds.broken-{secrets.token_hex(4)}.json")
        os.replace(path, aside)
        log.warning("%s could not be read and is now %s: seeds are taken from what is graded", path, aside.name)
        return {}
    return seeds


def _recorded_seed(course, stem):
    """The seed of what was graded last; None if nothing was."""
    graded = Path(course, "autograded").glob(f"*/{stem}/{stem}.ipynb")
    for path in sorted(graded, key=os.path.getmtime, reverse=True):
        with contextlib.suppress(OSError, ValueError, KeyError, TypeError):
            return str(json.loads(path.read_text(encoding="utf-8"))["metadata"]["autograder"]["report"]["seed"])
    return None


def write_private(path, text, durable=False):
    """Write a file that only its owner can read, whole or not at all; `durable`: even if the power fails.
    Raises `DiskFull`."""
    with disk_of(path):
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        number, temporary = tempfile.mkstemp(dir=path.parent)  # made with mode 600
        try:
            with os.fdopen(number, "w", encoding="utf-8") as file:
                file.write(text)
                file.flush()
                if durable:
                    os.fsync(file.fileno())
            os.replace(temporary, path)
        except BaseException:
            os.unlink(temporary)
            raise


@contextlib.contextmanager
def disk_of(path):
    """Turn the error of a full disk into a `DiskFull` that names the disk."""
    try:
        yield
    except OSError as error:
        if error.errno in FULL and not isinstance(error, DiskFull):
            place = error.filename or path
            raise DiskFull(f"the disk that holds {place} is full: make room, and the same command carries on.")
        raise


# Results


class Results:
    """The kept results of a chapter, judged with `seed` on `device`. `make` gives the exercises as `asked` does, and
    is called only where what it gave before may hold no more. Undecided exercises are never kept."""

    def __init__(self, course, stem, seed, device, make=asked):
        self.folder, self.device = Path(course, PRIVATE, "results"), device
        self.exercises = self._known(Path(course, PRIVATE, f"exercises-{stem}.json"), stem, seed, make)

    def _known(self, path, stem, seed, make):
        of = _hash([installed(), self.device, seed])
        try:
            plain = json.loads(path.read_text(encoding="utf-8"))
            if plain["of"] == of:
                return {id: Asked(**a) for id, a in plain["exercises"]}
        except (OSError, ValueError, KeyError, TypeError):
            pass
        exercises = make(stem, seed)
        plain = {"of": of, "exercises": [[id, vars(a)] for id, a in exercises.items()]}
        if exercises:
            write_private(path, json.dumps(plain, indent=1, ensure_ascii=False))
        return exercises

    def key(self, job):
        """The hash of all that decides the whole result of a job."""
        return _hash([notebook_key(job, self.device), job.seed, [a.key for a in self.exercises.values()]])

    def of(self, job, ask=run):
        """The whole result of a job: as much of it as is kept, and the rest as `ask` gives it, which is then kept."""
        result = self.get(job)
        while wanting := self.wanting(job, result):
            result = self.keep(wanting, ask(wanting), result)
            if not wanting.exercises:
                break
        return result

    def wanting(self, job, result):
        """The job that asks for what `result` lacks; None if it is whole."""
        lacking = tuple(id for id in self.exercises if result is None or id not in result.report.exercises)
        if not lacking and self.exercises:
            return None
        return replace(job, exercises=lacking if len(lacking) < len(self.exercises) else ())

    def get(self, job):
        """The kept `Result`, with those exercises alone whose verdict still holds; None if there is none. One that was
        made unconfined serves only a job that may run so."""
        for confined in (True, False) if job.unconfined else (True,):
            try:
                plain = json.loads(self._path(job, confined).read_text(encoding="utf-8"))
                kept = {id: e["report"] for id, e in plain["exercises"].items() if e["key"] == self._key(id)}
                report = {"stem": job.stem, "seed": job.seed, "exercises": kept, "confined": confined}
                result = Result(self._ordered(Report.from_dict(report)), tuple(plain["outputs"]))
            except (OSError, ValueError, KeyError, TypeError, AttributeError):  # none, or damaged: as good as none
                continue
            if result.report.exercises:
                return result
        return None

    def keep(self, job, new, kept=None):
        """Keep a new result, beside what is `kept` of the same notebook; returns both in one. None if they do not go
        together: one was made confined and the other was not."""
        if job.exercises:
            if kept is None or kept.report.confined != new.report.confined:
                return None
            exercises = {**kept.report.exercises, **new.report.exercises}
            new = Result(self._ordered(replace(new.report, exercises=exercises)), kept.outputs)
        decided = {
            id: {"key": self._key(id), "report": plain}
            for id, plain in new.report.as_dict()["exercises"].items()
            if plain["outcome"] != UNDECIDED
        }
        if decided:
            plain = {"exercises": decided, "outputs": new.outputs}
            write_private(self._path(job, new.report.confined), json.dumps(plain, ensure_ascii=False))
        return new

    def forget(self, job):
        for confined in (True, False):
            self._path(job, confined).unlink(missing_ok=True)

    def _key(self, id):
        return self.exercises[id].key if id in self.exercises else None

    def _ordered(self, report):
        return replace(report, exercises={i: report.exercises[i] for i in self.exercises if i in report.exercises})

    def _path(self, job, confined):
        return self.folder / f"{notebook_key(job, self.device)}{'' if confined else '.unconfined'}.json"
