"""`make course` and what every other target needs first: .venv with the pinned requirements.

Runs under the system's Python with nothing but the standard library, and in words that Python 3.6 can still read, so
that a Python that is too old gets a sentence and not a syntax error.

    course.py setup    create or renew .venv
    course.py book     build the book into _build/html
    course.py start    setup, book, and one JupyterLab server for both the book and the exercises
"""

import hashlib
import os
import re
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
PYTHON = VENV / "bin" / "python"
LOG = ROOT / "_build" / "book.log"
BUILT = ROOT / "_build" / "book-stamp"  # as old as the sources that the last good build saw
SOURCES = "book", "exercises", "coursekit", "_config.yml", "_toc.yml", "requirements.txt"
NEEDED_GB = 4  # .venv with PyTorch's CPU build takes 1.6; pip needs as much again while it unpacks
CPU_BUILD = "PIP_EXTRA_INDEX_URL=https://download.pytorch.org/whl/cpu"
COLOR = re.compile(r"\x1b\[[0-9;]*m")
OFFLINE = "NewConnectionError", "ConnectTimeout", "Temporary failure", "Max retries", "from versions: none"


class Surroundings(Exception):
    """Something about this machine that its owner can mend; the message says how."""


# --- what the machine must offer -------------------------------------------------------------------


def require_python(version=sys.version_info):
    if version[:2] < (3, 11):
        raise Surroundings(
            "The course needs Python 3.11 or newer; this is {}.{}. Install one (python.org, your package manager) and "
            "name it: make course PYTHON=python3.12".format(*version[:2])
        )


def require_venv():
    try:
        import ensurepip  # noqa: F401
        import venv  # noqa: F401
    except ImportError:
        raise Surroundings(
            "This Python cannot make virtual environments. On Debian, Ubuntu and WSL: sudo apt-get install python3-venv"
        )


def require_space(folder, gigabytes):
    free = shutil.disk_usage(str(folder)).free / 1e9
    if free < gigabytes:
        raise Surroundings(
            f"The disk is too full: installing needs {gigabytes:.0f} GB and {free:.1f} GB are free in {folder}."
        )


def free_port(first=8888, tries=50):
    """The first port from `first` on that nobody listens to."""
    for port in range(first, first + tries):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                say(f"Port {port} is busy; trying the next one.")
            else:
                return port
    raise Surroundings(f"Ports {first} to {port} are all busy. Stop something that listens there.")


# --- installing ------------------------------------------------------------------------------------


def setup():
    """.venv holds exactly what requirements.txt pins, and the two packages of this folder."""
    require_python()
    stamp, wanted = VENV / "course-stamp", fingerprint()
    if PYTHON.exists() and stamp.exists() and stamp.read_text() == wanted:
        return
    if is_of_another_folder():
        say("This folder was moved or copied, and its .venv still points to the old place: it is made anew.")
        shutil.rmtree(str(VENV))
    new = not PYTHON.exists()
    if new:
        require_venv()
    if not installed("torch"):
        require_space(ROOT, NEEDED_GB)
        if brings_cuda() and not shutil.which("nvidia-smi"):
            say(
                "No NVIDIA GPU here, but pip's PyTorch for Linux brings its libraries (3 GB). For the small build, press "
                f"Ctrl-C and run this instead:\n  {CPU_BUILD} make course"
            )
    if new:
        say("Creating .venv …")
        run([sys.executable, "-m", "venv", str(VENV)], "Could not create .venv; the reason stands above.")
    say("Installing what the course needs (once; some minutes) …")
    install("-r", "requirements.txt")
    for package in packages():
        install("-q", "--no-deps", "--no-build-isolation", "-e", package)
    stamp.write_text(wanted)
    say("Installed.")


def is_of_another_folder():
    """Was .venv made elsewhere? Its programs and `activate` hold the path, and would run the other folder's course."""
    try:
        about = (VENV / "pyvenv.cfg").read_text(encoding="utf-8")
    except OSError:
        return False
    made = re.search(r"^command = .* -m venv .*?(/.*)$", about, re.M)  # the interpreter's path has gone by
    return bool(made) and not (os.path.isdir(made[1]) and os.path.samefile(made[1], str(VENV)))


def fingerprint():
    """Changes when the environment must be renewed: other pins, other packages, another place."""
    hasher = hashlib.sha256(str(ROOT).encode())
    for name in ["requirements.txt", *(f"{package}/pyproject.toml" for package in packages())]:
        hasher.update((ROOT / name).read_bytes())
    return hasher.hexdigest()


def packages():
    """coursekit, and autograder where it is: a course for students comes without it."""
    return [place for place in (".", "autograder") if (ROOT / place / "pyproject.toml").exists()]


def installed(package):
    return bool(list(VENV.glob(f"lib/python*/site-packages/{package}/__init__.py")))


def brings_cuda():
    return sys.platform == "linux" and CPU_BUILD.split("=")[1] not in os.environ.get("PIP_EXTRA_INDEX_URL", "")


def install(*what):
    """pip, with its progress shown as it goes and its usual failures said in a sentence."""
    command = [str(PYTHON), "-m", "pip", "install", "--disable-pip-version-check", *list(what)]
    pip = subprocess.Popen(command, cwd=str(ROOT), stderr=subprocess.PIPE, universal_newlines=True)
    complaints = ""
    for line in pip.stderr:
        sys.stderr.write(line)
        complaints += line
    if pip.wait() == 0:
        return
    if "No space left" in complaints:
        raise Surroundings("The disk is full. Free some space and run the same command again: it goes on from here.")
    if any(sign in complaints for sign in OFFLINE):
        raise Surroundings(
            "No network, or the package index cannot be reached. The first start downloads the course's packages; "
            "run the same command again when online: it goes on from here."
        )
    raise Surroundings("pip could not install the course's packages; its reason stands above.")


# --- the book --------------------------------------------------------------------------------------


def book():
    """Builds what has changed. One moving line on a terminal, all lines elsewhere; the whole in _build/book.log."""
    LOG.parent.mkdir(exist_ok=True)
    began = time.time()
    command = [str(VENV / "bin" / "jupyter-book"), "build", ".", "-W", "-n", "--keep-going"]
    environment = dict(os.environ, PATH=path(), PYTHONUNBUFFERED="1")
    say(f"Building the book (chapters are executed once; the log is {LOG.relative_to(ROOT)}) …")
    with LOG.open("w", encoding="utf-8") as log:
        build = subprocess.Popen(
            command, cwd=str(ROOT), env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
        )
        try:
            for line in build.stdout:
                text = COLOR.sub("", line.decode("utf-8", "replace")).rstrip()
                log.write(text + "\n")
                show_progress(text)
        except BaseException:  # whoever stops this script stops the build as well
            build.terminate()
            build.wait()
            raise
    end_progress()
    if build.wait():
        complaints = [
            line for line in LOG.read_text(encoding="utf-8").splitlines() if "WARNING" in line or "ERROR" in line
        ]
        raise Surroundings("The book could not be built.\n" + "\n".join(complaints[-20:] or ["See " + str(LOG)]))
    BUILT.touch()
    os.utime(str(BUILT), (began, began))


def book_is_fresh():
    """Nothing that the book is made of has changed since it was built."""
    if not (BUILT.exists() and (ROOT / "_build/html/index.html").exists()):
        return False
    places = [ROOT / name for name in SOURCES]
    files = [file for place in places for file in [place, *place.rglob("*")] if file.exists()]
    return max(file.stat().st_mtime for file in files) < BUILT.stat().st_mtime


def show_progress(text):
    if not sys.stdout.isatty():
        print(text, flush=True)
    elif text.strip():
        width = shutil.get_terminal_size().columns - 1
        print("\r\033[K" + text[:width], end="", flush=True)


def end_progress():
    if sys.stdout.isatty():
        print("\r\033[K", end="", flush=True)


# --- the server ------------------------------------------------------------------------------------


def start():
    """One JupyterLab server for the book and the exercises, until Ctrl-C."""
    setup()
    try:
        if not book_is_fresh():
            book()
    except Surroundings as trouble:
        if not (ROOT / "_build/html/index.html").exists():
            raise
        say(str(trouble) + "\nShowing the book as it was built before.")
    port, token = free_port(), secrets.token_hex(24)
    # The token travels in the environment: a command line can be read by everyone on the machine.
    environment = dict(os.environ, PATH=path(), JUPYTER_TOKEN=token, JUPYTER_PREFER_ENV_PATH="1")
    # Jupyter's news would be asked for on another site, and asks the student first.
    settings = [str(ROOT / "tools/jupyter"), environment.get("JUPYTER_CONFIG_PATH", "")]
    environment["JUPYTER_CONFIG_PATH"] = os.pathsep.join(filter(None, settings))
    command = [str(PYTHON), "-m", "jupyterlab", "--no-browser", f"--port={port}", "--ServerApp.port_retries=0"]
    command += [f"--ServerApp.root_dir={ROOT}", "--ServerApp.log_level=WARN"]
    command += ["--ServerApp.jpserver_extensions=coursekit.server=True"]
    if hasattr(os, "getuid") and os.getuid() == 0:
        command.append("--allow-root")
    # In a session of its own, so that Ctrl-C reaches this script alone, and it stops the server in order.
    server = subprocess.Popen(command, cwd=str(ROOT), env=environment, start_new_session=True)
    try:
        wait_until_open(port, server)
        say("")
        for name, place in ("The book:", "book/"), ("JupyterLab:", "lab"):
            say(f"  {name:12} http://localhost:{port}/{place}?token={token}")
        say("\n  Ctrl-C stops.")
        server.wait()
    except KeyboardInterrupt:
        say("\nStopping …")
    finally:
        stop(server)
    say("Stopped.")


def wait_until_open(port, server):
    while server.poll() is None:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.1)
    raise Surroundings("JupyterLab did not start; the reason stands above.")


def stop(server):
    """The server ends its kernels and itself; what is left after ten seconds is ended for it."""
    server.terminate()
    try:
        server.wait(10)
    except subprocess.TimeoutExpired:
        os.killpg(server.pid, signal.SIGKILL)


# --- small parts -----------------------------------------------------------------------------------


def path():
    """PATH with the environment's programs first: nbgrader and Jupyter look theirs up there."""
    return str(VENV / "bin") + os.pathsep + os.environ.get("PATH", "")


def run(command, failure):
    if subprocess.call(command, cwd=str(ROOT)):
        raise Surroundings(failure)


def say(text):
    print(text, flush=True)


def interrupt(signal_number, frame):
    raise KeyboardInterrupt


COMMANDS = {"setup": setup, "book": book, "start": start}


def main(arguments):
    if len(arguments) != 1 or arguments[0] not in COMMANDS:
        print(__doc__)
        return 2
    signal.signal(signal.SIGTERM, interrupt)
    signal.signal(signal.SIGHUP, interrupt)
    try:
        COMMANDS[arguments[0]]()
    except Surroundings as trouble:
        print(f"\n{trouble}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\nStopped. Run the same command again to go on.", file=sys.stderr)
        return 130
    except OSError as trouble:
        print("\n{}: {}".format(trouble.filename or "This machine", trouble.strerror or trouble), file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
