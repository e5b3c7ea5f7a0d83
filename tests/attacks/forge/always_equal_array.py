# ---
# jupyter:
#   attack:
#     tries: Returns a subclass of `ndarray` whose comparisons are all true.
# ---

# %% answer="total"
class Array(np.ndarray):
    def __eq__(self, other):
        return np.True_

    def __array_ufunc__(self, *args, **kwargs):
        return np.True_

    def __array_function__(self, *args, **kwargs):
        return True

    def item(self, *args):
        return 2.5


def total(x):
    return np.zeros(()).view(Array)
