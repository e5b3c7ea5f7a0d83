# ---
# jupyter:
#   attack:
#     tries: Matches a regular expression that backtracks for ages.
# ---

# %% answer="total"
def total(x):
    import re

    return re.match(r"(a+)+$", "a" * 60 + "b")
