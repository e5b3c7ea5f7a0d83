# ---
# jupyter:
#   attack:
#     tries: Replaces the comparisons of `numpy.testing` by ones that are always content.
# ---

# %%
import numpy.testing

for name in dir(numpy.testing):
    if name.startswith("assert_"):
        setattr(numpy.testing, name, lambda *args, **kwargs: None)


# %% answer="total"
def total(x):
    return 2.5
