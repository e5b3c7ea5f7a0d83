# ---
# jupyter:
#   attack:
#     tries: Writes scripts into text cells and into comments of code.
#     attacked: []
#     page: true
# ---

# %% [markdown]
# <script>window.attacked = 1</script> [link](javascript:window.attacked=1) ![image](https://attack.example/i.png)
#
# <img src=x onerror="window.attacked = 1"> <iframe src="https://attack.example/"></iframe>

# %%
# <script>window.attacked = 1</script> </code></pre><img src=x onerror="window.attacked = 1">
"</script><script>window.attacked = 1</script>"
