# ---
# jupyter:
#   attack:
#     tries: Finds the socket to the grader and sends the frames of a perfect answer from a cell, before anybody
#       has asked.
# ---

# %%
import gc
import socket
import struct

from coursekit import wire

verdict = {"value": 2.5, "mutated": False, "printed": False, "failure": None}
for sock in [o for o in gc.get_objects() if isinstance(o, socket.socket)]:
    for message in (
        {"serving": "toy.total", "forked": True},
        {"observation": verdict},
        {"observation": verdict},
        {"ended": 0},
        {"points": 2, "outcome": "passed", "exercise": "toy.total"},
    ):
        data = wire.pack(message)
        sock.sendall(struct.pack("<Q", len(data)) + data)


# %% answer="total"
def total(x):
    return 0.0
