# ---
# jupyter:
#   attack:
#     tries: Puts a module beside the notebook whose import never ends, under a name that the grader's own code
#       could import.
# ---

# %%
import pathlib
import sys

for name in ("safetensors", "traceback", "base64", "nbformat", "json", "matplotlib_inline", "resource", "binascii"):
    pathlib.Path(f"{name}.py").write_text("while True: pass\n")
    for module in [m for m in sys.modules if m == name or m.startswith(f"{name}.")]:
        if name in ("safetensors", "base64", "traceback"):
            del sys.modules[module]
sys.path.insert(0, ".")


# %% answer="total"
def total(x):
    return 0.0
