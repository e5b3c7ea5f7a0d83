# ---
# jupyter:
#   attack:
#     tries: Never reads what the grader sends.
#     attacked:
#     - total
#     - shift
# ---

# %%
import time

from autograder.sandbox.frames import Channel

Channel.receive = lambda self, seconds=None: time.sleep(600)


# %% answer="total"
def total(x):
    return 0.0
