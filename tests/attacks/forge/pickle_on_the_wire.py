# ---
# jupyter:
#   attack:
#     tries: 'Sends a pickle instead of a packed value, from a cell and from the answer: whoever unpickles it runs
#       our code.'
# ---

# %%
import pickle

from coursekit import wire

wire.pack = lambda value: pickle.dumps((exec, "open('/tmp/attack-pickle', 'w')"))


# %% answer="total"
def total(x):
    import pickle

    from coursekit import wire

    class Payload:
        def __reduce__(self):
            return exec, ("open('/tmp/attack-pickle', 'w').write('code ran in the grader')",)

    wire.pack = lambda value: pickle.dumps({"observation": Payload(), "cell": Payload(), "ended": Payload()})
    return Payload()
