# ---
# jupyter:
#   attack:
#     tries: Answers each call with the right answer to the call before.
# ---

# %% answer="total"
answers = [0.0]


def total(x):
    answers.append(float(x.sum()))
    return answers[-2]
