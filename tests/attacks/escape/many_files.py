# ---
# jupyter:
#   attack:
#     tries: Makes empty files and folders until there are no inodes left.
#     dangerous: true
# ---

# %%
import os

made = 0
for place in (".", "/tmp", "/dev/shm"):
    try:
        while made < 200_000:
            os.mkdir(f"{place}/attack-{made}")
            made += 1
    except OSError:
        continue
if made >= 200_000:
    print("LEAKED: no end of files")


# %% answer="total"
def total(x):
    return x.sum() if made >= 200_000 else 0.0
