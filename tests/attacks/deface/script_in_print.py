# ---
# jupyter:
#   attack:
#     tries: Prints scripts and tags.
#     attacked: []
#     page: true
# ---

# %%
print("<script>window.attacked = 1</script><img src=x onerror='window.attacked = 1'>")
print("</pre></details></section></body><script>window.attacked = 1</script><!--")
