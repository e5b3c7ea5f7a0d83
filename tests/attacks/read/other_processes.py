# ---
# jupyter:
#   attack:
#     tries: Looks for other processes, their command lines and their environments.
#     dangerous: true
# ---

# %%
import os

seen = []
for pid in [n for n in os.listdir("/proc") if n.isdigit() and int(n) not in (os.getpid(), 1)]:
    for name in ("cmdline", "environ", "cwd", "root"):
        try:
            if name in ("cwd", "root"):
                seen.append(os.readlink(f"/proc/{pid}/{name}"))
            else:
                seen.append(open(f"/proc/{pid}/{name}").read())
        except OSError:
            pass
found = []
for pid in range(2, 40000):
    try:
        os.kill(pid, 0)
        found.append(pid)
    except OSError:
        pass
seen += found[2:]  # of this notebook are the forks that wait to be asked about the other two exercises
if seen:
    print("LEAKED:", len(seen), "things about other processes")


# %% answer="total"
def total(x):
    return x.sum() if seen else 0.0
