# ---
# jupyter:
#   attack:
#     tries: Answers from a state that changes with each call, with a name that is a different function each time
#       it is looked up.
# ---

# %% answer="total"
class Names(dict):
    pass


calls = []


class total:
    def __new__(cls, x):
        calls.append(x)
        return np.array(calls, dtype=object) if len(calls) % 2 else iter(calls)
