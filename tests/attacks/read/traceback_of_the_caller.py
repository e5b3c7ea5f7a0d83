# ---
# jupyter:
#   attack:
#     tries: Keeps the traceback of an exception, reads the locals of whoever caught it, and answers the next case
#       with them.
# ---

# %% answer="total"
import sys

caught = []


class Spy(Exception):
    def __str__(self):
        frame = sys._getframe()
        while frame:
            caught.extend(frame.f_locals.values())
            frame = frame.f_back
        return "spy"


def total(x):
    for thing in caught:
        wanted = getattr(thing, "wanted", None)
        if getattr(wanted, "value", None) is not None:
            return wanted.value
    raise Spy
