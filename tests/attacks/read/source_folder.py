# ---
# jupyter:
#   attack:
#     tries: Reads the model answers from the course's folder, whose place it knows, and answers with them.
#     confined: true
# ---

# %% answer="total"
import glob
import json

for path in glob.glob("@COURSE@/so*/toy/toy.ipynb") + glob.glob("../../../so*/toy/toy.ipynb"):
    for cell in json.load(open(path))["cells"]:
        if "BEGIN SOLUTION" in "".join(cell["source"]) and "def total" in "".join(cell["source"]):
            exec("".join(cell["source"]))
            print("LEAKED: the model answers")
