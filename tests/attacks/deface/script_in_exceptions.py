# ---
# jupyter:
#   attack:
#     tries: Raises exceptions whose type's name, message, file name and line are scripts; in a cell and in an answer.
#     page: true
# ---

# %%
script = "<script>window.attacked = 1</script><img src=x onerror='window.attacked = 1'>"
exec(compile(f"def broken():\n    raise type({script!r}, (Exception,), {{}})({script!r})  # {script}", script, "exec"))
broken()


# %% answer="total"
def total(x):
    script = "</pre><script>window.attacked = 1</script><img src=x onerror='window.attacked = 1'>"
    raise type(script, (Exception,), {"__module__": script})(script)  # <script>window.attacked = 1</script>
