"""The student process: runs the cells, and at each grade cell lets a fork of that moment answer the referee.

It speaks in frames (`frames.py`):

    referee → {"cells": [{"index": …, "source": …, "exercise": id or "", "draw": …}], "files": {name: bytes},
               "seconds": for a cell, "shown_seconds": for a cell that is not to be drawn, once in a hurry,
               "hurry": …}
    student → {"ready": True}
    student → {"cell": index, "outputs": …}      after each cell that ran
    student → {"serving": id}                    at a grade cell; then any number of
        referee → {"when": …, "given": …, "seconds": …}   answered by  student → {"observation": …}
        referee → {"next": True, "hurry": …}
    student → {"ended": exit status}             the fork is gone, because it was told to or because it died

Everything it sends is a claim made by student code; the referee believes the values as observations, nothing else.
"""

import os
import signal
import sys
import threading
from pathlib import Path

from coursekit import wire
from coursekit.exercise import Case, Failure, Observation
from coursekit.observe import observe

HURRY = 3  # the exit status of a fork that was told to hurry


def main(channel, shell):
    """Serve one notebook, then return."""
    task = channel.receive()
    lay_out(task["files"])
    channel.send({"ready": True})
    hurry = task["hurry"]
    for cell in task["cells"]:
        if cell["exercise"]:
            hurry |= _fork_and_serve(channel, shell, cell["exercise"]) == HURRY
        else:
            seconds = task["shown_seconds"] if hurry and not cell["draw"] else task["seconds"]
            outputs = shell.run(cell["source"], seconds, cell["draw"])
            channel.send({"cell": cell["index"], "outputs": _sendable(outputs)})


def lay_out(files):
    """Write `files` below the current folder; raises `ValueError` for a name that leads out of it."""
    root = Path.cwd().resolve()
    for name, data in files.items():
        path = (root / name).resolve()
        if not path.is_relative_to(root):
            raise ValueError(f"a file that would land outside its folder: {name!r}")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)


def _fork_and_serve(channel, shell, exercise):
    """A crash in here costs this exercise alone. Returns the fork's exit status."""
    if threading.active_count() > 1 or _uses_cuda():
        # A fork would copy locks that nobody will ever release, or a CUDA context that it cannot use: serve here; the
        # referee starts a fresh process.
        channel.send({"serving": exercise, "forked": False})
        status = _serve(channel, shell, exercise)
        channel.send({"ended": status})
        return status
    sys.stdout.flush()
    try:
        child = os.fork()
    except BlockingIOError:  # the notebook has left too many processes behind
        if os.getpid() == 1:  # of its own world
            os.kill(-1, signal.SIGKILL)
        child = os.fork()
    if child == 0:
        status = 1
        try:
            channel.send({"serving": exercise, "forked": True})
            status = _serve(channel, shell, exercise)
        finally:
            os._exit(status)
    _, status = os.waitpid(child, 0)
    status = os.waitstatus_to_exitcode(status)
    channel.send({"ended": status})
    return status


def _serve(channel, shell, exercise):
    name = exercise.partition(".")[2]
    while True:
        request = channel.receive()
        if "next" in request:
            return HURRY if request["hurry"] else 0
        case = Case("", request["given"], Observation(), when=request["when"])
        if name in shell.user_ns:
            observation = observe(shell.user_ns[name], case, request["seconds"])
        else:
            observation = Observation(failure=Failure("missing"))
        channel.send({"observation": observation.packable()})


def _uses_cuda():
    torch = sys.modules.get("torch")
    return torch is not None and torch.cuda.is_initialized()


def _sendable(outputs):
    """Outputs that student code made strange become a sentence."""
    try:
        wire.pack(outputs)
    except wire.Unsendable as error:
        text = f"[An output could not be kept: it holds {error}.]\n"
        return [{"output_type": "stream", "name": "stderr", "text": text}]
    return outputs
