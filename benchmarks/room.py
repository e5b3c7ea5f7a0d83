"""Inside the room in which a peer meets an attack: listens where nobody may be reached, runs the command, looks around.

    python room.py REPORT PORT SOCKET SECONDS COMMAND…

Writes into REPORT: {"seconds", "late", "status", "heard", "survivors"}; at first what shall stand there if whoever
attacks ends this program too. Needs the standard library alone, since it is
the peers' Python that runs it.
"""

import contextlib
import json
import os
import socket
import subprocess
import sys
import threading
import time


def listen(server, heard):
    with contextlib.suppress(OSError):
        while True:
            line, _ = server.accept()
            line.settimeout(2)
            with line, contextlib.suppress(OSError):
                heard.append(repr(line.recv(100)))


def main(report, port, name, seconds, *command):
    heard = []
    write(report, seconds=float(seconds), late=True, status=None, heard=[], survivors=[])
    internet = socket.create_server(("127.0.0.1", int(port)))
    unix = socket.socket(socket.AF_UNIX)
    unix.bind("\0" + name)
    unix.listen()
    for server in (internet, unix):
        threading.Thread(target=listen, args=(server, heard), daemon=True).start()
    start, late = time.monotonic(), False
    process = subprocess.Popen(command, stdin=subprocess.DEVNULL)
    try:
        process.wait(float(seconds))
    except subprocess.TimeoutExpired:
        late = True
        process.kill()
        process.wait()
    spent = time.monotonic() - start
    time.sleep(1)  # what ends with the command may take a moment
    survivors = [] if late else [command for pid, command in processes() if pid not in (1, os.getpid())]
    write(report, seconds=spent, late=late, status=process.returncode, heard=heard, survivors=survivors)


def write(report, **about):
    with open(report, "w") as file:
        json.dump(about, file)


def processes():
    for pid in filter(str.isdigit, os.listdir("/proc")):
        with contextlib.suppress(OSError), open(f"/proc/{pid}/cmdline") as file:
            words = file.read().split("\0")
            if any(words):  # a zombie has none
                yield int(pid), " ".join(words)[:100].strip()


if __name__ == "__main__":
    main(*sys.argv[1:])
