# ---
# jupyter:
#   attack:
#     tries: 'Sends values by hand that no honest process packs: lying shapes, names of modules for dtypes, a list
#       of shapes that no memory holds.'
#     attacked:
#     - double
#     - total
#     - shift
# ---

# %%
import gc
import json
import os
import socket
import struct


def forge(value, header=None):
    plain = {"value": value, "mutated": False, "printed": False, "failure": None}
    tree = json.dumps({"dict": {"observation": {"dict": plain}}}).encode()
    header = header or {"tree": {"dtype": "U8", "shape": [len(tree)], "data_offsets": [0, len(tree)]}}
    header = json.dumps(header).encode()
    data = struct.pack("<Q", len(header)) + header + tree
    for line in [o for o in gc.get_objects() if isinstance(o, socket.socket)]:
        line.sendall(struct.pack("<Q", len(data)) + data)
    os._exit(0)


# %% answer="double"
def double(x):
    forge({"list": [{"meta": [10**6, 10**6], "dtype": "float64"}] * 1000})


# %% answer="total"
def total(x):
    forge(None, {"tree": {"dtype": "F64", "shape": [2**61, 2**3], "data_offsets": [0, 2**60]}})


# %% answer="shift"
def shift(x, k):
    forge(
        {"dict": {"a": {"tensor": "tree", "dtype": "hub", "device": "<script>"}, "b": {"meta": [-1], "dtype": "load"}}}
    )
