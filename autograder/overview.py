"""One page for the instructor: what the class has understood, exercise by exercise, in pictures."""

from collections import Counter
from dataclasses import dataclass
from statistics import median

from . import rubric
from .feedback import render
from .report import FAILED, PASSED, UNDECIDED

HARDEST = 8


@dataclass(frozen=True)
class Row:
    """A student: the gradebook's score (None where a person must look first) and the report."""

    student: str
    score: float | None
    report: object


def rows(course, stem):
    """Every student whose result is recorded, the best first."""
    found = []
    for student in course.students("autograded", stem):
        report = course.report(stem, student)
        if report is not None:
            scores = course.scores(stem, student) or {}
            waiting = scores.get("needs_manual_grade", True)
            score = None if waiting else max(scores["score"] - scores["penalty"], 0.0)
            found.append(Row(student, score, report))
    return sorted(found, key=lambda r: (-(r.score if r.score is not None else r.report.points), r.student))


def page(stem, rows):
    """The page as HTML, whole in itself."""
    exercises = [r.about for r in rubric.load(stem).values()]
    maximum = sum(e.points for e in exercises)
    scores = [r.score for r in rows if r.score is not None]
    read = [r for r in rows if not r.report.unread]  # from the others nothing is learned about the exercises
    return render(
        "overview.html",
        title=stem.replace("_", " ").capitalize(),
        exercises=exercises,
        rows=[_grid_row(r, exercises) for r in rows],
        maximum=maximum,
        scores=scores,
        median=median(scores) if scores else None,
        histogram=_histogram(scores, maximum),
        passing=[_passing(read, e) for e in exercises],
        mistakes=[_mistakes(read, e) for e in exercises],
        hardest=_hardest(read)[:HARDEST],
        undecided=[(r.student, e) for r in rows for e in r.report.exercises.values() if e.outcome == UNDECIDED],
        unread=[(r.student, why) for r in rows if (why := r.report.unread)],
        loose=[r.student for r in rows if not r.report.confined],
    )


def _grid_row(row, exercises):
    cells = []
    for e in exercises:
        report = row.report.exercises.get(e.id)
        if report is None or report.outcome == UNDECIDED:
            cells.append({"kind": "undecided", "share": 0.0, "text": f"{row.student}, {e.title}: not decided"})
            continue
        share = (report.points / e.points) if e.points else float(report.outcome == PASSED)
        kind = "passed" if report.outcome == PASSED else "partial" if share > 0 else "none"
        why = f" ({report.mistake})" if report.mistake else ""
        points = f"{report.points:g} of {e.points:g}" if e.points else report.outcome
        cells.append({"kind": kind, "share": share, "text": f"{row.student}, {e.title}: {points}{why}"})
    return {"student": row.student, "score": row.score, "cells": cells}


def _passing(rows, exercise):
    reports = [r.report.exercises[exercise.id] for r in rows if exercise.id in r.report.exercises]
    return {
        "exercise": exercise,
        "passed": sum(e.outcome == PASSED for e in reports),
        "failed": sum(e.outcome == FAILED for e in reports),
        "all": len(reports),
    }


def _mistakes(rows, exercise):
    """(exercise, [(mistake, question, count)], failed without a known mistake)"""
    failed = [
        r.report.exercises[exercise.id]
        for r in rows
        if exercise.id in r.report.exercises and r.report.exercises[exercise.id].outcome == FAILED
    ]
    questions = {e.mistake: e.question for e in failed if e.mistake}
    counts = Counter(e.mistake for e in failed if e.mistake).most_common()
    other = Counter(_cause(e) for e in failed if not e.mistake).most_common()
    return {
        "exercise": exercise,
        "known": [{"name": name, "question": questions[name], "count": n} for name, n in counts],
        "other": [{"name": name, "question": "", "count": n} for name, n in other],
        "failed": len(failed),
    }


def _cause(exercise):
    """A failure that no known mistake explains, in a few words."""
    problems = [exercise.note, *(c.problem for c in exercise.cases if c.outcome != PASSED)]
    for start, words in {
        "It is still the stub": "not begun (still the stub)",
        "There is no ": "not defined (a syntax error, or renamed)",
        "It did not end": "does not end",
        "It ended the whole": "ends the Python process",
        "It prints its answer": "prints instead of returning",
        "It returns None": "returns nothing",
        "It answers the same": "answers the same whatever it is given",
        "It raises": "raises an error",
    }.items():
        if any(p.startswith(start) for p in problems):
            return words
    return "no mistake that we know"


def _hardest(rows):
    """Cases by the share of students who fail them, the hardest first; stubs do not count."""
    tried, failed, about = Counter(), Counter(), {}
    for row in rows:
        for e in row.report.exercises.values():
            if e.outcome == UNDECIDED or not e.cases or _cause(e) in ("not begun (still the stub)",):
                continue
            for case in e.cases:
                place = (e.exercise, case.name)
                about[place] = {"exercise": e.title, "case": case.name, "public": case.public}
                tried[place] += 1
                failed[place] += case.outcome != PASSED
    hard = [{**about[p], "failed": failed[p], "tried": tried[p]} for p in about if failed[p]]
    return sorted(hard, key=lambda c: (-c["failed"] / c["tried"], c["exercise"], c["case"]))


def _histogram(scores, maximum):
    """Ten bars: how many students have how much of the points."""
    if not scores or not maximum:
        return []
    counts = Counter(min(int(10 * s / maximum), 9) for s in scores)
    tallest = max(counts.values())
    return [
        {"from": maximum * i / 10, "to": maximum * (i + 1) / 10, "count": counts[i], "height": counts[i] / tallest}
        for i in range(10)
    ]
