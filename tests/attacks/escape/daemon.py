# ---
# jupyter:
#   attack:
#     tries: Forks twice into a session of its own and lives on.
# ---

# %%
import os
import time

if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        for number in range(256):
            try:
                os.close(number)
            except OSError:
                pass
        time.sleep(600)
    os._exit(0)


# %% answer="total"
def total(x):
    import subprocess
    import sys

    subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"], start_new_session=True, close_fds=True)
    return 0.0
