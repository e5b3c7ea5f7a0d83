"""Where the marks of the three differ, and why."""

from collections import Counter

TOLERANCE = 0.015  # rounding to a hundredth of a point, at different places


def disagreements(marks, students):
    """[{"grader", "kind", "ours", "theirs", "count"}]: exercises in which a peer's points are not ours.

    `marks`: points by grader, student and exercise; `students`: the manifest of the class."""
    found = Counter()
    for peer in (g for g in marks if g != "ours"):
        for student, row in marks["ours"].items():
            for exercise, ours in row.items():
                theirs = marks[peer][student][exercise]
                if ours is None or theirs is None or abs(ours - theirs) > TOLERANCE:
                    about = students[student]
                    answer = about["exercises"][exercise]
                    kind = about["kind"] if about["kind"] != "mixed" else f"{answer['kind']} {answer['name']}".strip()
                    found[peer, kind, exercise, ours, theirs] += 1
    keys = ("grader", "kind", "exercise", "ours", "theirs")
    return [{**dict(zip(keys, key)), "count": n} for key, n in sorted(found.items(), key=str)]


def compared(marks):
    """How many marks (a student's points for an exercise) were compared with each peer's."""
    return sum(len(row) for row in marks["ours"].values())
