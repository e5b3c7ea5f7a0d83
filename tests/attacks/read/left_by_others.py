# ---
# jupyter:
#   attack:
#     tries: 'Looks for anything that an earlier student left: files, names, modules, shared memory, sockets.'
#     confined: true
# ---

# %%
import builtins
import glob
import os
import sys

found = [n for n in dir(builtins) if n.startswith("attack")] + [n for n in sys.modules if n.startswith("attack")]
found += [n for n in get_ipython().user_ns if n.startswith("attack")]
for place in ("/tmp", "/var/tmp", "/dev/shm", "/run", os.path.expanduser("~"), "."):
    found += glob.glob(f"{place}/attack-*") + glob.glob(f"{place}/.attack-*")
if os.path.exists("/proc/net/unix"):
    found += [line for line in open("/proc/net/unix") if "@attack-left" in line]
if "attack-poisoned" in (np.__doc__ or "") or os.environ.get("ATTACK_LEFT"):
    found.append("poisoned")
if found:
    print("LEAKED:", found)


# %% answer="total"
def total(x):
    return x.sum() if found else 0.0
