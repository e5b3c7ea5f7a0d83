# ---
# jupyter:
#   attack:
#     tries: Raises exceptions whose every method raises, loops or exits, and chains them without end.
# ---

# %% answer="total"
class Hostile(BaseException):
    def __str__(self):
        raise self

    def __repr__(self):
        raise SystemExit(0)

    @property
    def __traceback__(self):
        raise KeyboardInterrupt

    @property
    def __class__(self):
        raise Hostile

    args = property(lambda self: 1 / 0)


def total(x):
    if x.ndim == 1:
        raise Hostile
    raise KeyboardInterrupt
