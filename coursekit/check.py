"""The check under each exercise: instant, offline, and of one mind with the final grade."""

import html
import os
import re
import sys
import textwrap

from . import compare, recorded
from .observe import observe
from .progress import record

GREEN, RED = "#008561", "#C94F00"  # readable on white and on black


class CheckFailed(AssertionError):
    """Raised at the end of a check that found something, so that a program, and nbgrader's Validate, see it too."""

    def _render_traceback_(self):
        """IPython prints this instead of a traceback: the table above has said it all. Validate breaks no lines."""
        return textwrap.wrap(f"CheckFailed: {self}", 90)


def check(id, implementation):
    """Try `implementation` on the public cases of the exercise `id` ("<stem>.<name>") and show what came of it.

    Raises `LookupError` if there is no such exercise, `TypeError` if the two arguments are swapped, and `CheckFailed`
    if a case failed. But an error ends "Run All": a notebook goes on, unless the implementation never ended (the
    picture below would not end either) or nbgrader validates. While it autogrades, nothing is raised: there the grade
    decides.
    """
    result = run(id, implementation)
    _show(result)
    trouble = record(id, passed=result.passed, points_fraction=result.share)
    if trouble:
        print(trouble)
    if not result.passed and _stops(result):
        failure = result.smallest_failure()  # nbgrader's Validate shows this sentence, and nothing of the table
        reason = f"{failure[0].name}: {failure[1].problem}" if failure else result.note
        failed = sum(not v.passed for v in result.verdicts)
        raise CheckFailed(f"{id}: {failed} of {len(result.verdicts)} cases failed. {reason}")


def run(id, implementation):
    """The `compare.Result` of the public cases, with nothing shown and nothing raised for a failure."""
    if not isinstance(id, str):
        raise TypeError(
            'check("<stem>.<name>", your_function): the exercise comes first, in quotes, then your function.'
        )
    exercise = recorded.exercise(id)
    return compare.examine(exercise, lambda case: observe(implementation, case, exercise.seconds))


def _stops(result):
    """Whether a failure is to end what is running."""
    told = {"validate": True, "autograde": False}.get(os.environ.get("NBGRADER_EXECUTION"))
    endless = any(o.failure and o.failure.kind == "endless" for o in result.observations)
    return told if told is not None else notebook() is None or endless


def notebook():
    """IPython, where this is a notebook; else None."""
    ipython = sys.modules.get("IPython")  # not imported: then this is no notebook
    return ipython if ipython and ipython.get_ipython() else None


def _show(result):
    ipython = notebook()
    if ipython is None:
        _print(result)
        return
    ipython.display.display({"text/html": as_html(result), "text/plain": as_text(result)}, raw=True)


def _print(result):
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(title=result.exercise.title, title_justify="left")
    table.add_column("", width=1)
    table.add_column("case")
    for case, verdict in zip(result.exercise.cases, result.verdicts):
        mark = Text("✓", style="green") if verdict.passed else Text("✗", style="red")
        table.add_row(mark, Text(case.name))
    console = Console()
    console.print(table)
    for line in _sentences(result):
        console.print(Text(line))


def as_text(result):
    """The result as plain text: what a terminal and a screen reader get."""
    rows = [f"{'✓' if v.passed else '✗'} {c.name}" for c, v in zip(result.exercise.cases, result.verdicts)]
    return "\n".join([result.exercise.title, *rows, *_sentences(result)])


def _sentences(result):
    if result.passed:
        return ["Every case passes."]
    lines = [result.note] if result.note else []
    failure = result.smallest_failure()
    if failure:
        case, verdict = failure
        lines += ["", f"{case.name}: {verdict.problem}", verdict.example]
    lines += ["", _UNSEEN] * _printed(result)
    if result.question:
        lines += ["", f"A question: {result.question}"]
    if result.mistake:
        m = result.mistake
        lines += [f"(A hint, if you want it: {m.name}. {m.hint} Read again: {_place(m)}.)"]
    return lines


_UNSEEN = "What your function prints is not shown here: call it in a cell of its own to read that."


def _printed(result):
    return not result.passed and any(o.printed for o in result.observations)


def _place(mistake):
    page, _, label = mistake.section.partition("#")
    return f"“{mistake.heading}” in the chapter {page}" if mistake.heading else f"the chapter {page}, section {label}"


def _link(mistake):
    """The section as a link, where the course's own server shows the book beside the notebook."""
    book, place = os.environ.get("COURSEKIT_BOOK"), html.escape(_place(mistake))
    page, _, label = mistake.section.partition("#")
    return f"<a href='{html.escape(f'{book}/{page}.html#{label}')}' target='_blank'>{place}</a>" if book else place


def _prose(text):
    """Escaped, with what stands between backticks as code."""
    return re.sub(r"`([^`]+)`", r"<code>\1</code>", html.escape(text))


def as_html(result):
    """The result as a small table: cases by name, the smallest failing example, a question, the hint folded."""
    e = html.escape
    rows = "".join(
        f"<tr><td style='color:{GREEN if v.passed else RED};font-weight:bold'>{'✓' if v.passed else '✗'}</td>"
        f"<td style='text-align:left'>{e(c.name)}</td></tr>"
        for c, v in zip(result.exercise.cases, result.verdicts)
    )
    passed = sum(v.passed for v in result.verdicts)
    parts = [
        f"<div class='coursekit-check'><b>{e(result.exercise.title)}</b> — "
        f"{passed} of {len(result.verdicts)} cases pass<table>{rows}</table>"
    ]
    if result.note:
        parts.append(f"<p>{e(result.note)}</p>")
    failure = result.smallest_failure()
    if failure:
        case, verdict = failure
        parts.append(f"<p><b>{e(case.name)}.</b> {_prose(verdict.problem)}</p>")
        if verdict.example:
            style = f"color:inherit;background:none;font-family:monospace;padding:.5em 1em;border-left:3px solid {RED};overflow-x:auto"
            parts.append(f"<pre style='{style}'>{e(verdict.example)}</pre>")
    parts += [f"<p>{_UNSEEN}</p>"] * _printed(result)
    if result.question:
        parts.append(f"<p style='margin-top:1em'><b>{_prose(result.question)}</b></p>")
    if result.mistake:
        m = result.mistake
        parts.append(
            "<details><summary>Show the hint</summary>"
            f"<p><b>{e(m.name)}.</b> {_prose(m.hint)}</p><p>Read again: {_link(m)}</p></details>"
        )
    return "".join(parts) + "</div>"
