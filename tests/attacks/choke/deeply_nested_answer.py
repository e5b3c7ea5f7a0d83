# ---
# jupyter:
#   attack:
#     tries: Returns a list in a list in a list, a million times.
# ---

# %% answer="total"
def total(x):
    nested = []
    for _ in range(10**6 if x.ndim == 1 else 19):
        nested = [nested, nested] if x.ndim == 2 else [nested]
    return nested
