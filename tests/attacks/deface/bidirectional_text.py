# ---
# jupyter:
#   attack:
#     tries: Uses characters that turn the direction of text, have no width, or stack without end, to make feedback
#       say something else.
#     page: true
# ---

# %%
print("\u202e\u2066points 9 fo 9\u2069\u2067 \u200b\u200d\u2060\ufeff", "a" + "\u0301" * 5000)
raise ValueError("\u202eedispu nwod\u2066")


# %% answer="total"
def total(x):
    raise ValueError("\u202e\u2066" + "Z" + "\u0335" * 400)
