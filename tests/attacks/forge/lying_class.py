# ---
# jupyter:
#   attack:
#     tries: Returns an object whose `__class__` says that it is a float, and whose every comparison is true.
# ---

# %% answer="total"
class Number:
    __class__ = property(lambda self: float)
    __eq__ = __le__ = __lt__ = __ge__ = lambda self, other: True
    __float__ = lambda self: 2.5
    __hash__ = lambda self: 0


def total(x):
    return Number()
