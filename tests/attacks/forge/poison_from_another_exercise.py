# ---
# jupyter:
#   attack:
#     tries: Solves one exercise honestly, and while it is tested patches whatever could judge the next one.
# ---

# %% answer="double"
def double(x):
    import builtins
    import sys

    from coursekit import compare, wire

    for module in (np, np.testing, compare):
        for name in ("allclose", "isclose", "assert_allclose", "judge", "first_difference"):
            if hasattr(module, name):
                setattr(module, name, lambda *args, **kwargs: True)
    builtins.total = get_ipython().user_ns["total"] = lambda x: 2.5
    return x + x


# %% answer="total"
def total(x):
    return 0.0
