# ---
# jupyter:
#   attack:
#     tries: Has a cell whose parsing needs more stack than there is.
# ---

# %%
compile("-" * 5_000_000 + "1", "cell", "eval")

# %%
get_ipython().run_cell("(" * 150 + "1" + ")" * 150 + "\n" + "-" * 1_000_000 + "1")


# %% answer="total"
def total(x):
    return compile("-" * 5_000_000 + "1", "cell", "eval")
