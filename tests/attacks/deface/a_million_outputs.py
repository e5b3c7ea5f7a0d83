# ---
# jupyter:
#   attack:
#     tries: Makes a million tiny outputs.
#     attacked: []
#     page: true
# ---

# %%
from IPython.display import HTML, display

for i in range(1_000_000):
    display(HTML(f"<h1>{i}</h1>"))
