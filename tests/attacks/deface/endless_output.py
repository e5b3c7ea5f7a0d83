# ---
# jupyter:
#   attack:
#     tries: Prints without end.
#     attacked: []
#     page: true
# ---

# %%
while True:
    print("x" * 100_000)
