# ---
# jupyter:
#   attack:
#     tries: Installs an input transformer in IPython that replaces the text of every grade cell by `pass`.
# ---

# %%
def nothing_to_test(lines):
    return ["pass\n"] if any("assert" in line or "check(" in line for line in lines) else lines


get_ipython().input_transformers_cleanup.append(nothing_to_test)


# %% answer="total"
def total(x):
    return 0.0
