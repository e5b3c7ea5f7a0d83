# ---
# jupyter:
#   attack:
#     tries: Replaces `allclose`, `isclose` and `array_equal` of NumPy and PyTorch by ones that are always content.
# ---

# %%
import numpy.testing
import torch

for module in (np, torch, np.testing):
    for name in ("allclose", "isclose", "array_equal", "equal", "assert_allclose"):
        if hasattr(module, name):
            setattr(module, name, lambda *args, **kwargs: np.True_)


# %% answer="total"
def total(x):
    return 0.0
