# ---
# jupyter:
#   attack:
#     tries: Makes folders in folders, deeper than any path can say.
# ---

# %%
import os

home = os.getcwd()
for _ in range(5000):
    try:
        os.mkdir("attack" * 20)
        os.chdir("attack" * 20)
    except OSError:
        break


# %% answer="total"
def total(x):
    return 0.0
