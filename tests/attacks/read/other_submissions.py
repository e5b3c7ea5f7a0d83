# ---
# jupyter:
#   attack:
#     tries: Copies the answer of a classmate.
#     confined: true
# ---

# %% answer="total"
import glob
import json

for path in sorted(glob.glob("@COURSE@/submitted/*/toy/toy.ipynb") + glob.glob("../../*/toy/toy.ipynb")):
    try:
        cells = json.load(open(path))["cells"]
    except (ValueError, OSError, KeyError):
        continue
    found = [
        "".join(c["source"])
        for c in cells
        if "return x.sum()" in "".join(c["source"]) and "glob" not in "".join(c["source"])
    ]
    if found:
        exec(found[0])
        print("LEAKED: a classmate's answer")
        break
