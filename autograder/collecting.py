"""What students uploaded, for `nbgrader zip_collect`: archives unpacked into its folder, and no more than a limit;
each file given to the student whom Canvas or Moodle names in front of it.

What is wrong with an archive is said in a sentence, and the others are unpacked all the same.
"""

import gzip
import os
import re
import shutil
import stat
import tarfile
import tempfile
import zipfile
import zlib
from collections.abc import Callable
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import cached_property
from itertools import islice
from pathlib import Path, PurePosixPath

from nbgrader.api import Gradebook
from nbgrader.plugins import ExtractorPlugin, FileNameCollectorPlugin
from traitlets import Integer

BROKEN = (OSError, EOFError, ValueError, RuntimeError, zlib.error, zipfile.BadZipFile, tarfile.TarError)

# How they name what is downloaded at once: Canvas each file, Moodle a folder or each file.
CANVAS = re.compile(r"(?P<name>[^_/]+)(_LATE)?_(?P<number>\d+)_\d+_(?P<file>[^/]+)$")
MOODLE = re.compile(r"(?P<name>[^_/]+)_(?P<number>\d+)_assignsubmission_file[_/](.*/)?(?P<file>[^/]+)$")
AGAIN = re.compile(r"(-\d+| ?\(\d+\))$")  # a copy, as they or a browser number it


@dataclass(frozen=True)
class Member:
    """A file in an archive; `problem` says why it must stay there."""

    name: str
    size: int
    problem: str
    open: Callable

    def write(self, folder):
        """Returns where it lies now. Raises one of `BROKEN`."""
        path = Path(folder, *_parts(self.name))
        path.parent.mkdir(parents=True, exist_ok=True)
        with open(path, "xb") as file:
            try:
                with self.open() as source:
                    shutil.copyfileobj(source, file)
            except BaseException:
                path.unlink()
                raise
        return path


@dataclass(frozen=True)
class Person:
    """A student as the gradebook knows them."""

    id: str
    first_name: str | None
    last_name: str | None
    lms_user_id: str | None


class Extractor(ExtractorPlugin):
    """Takes the place of nbgrader's. Archives within an archive are unpacked beside it; those within these are not."""

    megabytes = Integer(200, help="To what an archive may unpack, or to ten times its size.").tag(config=True)
    members = Integer(10_000, help="How many files an archive may hold.").tag(config=True)

    def extract(self, archive_path, extracted_path):
        for folder, _, names in os.walk(archive_path):
            place = Path(extracted_path, os.path.relpath(folder, archive_path))
            place.mkdir(parents=True, exist_ok=True)
            for path in (Path(folder, name) for name in sorted(names)):
                if path.suffix in self.zip_ext:
                    limit = max(self.megabytes * 2**20, 10 * path.stat().st_size)
                    self._unpack_all(path, place / _stem(path), limit)
                else:
                    shutil.copy(path, place)

    def _unpack_all(self, path, folder, limit):
        """An archive, then those in it, which share what it leaves of its limits."""
        files, left = self._unpack(path, folder, limit, self.members)
        within = [p for p in files if p.suffix in self.zip_ext]
        for inner in within:
            self._unpack(inner, inner.with_name(_stem(inner)), left // len(within), self.members // len(within))

    def _unpack(self, path, folder, limit, count):
        """The files that an archive held, the smallest first as far as the limits reach, and what is left in bytes."""
        files, problems = [], {}
        try:
            folder.mkdir(parents=True, exist_ok=True)
            with _members(path, limit, count) as members:
                for member in sorted(members, key=lambda m: m.size):
                    problem = member.problem
                    if not problem and (member.size > limit or len(files) == count):
                        problem = "there would be too much"
                    if not problem:
                        try:
                            files.append(member.write(folder))
                            limit -= member.size
                        except BROKEN as error:
                            problem = f"it cannot be unpacked ({error})"
                    if problem:
                        problems.setdefault(problem, []).append(member.name)
        except BROKEN as error:
            self.log.error("%s is no archive that can be unpacked (%s).", path, error)
        for problem, names in problems.items():
            more = f" and {len(names) - 1} more" if len(names) > 1 else ""
            self.log.error("%s: %r%s is left out: %s.", path, names[0], more, problem)
        return files, limit


class Collector(FileNameCollectorPlugin):
    """Says whose a file is. Takes the place of nbgrader's, which must be told with a `named_regexp`, and still may be.

    A student is found in the gradebook by Canvas's number (`lms_user_id`) or by name (Moodle), if just one fits; else
    the id is made of both, as in `Ada Lovelace_4711`. What is no notebook is collected too, so that nobody is lost."""

    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.taken = set()

    def collect(self, submitted_file):
        if self.named_regexp:
            return super().collect(submitted_file)
        path = Path(submitted_file).as_posix()
        moodle = MOODLE.search(path)
        found = moodle or CANVAS.search(path)
        if not found:
            return None
        student = self._student(found["name"], found["number"], "" if moodle else found["number"])
        wanted, name = self.parent.coursedir.assignment_id, Path(found["file"])
        if name.suffix == ".ipynb" and AGAIN.sub("", name.stem).lower() == wanted.lower():
            name = name.with_name(f"{wanted}.ipynb")
        original, count = name, 1
        while (student, name.name) in self.taken:  # handed in twice: both are kept, and grading names the second
            count += 1
            name = original.with_name(f"{original.stem}-{count}{original.suffix}")
        self.taken.add((student, name.name))
        return {"student_id": student, "file_id": name.name}

    def _student(self, name, number, lms_user_id):
        fits = [
            s.id
            for s in self._students
            if (lms_user_id and s.lms_user_id == lms_user_id)
            or (not lms_user_id and f"{s.first_name or ''} {s.last_name or ''}".strip().casefold() == name.casefold())
        ]
        return fits[0] if len(fits) == 1 else f"{name}_{number}"

    @cached_property
    def _students(self):
        directory = self.parent.coursedir
        with Gradebook(directory.db_url, directory.course_id) as gradebook:
            return [Person(s.id, s.first_name, s.last_name, s.lms_user_id) for s in gradebook.students]


@contextmanager
def _members(path, limit, count):
    """The files in a zip or tar archive, and the first of those beyond `count`. Raises one of `BROKEN`."""
    with ExitStack() as stack:
        if zipfile.is_zipfile(path):
            archive = stack.enter_context(zipfile.ZipFile(path))
            yield [_of_zip(archive, about) for about in archive.infolist() if not about.is_dir()]
        else:
            plain = stack.enter_context(_decompressed(path, limit))
            archive = stack.enter_context(tarfile.open(fileobj=plain, mode="r:"))
            yield [_of_tar(archive, about) for about in islice(archive, count + 1) if not about.isdir()]


@contextmanager
def _decompressed(path, limit):
    """A tar archive as a file that is not compressed. Raises `ValueError` if it would be larger than `limit`."""
    with open(path, "rb") as packed, tempfile.TemporaryFile() as plain:
        compressed = packed.read(2) == b"\x1f\x8b"
        packed.seek(0)
        if not compressed:
            yield packed
            return
        with gzip.open(packed) as file:
            while data := file.read(2**20):
                plain.write(data)
                if plain.tell() > limit:
                    raise ValueError("there would be too much")
        plain.seek(0)
        yield plain


def _of_zip(archive, about):
    problem = _problem(about.filename)
    if stat.S_IFMT(about.external_attr >> 16) not in (0, stat.S_IFREG):
        problem = "it is a link or no file"
    if about.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        problem = "it is compressed in an unusual way"
    return Member(about.filename, about.file_size, problem, lambda: archive.open(about))


def _of_tar(archive, about):
    problem = _problem(about.name) if about.isfile() else "it is a link or no file"
    return Member(about.name, about.size, problem, lambda: archive.extractfile(about))


def _problem(name):
    leads_out = name.startswith(("/", "\\")) or ".." in _parts(name) or re.match("[A-Za-z]:", name)
    return "its name leads out of the folder" if leads_out else ""


def _parts(name):
    return PurePosixPath(name.replace("\\", "/")).parts


def _stem(path):
    return path.name.removesuffix(path.suffix).removesuffix(".tar")
