# ---
# jupyter:
#   attack:
#     tries: Overwrites the submissions of others, the seeds, the kept results and the source.
#     confined: true
# ---

# %%
import pathlib

for pattern in ("submitted/*/toy/toy.ipynb", ".autograder/**/*.json", "so*/toy/toy.ipynb", "autograded/*/toy/*"):
    for path in pathlib.Path("@COURSE@").glob(pattern):
        try:
            path.write_text("attack")
            print("LEAKED: wrote", path)
        except OSError:
            pass


# %% answer="total"
def total(x):
    return 0.0
