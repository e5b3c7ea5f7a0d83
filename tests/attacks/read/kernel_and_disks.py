# ---
# jupyter:
#   attack:
#     tries: 'Reads what belongs to the machine: the kernel''s log, its keys, the disks, the memory, the passwords.'
#     dangerous: true
# ---

# %%
import glob

found = []
for path in [
    "/dev/mem",
    "/dev/kmsg",
    "/proc/kcore",
    "/proc/kallsyms",
    "/proc/keys",
    "/etc/passwd",
    "/proc/1/environ",
    "/proc/net/unix",
    "/proc/mounts",
    *glob.glob("/dev/[svx]d?"),
]:
    try:
        with open(path, "rb") as file:
            if file.read(64):
                found.append(path)
    except OSError:
        pass
if found:
    print("LEAKED:", found)


# %% answer="total"
def total(x):
    return x.sum() if found else 0.0
