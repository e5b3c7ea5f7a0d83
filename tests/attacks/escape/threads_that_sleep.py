# ---
# jupyter:
#   attack:
#     tries: Leaves threads behind that sleep and never end.
# ---

# %%
import threading
import time

for daemon in (True, False) * 3:
    threading.Thread(target=time.sleep, args=(600,), daemon=daemon).start()


# %% answer="total"
def total(x):
    threading.Thread(target=time.sleep, args=(600,)).start()
    return 0.0
