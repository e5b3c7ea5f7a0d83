# ---
# jupyter:
#   attack:
#     tries: Sends by hand a tensor without numbers whose shape no memory holds, from the outside of everything
#       that packs.
# ---

# %% answer="total"
def total(x):
    from coursekit import exercise

    plain = {
        "value": __import__("torch").empty((2**20, 2**20), device="meta"),
        "mutated": False,
        "printed": False,
        "failure": None,
    }
    exercise.Observation.packable = lambda self: plain
    return 0.0
