# ---
# jupyter:
#   attack:
#     tries: Writes into the memory of its parents, attaches to them with `ptrace`, and takes their file descriptors.
#     dangerous: true
# ---

# %%
import ctypes
import os

libc = ctypes.CDLL(None, use_errno=True)
done = []


def attack(pid):
    if libc.ptrace(16, pid, None, None) == 0:
        done.append("ptrace")
        libc.ptrace(17, pid, None, None)
    buffer = ctypes.create_string_buffer(b"attack")
    vector = (ctypes.c_void_p * 2)(ctypes.addressof(buffer), 6)
    if libc.process_vm_writev(pid, vector, 1, vector, 1, 0) > 0:
        done.append("process_vm_writev")
    pidfd = libc.syscall(434, pid, 0)
    if pidfd >= 0 and any(libc.syscall(438, pidfd, n, 0) >= 0 for n in range(64)):
        done.append("pidfd_getfd")
    try:
        with open(f"/proc/{pid}/mem", "r+b", 0):
            done.append("mem")
    except OSError:
        pass


for pid in {os.getppid(), 1, 2, 3} - {0, os.getpid()}:
    attack(pid)
if done:
    print("LEAKED:", done)


# %% answer="total"
def total(x):
    return x.sum() if done else 0.0
