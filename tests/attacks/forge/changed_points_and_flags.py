# ---
# jupyter:
#   attack:
#     tries: 'Changes what the grade cell says of itself: worth 2000 points, unlocked, a solution; and the answer
#       is worth 1000.'
# ---

# %% answer="total" nbgrader={"grade_id": "toy-total-code", "grade": true, "solution": true, "locked": false, "task": false, "points": 1000, "schema_version": 3}
def total(x):
    return 0.0


# %% grade="total" nbgrader={"grade_id": "toy-total", "grade": true, "solution": true, "locked": false, "task": false, "points": 2000, "schema_version": 3}
2000.0
