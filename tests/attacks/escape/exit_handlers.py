# ---
# jupyter:
#   attack:
#     tries: Registers handlers that run for ever at exit, at deletion, at garbage collection and at thread exit.
# ---

# %%
import atexit
import gc
import os
import weakref


def forever(*args):
    while True:
        try:
            while True:
                pass
        except BaseException:
            pass


class Sticky:
    def __del__(self):
        forever()


sticky = Sticky()
atexit.register(forever)
weakref.finalize(os, forever)


# %% answer="total"
def total(x):
    os.register_at_fork(before=forever, after_in_parent=forever, after_in_child=forever)
    kept = Sticky()
    gc.callbacks.append(forever)
    gc.collect()
    return 0.0
