# ---
# jupyter:
#   attack:
#     tries: Returns an object that says of itself that it has the wanted shape and dtype, with an `__array_interface__`
#       that points nowhere.
# ---

# %% answer="total"
class Liar:
    shape, ndim, size = (), 0, 1
    dtype = np.dtype(float)
    device = "cpu"
    is_sparse = is_quantized = False
    __module__ = "numpy"

    @property
    def __array_interface__(self):
        return {"shape": (10**9,), "typestr": "<f8", "data": (1, False), "version": 3}

    def detach(self):
        return self

    cpu = contiguous = resolve_conj = resolve_neg = numpy = detach


Liar.__name__ = "ndarray"


def total(x):
    return Liar()
