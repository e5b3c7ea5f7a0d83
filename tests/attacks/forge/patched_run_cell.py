# ---
# jupyter:
#   attack:
#     tries: Replaces the shell's `run_cell`, `run` and `showtraceback`, so that nothing runs and no error shows.
#     attacked:
#     - total
#     - shift
# ---

# %%
shell = get_ipython()
for name in ("run_cell", "run_cell_async", "run_code", "run", "showtraceback", "_showtraceback"):
    setattr(shell, name, lambda *args, **kwargs: [])
    if hasattr(type(shell), name):
        setattr(type(shell), name, lambda *args, **kwargs: [])


# %% answer="total"
def total(x):
    return 0.0
