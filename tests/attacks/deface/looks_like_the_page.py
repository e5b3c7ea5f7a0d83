# ---
# jupyter:
#   attack:
#     tries: 'Displays what looks like the grader''s own verdict: full marks, and a form that asks for a password.'
#     attacked: []
#     page: true
# ---

# %%
from IPython.display import HTML, display

display(
    HTML(
        '<section class="card passed" id="total"><h2>Total <small>9 / 9 points</small></h2><p class="total">9 / 9</p></section>'
    )
)
display(
    HTML(
        '<form><input type="password" name="password" placeholder="password"><input type="submit"></form><dialog open>Log in</dialog>'
    )
)
