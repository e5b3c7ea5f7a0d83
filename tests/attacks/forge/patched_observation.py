# ---
# jupyter:
#   attack:
#     tries: Replaces what observes the answer in the student process by something that sends verdicts along.
#     attacked:
#     - total
#     - shift
# ---

# %%
import sys

from coursekit import exercise, observe, wire

plain = {"value": 0.0, "mutated": False, "printed": False, "failure": None}
exercise.Observation.packable = lambda self: {**plain, "passed": True, "outcome": "passed", "points": 2.0, "share": 1.0}
observe.observe = lambda *args, **kwargs: exercise.Observation(0.0)
for module in list(sys.modules.values()):
    if hasattr(module, "observe") and callable(module.observe):
        module.observe = observe.observe


# %% answer="total"
def total(x):
    return 0.0
