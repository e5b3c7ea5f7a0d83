# ---
# jupyter:
#   attack:
#     tries: Shows `nan` as the result of the grade cell, and then fails; `nan > maximum` is false, so that a clamp
#       lets it through.
# ---

# %% answer="total"
def total(x):
    import sys

    sys.displayhook(float("nan"))
    return float("nan")
