# ---
# jupyter:
#   attack:
#     tries: Returns an array of Python objects.
# ---

# %% answer="total"
def total(x):
    return np.array([lambda: 0, {}, x], dtype=object)
