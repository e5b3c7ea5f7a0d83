"""A warm process that has imported what notebooks use, and forks a student process from itself on request.

It is started with a socket as file descriptor argv[1] and answers one request at a time:

    {"fork": home} with a socket attached  → {"pid": …}     the fork speaks to the referee over that socket
    {"kill": pid}                          → {"killed": pid} the fork, its children, and its exit status are gone

It never holds a case, a reference or a seed: whatever it holds, every student process inherits. It never computes
with PyTorch and never touches CUDA: a fork after either hangs or fails.
"""

import contextlib
import gc
import importlib
import json
import os
import random
import signal
import socket
import sys

WARM = "numpy torch sklearn.datasets matplotlib.pyplot matplotlib.font_manager coursekit.data coursekit.plot".split()


def main(descriptor):
    """Answer requests until the other side closes."""
    shell = warm_up()
    line = socket.socket(fileno=descriptor)
    line.sendall(b'{"ready": true}')
    while True:
        data, descriptors, _, _ = socket.recv_fds(line, 4096, 1)
        if not data:
            return
        request = json.loads(data)
        if "fork" in request:
            child = os.fork()
            if child == 0:
                line.close()
                become_student(shell, request["fork"], descriptors[0])
            os.close(descriptors[0])
            answer = {"pid": child}
        else:
            end(request["kill"])
            answer = {"killed": request["kill"]}
        line.sendall(json.dumps(answer).encode())


def warm_up():
    """Import everything, and build the shell."""
    for module in WARM:
        importlib.import_module(module)

    import torch

    from .shell import NotebookShell

    torch.set_num_threads(1)  # a fork after a many-threaded operation hangs
    shell = NotebookShell.instance()  # the one that get_ipython() gives: matplotlib and coursekit.plot ask for it
    gc.collect()
    gc.freeze()  # keeps the collector of every fork off the pages they share
    return shell


def become_student(shell, home, descriptor):
    """In the fork: a session of its own, a home of its own, randomness of its own; then the notebook."""
    status = 1
    try:
        os.setsid()
        os.chdir(home)
        os.environ.update(
            HOME=home, TMPDIR=home, IPYTHONDIR=f"{home}/.ipython", COURSEKIT_PROGRESS=f"{home}/progress.json"
        )
        reseed()

        from . import student
        from .frames import Channel

        student.main(Channel.of_descriptor(descriptor), shell)
        status = 0
    finally:
        os._exit(status)


def reseed():
    """Two forks must not draw the same numbers."""
    import numpy as np
    import torch

    random.seed()
    np.random.seed(random.getrandbits(32))
    torch.manual_seed(random.getrandbits(63))


def end(pid):
    """Kill a fork with its session, and reap it."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(pid, signal.SIGKILL)
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, signal.SIGKILL)  # it may not have reached setsid yet
    with contextlib.suppress(ChildProcessError):
        os.waitpid(pid, 0)


if __name__ == "__main__":
    main(int(sys.argv[1]))
