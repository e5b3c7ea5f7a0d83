"""The room that the warm process is shut in, by bubblewrap: what exists there, and nothing else does.

In view are the system's libraries, Python with its packages, `coursekit` and its cache of data sets, and of
`autograder` this folder alone. There is no network, no other process, and nothing can be written but an empty /tmp.
A graphics card that is there can be used.

bubblewrap makes the room with user namespaces, as an ordinary user or as root. As root the warm process keeps the
right to become somebody else, which is the first thing it does (`confine.become_nobody`): root, even shut in,
counts as root for the limit on processes.
"""

import os
import shutil
import sys
from glob import glob
from pathlib import Path

PACKAGE = Path(__file__).parents[1]
HOME = "/home/student"
NOBODY = 65534
CAP_SYS_ADMIN = 21
SYSTEM = "/usr /lib /lib64 /lib32 /bin /sbin /etc/ld.so.cache /etc/alternatives /etc/localtime /etc/fonts".split()
MACHINE = ["/sys/devices/system/cpu", "/sys/kernel/mm/transparent_hugepage"]  # PyTorch and libc ask
GRAPHICS = ["/dev/nvidia*", "/dev/dri", "/sys/bus/pci", "/sys/devices", "/sys/module/nvidia*", "/usr/local/nvidia"]


class NotInstalled(FileNotFoundError):
    """There is no bwrap."""


def command(program, environment, graphics=False):
    """The command line that runs `program` (a list) in the room, with this environment.

    Raises `NotInstalled`.
    """
    bwrap = shutil.which("bwrap")
    if bwrap is None:
        raise NotInstalled("bwrap")
    words = [bwrap, "--unshare-ipc", "--unshare-pid", "--unshare-net", "--unshare-uts", "--unshare-cgroup-try"]
    words += ["--hostname", "student", "--cap-drop", "ALL", "--clearenv"]
    if _is_root():
        words += ["--cap-add", "CAP_SETUID", "--cap-add", "CAP_SETGID"]
    else:
        words += ["--unshare-user", "--uid", NOBODY, "--gid", NOBODY]
    for name, value in environment.items():
        words += ["--setenv", name, value]
    words += ["--proc", "/proc", "--dev", "/dev", "--perms", "1777", "--tmpfs", "/tmp"]
    views = [*map(Path, SYSTEM), *_python(), *_data()]
    words += _folders([*views, Path(HOME), PACKAGE])
    for path in views:
        words += ["--symlink", os.readlink(path), path] if path.is_symlink() else ["--ro-bind-try", path, path]
    words += ["--perms", "0755", "--tmpfs", PACKAGE]  # wherever it lies: rubrics and references are out of view
    for name in ("__init__.py", "sandbox"):
        words += ["--ro-bind", PACKAGE / name, PACKAGE / name]
    for path in [*MACHINE, *(p for g in GRAPHICS if graphics for p in glob(g))]:
        words += ["--dev-bind" if path.startswith("/dev") else "--ro-bind-try", path, path]
    words += ["--remount-ro", PACKAGE, "--remount-ro", "/", "--chdir", "/", "--", *program]
    return list(map(str, words))


def views_below(place):
    """What of the course is in view below a folder: nothing, unless somebody installed it there."""
    from coursekit import downloads

    views = {*_python(), downloads.cache(), PACKAGE}
    return [path for path in sorted(views) if path.is_relative_to(place) and path.exists()]


def _is_root():
    """May this process do what root may? In most containers root may not."""
    rights = next(line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith("CapEff"))
    return os.geteuid() == 0 and bool(int(rights.split()[1], 16) >> CAP_SYS_ADMIN & 1)


def _python():
    """The folders of Python, its packages, and coursekit."""
    import coursekit

    folders = {Path(sys.base_prefix), Path(sys.base_exec_prefix), Path(sys.prefix), Path(coursekit.__file__).parent}
    folders |= {Path(sys.executable).resolve().parents[1], *(f.resolve() for f in folders)}
    return sorted(f for f in folders if not any(f.is_relative_to(s) for s in ("/usr", "/bin", "/lib")))


def _data():
    """The data sets that coursekit has fetched, and the list of fonts that matplotlib has made."""
    import matplotlib

    from coursekit import downloads

    fonts = Path(matplotlib.get_cachedir()).glob("fontlist-*.json")
    return [p for p in [downloads.cache(), *fonts] if p.exists()]


def _folders(paths):
    """Words that make the folders on the way to `paths`, open to everybody."""
    above = {parent for path in paths for parent in path.parents} | {Path(HOME)}
    return [w for path in sorted(above - {Path("/"), Path("/tmp")}) for w in ("--perms", "0755", "--dir", path)]
