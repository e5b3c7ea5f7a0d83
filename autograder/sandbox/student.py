"""The student process: runs the cells; at each grade cell a fork of that moment comes to be, which answers the referee.

It speaks in frames (`frames.py`), on its own line, and on one more line for each exercise (`lines`: their descriptors
come with the task, in the order of the exercises):

    referee → {"cells": [{"index": …, "source": …, "exercise": id or "", "draw": …}], "files": {name: bytes},
               "seconds": for a cell, "shown_seconds": for a cell that is not to be drawn, once in a hurry,
               "hurry": …}
    student → {"ready": True}
    student → {"cell": index, "outputs": …}               after each cell that ran
    student → {"serving": id, "forked": …}                at a grade cell; then, on the exercise's line, any number of
        referee → {"when": …, "given": …, "seconds": …, "number": …}
        fork    → {"observation": …, "number": the question's}
    referee → {"go": True, "hurry": …}
    student → {"going": True}                             and the cells go on

A fork answers until its line is closed: what the student may learn from is asked at the grade cell; what must stay
hidden is asked after the last cell, when nothing that the fork could tell anybody is shown any more.

Everything it sends is a claim made by student code; the referee believes the values as observations, nothing else.
"""

import contextlib
import os
import sys
import threading
from pathlib import Path

from coursekit import wire
from coursekit.exercise import Case, Failure, Observation
from coursekit.observe import observe


def main(channel, shell):
    """Serve one notebook, then wait for the end."""
    task = channel.receive()
    exercises = [cell["exercise"] for cell in task["cells"] if cell["exercise"]]
    lines = dict(zip(exercises, channel.receive_lines(len(exercises))))
    lay_out(task["files"])
    channel.send({"ready": True})
    hurry = task["hurry"]
    for cell in task["cells"]:
        if cell["exercise"]:
            _fork_and_serve(channel, lines, shell, cell["exercise"])
            hurry = channel.receive()["hurry"]
            channel.send({"going": True})
        else:
            seconds = task["shown_seconds"] if hurry and not cell["draw"] else task["seconds"]
            outputs = shell.run(cell["source"], seconds, cell["draw"])
            channel.send({"cell": cell["index"], "outputs": _sendable(outputs)})
    channel.receive()


def lay_out(files):
    """Write `files` below the current folder; raises `ValueError` for a name that leads out of it."""
    root = Path.cwd().resolve()
    for name, data in files.items():
        path = (root / name).resolve()
        if not path.is_relative_to(root):
            raise ValueError(f"a file that would land outside its folder: {name!r}")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)


def _fork_and_serve(channel, lines, shell, exercise):
    """A crash in here costs this exercise alone."""
    child, line = None, lines.pop(exercise)
    if threading.active_count() == 1 and not _uses_cuda():
        sys.stdout.flush()
        with contextlib.suppress(OSError):  # the notebook has left too many processes behind
            child = os.fork()
    if child:
        line.connection.close()
        channel.send({"serving": exercise, "forked": True})
        return
    # Without a fork (it would copy locks that nobody will ever release, or a CUDA context that it cannot use), serve
    # here: the referee starts a fresh process for what comes after.
    try:
        if child is None:
            channel.send({"serving": exercise, "forked": False})
        for other in lines.values():
            other.connection.close()
        _serve(line, shell, exercise)
    finally:
        os._exit(0)


def _serve(line, shell, exercise):
    name = exercise.partition(".")[2]
    while True:
        request = line.receive()
        case = Case("", request["given"], Observation(), when=request["when"])
        if name in shell.user_ns:
            observation = observe(shell.user_ns[name], case, request["seconds"])
        else:
            observation = Observation(failure=Failure("missing"))
        line.send({"observation": observation.packable(), "number": request["number"]})


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
