# ---
# jupyter:
#   attack:
#     tries: Computes for ever, and catches whatever is raised to stop it.
# ---

# %% answer="total"
def total(x):
    while True:
        try:
            while True:
                pass
        except BaseException:
            continue
