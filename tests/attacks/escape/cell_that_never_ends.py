# ---
# jupyter:
#   attack:
#     tries: Computes for ever in a cell, and catches whatever is raised to stop it.
# ---

# %%
while True:
    try:
        while True:
            pass
    except BaseException:
        continue


# %% answer="total"
def total(x):
    return 0.0
