# ---
# jupyter:
#   attack:
#     tries: Gives itself and everybody else full points in the gradebook.
#     confined: true
# ---

# %%
import glob
import sqlite3

for path in glob.glob("@COURSE@/*.db") + glob.glob("../../../*.db"):
    try:
        gradebook = sqlite3.connect(path, timeout=1)
        gradebook.execute("update grade set manual_score = 1000, auto_score = 1000")
        gradebook.execute("update base_cell set name = name")
        gradebook.commit()
        print("LEAKED: wrote", path)
    except sqlite3.Error:
        pass


# %% answer="total"
def total(x):
    return 0.0
