# ---
# jupyter:
#   attack:
#     tries: Raises KeyboardInterrupt, GeneratorExit and SystemExit in cells and answers.
# ---

# %%
raise KeyboardInterrupt

# %%
raise SystemExit(0)

# %%
raise GeneratorExit

# %%
exit()


# %% answer="total"
def total(x):
    raise [KeyboardInterrupt, SystemExit, GeneratorExit][x.ndim]
