# ---
# jupyter:
#   attack:
#     tries: Leaves POSIX shared memory, named semaphores and a message queue behind.
#     confined: true
# ---

# %%
import ctypes
from multiprocessing import resource_tracker, shared_memory

resource_tracker.register = lambda *args: None
try:
    shared_memory.SharedMemory("attack-left", create=True, size=4096)
except OSError:
    pass
for library in ("librt.so.1", "libpthread.so.0", None):
    try:
        libc = ctypes.CDLL(library)
        libc.sem_open(b"/attack-left", 0o100, 0o666, 1)
        libc.mq_open(b"/attack-left", 0o102, 0o666, None)
    except (OSError, AttributeError):
        pass


# %% answer="total"
def total(x):
    return 0.0
