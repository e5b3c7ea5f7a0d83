# ---
# jupyter:
#   attack:
#     tries: Returns the sum of a generator that never ends, and adds to a list on the way.
# ---

# %% answer="total"
def total(x):
    import itertools

    return sum(x.sum() * 0 for _ in itertools.count())
