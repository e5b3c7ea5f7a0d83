# ---
# jupyter:
#   attack:
#     tries: Returns a tensor of the right type without numbers, and then one of a shape that no memory holds.
# ---

# %% answer="total"
import torch


def total(x):
    return torch.empty((), dtype=torch.float64, device="meta") if x.ndim == 1 else torch.empty(2**45, device="meta")
