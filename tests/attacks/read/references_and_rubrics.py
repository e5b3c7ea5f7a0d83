# ---
# jupyter:
#   attack:
#     tries: Imports the references and the rubrics of the course, or reads their text beside the modules that are
#       there.
#     confined: true
# ---

# %% answer="total"
import importlib
import pathlib
import sys

stolen = []
for name in (
    "autograder.rubrics.perceptron",
    "autograder.reference.perceptron",
    "autograder.referee",
    "autograder.grading",
):
    try:
        importlib.import_module(name)
        stolen.append(name)
    except Exception:
        pass
stolen += [n for n in sys.modules if n.startswith(("autograder.r", "autograder.g"))]
for module in [m for n, m in list(sys.modules.items()) if n.split(".")[0] in ("autograder", "coursekit")]:
    for folder in pathlib.Path(getattr(module, "__file__", None) or "/nonexistent/x").parents:
        for pattern in ("rubrics/*.py", "reference/*.py", "solutions/*/*.ipynb"):
            stolen += map(str, folder.glob(pattern))
if stolen:
    print("LEAKED:", stolen)


def total(x):
    return x.sum() if stolen else 0.0
