"""What students uploaded as archives, unpacked for `nbgrader zip_collect`: into its folder, and no more than a limit.

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
from itertools import islice
from pathlib import Path, PurePosixPath

from nbgrader.plugins import ExtractorPlugin
from traitlets import Integer

BROKEN = (OSError, EOFError, ValueError, RuntimeError, zlib.error, zipfile.BadZipFile, tarfile.TarError)


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
