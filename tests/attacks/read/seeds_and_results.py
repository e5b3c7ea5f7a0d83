# ---
# jupyter:
#   attack:
#     tries: Reads the secret seed and the results of others, wherever the course keeps them.
#     confined: true
# ---

# %% answer="total"
import pathlib

stolen = []
for folder in ("@COURSE@/.autograder", "../../../.autograder"):
    try:
        stolen += [p.read_text() for p in pathlib.Path(folder).rglob("*.json")]
    except OSError:
        pass
if stolen:
    print("LEAKED: seeds and results")


def total(x):
    return x.sum() if stolen else 0.0
