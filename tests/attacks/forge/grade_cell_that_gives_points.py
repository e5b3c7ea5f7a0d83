# ---
# jupyter:
#   attack:
#     tries: Replaces the tests in the grade cell by the full points.
# ---

# %% answer="total"
def total(x):
    return 0.0


# %% grade="total"
2.0
