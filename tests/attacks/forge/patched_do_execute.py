# ---
# jupyter:
#   attack:
#     tries: 'Replaces the kernel''s `do_execute` and the shell''s `run_cell`: whatever is executed from now on
#       went well.'
# ---

# %%
from types import SimpleNamespace


async def fine(*args, **kwargs):
    return {"status": "ok", "execution_count": 1, "payload": [], "user_expressions": {}}


kernel = getattr(get_ipython(), "kernel", SimpleNamespace())
kernel.do_execute = fine


# %% answer="total"
def total(x):
    return 0.0
