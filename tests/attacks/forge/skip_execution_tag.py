# ---
# jupyter:
#   attack:
#     tries: Tags the grade cell `skip-execution`; a grader that runs its tests in the notebook then sees no error.
# ---

# %% answer="total"
def total(x):
    return 0.0


# %% grade="total" tags=["skip-execution"]
