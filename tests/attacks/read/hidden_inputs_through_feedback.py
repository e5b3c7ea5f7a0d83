# ---
# jupyter:
#   attack:
#     tries: 'Puts the inputs of hidden cases into everything that could reach the student: errors, prints, files,
#       descriptors.'
# ---

# %% answer="total"
import os
import sys
import warnings


def total(x):
    if x.ndim == 2:
        secret = f"LEAKED: hidden input {x.ravel()[:2]}"
        print(secret)
        print(secret, file=sys.stderr)
        print(secret, file=sys.__stdout__)
        warnings.warn(secret)
        for number in (1, 2):
            os.write(number, secret.encode())
        with open("attack-notes.txt", "w") as file:
            file.write(secret)
        get_ipython().user_ns["note"] = secret
        get_ipython().outputs.append({"output_type": "stream", "name": "stdout", "text": secret})
        raise type(secret, (Exception,), {})(secret)
    return 0.0


# %%
import os

print(globals().get("note", "nothing"), os.path.exists("attack-notes.txt") and open("attack-notes.txt").read())
