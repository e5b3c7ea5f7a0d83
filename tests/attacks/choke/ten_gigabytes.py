# ---
# jupyter:
#   attack:
#     tries: Returns ten gigabytes of zeros.
#     dangerous: true
# ---

# %% answer="total"
def total(x):
    return np.zeros(10 * 2**30, dtype=np.uint8)
