# ---
# jupyter:
#   attack:
#     tries: Computes for ever.
# ---

# %% answer="total"
def total(x):
    while True:
        pass
