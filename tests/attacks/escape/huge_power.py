# ---
# jupyter:
#   attack:
#     tries: Computes an integer in one step of C that no signal handler interrupts.
# ---

# %% answer="total"
def total(x):
    return 3 ** (10**9)
