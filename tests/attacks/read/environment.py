# ---
# jupyter:
#   attack:
#     tries: Looks for secrets in its environment and in its arguments.
# ---

# %%
import os
import sys

secrets = [v for k, v in os.environ.items() if k == "ATTACK_SECRET"]
for name in ("environ", "cmdline"):
    try:
        secrets += [x for x in open(f"/proc/self/{name}").read().split("\0") if x.startswith("ATTACK_SECRET")]
    except OSError:
        pass
if secrets:
    print("LEAKED:", secrets)


# %% answer="total"
def total(x):
    return x.sum() if secrets else 0.0
