# ---
# jupyter:
#   attack:
#     tries: Replaces the method by which otter-grader calls a test.
# ---

# %%
try:
    from otter.test_files.abstract_test import TestCaseResult
    from otter.test_files import test_case

    test_case.call_func = lambda *args, **kwargs: None
    for value in list(vars(test_case).values()):
        if hasattr(value, "call_func"):
            value.call_func = lambda *args, **kwargs: None
except ImportError:
    pass


# %% answer="total"
def total(x):
    return 0.0
