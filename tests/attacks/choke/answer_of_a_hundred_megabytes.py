# ---
# jupyter:
#   attack:
#     tries: Returns more than a message may hold.
# ---

# %% answer="total"
def total(x):
    return np.zeros(100 * 2**20, dtype=np.uint8) if x.ndim == 1 else "x" * 80_000_000
