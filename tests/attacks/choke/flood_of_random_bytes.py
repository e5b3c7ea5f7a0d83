# ---
# jupyter:
#   attack:
#     tries: Sends random bytes from a cell and from an answer.
# ---

# %%
import gc
import os
import socket

lines = [o for o in gc.get_objects() if isinstance(o, socket.socket)]
for line in lines:
    line.sendall(os.urandom(100_000))


# %% answer="total"
def total(x):
    import gc
    import os
    import socket

    for line in [o for o in gc.get_objects() if isinstance(o, socket.socket)]:
        line.sendall(os.urandom(100_000))
    return 0.0
