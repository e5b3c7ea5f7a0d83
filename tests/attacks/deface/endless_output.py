# ---
# jupyter:
#   attack:
#     tries: Prints without end.
#     attacked: []
#     dangerous: true
#     page: true
# ---

# %%
while True:
    print("x" * 100_000)
