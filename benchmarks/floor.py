"""What the students' own code computes, and nothing else: no grader can take less.

    python -m benchmarks.floor STEM SEED NOTEBOOK…   →   one line of JSON each: {"cells": seconds, "answers": seconds}

From a process as warm as the grader's, each notebook is a fork that runs its cells one after the other, draws nothing,
catches errors, and then calls each function once for every case.
"""

import contextlib
import io
import json
import os
import sys
import time
import warnings

import nbformat


def main(stem, seed, *paths):
    from IPython.core.inputtransformer2 import TransformerManager

    from autograder import rubric
    from autograder.sandbox.zygote import warm_up

    warm_up()
    exercises = [r.exercise(seed) for r in rubric.load(stem).values()]
    transform = TransformerManager().transform_cell
    for path in paths:
        cells = [c for c in nbformat.read(path, as_version=4).cells if c.cell_type == "code"]
        sources = [transform(c.source) for c in cells if not c.metadata.get("nbgrader", {}).get("grade")]
        read, write = os.pipe()
        child = os.fork()
        if child == 0:
            os.write(write, json.dumps(spent(sources, exercises)).encode())
            os._exit(0)
        os.waitpid(child, 0)
        print(os.read(read, 1000).decode(), flush=True)
        os.close(read)
        os.close(write)


def spent(sources, exercises):
    """Seconds of computing by the cells, and by the calls of the answers."""
    from matplotlib import pyplot as plt

    from coursekit.observe import find, limit

    warnings.simplefilter("ignore")
    plt.show = lambda *args, **options: plt.close("all")
    space, out = {"__name__": "__main__"}, io.StringIO()
    start = time.process_time()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(out):
        for source in sources:
            with contextlib.suppress(BaseException), limit(30):
                exec(compile(source, "<cell>", "exec"), space)
            plt.close("all")
        cells = time.process_time() - start
        for exercise in exercises:
            for case in exercise.cases:
                with contextlib.suppress(BaseException), limit(exercise.seconds):
                    find(case.when)(space.get(exercise.name), *case.given)
    return {"cells": cells, "answers": time.process_time() - start - cells}


if __name__ == "__main__":
    main(*sys.argv[1:])
