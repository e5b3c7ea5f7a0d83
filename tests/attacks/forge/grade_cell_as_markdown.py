# ---
# jupyter:
#   attack:
#     tries: Turns the grade cell into text, and puts a cell with the points in its place.
# ---

# %% [markdown] grade="total"
# These tests are text now.

# %% answer="total"
def total(x):
    return 0.0


# %%
2.0
