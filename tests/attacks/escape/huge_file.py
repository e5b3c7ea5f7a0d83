# ---
# jupyter:
#   attack:
#     tries: Makes one file of a terabyte, with nothing in it.
#     dangerous: true
# ---

# %%
made = []
for place in (".", "/tmp", "/dev/shm"):
    try:
        with open(f"{place}/attack-huge", "wb") as file:
            file.truncate(2**40)
        made.append(place)
    except OSError:
        pass
if made:
    print("LEAKED: a terabyte in", made)


# %% answer="total"
def total(x):
    return np.memmap("attack-huge", mode="w+", shape=(2**40,), dtype="u1").sum()
