# ---
# jupyter:
#   attack:
#     tries: Returns dicts with odd keys, subclasses of str, and text with half characters.
# ---

# %% answer="total"
class Text(str):
    def __str__(self):
        while True:
            pass

    __repr__ = __hash__ = __len__ = __str__


def total(x):
    if x.ndim == 1:
        return {(1, 2): 3, None: 4, "\ud800": "\udfff"}
    return [{"a": Text("x")}, "\ud800\x00\x1b[31m"][int(x[0, 0] > 0)]
