"""What a confined student process can see and use, and where it comes to an end."""

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from autograder.sandbox import bubblewrap, process, unconfinable, zygote
from autograder.sandbox.frames import Gone, Late
from autograder.sandbox.process import Shared, Zygote, student_process

pytestmark = pytest.mark.confined


def run(*cells, files=None, seconds=20.0, confined=True, environment=None, modules=()):
    """The outputs of cells that run in one student process: text of streams and results, names of errors."""
    with student_process(confined, environment, modules) as student:
        plain = [{"index": i, "source": c, "exercise": "", "draw": True} for i, c in enumerate(cells)]
        student.start(_task(plain, seconds, files or {}), 30)
        outputs = [student.answer(seconds + 5, 2 * seconds + 5)["outputs"] for _ in cells]
    return ["".join(map(_text, output)) for output in outputs]


def _text(output):
    if output["output_type"] == "error":
        return f"{output['ename']}: {output['evalue']}"
    return output.get("text") or output["data"].get("image/png") or output["data"]["text/plain"]


def test_this_machine_confines():
    assert unconfinable() == ""


def test_an_environment_behind_a_link_and_packages_on_pythonpath_are_found(tmp_path):
    root = Path(bubblewrap.PACKAGE).parent
    for package in ("autograder", "coursekit"):
        shutil.copytree(root / package, tmp_path / "copy" / package, ignore=shutil.ignore_patterns("__pycache__"))
    (tmp_path / "venv").symlink_to(sys.prefix)
    code = "from autograder.sandbox import unconfinable; print(unconfinable.__code__.co_filename, unconfinable())"
    command = [tmp_path / "venv" / "bin" / "python", "-c", code]
    environment = {**os.environ, "PYTHONPATH": str(tmp_path / "copy")}
    done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True)
    assert done.stdout.split() == [str(tmp_path / "copy" / "autograder" / "sandbox" / "__init__.py")], done.stderr


def test_it_sees_its_files_and_nothing_of_the_course():
    look = """
import os
from pathlib import Path
import autograder, coursekit
package = Path(autograder.__file__).parent
print(sorted(os.listdir()), Path("data/x.txt").read_text(), Path.cwd() == Path.home())
print(sorted(os.listdir(package)), (Path(coursekit.__file__).parent / "check.py").exists())
"""
    (said,) = run(look, files={"data/x.txt": b"mine"})
    first, second = said.splitlines()
    assert first == "['data'] mine True"
    assert second == "['__init__.py', 'sandbox'] True"


@pytest.mark.parametrize("place", ["rubrics", "reference", "referee.py", "../solutions", "../.git", "../tests"])
def test_the_judge_is_out_of_view(place):
    package = bubblewrap.PACKAGE
    assert (package / place).exists()
    (said,) = run(f"import os; print(os.path.exists({str(package / place)!r}))")
    assert said == "False\n"


def test_no_file_of_the_machine_can_be_written():
    write = """
import os, sys, tempfile
import coursekit, autograder
places = ["/", "/usr", "/etc", "/dev", "/proc", "/sys", sys.prefix, coursekit.__path__[0], autograder.__path__[0]]
for place in [*places, *(p for p in sys.path if not p.startswith("/tmp"))]:  # an own /tmp, wherever the course is
    try:
        open(os.path.join(place, "x"), "w")
        print("wrote in", place)
    except OSError:
        pass
for place in [os.getcwd(), tempfile.gettempdir(), "/tmp", "/dev/shm"]:
    open(os.path.join(place, "x"), "w").write("mine")
print("done")
"""
    assert run(write) == ["done\n"]


def test_nothing_is_left_for_the_next_one():
    leave = "open('/tmp/left', 'w'); open('/dev/shm/left', 'w'); open('left', 'w'); import os; os.environ['LEFT'] = '1'"
    memory = """
import ctypes
c = ctypes.CDLL(None)
print(c.shmget(4711, 4096, {flags}))
"""
    run(leave, memory.format(flags="0o1600"))
    look = "import os; print([os.path.exists(p) for p in ('/tmp/left', '/dev/shm/left', 'left')], 'LEFT' in os.environ)"
    assert run(look, memory.format(flags="0")) == ["[False, False, False] False\n", "-1\n"]


def test_there_is_no_other_process_and_no_secret_in_the_environment():
    os.environ["COURSE_SECRET"] = "seed"
    try:
        Zygote.running.pop(True, None)
        (said,) = run(
            "import os, psutil\n"
            "print(os.getpid(), [n for n in os.listdir('/proc') if n.isdigit()], 'COURSE_SECRET' in os.environ)\n"
            "for pid in range(2, 400):\n"
            "    try: os.kill(pid, 0); print('found', pid)\n"
            "    except ProcessLookupError: pass\n"
        )
    finally:
        del os.environ["COURSE_SECRET"]
    assert said == "1 [] False\n"


def test_it_holds_no_descriptor_but_its_line():
    (said,) = run(
        "import os\nfor n in range(64):\n    try: print(n, os.fstat(n).st_mode >> 12)\n    except OSError: pass"
    )
    kinds = [line.split()[1] for line in said.splitlines()]
    assert kinds == ["2", "2", "2", "12"], "three times /dev/null, and one socket"


def test_there_is_no_network():
    connect = """
import socket
for family, address in [(socket.AF_INET, ("127.0.0.1", {port})), (socket.AF_INET, ("1.1.1.1", 53))]:
    with socket.socket(family) as s:
        s.settimeout(2)
        try: s.connect(address); print("connected", address)
        except OSError as error: print(type(error).__name__)
"""
    with socket.create_server(("127.0.0.1", 0)) as server:
        (said,) = run(connect.format(port=server.getsockname()[1]))
    assert "connected" not in said
    assert len(said.splitlines()) == 2


def test_an_abstract_socket_of_the_machine_is_out_of_reach():
    with socket.socket(socket.AF_UNIX) as server:
        server.bind("\0course")
        server.listen()
        (said,) = run("import socket; socket.socket(socket.AF_UNIX).connect('\\0course')")
    assert said.startswith("ConnectionRefusedError")


@pytest.mark.parametrize(
    ("call", "error"),
    [
        ("libc.unshare(0x10000000)", "EPERM"),
        ("libc.syscall(clone3, 0, 0)", "ENOSYS"),
        ("libc.syscall(clone, 0x10000000 | 17, 0, 0, 0, 0)", "EPERM"),
        ("libc.mount(b'tmpfs', b'/tmp', b'tmpfs', 0, None)", "EPERM"),
        ("libc.umount2(b'/proc', 2)", "EPERM"),
        ("libc.ptrace(0, 0, 0, 0)", "EPERM"),
        ("libc.chroot(b'/tmp')", "EPERM"),
        ("libc.setuid(0)", "EINVAL"),
        ("libc.socket(16, 3, 0)", "EAFNOSUPPORT"),  # netlink
        ("libc.socket(40, 1, 0)", "EAFNOSUPPORT"),  # to the host of a virtual machine
        ("libc.socket(38, 5, 0)", "EAFNOSUPPORT"),  # the kernel's cryptography
        ("libc.syscall(bpf, 0, 0, 0)", "EPERM"),
        ("libc.syscall(userfaultfd, 0)", "EPERM"),
        ("libc.syscall(425, 8, 0)", "EPERM"),  # io_uring_setup, the same number everywhere
        ("libc.syscall(keyctl, 0, 0)", "EPERM"),
        ("libc.sethostname(b'x', 1)", "EPERM"),
    ],
)
def test_the_kernels_corners_are_closed(call, error):
    numbers = {"clone3": 435, "clone": 56, "bpf": 321, "userfaultfd": 323, "keyctl": 250}
    if os.uname().machine == "aarch64":
        numbers = {"clone3": 435, "clone": 220, "bpf": 280, "userfaultfd": 282, "keyctl": 219}
    names = "\n".join(f"{k} = {v}" for k, v in numbers.items())
    (said,) = run(
        f"import ctypes, errno\nlibc = ctypes.CDLL(None, use_errno=True)\n{names}\n"
        f"r = {call}\nprint(r, errno.errorcode.get(ctypes.get_errno()))"
    )
    assert said == f"-1 {error}\n"


def test_it_has_no_rights_and_cannot_get_any():
    (said,) = run(
        "import ctypes, os\nlibc = ctypes.CDLL(None)\n"
        "print(libc.prctl(39, 0, 0, 0, 0), sum(libc.prctl(23, n, 0, 0, 0) == 1 for n in range(41)), os.getuid() != 0)"
    )
    assert said == "1 0 True\n"  # no new privileges; nothing left that a program could be given


def test_what_notebooks_do_works():
    cells = [
        "%matplotlib inline\nimport matplotlib.pyplot as plt\nplt.plot([1, 2])\nplt.show()",
        "import torch\nx = torch.ones(3, requires_grad=True)\n(x ** 2).sum().backward()\nprint(x.grad.tolist())",
        "torch.set_num_threads(4)\nprint((torch.ones(400, 400) @ torch.ones(400, 400)).sum().item())",
        "from torch.utils.data import DataLoader\nprint([b.tolist() for b in DataLoader(range(4), 2, num_workers=2)])",
        "print(torch.nn.functional.conv2d(torch.ones(1, 1, 5, 5), torch.ones(1, 1, 3, 3)).shape)",
        "import subprocess, sys\nprint(subprocess.run([sys.executable, '-c', 'print(7)'], capture_output=True).stdout)",
        "import threading\nt = threading.Thread(target=print, args=('thread',)); t.start(); t.join()",
        "import multiprocessing as m\nwith m.Pool(2) as p: print(p.map(abs, [-1, -2]))",
        "from sklearn.linear_model import LogisticRegression\nfrom coursekit import data\n"
        "iris = data.load('iris')\nprint(LogisticRegression(max_iter=500).fit(iris.x, iris.y).score(iris.x, iris.y) > 0.9)",
        "import asyncio\nawait asyncio.sleep(0)\nprint('awaited')",
        "input('name?')",
        "!echo shell",
    ]
    said = run(*cells)
    assert said[0].startswith("iVBOR")
    assert said[1:10] == [
        "[2.0, 2.0, 2.0]\n",
        "64000000.0\n",
        "[[0, 1], [2, 3]]\n",
        "torch.Size([1, 1, 3, 3])\n",
        "b'7\\n'\n",
        "thread\n",
        "[1, 2]\n",
        "True\n",
        "awaited\n",
    ]
    assert "nobody to ask" in said[10]
    assert "shell" in said[11]


def test_too_much_memory_ends_it_and_is_told(monkeypatch):
    hoard = "x = []\nwhile True: x.append(bytearray(2**26))"
    with student_process(True) as student:
        student.start(_task([_cell(hoard)], 60.0), 30)
        try:
            message = student.answer(60, 120)
            assert "MemoryError" in message["outputs"][0]["ename"], "the limit of one process"
        except Gone:
            pass
    hoards = "import os, time\nfor _ in range(8):\n    if os.fork() == 0:\n        x = bytearray(2**30)\n        time.sleep(60)\ntime.sleep(60)"
    with student_process(True) as student:
        student.start(_task([_cell(hoards)], 60.0), 30)
        with pytest.raises(Gone):
            student.answer(60, 60)
    assert student.too_large
    assert run("1 + 1") == ["2"]


def test_processes_files_and_their_size_are_bounded():
    bomb = """
import os, time
n = 0
try:
    while True:
        if os.fork() == 0:
            time.sleep(60)
            os._exit(0)
        n += 1
except BlockingIOError:
    print(n < 64)
"""
    big = "open('big', 'wb').write(bytes(300 * 2**20))"
    many = "import os\nfor i in range(100_000): open(f'f{i}', 'w').close()"
    opened = "x = []\ntry:\n    for i in range(10_000): x.append(open('/dev/null'))\nexcept OSError:\n    x.clear()\n    raise"
    disk = "for i in range(10): open(f'd{i}', 'wb').write(bytes(100 * 2**20))"
    said = [run(cell)[0] for cell in (bomb, big, many, opened, disk)]
    assert said[0] == "True\n"
    assert [s.split(":")[0] for s in said[1:]] == ["OSError"] * 4
    raised = "import resource\nresource.setrlimit(resource.RLIMIT_NPROC, (1000, 1000))"
    assert run(raised)[0].startswith("ValueError")


def test_nothing_of_it_is_left():
    mark = f"mark{os.getpid()}x{time.monotonic_ns()}"
    daemon = (
        "import os, subprocess, sys\n"
        f"subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(600)', {mark!r}], start_new_session=True)\n"
        "if os.fork() == 0:\n    os.setsid()\n    if os.fork() == 0:\n"
        f"        os.execv(sys.executable, [sys.executable, '-c', 'import time; time.sleep(600)', {mark!r}])\n"
        "    os._exit(0)\n"
        "import time; time.sleep(0.5); print('left')"
    )
    assert run(daemon) == ["left\n"]
    left = [p for p in psutil.process_iter(["cmdline"]) if mark in (p.info["cmdline"] or [])]
    _, alive = psutil.wait_procs(left, timeout=5)
    assert not alive


def test_who_computes_is_late_sooner_than_who_waits():
    swallow = "import signal\nsignal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGALRM])\nwhile True: pass"
    with student_process(True) as student:
        student.start(_task([_cell(swallow)], 0.2), 30)
        began = time.process_time(), time.monotonic()
        with pytest.raises(Late):
            student.answer(1.0, 300)
        assert time.monotonic() - began[1] < 250, "it was the computing that ended it"


def test_it_cannot_reach_the_warm_process():
    """Not to end it, not to read or change its memory: the next one is as fresh as the first."""
    before = Zygote.of_this_process(True).process.pid
    run(
        "import os, signal\n"
        "for target in (os.getppid(), 0, -1, 2):\n"
        "    if target != 0:\n"
        "        try: os.kill(target, signal.SIGKILL)\n"
        "        except OSError: pass\n"
        "import torch\ntorch.ones = None\n"
    )
    assert Zygote.of_this_process(True).process.pid == before
    assert run("import torch\nprint(len(torch.ones(2)))") == ["2\n"]


def test_two_do_not_draw_the_same_numbers():
    draw = "import random, numpy, torch\nprint(random.random(), numpy.random.rand(), torch.rand(1).item())"
    first, second = run(draw)[0].split(), run(draw)[0].split()
    assert not set(first) & set(second)


def test_what_few_notebooks_need_is_imported_for_those():
    there = "import sys\n'wave' in sys.modules"
    assert run(there) == ["False"]
    assert run(there, modules=["wave"]) == ["True"]
    assert run(there) == ["True"], "it stays"


def test_an_ended_zygote_is_replaced():
    running = Zygote.of_this_process(True).process
    running.kill()
    running.wait()
    assert run("1 + 1") == ["2"]


def test_workers_share_one_and_who_hangs_up_leaves_nothing_behind():
    shared = Shared()
    try:
        Zygote.join(shared.address)
        first = Zygote.running.pop(True)
        Zygote.join(shared.address)
        second = Zygote.running.pop(True)
        pids = []
        for line in (first, second):
            ours, theirs = socket.socketpair()
            with ours, theirs:
                pids.append(line.ask({"fork": "", "environment": {}, "modules": []}, theirs)["pid"])
        assert len(set(pids)) == 2
        assert second.ask({"kill": pids[1]}) == {"killed": pids[1], "memory": False}
        first.line.close()
        assert second.ask({"usage": pids[0]}) == {"computed": 0}, "it ended with the line on which it was asked for"
    finally:
        shared.stop()
    assert not os.path.exists(shared.address)
    Zygote.join(shared.address)
    assert True not in Zygote.running, "there is nobody to join"
    assert run("1 + 1") == ["2"], "then it starts its own"


def test_a_shared_one_that_is_not_needed_need_not_get_warm():
    shared = Shared()
    begun = psutil.Process(shared.process.pid).children(recursive=True)
    shared.stop()
    assert shared.process.returncode == -signal.SIGKILL
    _, alive = psutil.wait_procs(begun, timeout=5)
    assert not alive


def test_without_the_grader_the_warm_process_ends():
    program = (
        "from autograder.sandbox.process import Zygote\nimport os, psutil\nz = Zygote.of_this_process(True)\n"
        "print([p.pid for p in psutil.Process().children(recursive=True)], flush=True)\nos.kill(os.getpid(), 9)"
    )
    said = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True).stdout
    pids = json.loads(said)
    assert len(pids) >= 2
    _, alive = psutil.wait_procs([psutil.Process(p) for p in pids if psutil.pid_exists(p)], timeout=10)
    assert not alive


def test_a_file_is_not_laid_outside(tmp_path):
    with student_process(True) as student, pytest.raises(Gone):
        student.start(_task([], 1.0, {"../x": b""}), 30)


def test_the_environment_asked_for_is_there():
    assert run("import os; print(os.environ['CUDA_VISIBLE_DEVICES'])", environment={"CUDA_VISIBLE_DEVICES": "1"}) == [
        "1\n"
    ]


def test_the_memory_of_a_process_is_measured():
    mine = zygote._processes()[os.getpid()]
    assert mine.pages * zygote.PAGE == pytest.approx(psutil.Process().memory_info().rss, rel=0.05)
    assert mine.seconds == pytest.approx(sum(psutil.Process().cpu_times()[:4]), rel=0.2)
    assert (mine.parent, mine.session) == (os.getppid(), os.getsid(0))


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (bubblewrap.NotInstalled("bwrap"), "sudo apt-get install bubblewrap"),
        (Gone("bwrap: No permissions to create new namespace"), "sysctl kernel.unprivileged_userns_clone=1"),
        (Gone("Unable to find libseccomp"), "apt-get install libseccomp2"),
        (Gone("something else"), "something else"),
    ],
)
def test_what_is_missing_is_said(error, words, monkeypatch):
    def fail(confined):
        raise error

    monkeypatch.setattr(Zygote, "start", fail)
    monkeypatch.setattr(Zygote, "running", {})
    monkeypatch.setattr(Zygote, "refused", "")
    monkeypatch.setattr(Zygote, "tried", False)
    assert words in unconfinable()


def test_elsewhere_than_on_linux_it_says_so(monkeypatch):
    monkeypatch.setattr(process.sys, "platform", "darwin")
    assert "Linux only" in process._sentence(OSError())


def test_without_bubblewrap_it_says_so(monkeypatch):
    monkeypatch.setenv("PATH", "")
    with pytest.raises(bubblewrap.NotInstalled):
        bubblewrap.command(["true"], {})


def _task(cells, seconds, files=None):
    return {"cells": cells, "files": files or {}, "seconds": seconds, "shown_seconds": seconds, "hurry": False}


def _cell(source):
    return {"index": 0, "source": source, "exercise": "", "draw": True}
