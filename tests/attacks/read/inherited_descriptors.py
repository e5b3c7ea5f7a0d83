# ---
# jupyter:
#   attack:
#     tries: Looks through its file descriptors for anything but its own line to the grader.
# ---

# %%
import os
import stat

odd = []
for number in range(3, 256):
    try:
        mode = os.fstat(number).st_mode
    except OSError:
        continue
    if stat.S_ISREG(mode) or stat.S_ISDIR(mode) or stat.S_ISFIFO(mode):
        odd.append((number, oct(mode)))
sockets = []  # its own line, and one for each exercise
for number in range(3, 256):
    try:
        if stat.S_ISSOCK(os.fstat(number).st_mode):
            sockets.append(number)
    except OSError:
        continue
if odd or len(sockets) > 4:
    print("LEAKED:", odd, sockets)


# %% answer="total"
def total(x):
    return x.sum() if odd or len(sockets) > 4 else 0.0
