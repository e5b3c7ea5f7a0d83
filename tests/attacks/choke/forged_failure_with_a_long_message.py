# ---
# jupyter:
#   attack:
#     tries: Sends a failure whose type and message are megabytes long, with HTML and control characters in it.
#     page: true
# ---

# %% answer="total"
def total(x):
    import gc
    import os
    import socket
    import struct

    from coursekit import wire

    text = "<script>window.attacked = 1</script>\x1b[31m\u202e" * 500_000
    kinds = ["raised", "unsendable", "endless", "missing", "stub", "none of these"]
    failure = [kinds[x.ndim - 1], text, text]
    data = wire.pack({"observation": {"value": None, "mutated": False, "printed": False, "failure": failure}})
    for line in [o for o in gc.get_objects() if isinstance(o, socket.socket)]:
        line.sendall(struct.pack("<Q", len(data)) + data)
    os._exit(0)
