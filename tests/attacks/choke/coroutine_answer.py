# ---
# jupyter:
#   attack:
#     tries: Returns a coroutine that nobody awaits.
# ---

# %% answer="total"
async def total(x):
    return x.sum()
