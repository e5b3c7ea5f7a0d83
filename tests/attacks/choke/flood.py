# ---
# jupyter:
#   attack:
#     tries: Sends messages without end, from a cell, as fast as the grader reads.
# ---

# %%
import gc
import socket
import struct

from coursekit import wire

data = wire.pack({"cell": 3, "outputs": []}) * 1
lines = [o for o in gc.get_objects() if isinstance(o, socket.socket)]
while True:
    try:
        for line in lines:
            line.sendall(struct.pack("<Q", len(data)) + data)
    except BaseException as error:
        if isinstance(error, OSError):
            break


# %% answer="total"
def total(x):
    return 0.0
