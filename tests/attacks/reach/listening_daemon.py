# ---
# jupyter:
#   attack:
#     tries: Starts a server that is to live on, and to collect what later students and the grader say.
#     confined: true
# ---

# %%
import subprocess
import sys

server = """
import socket, time
places = [socket.create_server(("127.0.0.1", 47601))]
if hasattr(socket, "AF_UNIX"):
    places.append(socket.socket(socket.AF_UNIX)); places[-1].bind("\\0attack-left"); places[-1].listen()
time.sleep(600)
"""
subprocess.Popen([sys.executable, "-c", server], start_new_session=True)


# %% answer="total"
def total(x):
    return 0.0
