# ---
# jupyter:
#   attack:
#     tries: Replaces the functions that compare and judge by ones that are always content.
# ---

# %%
import importlib
import sys

from coursekit import compare, exercise, observe

yes = exercise.Verdict(True)
compare.judge = compare.equal = lambda *args, **kwargs: yes
compare.first_difference = lambda *args, **kwargs: None
compare.form = lambda *args, **kwargs: ""
compare.same = lambda *args, **kwargs: False
exercise.Verdict.__init__.__defaults__ = ("", "", None)
for module in list(sys.modules.values()):
    if module and (module.__name__ or "").startswith(("coursekit", "autograder")):
        for name in ("judge", "grade", "check", "examine", "report"):
            if hasattr(module, name):
                setattr(module, name, lambda *args, **kwargs: yes)


# %% answer="total"
def total(x):
    return 0.0
