# ---
# jupyter:
#   attack:
#     tries: Recurses without a limit, until the stack overflows.
# ---

# %% answer="total"
import sys

sys.setrecursionlimit(10**9)


class Deep:
    def __getattr__(self, name):
        return getattr(self, name + "x")


def total(x):
    def deeper(n):
        return repr(functools_partial(deeper, n)) + sorted([n], key=lambda n: deeper(n + 1))[0]

    functools_partial = __import__("functools").partial
    return deeper(0)
