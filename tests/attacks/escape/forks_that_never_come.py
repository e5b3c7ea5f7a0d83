# ---
# jupyter:
#   attack:
#     tries: Registers a handler before forks that never returns, in a cell.
#     attacked:
#     - total
#     - shift
# ---

# %%
import os


def forever():
    while True:
        try:
            while True:
                pass
        except BaseException:
            pass


os.register_at_fork(before=forever)
os.fork = lambda: forever()


# %% answer="total"
def total(x):
    return 0.0
