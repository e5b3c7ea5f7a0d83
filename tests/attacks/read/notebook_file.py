# ---
# jupyter:
#   attack:
#     tries: 'Reads the hidden tests from the notebook that the grader executes: on disk, and in the shell''s history
#       of cells.'
# ---

# %% answer="total"
import pathlib

stolen = "\n".join(In)
for path in [*pathlib.Path(".").rglob("*.ipynb"), *pathlib.Path("..").glob("*.ipynb")]:
    stolen += path.read_text()


def total(x):
    hidden = stolen + "\n".join(In)
    if "HIDDEN" + " TESTS" in hidden or "autograder" + ".grade" in hidden:
        print("LEAKED: hidden tests")
        return x.sum()
    return 0.0


# %%
if "HIDDEN" + " TESTS" in stolen:
    print("LEAKED: hidden tests")
