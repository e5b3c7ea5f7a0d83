# ---
# jupyter:
#   attack:
#     tries: Prints one line of a million characters without a space, deep lists, and a table of ten thousand columns.
#     attacked: []
#     page: true
# ---

# %%
from IPython.display import HTML, display

print("x" * 300_000)
display(HTML("<table><tr>" + "<td>wide</td>" * 2_000 + "</tr></table>"), HTML("<ul><li>" * 3_000))
display(HTML("<td colspan=100000000 rowspan=65534>x</td>" * 10), HTML("<details>" * 2_000))
