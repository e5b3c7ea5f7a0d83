# ---
# jupyter:
#   attack:
#     tries: Lifts the limit on what a notebook may show, and shows sixty megabytes in each of many cells.
#     page: true
# ---

# %%
import sys

sys.stdout.outputs.left = type(sys.stdout.outputs).left = 10**15
print("x" * 60_000_000)

# %%
print("<b>" * 20_000_000)

# %%
for _ in range(50):
    get_ipython().display_pub.publish({"text/html": "<b>" + "x" * 1_000_000})


# %% answer="total"
def total(x):
    return 0.0
