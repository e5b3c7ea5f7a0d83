# ---
# jupyter:
#   attack:
#     tries: Leaves files beside the notebook, and names in it, that are scripts.
#     attacked: []
#     page: true
# ---

# %%
import pathlib

name = "<img src=x onerror=window.attacked=1>"
pathlib.Path(name).write_text("x")
exec(compile("1 / 0", name, "exec"), {"__name__": name})
