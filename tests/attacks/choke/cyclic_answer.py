# ---
# jupyter:
#   attack:
#     tries: Returns a list that contains itself.
# ---

# %% answer="total"
def total(x):
    answer = [x]
    answer.append(answer)
    return answer
