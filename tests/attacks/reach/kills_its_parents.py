# ---
# jupyter:
#   attack:
#     tries: Kills its parent, its parent's parent, process 1, and its process group, from a cell and from an answer.
#     attacked:
#     - total
#     dangerous: true
# ---

# %%
import os
import signal

for pid in {os.getppid(), 1} - {0, os.getpid()}:
    try:
        os.kill(pid, signal.SIGKILL)
    except OSError:
        pass


# %% answer="total"
def total(x):
    for pid in {os.getppid(), 1} - {0}:
        for number in (signal.SIGKILL, signal.SIGTERM, signal.SIGSEGV):
            try:
                os.kill(pid, number)
            except OSError:
                pass
    return 0.0
