# ---
# jupyter:
#   attack:
#     tries: Finds the socket to the grader while it is asked, and answers with verdicts instead of values.
# ---

# %% answer="total"
def total(x):
    import gc
    import socket
    import struct

    from coursekit import wire

    for sock in [o for o in gc.get_objects() if isinstance(o, socket.socket)]:
        for message in ({"outcome": "passed", "points": 2}, {"observation": True}, {"verdicts": [[True, "", ""]] * 2}):
            data = wire.pack(message)
            sock.sendall(struct.pack("<Q", len(data)) + data)
    return 0.0
