"""The instructor's page: its counts are the class's, and it stands alone."""

import re
from collections import Counter
from dataclasses import replace

import pytest
from classroom import STEM
from test_feedback import visible

from autograder import overview, rubric
from autograder.overview import Row
from autograder.report import FAILED, PASSED, UNDECIDED, CaseReport, ExerciseReport, Report


@pytest.fixture(scope="module")
def rows(graded_class):
    return overview.rows(graded_class.course, STEM)


@pytest.fixture(scope="module")
def page(rows):
    return overview.page(STEM, rows)


def test_every_student_is_there_the_best_first(rows, graded_class):
    assert {r.student: r.score for r in rows} == {s: a["points"] for s, a in graded_class.students.items()}
    assert [r.score for r in rows] == sorted((r.score for r in rows), reverse=True)


def test_mistakes_are_counted(rows, graded_class):
    expected = Counter(
        (id, e["name"])
        for about in graded_class.students.values()
        for id, e in about["exercises"].items()
        if e["kind"] == "mistake"
    )
    found = {
        (r.id, known["name"]): known["count"]
        for r in rubric.load(STEM).values()
        for known in overview._mistakes(rows, r.about)["known"]
    }
    assert expected
    assert found == expected


def test_failures_without_a_known_mistake_are_told_by_how_they_failed(rows, graded_class):
    words = {
        "stub": "not begun (still the stub)",
        "syntax error": "not defined (a syntax error, or renamed)",
        "crash": "ends the Python process",
        "endless loop": "does not end",
        "catches everything": "does not end",
        "prints": "prints instead of returning",
        "raises": "raises an error",
    }
    expected, found = Counter(), Counter()
    for about in graded_class.students.values():
        for id, e in about["exercises"].items():
            if e["kind"] in words:
                expected[id, words[e["kind"]]] += 1
    for r in rubric.load(STEM).values():
        for other in overview._mistakes(rows, r.about)["other"]:
            found[r.id, other["name"]] += other["count"]
    assert found == expected


def test_the_grid_has_a_cell_for_everyone_and_everything(rows, page):
    exercises = [r.about for r in rubric.load(STEM).values()]
    kinds = Counter(cell["kind"] for row in rows for cell in overview._grid_row(row, exercises)["cells"])
    assert sum(kinds.values()) == len(rows) * len(exercises)
    outcomes = Counter(e.outcome for row in rows for e in row.report.exercises.values())
    assert kinds["passed"] == outcomes[PASSED]
    assert kinds["partial"] + kinds["none"] == outcomes[FAILED]
    assert page.count("<title>") == 1 + sum(kinds.values()) + 10  # the page's, the cells', the histogram's
    for row in rows:
        assert row.student in page


def case(name, outcome, public=True):
    return CaseReport(name, public, 1.0, outcome, "" if outcome == PASSED else "It raises a ValueError.")


def exercise(points, outcome, *cases, **about):
    return ExerciseReport("s.f", "F", points, 2.0, outcome, cases=cases, **about)


def row(student, exercise):
    return Row(student, exercise.points, Report("s", "seed", {"s.f": exercise}))


def test_the_hardest_cases_come_first_and_stubs_do_not_count():
    stub = replace(case("a", FAILED), problem="It is still the stub: write your code.")
    rows = [
        row("x", exercise(1.0, FAILED, case("a", PASSED), case("b", FAILED))),
        row("y", exercise(1.0, FAILED, case("a", FAILED), case("b", FAILED))),
        row("z", exercise(0.0, FAILED, stub, replace(stub, name="b"))),
    ]
    hardest = overview._hardest(rows)
    assert [(c["case"], c["failed"], c["tried"]) for c in hardest] == [("b", 2, 2), ("a", 1, 2)]


def test_who_is_undecided_is_said_with_the_reason(rows):
    first = next(iter(rubric.load(STEM).values()))
    report = rows[0].report
    open_ = replace(report.exercises[first.id], outcome=UNDECIDED, points=None, note="The disk was full.")
    waiting = Row("waiting <b>", None, replace(report, exercises={**report.exercises, first.id: open_}))
    page = overview.page(STEM, [*rows, waiting])
    part = page.partition("Needs a person")[2].partition("</section>")[0]
    assert "waiting &lt;b&gt;" in part
    assert first.about.title in part
    assert "The disk was full." in part
    assert "Needs a person" not in overview.page(STEM, rows)


def test_nobody_graded_yet_draws_no_histogram():
    assert overview._histogram([], 22) == []
    heights = overview._histogram([0, 22, 21.9, 11], 22)
    assert [h["count"] for h in heights] == [1, 0, 0, 0, 0, 1, 0, 0, 0, 2]


def test_the_page_stands_alone_and_fits_a_phone(page, tmp_path, chromium):
    assert not re.search(r'(?:src|href|action)\s*=\s*"(?!#)', page)
    assert "url(" not in page
    path = tmp_path / "report.html"
    path.write_text(page, encoding="utf-8")
    asked, errors = [], []
    tab = chromium.new_page(viewport={"width": 390, "height": 800})
    tab.on("request", lambda r: asked.append(r.url))
    tab.on("console", lambda m: errors.append(m.text))
    tab.goto(path.as_uri())
    width = tab.evaluate("document.documentElement.scrollWidth")
    inside = tab.evaluate(
        "[...document.querySelectorAll('svg.wide')].every(s => { const r = s.getBoundingClientRect();"
        " return [...s.querySelectorAll('text')].every(t => { const b = t.getBoundingClientRect();"
        " return b.left >= r.left - 1 && b.right <= r.right + 1 && b.top >= r.top - 1; }); })"
    )
    tab.close()
    assert [url for url in asked if not url.startswith("file:")] == []
    assert errors == []
    assert width <= 390
    assert inside, "a label is cut off"
    assert "Median" not in visible(page)
