# ---
# jupyter:
#   attack:
#     tries: Reads the hidden tests, which nbgrader keeps in the gradebook.
#     confined: true
# ---

# %% answer="total"
import glob
import os
import sqlite3

stolen = []
for path in glob.glob("@COURSE@/*.db") + glob.glob("../../../*.db"):
    with sqlite3.connect(path) as gradebook:
        stolen += gradebook.execute("select source from source_cell").fetchall()
if any("HIDDEN TESTS" in (row[0] or "") for row in stolen):
    print("LEAKED: hidden tests")


def total(x):
    return x.sum() if stolen else 0.0
