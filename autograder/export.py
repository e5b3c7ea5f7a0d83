"""Marks as CSV files that Canvas and Moodle import, with their own column names.

A cell is blank where there is no mark to give: nothing was handed in, or a person must still look.
"""

import csv
from pathlib import Path

from . import rubric
from .course import CourseError
from .feedback import number
from .report import PASSED

CANVAS_STUDENT = ["Student", "ID", "SIS User ID", "SIS Login ID", "Section"]
MOODLE_STUDENT = ["First name", "Last name", "ID number", "Username", "Email address"]
FORMULA = ("=", "+", "-", "@", "＝", "＋", "－", "＠", "\t", "\r", "\n")


def export(course, kind, stems, path, names=()):
    """Write the marks of `stems` into the CSV file `path`, for "canvas" or "moodle"; returns how many students
    have a mark and how many marks are left blank for a person. `names` are the columns' names there."""
    with course.gradebook() as gradebook:
        students = [_plain(s) for s in sorted(gradebook.students, key=lambda s: s.id)]
    if not students:
        raise CourseError("the gradebook is empty: grade first, with `autograder grade --assignment STEM`.")
    names = list(names) or [s.replace("_", " ").capitalize() for s in stems]
    marks = {(s, student["id"]): _mark(course, s, student["id"]) for s in stems for student in students}
    write = {"canvas": _canvas, "moodle": _moodle}[kind]
    rows = write(course, stems, names, students, marks)
    with open(Path(path), "w", newline="", encoding="utf-8") as file:
        csv.writer(file, lineterminator="\r\n").writerows(rows)
    graded = {student for (_, student), (score, _, _) in marks.items() if score is not None}
    waiting = sum(waiting for _, _, waiting in marks.values())
    return len(graded), waiting


def outdated(course, stem):
    """Who was graded with other exercises or points than the rubrics have now."""
    now = {r.id: r.points for r in rubric.load(stem).values()}
    reports = {s: course.report(stem, s) for s in course.students("autograded", stem)}
    return [s for s, r in reports.items() if r and {id: e.max_points for id, e in r.exercises.items()} != now]


def safe(text):
    """Text that a spreadsheet will not take for a formula: students choose their names."""
    text = str(text or "")
    return f"'{text}" if text.lstrip(" ").startswith(FORMULA) else text


def _mark(course, stem, student):
    """(score or None, points possible, is a person needed?)"""
    scores = course.scores(stem, student)
    if scores is None:
        return None, None, False
    if scores["needs_manual_grade"]:
        return None, scores["max_score"], True
    return max(scores["score"] - scores["penalty"], 0.0), scores["max_score"], False


def _canvas(course, stems, names, students, marks):
    possible = [_possible(course, stem) for stem in stems]
    yield [*CANVAS_STUDENT, *names]
    yield ["    Points Possible", *[""] * (len(CANVAS_STUDENT) - 1), *(number(p) for p in possible)]
    for s in students:
        lms = s["lms_user_id"] or ""
        # Canvas takes the ID first, then the SIS user, then the login, then the name.
        ids = [lms, ""] if lms.isdigit() else ["", lms]
        name = f"{s['last_name']}, {s['first_name']}".strip(", ") if s["last_name"] or s["first_name"] else s["id"]
        yield [*map(safe, [name, *ids, s["id"], ""]), *(_score(marks[stem, s["id"]]) for stem in stems)]


def _moodle(course, stems, names, students, marks):
    heads = [head for name in names for head in (f"Assignment: {name} (Real)", f"Assignment: {name} (Feedback)")]
    yield [*MOODLE_STUDENT, *heads]
    for s in students:
        about = [s["first_name"], s["last_name"], s["lms_user_id"], s["id"], s["email"]]
        cells = [
            c for stem in stems for c in (_score(marks[stem, s["id"]]), safe(_words(course, stem, s["id"], marks)))
        ]
        yield [*map(safe, about), *cells]


def _words(course, stem, student, marks):
    """Feedback in one line: which exercises did not pass, and the question each leaves."""
    report = course.report(stem, student)
    if marks[stem, student][0] is None or report is None:
        return ""
    if report.unread:
        return report.unread
    open_ = [e for e in report.exercises.values() if e.outcome != PASSED and e.max_points]
    parts = [f"{e.title}: {number(e.points)} of {number(e.max_points)}. {e.question}".strip() for e in open_]
    return " ".join(parts) or "Every exercise passes."


def _possible(course, stem):
    with course.gradebook() as gradebook:
        return gradebook.find_assignment(stem).max_score


def _score(mark):
    return "" if mark[0] is None else number(mark[0])


def _plain(student):
    return {k: getattr(student, k) for k in ("id", "first_name", "last_name", "email", "lms_user_id")}
