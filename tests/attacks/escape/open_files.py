# ---
# jupyter:
#   attack:
#     tries: Opens files until there are no more descriptors, and keeps them.
# ---

# %%
files = []
try:
    while len(files) < 100_000:
        files.append(open("/dev/null"))
except OSError:
    pass


# %% answer="total"
def total(x):
    return 0.0
