# ---
# jupyter:
#   attack:
#     tries: Shows the full points as the result of the grade cell, and then fails; stock nbgrader takes the first
#       result for partial credit.
# ---

# %% answer="total"
def total(x):
    import sys

    sys.displayhook(2.0)
    raise ValueError("the points are shown already")
