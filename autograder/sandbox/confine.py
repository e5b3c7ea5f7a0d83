"""What a fork of the warm process gives up before it runs a line of student code.

The warm process is shut in already (`bubblewrap.py`). Each fork gets namespaces of its own on top, so that no
notebook meets the warm process or anything an earlier notebook left: no other process is in view, and its files,
System V memory and message queues end with it. Then it loses every capability, takes limits on, and system calls
that no notebook needs are refused (seccomp), above all those that reach into the kernel's rarely used corners.
"""

import ctypes
import errno
import os
import resource
from pathlib import Path

from .bubblewrap import HOME, NOBODY, views_below

MB = 2**20
ADDRESS_SPACE = 8 * 2**30  # bytes a process may map; the watch over the memory in use is the zygote's
FILE_SIZE = 256 * MB  # bytes one file may hold
FILES_SIZE = "256m"  # that the files of a folder may hold in all
FILES = 20_000  # files in a folder
OPEN_FILES = 512
PROCESSES = 64  # threads count
CPU_SECONDS = 1200  # of one process, where the referee's own limits have failed
IN_VIEW = "/proc/cpuinfo", "/proc/meminfo", "/proc/stat"

NAMESPACES = {"user": 0x10000000, "mount": 0x00020000, "pid": 0x20000000, "ipc": 0x08000000}
OTHER_NAMESPACES = 0x40000000, 0x04000000, 0x02000000, 0x00000080  # net, uts, cgroup, time
MS_RDONLY, MS_NOSUID, MS_NODEV, MS_REMOUNT, MS_BIND, MS_REC = 1, 2, 4, 32, 4096, 16384
PR_SET_DUMPABLE, PR_CAPBSET_DROP, PR_SET_CHILD_SUBREAPER, PR_SET_NO_NEW_PRIVS = 4, 24, 36, 38

REFUSED = """
acct add_key bpf chroot clock_adjtime clock_settime create_module delete_module fanotify_init finit_module fsconfig
fsmount fsopen fspick get_kernel_syms init_module io_uring_enter io_uring_register io_uring_setup ioperm iopl kcmp
kexec_file_load kexec_load keyctl lookup_dcookie mount mount_setattr move_mount name_to_handle_at nfsservctl
open_by_handle_at open_tree perf_event_open pidfd_getfd pivot_root process_madvise process_vm_readv process_vm_writev
ptrace query_module quotactl quotactl_fd reboot request_key setdomainname sethostname setns settimeofday swapoff
swapon sysfs syslog umount umount2 unshare uselib userfaultfd ustat vhangup vmsplice
""".split()
SOCKETS = {1, 2, 10}  # unix; internet, which leads nowhere: there is no network

VIEWS = {HOME: [], "/tmp": [], "/dev/shm": []}  # folders that each fork finds empty, but for what is in view below

_libc = ctypes.CDLL(None, use_errno=True)


def become_nobody():
    """In the warm process, once: not root, hidden from its forks, and heir of theirs."""
    VIEWS.update({place: views_below(place) for place in VIEWS})
    if os.getuid() == 0:
        os.setgroups([])
        os.setresgid(NOBODY, NOBODY, NOBODY)
        os.setresuid(NOBODY, NOBODY, NOBODY)
    _prctl(PR_SET_DUMPABLE, 0)
    _prctl(PR_SET_CHILD_SUBREAPER, 1)


def fork(proc_in_view):
    """Fork twice, into fresh namespaces: returns (0, "") in the grandchild, which is process 1 of its own world, and
    in the caller its process id, or 0 and what the kernel has refused."""
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            os.close(reader)
            _enter_namespaces(proc_in_view)
            grandchild = os.fork()
            if grandchild == 0:
                os.close(writer)
                return 0, ""
            os.write(writer, str(grandchild).encode())
        except OSError as error:
            os.write(writer, f"!{error.strerror} ({error.filename})".encode())
        os._exit(0)
    os.close(writer)
    with os.fdopen(reader) as pipe:
        said = pipe.read()
    os.waitpid(child, 0)
    return (int(said), "") if said.isdigit() else (0, said.lstrip("!") or "its first process died")


def give_up_rights(seccomp, memory=True):
    """In the fork, before student code: no capabilities, limits, and few system calls."""
    for capability in range(41):
        _libc.prctl(PR_CAPBSET_DROP, capability, 0, 0, 0)  # fails for what this kernel does not know
    header, empty = (ctypes.c_uint32 * 2)(0x20080522, 0), (ctypes.c_uint32 * 6)()
    _call("capset", header, empty)
    _prctl(PR_SET_NO_NEW_PRIVS, 1)
    limits(memory)
    for what, most in (("NPROC", PROCESSES), ("NOFILE", OPEN_FILES), ("CPU", CPU_SECONDS)):
        resource.setrlimit(getattr(resource, f"RLIMIT_{what}"), (most, most))
    seccomp.load()


def limits(memory=True):
    """The limits that hold unconfined too."""
    resource.setrlimit(resource.RLIMIT_FSIZE, (FILE_SIZE, FILE_SIZE))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    if memory:
        resource.setrlimit(resource.RLIMIT_AS, (ADDRESS_SPACE, ADDRESS_SPACE))


def system_calls():
    """The filter on system calls, to be made once and loaded in each fork."""
    import pyseccomp as seccomp

    no = seccomp.ERRNO(errno.EPERM)
    filter = seccomp.SyscallFilter(seccomp.ALLOW)
    for name in REFUSED:
        try:
            filter.add_rule(no, name)
        except (OSError, RuntimeError, ValueError):  # of another architecture
            continue
    filter.add_rule(seccomp.ERRNO(errno.ENOSYS), "clone3")  # its flags cannot be looked at; libc then uses clone
    for flag in (*NAMESPACES.values(), *OTHER_NAMESPACES):
        filter.add_rule(no, "clone", seccomp.Arg(0, seccomp.MASKED_EQ, flag, flag))
    for family in set(range(max(SOCKETS))) - SOCKETS:
        filter.add_rule(seccomp.ERRNO(errno.EAFNOSUPPORT), "socket", seccomp.Arg(0, seccomp.EQ, family))
    filter.add_rule(seccomp.ERRNO(errno.EAFNOSUPPORT), "socket", seccomp.Arg(0, seccomp.GT, max(SOCKETS)))
    filter.add_rule(no, "ioctl", seccomp.Arg(1, seccomp.MASKED_EQ, 0xFFFFFFFF, 0x5412))  # TIOCSTI types for others
    return filter


def _enter_namespaces(proc_in_view):
    uid, gid = os.getuid(), os.getgid()
    _prctl(PR_SET_DUMPABLE, 1)  # or /proc/self belongs to root
    Path("/proc/self/oom_score_adj").write_text("1000")  # when memory runs out, the kernel takes it from here first
    _call("unshare", sum(NAMESPACES.values()))
    for name, text in (("setgroups", "deny"), ("uid_map", f"{uid} {uid} 1"), ("gid_map", f"{gid} {gid} 1")):
        Path("/proc/self", name).write_text(text)
    for place in VIEWS:
        _empty(place)
    if not proc_in_view:
        _hide_proc()


def _empty(place):
    """An empty folder in memory over `place`, with what of the course lies below it."""
    kept = [(view, os.open(view, os.O_PATH)) for view in VIEWS[place]]
    _mount("tmpfs", place, f"size={FILES_SIZE},nr_inodes={FILES},mode=1777")
    for view, descriptor in kept:
        view.mkdir(parents=True, exist_ok=True)
        _mount(f"/proc/self/fd/{descriptor}", str(view), flags=MS_BIND | MS_REC)
        os.close(descriptor)


def _hide_proc():
    """An own /proc may not be mounted here, and the warm process stands in the one there is: cover it."""
    shown = [name for name in IN_VIEW if os.path.exists(name)]
    for i, name in enumerate(shown):
        Path(f"{HOME}/{i}").touch()
        _mount(name, f"{HOME}/{i}", flags=MS_BIND)
    _mount("tmpfs", "/proc", "size=64k,mode=755")
    for i, name in enumerate(shown):
        Path(name).touch()
        _mount(f"{HOME}/{i}", name, flags=MS_BIND)
        _call("umount2", f"{HOME}/{i}".encode(), 0, about=name)
        os.unlink(f"{HOME}/{i}")
    _mount("tmpfs", "/proc", "size=64k,mode=755", MS_REMOUNT | MS_RDONLY | MS_NOSUID | MS_NODEV)


def _mount(source, target, options="", flags=MS_NOSUID | MS_NODEV):
    kind = b"tmpfs" if source == "tmpfs" else None
    _call("mount", source.encode(), target.encode(), kind, flags, options.encode() or None, about=target)


def _prctl(option, value):
    _call("prctl", *map(ctypes.c_ulong, (option, value, 0, 0, 0)))


def _call(name, *args, about=""):
    """A C library call; raises `OSError`."""
    if getattr(_libc, name)(*args) != 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number), f"{name} {about}".strip())
