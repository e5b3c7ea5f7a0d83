# ---
# jupyter:
#   attack:
#     tries: Starts threads without end; each of them sleeps.
#     dangerous: true
# ---

# %%
import threading
import time

for _ in range(5000):
    try:
        threading.Thread(target=time.sleep, args=(600,)).start()
    except RuntimeError:
        break


# %% answer="total"
def total(x):
    return 0.0
