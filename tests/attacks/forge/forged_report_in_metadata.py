# ---
# jupyter:
#   attack:
#     tries: Writes a report with full points into the notebook's own metadata, where the grader keeps its.
#     metadata:
#       autograder:
#         key: '0'
#         unreadable: ''
#         report:
#           stem: toy
#           seed: '0'
#           points: 9
#           max_points: 9
#           confined: true
#           exercises:
#             toy.total:
#               exercise: toy.total
#               title: Total
#               points: 2.0
#               max_points: 2.0
#               outcome: passed
#               cases: []
# ---

# %% answer="total" autograder={"points": 2}
def total(x):
    return 0.0
