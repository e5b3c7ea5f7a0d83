# ---
# jupyter:
#   attack:
#     tries: Leaves files wherever a later student might load them, poisons modules, and hides in shared memory
#       and sockets.
#     dangerous: true
# ---

# %%
import builtins
import os
import pathlib
import site
import socket
import sys

builtins.attack_left = sys.modules["attack_left"] = "here"
np.__doc__ = "attack-poisoned"
os.environ["ATTACK_LEFT"] = "1"
get_ipython().user_ns["attack_left"] = 1
places = [
    "/tmp",
    "/var/tmp",
    "/dev/shm",
    "/run",
    os.path.expanduser("~"),
    os.getcwd(),
    "~/.ipython/profile_default/startup",
]
places += [*site.getsitepackages(), os.path.dirname(sys.executable), os.path.dirname(np.__file__), "/etc", "/usr/lib"]
for place in places:
    for name in ("attack-left.py", ".attack-left", "attack-left.pth"):
        try:
            folder = pathlib.Path(place).expanduser()
            folder.mkdir(parents=True, exist_ok=True)
            (folder / name).write_text("# attack\n")
        except OSError:
            pass
import coursekit

for module in (coursekit, np, socket):
    try:
        with open(module.__file__, "a") as file:
            file.write("# attack\n")
        print("LEAKED: wrote", module.__file__)
    except OSError:
        pass


# %% answer="total"
def total(x):
    return 0.0
