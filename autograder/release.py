"""Release: from `solutions/<stem>/` to `exercises/<stem>/` and the recorded public cases.

The work is done by nbgrader's own `generate_assignment`; what is ours stands in `GenerateAssignment.preprocessors`
(`PREPROCESSORS`, set in nbgrader_config.py), so that the formgrader's button gives the same release.
"""

import contextlib
import functools
import hashlib
import json
import os
import re
import shutil
import tempfile
from dataclasses import replace
from importlib.metadata import version
from pathlib import Path

import nbformat
import yaml
from nbgrader.coursedir import CourseDirectory
from nbgrader.preprocessors import NbGraderPreprocessor
from traitlets import Unicode

from coursekit import compare, recorded

from . import rubric

ADDRESS_LINE = 'REPOSITORY = ""'
STUDENT_COURSE = [
    "README.md", "LICENSE", "CHANGELOG.md", "Makefile", "requirements.txt", "pyproject.toml", "_config.yml", "_toc.yml",
    "book", "coursekit", "exercises", "tools",
]  # fmt: skip


class ReleaseFailed(BaseException):
    """Not an `Exception`: nbgrader answers those by deleting the previous release."""


class CheckSource(NbGraderPreprocessor):
    """First: the source holds one notebook and its data, and agrees with the rubric. Restores the previous
    release if not."""

    def preprocess(self, nb, resources):
        stem = resources["nbgrader"]["assignment"]
        with _previous_kept(self, stem):
            course = Path(CourseDirectory(parent=self).root)
            for problem in source_problems(stem, nb, course / "solutions" / stem):
                raise ReleaseError(problem)
        return nb, resources


class FillRepository(NbGraderPreprocessor):
    """Write the repository's public address, from `_config.yml`, into the cell that installs coursekit on Colab."""

    def preprocess(self, nb, resources):
        address = repository(Path(CourseDirectory(parent=self).root))
        for cell in nb.cells:
            if cell.cell_type == "code":
                cell.source = cell.source.replace(ADDRESS_LINE, f"REPOSITORY = {json.dumps(address)}")
        return nb, resources


class RecordCases(NbGraderPreprocessor):
    """Last: run the public cases on the reference and on every mistake, and write what they observe.

    A recording that fails, fails the release and leaves the previous one in place.
    """

    folder = Unicode(str(recorded.FOLDER), help="Where <stem>.safetensors is written").tag(config=True)

    def preprocess(self, nb, resources):
        stem = resources["nbgrader"]["assignment"]
        with _previous_kept(self, stem) as kept:
            course = Path(CourseDirectory(parent=self).root)
            source = course / "solutions" / stem / f"{stem}.ipynb"
            made_from = origin(stem, source)
            nb.metadata["coursekit"] = {"stem": stem, "release": _digest(json.dumps(made_from, sort_keys=True))[:12]}
            prose = functools.cache(functools.partial(_prose, course / "book"))
            data = recorded.pack([_with_headings(e, prose) for e in record(stem)], made_from)
            _write(Path(self.folder) / f"{stem}.safetensors", data)
            _write(kept, (nbformat.writes(nb) + "\n").encode())
        return nb, resources


PREPROCESSORS = [
    CheckSource,
    "nbgrader.preprocessors.IncludeHeaderFooter",
    "nbgrader.preprocessors.LockCells",
    FillRepository,
    "nbgrader.preprocessors.ClearSolutions",
    "nbgrader.preprocessors.ClearOutput",
    "nbgrader.preprocessors.CheckCellMetadata",
    "nbgrader.preprocessors.ComputeChecksums",
    "nbgrader.preprocessors.SaveCells",
    "nbgrader.preprocessors.ClearHiddenTests",
    "nbgrader.preprocessors.ClearMarkScheme",
    "nbgrader.preprocessors.ComputeChecksums",
    "nbgrader.preprocessors.CheckCellMetadata",
    RecordCases,
]


class ReleaseError(ValueError):
    """What is wrong with a source, and how to mend it."""


def release(stem, course="."):
    """Release one assignment of the course in the folder `course`; returns True if anything changed.

    It is made in a folder beside and moved into place when it is whole. Raises `ReleaseError`.
    """
    from nbgrader.apps.api import NbGraderAPI

    from .course import Course

    course = Path(course).resolve()
    if not (course / "solutions" / stem).is_dir():
        there = ", ".join(sorted(p.name for p in (course / "solutions").glob("*") if p.is_dir())) or "none"
        raise ReleaseError(f"there is no solutions/{stem}; there are: {there}")
    with tempfile.TemporaryDirectory(dir=course, prefix=".release-") as staging:
        config = Course(course).config
        config.CourseDirectory.release_directory = str(Path(staging, "exercises"))
        config.RecordCases.folder = staging
        answer = NbGraderAPI(config=config).generate_assignment(stem, force=True)
        if not answer["success"]:
            raise ReleaseError(_last_line(answer))
        fresh, recording = Path(staging, "exercises", stem), Path(staging, f"{stem}.safetensors")
        target = Path(recorded.FOLDER, recording.name)
        changed = not _same_files(fresh, course / "exercises" / stem) or not _same_bytes(recording, target)
        if changed:
            _replace_folder(fresh, course / "exercises" / stem)
            os.replace(recording, target)
        return changed


def record(stem):
    """Every exercise of a chapter with its public cases, made from the public seed.

    Where a *then* of its own judges, what the reference returned is an answer (to be judged it needs only its form):
    zeros of that form are recorded instead.
    """
    exercises = [r.exercise(rubric.PUBLIC_SEED, hidden=False) for r in rubric.load(stem).values()]
    return [replace(e, cases=tuple(map(_without_answer, e.cases))) for e in exercises]


def _without_answer(case):
    if case.then == "equal":
        return case
    return replace(case, wanted=replace(case.wanted, value=_zeros(case.wanted.value)))


def _zeros(value):
    return type(value)(map(_zeros, value)) if isinstance(value, tuple | list) else value * 0


def _with_headings(exercise, prose):
    """The exercise, each mistake with the heading of the section it sends to, as the page's `prose` has it."""

    def heading(section):
        page, _, label = section.partition("#")
        found = re.search(rf"^\({re.escape(label)}\)=\n#+ +(.+)$", prose(page), re.M)
        return found[1].strip() if found else ""

    return replace(exercise, mistakes=tuple(replace(m, heading=heading(m.section)) for m in exercise.mistakes))


def _prose(book, page):
    """The text of a page of the book, without code; "" where there is no such page."""
    notebook, plain = book / f"{page}.ipynb", book / f"{page}.md"
    if plain.exists():
        return plain.read_text(encoding="utf-8")
    cells = nbformat.read(notebook, as_version=4).cells if notebook.exists() else []
    return "\n\n".join(c.source for c in cells if c.cell_type == "markdown")


def origin(stem, source):
    """What a release is made from: a hash of each part, and the versions that computed it."""
    parts = {
        "solution": Path(source),
        "rubric": Path(__file__).parent / "rubrics" / f"{stem}.py",
        "reference": Path(__file__).parent / "reference" / f"{stem}.py",
        "cases": recorded.FOLDER / f"{stem}.py",
    }
    hashes = {name: _digest(path.read_text(encoding="utf-8")) for name, path in parts.items() if path.exists()}
    versions = {name: version(name).partition("+")[0] for name in ("coursekit", "numpy", "torch")}
    return {**hashes, "seed": rubric.PUBLIC_SEED, "versions": versions}


def stale(stem, course="."):
    """Why the release of `stem` is not fresh, as a sentence; "" if it is.

    Hashes tell whether the sources have changed; the numbers are computed again and compared within tolerance.
    """
    source = Path(course, "solutions", stem, f"{stem}.ipynb")
    if stem not in recorded.stems():
        return f"{stem} has not been released: run `autograder release {stem}`."
    then, now = recorded.origin(stem), origin(stem, source)
    changed = [part for part in now if now[part] != then.get(part)]
    if changed:
        return f"the {' and the '.join(changed)} of {stem} changed since its release: run `autograder release {stem}`."
    for fresh in record(stem):
        old = recorded.exercise(fresh.id)
        for a, b in zip(fresh.cases, old.cases, strict=True):
            if not compare.same(a.wanted.value, b.wanted.value, fresh):
                return f"{fresh.id}, case {a.name!r}: this machine computes another value than the release holds."
    return ""


def student_course(folder, course="."):
    """Write the course for students into `folder`: no `solutions/`, no `autograder/`.

    Raises `ReleaseError` if the folder exists and is not empty.
    """
    course, folder = Path(course), Path(folder)
    if folder.exists() and any(folder.iterdir()):
        raise ReleaseError(f"{folder} is not empty: name a new folder")
    ignore = shutil.ignore_patterns("__pycache__", ".ipynb_checkpoints", "_build", ".jupyter_cache")
    for name in STUDENT_COURSE:
        if (course / name).is_dir():
            shutil.copytree(course / name, folder / name, ignore=ignore)
        elif (course / name).exists():
            folder.mkdir(parents=True, exist_ok=True)
            shutil.copy(course / name, folder / name)


def source_problems(stem, nb, folder):
    """What keeps a source from being released, one sentence each."""
    for path in sorted(Path(folder).iterdir()):
        if path.name not in (f"{stem}.ipynb", "data", ".ipynb_checkpoints"):
            yield f"solutions/{stem}/{path.name} would be handed to students: move it away (data goes into data/)."
    rubrics = {rubric.grade_id(r.id): r for r in rubric.load(stem).values()}
    cells = {}
    for cell in nb.cells:
        about = cell.metadata.get("nbgrader", {})
        if about.get("grade"):
            cells[about["grade_id"]] = (cell, about)
    for id in rubrics.keys() - cells.keys():
        yield f"solutions/{stem}/{stem}.ipynb has no grade cell {id!r} for the rubric {rubrics[id].id}."
    for id, (cell, about) in cells.items():
        if id not in rubrics and not about.get("solution"):  # a written answer, graded by a person, needs no rubric
            yield f"the grade cell {id!r} of solutions/{stem} has no rubric in autograder/rubrics/{stem}.py."
        elif id in rubrics:
            r = rubrics[id]
            if about["points"] != r.points:
                yield f"{r.id}: the cell gives {about['points']:g} points, the rubric {r.points:g}; make them agree."
            for call in (
                f'check("{r.id}", {r.name})',
                f'autograder.grade("{r.id}", {r.name})',
                "### BEGIN HIDDEN TESTS",
            ):
                if call not in cell.source:
                    yield f"the grade cell {id!r} lacks the line {call}."


def repository(course):
    """The repository's public address, from its one place; "" while there is none."""
    with open(Path(course, "_config.yml"), encoding="utf-8") as file:
        return (yaml.safe_load(file).get("repository") or {}).get("url") or ""


@contextlib.contextmanager
def _previous_kept(preprocessor, stem):
    """Around a step of nbgrader's release: if it fails, put the previous release back and make nbgrader leave it.
    Gives the file in which the previous release is kept."""
    directory = CourseDirectory(parent=preprocessor)
    target = Path(directory.format_path(directory.release_directory, ".", stem), f"{stem}.ipynb")
    kept = Path(directory.root, ".autograder", "released", f"{stem}.ipynb")
    try:
        yield kept
    except Exception as error:
        if kept.exists() and not target.exists():
            _write(target, kept.read_bytes())
        raise ReleaseFailed(str(error)) from error


def _write(path, data):
    """Write bytes so that the file is the old or the new one at any moment."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.new")
    temporary.write_bytes(data)
    os.replace(temporary, path)


def _replace_folder(fresh, target):
    target.parent.mkdir(parents=True, exist_ok=True)
    if target.exists():
        old = fresh.with_name("old")
        os.replace(target, old)  # into the staging folder, which goes away
    os.replace(fresh, target)


def _same_files(a, b):
    names = [sorted(p.relative_to(root) for p in root.rglob("*") if p.is_file()) for root in (a, b)]
    return names[0] == names[1] and all(_same_bytes(a / n, b / n) for n in names[0])


def _same_bytes(a, b):
    return b.exists() and a.read_bytes() == b.read_bytes()


def _digest(text):
    return hashlib.sha256(text.encode()).hexdigest()


def _last_line(answer):
    log = answer.get("log") or ""
    if "are submissions associated with it" in log:
        return (
            "students are graded for it, and nbgrader neither adds nor removes exercises then. Texts and points may "
            "change; for the rest see “Released anew” in the instructors' page."
        )
    lines = [line for line in (answer.get("error") or "").splitlines() if line.strip()]
    return lines[-1].partition(": ")[2] or lines[-1] if lines else "nbgrader gave no reason"
