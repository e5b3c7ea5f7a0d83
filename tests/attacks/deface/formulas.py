# ---
# jupyter:
#   attack:
#     tries: Shows formulas that expand for ever where something renders them.
#     attacked: []
#     page: true
# ---

# %%
from IPython.display import Latex, Markdown, display

bomb = r"$\def\a#1{#1#1}\def\b#1{\a{\a{\a{#1}}}}\b{\b{\b{\b{\b{x}}}}}$ $\href{javascript:window.attacked=1}{x}$"
display(Latex(bomb), Markdown(bomb))
print(bomb)
