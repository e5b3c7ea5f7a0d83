# ---
# jupyter:
#   attack:
#     tries: Replaces the shell's names by a mapping that fails, and deletes the function while it is called.
# ---

# %% answer="total"
def total(x):
    space = get_ipython().user_ns
    space.pop("total", None)
    space["np"] = None
    import builtins

    for name in ("len", "type", "isinstance", "print", "open"):
        delattr(builtins, name)
    return 0.0
