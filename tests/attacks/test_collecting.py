"""What students upload as archives, through nbgrader's `zip_collect`, with our configuration."""

import os
import shutil
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest

from .conftest import ROOT

LIMIT = 300 * 2**20  # bytes that one student's archive may unpack to


@pytest.fixture
def course(tmp_path):
    """A folder in one that holds nothing else: what lands beside it is seen."""
    root = tmp_path / "course"
    (root / "downloaded" / "perceptron" / "archive").mkdir(parents=True)
    shutil.copy(ROOT / "nbgrader_config.py", root)
    return root


def collect(course):
    """Run `nbgrader zip_collect`; returns what it said."""
    program = Path(sys.executable).parent / "nbgrader"
    pattern = r".*/(?P<student_id>\w+)/(?P<file_id>.*)"
    command = [
        program,
        "zip_collect",
        "perceptron",
        f"--FileNameCollectorPlugin.named_regexp={pattern}",
        "--log-level=ERROR",
    ]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(command, cwd=course, env=environment, capture_output=True, text=True, timeout=120)
    return done.stdout + done.stderr


def archive(course, name="class.zip"):
    return course / "downloaded" / "perceptron" / "archive" / name


def size(folder):
    return sum(p.stat().st_size for p in folder.rglob("*") if p.is_file())


def test_names_that_lead_out_of_the_folder_land_nowhere(course):
    with zipfile.ZipFile(archive(course), "w") as file:
        file.writestr("ada/perceptron.ipynb", "{}")
        for name in (
            "../../../../attack.txt",
            "/tmp/attack-zip.txt",
            "ada/../../../../../attack.txt",
            "ada/../../x/attack.txt",
        ):
            file.writestr(name, "attack")
    said = collect(course)
    assert (course / "submitted" / "ada" / "perceptron" / "perceptron.ipynb").exists(), said
    found = [*course.parent.rglob("attack*.txt"), *Path("/tmp").glob("attack-zip.txt")]
    assert [p for p in found if "downloaded" not in p.parts and "submitted" not in p.parts] == []


@pytest.mark.parametrize("kind", ["zip", "tar"])
def test_links_in_archives_lead_nowhere(course, kind):
    (course / "secret.txt").write_text("LEAKED: the instructor's")
    if kind == "zip":
        with zipfile.ZipFile(archive(course), "w") as file:
            about = zipfile.ZipInfo("ada/link.txt")
            about.external_attr = 0o120777 << 16
            file.writestr(about, str(course / "secret.txt"))
            file.writestr("ada/perceptron.ipynb", "{}")
    else:
        with tarfile.open(archive(course, "class.tar.gz"), "w:gz") as file:
            for name, target, hard in (
                ("ada/link.txt", str(course / "secret.txt"), False),
                ("ada/hard.txt", "../../../../secret.txt", True),
            ):
                about = tarfile.TarInfo(name)
                about.type, about.linkname = tarfile.LNKTYPE if hard else tarfile.SYMTYPE, target
                file.addfile(about)
            notebook = course / "n.ipynb"
            notebook.write_text("{}")
            file.add(notebook, "ada/perceptron.ipynb")
    said = collect(course)
    submitted = course / "submitted" / "ada" / "perceptron"
    assert (submitted / "perceptron.ipynb").exists(), said
    assert not any(p.is_symlink() for p in course.rglob("*"))
    assert not [p for p in submitted.rglob("*") if "LEAKED" in p.read_text(errors="replace")]


def test_a_zip_bomb_does_not_fill_the_disk(course):
    with zipfile.ZipFile(archive(course), "w", zipfile.ZIP_DEFLATED) as file:
        file.writestr("ada/perceptron.ipynb", "{}")
        with file.open("bob/perceptron.ipynb", "w", force_zip64=True) as bomb:
            for _ in range(40):
                bomb.write(bytes(2**24))
    said = collect(course)
    assert size(course) < LIMIT, f"{size(course)} bytes on disk\n{said}"
