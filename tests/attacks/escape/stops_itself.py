# ---
# jupyter:
#   attack:
#     tries: Stops itself with SIGSTOP.
# ---

# %% answer="total"
def total(x):
    import os
    import signal

    os.kill(os.getpid(), signal.SIGSTOP)
    return 0.0
