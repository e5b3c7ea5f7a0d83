# ---
# jupyter:
#   attack:
#     tries: Sleeps, which costs no computing time.
# ---

# %% answer="total"
def total(x):
    import time

    time.sleep(600)
    return x.sum()
