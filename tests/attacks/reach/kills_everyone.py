# ---
# jupyter:
#   attack:
#     tries: Kills every process that it may.
#     dangerous: true
# ---

# %%
import os
import signal

try:
    os.kill(-1, signal.SIGKILL)
except OSError:
    pass


# %% answer="total"
def total(x):
    os.kill(-1, signal.SIGKILL)
    return 0.0
