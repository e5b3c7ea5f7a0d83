# ---
# jupyter:
#   attack:
#     tries: Returns a generator that never ends.
# ---

# %% answer="total"
def total(x):
    while True:
        yield x.sum()
