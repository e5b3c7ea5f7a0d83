"""tools/course.py: bad surroundings get a sentence, good ones a running course."""

import ast
import importlib.util
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
from pathlib import Path

import httpx
import pytest

ROOT = Path(__file__).parent.parent.parent
SCRIPT = ROOT / "tools/course.py"


@pytest.fixture(scope="module")
def course():
    spec = importlib.util.spec_from_file_location("course_command", SCRIPT)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def clone(tmp_path):
    """What setup looks at, in a folder without a .venv."""
    for name in "tools/course.py", "requirements.txt", "pyproject.toml", "autograder/pyproject.toml":
        (tmp_path / name).parent.mkdir(exist_ok=True)
        shutil.copy(ROOT / name, tmp_path / name)
    return tmp_path


def run(folder, command, **environment):
    done = subprocess.run(
        [sys.executable, "tools/course.py", command],
        cwd=folder,
        env=dict(os.environ, **environment),
        capture_output=True,
        text=True,
    )
    return done.returncode, done.stdout + done.stderr


def test_an_old_python_can_read_the_script():
    ast.parse(SCRIPT.read_text(encoding="utf-8"), feature_version=(3, 7))


@pytest.mark.parametrize("version", [(3, 10, 14), (3, 6), (2, 7)])
def test_python_too_old(course, version):
    with pytest.raises(course.Surroundings, match=r"needs Python 3\.11 or newer; this is"):
        course.require_python(version)


def test_disk_too_full(course, tmp_path):
    with pytest.raises(course.Surroundings, match="disk is too full: installing needs 1000000 GB"):
        course.require_space(tmp_path, 1_000_000)


def test_a_busy_port_moves_to_the_next(course, capsys):
    with socket.socket() as busy:
        busy.bind(("127.0.0.1", 0))
        busy.listen()
        first = busy.getsockname()[1]
        assert course.free_port(first) > first
    assert f"Port {first} is busy" in capsys.readouterr().out


def test_no_port_at_all(course):
    with socket.socket() as busy:
        busy.bind(("127.0.0.1", 0))
        busy.listen()
        first = busy.getsockname()[1]
        with pytest.raises(course.Surroundings, match="all busy"):
            course.free_port(first, tries=1)


def test_no_module_for_environments(clone):
    (clone / "hidden").mkdir()
    (clone / "hidden/ensurepip.py").write_text("raise ImportError")
    status, said = run(clone, "setup", PYTHONPATH=str(clone / "hidden"))
    assert status == 1
    assert "apt-get install python3-venv" in said
    assert "Traceback" not in said


def test_no_network_at_install(clone):
    nowhere = {"PIP_INDEX_URL": "http://127.0.0.1:9/simple", "PIP_RETRIES": "0", "PIP_CONFIG_FILE": os.devnull}
    nowhere |= {"PIP_EXTRA_INDEX_URL": "", "PIP_FIND_LINKS": ""}
    status, said = run(clone, "setup", **nowhere)
    assert status == 1
    assert "No network" in said
    assert "Traceback" not in said


def test_an_environment_of_another_folder_is_made_anew(clone, tmp_path_factory):
    """`activate` and the programs in it would run the folder that this one was copied from."""
    nowhere = {"PIP_INDEX_URL": "http://127.0.0.1:9/simple", "PIP_RETRIES": "0", "PIP_CONFIG_FILE": os.devnull}
    nowhere |= {"PIP_EXTRA_INDEX_URL": "", "PIP_FIND_LINKS": ""}
    run(clone, "setup", **nowhere)
    copy = tmp_path_factory.mktemp("moved") / "course"
    shutil.copytree(clone, copy, symlinks=True)
    assert "made anew" in run(copy, "setup", **nowhere)[1]
    assert str(copy) in (copy / ".venv/bin/activate").read_text()
    assert "made anew" not in run(copy, "setup", **nowhere)[1]


def test_a_disk_that_fills_up_while_installing(clone):
    """The environment's pip is one that says what pip says then."""
    pip = clone / ".venv/bin/python"
    pip.parent.mkdir(parents=True)
    pip.write_text(
        "#!/bin/sh\necho 'ERROR: Could not install packages due to an OSError: [Errno 28] No space left' >&2\nexit 1\n"
    )
    pip.chmod(0o755)
    status, said = run(clone, "setup")
    assert status == 1
    assert "The disk is full" in said


def test_the_environment_is_made_once(clone):
    """It exists, made from these requirements: setup says nothing and does nothing."""
    script = "import sys; sys.path.insert(0, 'tools'); import course; print(course.fingerprint(), end='')"
    (clone / ".venv/bin").mkdir(parents=True)
    (clone / ".venv/bin/python").touch()
    stamp = clone / ".venv/course-stamp"
    stamp.write_text(subprocess.check_output([sys.executable, "-c", script], cwd=clone, text=True))
    assert run(clone, "setup") == (0, "")
    stamp.write_text("made from others")
    assert run(clone, "setup") != (0, "")


def test_changed_requirements_renew_the_environment(clone):
    script = "import sys; sys.path.insert(0, 'tools'); import course; print(course.fingerprint())"
    prints = []
    for more in "", "\n# changed\n":
        with (clone / "requirements.txt").open("a") as requirements:
            requirements.write(more)
        prints.append(subprocess.check_output([sys.executable, "-c", script], cwd=clone))
    assert prints[0] != prints[1]


def test_a_course_for_students_comes_without_the_autograder(course, clone, monkeypatch):
    monkeypatch.setattr(course, "ROOT", clone)
    assert course.packages() == [".", "autograder"]
    shutil.rmtree(clone / "autograder")
    assert course.packages() == ["."]
    assert len(course.fingerprint()) == 64


def test_a_book_is_built_again_when_a_source_has_changed(course, tmp_path, monkeypatch):
    (tmp_path / "_build/html").mkdir(parents=True)
    (tmp_path / "_build/html/index.html").touch()
    (tmp_path / "book").mkdir()
    chapter, stamp = tmp_path / "book/chapter.md", tmp_path / "_build/book-stamp"
    chapter.touch()
    monkeypatch.setattr(course, "ROOT", tmp_path)
    monkeypatch.setattr(course, "BUILT", stamp)
    assert not course.book_is_fresh()
    stamp.touch()
    later = chapter.stat().st_mtime + 5
    os.utime(stamp, (later, later))
    assert course.book_is_fresh()
    os.utime(chapter, (later + 5, later + 5))
    assert not course.book_is_fresh()


def test_who_stops_the_course_stops_the_build(course, tmp_path, monkeypatch):
    def stop(line):
        raise KeyboardInterrupt

    program = tmp_path / "bin/jupyter-book"
    program.parent.mkdir()
    program.write_text("#!/bin/sh\necho $$ > pid\necho reading\nexec sleep 60\n")
    program.chmod(0o755)
    for name, value in ("ROOT", tmp_path), ("VENV", tmp_path), ("LOG", tmp_path / "_build/book.log"):
        monkeypatch.setattr(course, name, value)
    monkeypatch.setattr(course, "show_progress", stop)
    with pytest.raises(KeyboardInterrupt):
        course.book()
    with pytest.raises(ProcessLookupError):
        os.kill(int((tmp_path / "pid").read_text()), 0)


def test_an_unknown_command_explains():
    status, said = run(ROOT, "dance")
    assert status == 2
    assert "course.py start" in said


def test_every_target_is_explained():
    said = subprocess.check_output(["make", "help"], cwd=ROOT, text=True)
    targets = re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), flags=re.M)
    assert {"course", "book", "test", "check", "release", "grade"} <= set(targets)
    for target in targets:
        assert f"make {target}" in said


@pytest.fixture
def started(site):
    """`course.py start` in this repository, with the lines it has said until the addresses stood there."""
    process = subprocess.Popen(
        [sys.executable, "tools/course.py", "start"],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )
    lines = []
    for line in process.stdout:
        lines.append(line)
        if "Ctrl-C stops" in line:
            break
    yield process, "".join(lines)
    if process.poll() is None:
        os.killpg(process.pid, signal.SIGTERM)
        process.wait()


def test_one_server_for_book_and_exercises_until_ctrl_c(started):
    process, said = started
    book, lab = re.findall(r"http://localhost\S+", said)
    page = httpx.get(book.replace("book/?", "book/book/intro.html?"))
    assert page.status_code == 200
    assert "course-server" in page.text
    assert httpx.get(lab, follow_redirects=True).status_code == 200
    process.send_signal(signal.SIGINT)
    rest = process.stdout.read()
    assert process.wait() == 0
    assert "Stopped." in rest
    assert "Traceback" not in rest
    with pytest.raises(httpx.ConnectError):
        httpx.get(book)
