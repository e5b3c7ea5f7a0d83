# ---
# jupyter:
#   attack:
#     tries: Allocates and fills memory until there is no more.
#     dangerous: true
# ---

# %% answer="total"
def total(x):
    kept = []
    while True:
        kept.append(b"x" * 2**27)
