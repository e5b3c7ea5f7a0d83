"""Grading inside the notebook's own process: what a stock nbgrader, without our configuration, falls back to.

Honest students get the same points as from the referee. A mark made here could be forged, since student code
ran in this very process; the text it prints says so.
"""

import contextlib
import io
import secrets

import coursekit
from coursekit import compare
from coursekit.observe import observe

from . import rubric
from .referee import report

WARNING = "Graded inside the student's own process: a mark made this way could be forged."


def grade(id, implementation):
    """The points of `implementation` for the exercise `id`, as a float: nbgrader takes it for partial credit.

    Raises `LookupError` for an unknown exercise.
    """
    with contextlib.redirect_stderr(io.StringIO()):  # nbgrader gives 0 for any line on stderr
        exercise = rubric.find(id).exercise(secrets.token_hex(16), device=str(coursekit.device()))
        result = compare.examine(exercise, lambda case: observe(implementation, case, exercise.seconds))
    graded = report(result)
    print(graded.feedback, WARNING, sep="\n\n")
    return float(graded.points)
