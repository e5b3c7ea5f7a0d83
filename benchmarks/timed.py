"""`autograder`, with a stopwatch on the steps of grading: for the benchmark only.

    TIMES=file python -m benchmarks.timed grade --assignment perceptron

The real command. What is timed is wrapped here, in it and in every process that judges for it (which import this
module again). Each call adds a line to the file: what, seconds by the clock, seconds of computing, without those of
timed calls inside it.
"""

import functools
import importlib
import json
import os
import time

STEPS = {
    "reading a submission": ["autograder.course:Course.submission"],
    "keys and kept results": [f"autograder.results:Results.{name}" for name in ("key", "get", "wanting", "keep")],
    "sending and receiving": ["autograder.grading:question", "autograder.grading:result_of"],
    "asking and judging": ["autograder.referee:run"],
    "cases, once a run": ["autograder.referee:cases"],
    "recording": ["autograder.recording:Recorder.record"],
}
_running = []  # seconds spent in timed calls inside each call that is running: [wall, cpu]


def install():
    """Wrap every step. Raises `AttributeError` for one that is no longer there."""
    for step, places in STEPS.items():
        for place in places:
            owner, name, function = found(place)
            setattr(owner, name, timed(step, function))


def found(place):
    """(module or class, name, function) of "module:path"."""
    module, _, path = place.partition(":")
    *owners, name = path.split(".")
    owner = functools.reduce(getattr, owners, importlib.import_module(module))
    return owner, name, getattr(owner, name)


def timed(step, function):
    @functools.wraps(function)
    def wrapper(*args, **options):
        _running.append([0.0, 0.0])
        wall, cpu = time.perf_counter(), time.process_time()
        try:
            return function(*args, **options)
        finally:
            wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
            inside = _running.pop()
            if _running:
                _running[-1][0] += wall
                _running[-1][1] += cpu
            line = json.dumps([step, wall - inside[0], cpu - inside[1]])
            with open(os.environ["TIMES"], "a") as file:
                file.write(line + "\n")

    return wrapper


if __name__ in ("__main__", "__mp_main__"):  # the command, and the processes that it starts
    install()
if __name__ == "__main__":
    from autograder.cli import main

    main()
