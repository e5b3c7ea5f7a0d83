"""What a student handed in, made safe to work with: cells and their text, and nothing else that they chose.

Which cell belongs to which exercise is read from the release, never from the submission: tags, flags, points,
outputs and widgets that come with a submission are dropped.
"""

import fnmatch
import json
import os
import stat
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from types import MappingProxyType

import nbformat

from .referee import Job
from .rubric import exercise_id, stems

NOTEBOOK_LIMIT = 20 * 2**20  # bytes
FILES_LIMIT = 20 * 2**20  # bytes, of all the files beside the notebook; and how many, how deep, their longest name
FILES_COUNT, FILES_DEPTH, FILES_NAME = 1000, 20, 500
CELLS = ("code", "markdown", "raw")


class Unreadable(ValueError):
    """The sentence that says why this is no notebook."""


@dataclass(frozen=True)
class SourceCell:
    """A cell as it was released."""

    grade_id: str
    cell_type: str
    source: str
    checksum: str | None
    grade: bool = False
    solution: bool = False
    locked: bool = False
    task: bool = False
    points: float = 0.0

    def metadata(self):
        about = {
            k: getattr(self, k) for k in ("grade_id", "cell_type", "checksum", "grade", "solution", "locked", "task")
        }
        return {**about, "schema_version": 3, **({"points": self.points} if self.grade or self.task else {})}


@dataclass(frozen=True)
class Assignment:
    """What every submission of a chapter is read against: read once, for all of them."""

    stem: str
    seed: str
    cells: dict[str, SourceCell]  # by grade_id
    kernelspec: dict
    released: frozenset[str] = frozenset()  # the sources of the cells that students got


@dataclass(frozen=True)
class Submission:
    """What one student handed in: the notebook with the release's cells restored, and the job that grades it.
    `unreadable` is the sentence that says why there was no notebook to read."""

    student: str
    nb: nbformat.NotebookNode
    job: Job
    unreadable: str = ""


def source_cells(notebook):
    """The cells of a notebook in nbgrader's gradebook, by grade_id."""
    points = {c.name: c.max_score for c in [*notebook.grade_cells, *notebook.task_cells]}
    grades, tasks = {c.name for c in notebook.grade_cells}, {c.name for c in notebook.task_cells}
    solutions = {c.name for c in notebook.solution_cells}
    return {
        c.name: SourceCell(
            c.name,
            c.cell_type,
            c.source,
            c.checksum,
            grade=c.name in grades,
            solution=c.name in solutions,
            locked=bool(c.locked),
            task=c.name in tasks,
            points=points.get(c.name, 0.0),
        )
        for c in notebook.source_cells
    }


def read_file(path):
    """The notebook in a file that anyone may have put there; raises `Unreadable`."""
    if Path(path).is_symlink():
        raise Unreadable("It is a link to another file: hand in the notebook itself.")
    try:
        data = regular(path, NOTEBOOK_LIMIT)
    except OSError as error:
        raise Unreadable(f"It cannot be opened: {error.strerror}.")
    if data is None:
        raise Unreadable(f"It is larger than {NOTEBOOK_LIMIT // 2**20} MB: clear its outputs and hand it in again.")
    return read(data)


def handed_in(path, stem):
    """The notebook that a student handed in for a chapter; raises `Unreadable`, for another chapter's too."""
    nb = read_file(path)
    theirs = {exercise_id(_grade_id(cell) or "").partition(".")[0] for cell in nb.cells} & set(stems())
    if theirs and stem not in theirs:
        raise Unreadable(f"It is the notebook of {', '.join(sorted(theirs))}: hand in that of {stem}.")
    return nb


def regular(path, limit, folder=None):
    """The bytes of a file, None if there are more than `limit`. No link is followed, and nothing waited for.
    Raises `OSError`, and `Unreadable` for what is no file. `folder` is an open one that `path` starts from."""
    number = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK, dir_fd=folder)
    try:
        about = os.fstat(number)
        if not stat.S_ISREG(about.st_mode):
            raise Unreadable("It is no file (but a folder, or a pipe): hand in the notebook itself.")
        if about.st_size > limit:
            return None
        with open(number, "rb", closefd=False) as file:
            data = file.read(limit + 1)
        return data if len(data) <= limit else None
    finally:
        os.close(number)


def read(data):
    """The notebook in `data`; raises `Unreadable`. A cell keeps its type, text and grade_id, and no more."""
    if not data.strip():
        raise Unreadable("It is an empty file.")
    try:
        plain = json.loads(data)
    except json.JSONDecodeError as error:
        raise Unreadable(
            f"It is not a notebook: its JSON breaks off or goes wrong in line {error.lineno} ({error.msg})."
        )
    except (ValueError, RecursionError):  # no text, nested too deep, or a number without end
        raise Unreadable(
            "It is not a notebook: it is not JSON text that can be read. Hand in the .ipynb file that JupyterLab saved."
        )
    if isinstance(plain, dict) and "worksheets" in plain:  # nbformat 3 and older
        try:
            plain = nbformat.convert(nbformat.from_dict(plain), 4)
        except Exception:
            raise Unreadable("It is a notebook of a very old format that cannot be converted.")
    if not isinstance(plain, dict) or not isinstance(plain.get("cells"), list):
        raise Unreadable("It is JSON, but not a notebook: it has no list of cells.")
    cells = [_cell(i, c) for i, c in enumerate(plain["cells"]) if isinstance(c, dict)]
    return notebook_of(cells)


def notebook_of(cells):
    """A notebook of these cells. Nothing is validated: its parts are made here, and a class has many."""
    return nbformat.from_dict({"metadata": {}, "cells": cells, "nbformat": 4, "nbformat_minor": 5})


def cell_of(cell_type, source, id="", metadata=None):
    """A cell without outputs."""
    cell = {"id": id, "cell_type": cell_type, "metadata": metadata or {}, "source": source}
    return nbformat.from_dict(cell | ({"execution_count": None, "outputs": []} if cell_type == "code" else {}))


def _cell(index, plain):
    source = plain.get("source", "")
    source = "".join(map(str, source)) if isinstance(source, list) else str(source)
    source = source.encode(errors="replace").decode()  # half a surrogate pair is no text
    cell_type = plain.get("cell_type")
    about = plain.get("metadata")
    about = about.get("nbgrader") if isinstance(about, dict) else None
    grade_id = about.get("grade_id") if isinstance(about, dict) else None
    metadata = {"nbgrader": {"grade_id": grade_id}} if isinstance(grade_id, str) else {}
    return cell_of(cell_type if cell_type in CELLS else "raw", source, f"cell-{index}", metadata)


def restored(nb, source):
    """The submitted cells with the release's metadata, the release's text where it is locked, and every graded
    cell that was deleted back at the end. Of cells with the same grade_id the last one counts."""
    last = {_grade_id(cell): i for i, cell in enumerate(nb.cells)}
    cells = []
    for i, cell in enumerate(nb.cells):
        original = source.get(_grade_id(cell)) if last[_grade_id(cell)] == i else None
        if original is None:
            cell = cell_of(cell.cell_type, cell.source)
        else:
            text = original.source if original.locked or (original.grade and not original.solution) else cell.source
            cell = cell_of(original.cell_type, text, metadata={"nbgrader": original.metadata()})
        cells.append(cell)
    for original in source.values():
        if (original.grade or original.task) and original.grade_id not in last:
            text = "" if original.solution else original.source
            cells.append(cell_of(original.cell_type, text, metadata={"nbgrader": original.metadata()}))
    for i, cell in enumerate(cells):
        cell["id"] = f"cell-{i}"  # the same for the same submission, whoever sanitizes it
    return notebook_of(cells)


def _grade_id(cell):
    return cell.metadata.get("nbgrader", {}).get("grade_id")


def job(nb, stem, seed, files=None, released=MappingProxyType({}), unconfined=False):
    """The `Job` of a notebook: its bytes depend on its cells alone, and on which code cells are as `released`, and
    among these on which are pictures."""
    cells = []
    for i, cell in enumerate(nb.cells):
        metadata = {"nbgrader": {"grade_id": _grade_id(cell)}} if _grade_id(cell) else {}
        if cell.cell_type == "code" and cell.source in released:
            metadata |= {"as_released": True} | ({"picture": True} if released[cell.source] else {})
        cells.append(cell_of(cell.cell_type, cell.source, f"cell-{i}", metadata))
    text = json.dumps(notebook_of(cells), sort_keys=True, ensure_ascii=False)
    return Job(stem, text.encode(errors="replace"), seed, files or {}, unconfined=unconfined)


def sources(path):
    """{source: is it a picture?} of the cells of a notebook of ours; none if it is not there."""
    try:
        nb = nbformat.read(path, as_version=4)
    except OSError:
        return {}
    return {cell.source: "picture" in cell.metadata.get("tags", ()) for cell in nb.cells}


def files(folder, ignore=()):
    """What lies beside the notebook in a folder, by name. Passed over are links, what is no file, what cannot be read
    or named, and what is beyond the limits."""
    found, left = {}, FILES_LIMIT
    if not os.access(folder, os.R_OK | os.X_OK) or not Path(folder).is_dir():
        return found
    for path, folders, names, number in os.fwalk(folder):
        inside = Path(path).relative_to(folder)
        folders[:] = sorted(f for f in folders if len(inside.parts) < FILES_DEPTH and not _ignored(f, ignore))
        for name in sorted(names):
            if name.endswith(".ipynb") or name == "timestamp.txt" or _ignored(name, ignore):
                continue
            if len(found) == FILES_COUNT:
                return found
            try:
                whole, data = (inside / name).as_posix(), regular(name, left, number)
                if data is not None and len(whole.encode()) <= FILES_NAME:
                    found[whole], left = data, left - len(data)
            except (OSError, ValueError):
                continue
    return found


def laid_over(files, more):
    """`files` with `more` over them: also where one has a file and the other a folder."""
    folders = {above for name in more for above in _above(name)}
    kept = {n: d for n, d in files.items() if n not in folders and not any(above in more for above in _above(n))}
    return kept | more


def _above(name):
    return [above.as_posix() for above in PurePosixPath(name).parents]


def _ignored(name, patterns):
    return any(fnmatch.fnmatch(name, pattern) for pattern in patterns)
