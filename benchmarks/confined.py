"""What confinement costs: every notebook of a class judged confined and not, by turns, in one warm process.

    cd COURSE && python -m benchmarks.confined STEM ROUNDS   →   {"blank": …, "notebooks": {"confined": [[ms, …], …], "open": …}}

A row for each notebook; `blank` has no cells, so that nothing is timed but the process and the questions to it. Whether a student process is confined is decided here, by standing in for the function that
starts it: `--unconfined` alone would change nothing on a machine that can confine.
"""

import functools
import json
import sys
import time
from dataclasses import replace

from autograder import referee
from autograder.course import Course

START = referee.student_process
WAYS = {"confined": True, "open": False}


def main(stem, rounds):
    course = Course()
    assignment = course.assignment(stem)
    jobs = [course.submission(assignment, s, path).job for s, path in course.submissions(stem).items()]
    blank = replace(jobs[0], notebook=json.dumps({"cells": []}).encode())
    for way in WAYS:
        spent(blank, way)  # starts the warm process
    print(json.dumps({"blank": by_turns([blank], 10 * rounds), "notebooks": by_turns(jobs, rounds)}))


def by_turns(jobs, rounds):
    """{way: milliseconds of each job, in each round}"""
    rows = {way: [[] for _ in jobs] for way in WAYS}
    for i in range(rounds):
        for n, job in enumerate(jobs):
            for way in sorted(WAYS, reverse=(i + n) % 2):
                rows[way][n].append(spent(job, way))
    return rows


def spent(job, way):
    """Milliseconds of judging a notebook."""
    referee.student_process = functools.partial(started, WAYS[way])
    start = time.perf_counter()
    referee.run(job)
    return round(1000 * (time.perf_counter() - start), 2)


def started(confined, _, *arguments):
    return START(confined, *arguments)


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
