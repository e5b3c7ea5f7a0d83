# ---
# jupyter:
#   attack:
#     tries: Leaves shared memory, semaphores and message queues of System V behind.
#     confined: true
# ---

# %%
import ctypes

libc = ctypes.CDLL(None, use_errno=True)
key, create = 0xA77AC, 0o1000 | 0o666
segment = libc.shmget(key, 4096, create)
libc.semget(key, 1, create)
libc.msgget(key, create)


# %% answer="total"
def total(x):
    return 0.0
