"""The CSV files are what Canvas and Moodle import, blank where there is no mark, and no formula in them."""

import csv
from types import SimpleNamespace

import pytest
from classroom import STEM

from autograder import rubric
from autograder.course import CourseError
from autograder.export import export, outdated, safe

FIRST = rubric.grade_id(next(iter(rubric.load(STEM).values())).id)


@pytest.fixture
def named(classroom):
    """The class with names, as from a roster."""
    with classroom.course.gradebook() as gradebook:
        ada, alan = gradebook.find_student("ada"), gradebook.find_student("alan")
        ada.first_name, ada.last_name, ada.email, ada.lms_user_id = "Ada", "Lovelace", "ada@example.org", "4711"
        alan.first_name, alan.last_name, alan.lms_user_id = '=HYPERLINK("https://evil.example")', "=1+1", "sis-7"
        gradebook.update_or_create_student("absent", first_name="Abby", last_name="Sent")
        gradebook.db.commit()
    return classroom


def rows(classroom, kind, **options):
    path = classroom.root / f"{kind}.csv"
    counts = export(classroom.course, kind, [STEM], path, **options)
    with open(path, newline="", encoding="utf-8") as file:
        return list(csv.reader(file)), counts


def test_canvas_finds_its_own_columns(named):
    (header, points, *students), (graded, waiting) = rows(named, "canvas")
    assert header == ["Student", "ID", "SIS User ID", "SIS Login ID", "Section", "Perceptron"]
    assert points == ["    Points Possible", "", "", "", "", "22"]
    assert (graded, waiting) == (len(named.students), 0)
    by_login = {row[3]: row for row in students}
    assert by_login["ada"] == ["Lovelace, Ada", "4711", "", "ada", "", "22"]
    assert by_login["alan"][1:] == ["", "sis-7", "alan", "", "0"]
    assert {len(row) for row in students} == {6}
    for student, about in named.students.items():
        assert float(by_login[student][5]) == about["points"]


def test_canvas_takes_the_name_that_the_assignment_has_there(named):
    (header, *_), _ = rows(named, "canvas", names=["Week 1 (4711)"])
    assert header[5] == "Week 1 (4711)"


def test_moodle_finds_its_own_columns(named):
    (header, *students), _ = rows(named, "moodle")
    assert header == [
        "First name",
        "Last name",
        "ID number",
        "Username",
        "Email address",
        "Assignment: Perceptron (Real)",
        "Assignment: Perceptron (Feedback)",
    ]
    by_name = {row[3]: row for row in students}
    assert by_name["ada"] == ["Ada", "Lovelace", "4711", "ada", "ada@example.org", "22", "Every exercise passes."]
    assert by_name["alan"][5] == "0"
    assert by_name["alan"][6].startswith("One neuron: 0 of 2.")


@pytest.mark.parametrize(("kind", "column"), [("canvas", 5), ("moodle", 5)])
def test_what_is_undecided_or_not_handed_in_stays_blank(named, kind, column):
    with named.course.gradebook() as gradebook:
        grade = gradebook.find_grade(FIRST, STEM, STEM, "ada")
        grade.auto_score, grade.needs_manual_grade = None, True
        gradebook.db.commit()
    (_, *students), (graded, waiting) = rows(named, kind)
    marks = {row[3]: row[column:] for row in students}
    assert set(marks["ada"]) == {""}
    assert set(marks["absent"]) == {""}
    assert marks["alan"][0] == "0"
    assert (graded, waiting) == (len(named.students) - 1, 1)


def test_late_penalties_are_taken_off_and_never_below_zero(named):
    with named.course.gradebook() as gradebook:
        gradebook.find_submission_notebook(STEM, STEM, "ada").late_submission_penalty = 2.5
        gradebook.find_submission_notebook(STEM, STEM, "alan").late_submission_penalty = 2.5
        gradebook.db.commit()
    (_, _, *students), _ = rows(named, "canvas")
    assert {row[3]: row[5] for row in students if row[3] in ("ada", "alan")} == {"ada": "19.5", "alan": "0"}


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "\n=1", "  =1", "＝1"])
def test_no_cell_that_a_student_chose_is_a_formula(text):
    assert not safe(text).lstrip(" ").startswith(("=", "+", "-", "@", "\t", "\r", "\n", "＝"))


def test_honest_text_is_left_as_it_is():
    assert [safe(t) for t in ("Ada", "O'Neil", "ada@example.org", "", None)] == [
        "Ada",
        "O'Neil",
        "ada@example.org",
        "",
        "",
    ]


def test_a_formula_for_a_name_is_disarmed_in_both_files(named):
    for kind in ("canvas", "moodle"):
        found, _ = rows(named, kind)
        assert not any(cell.startswith("=") for row in found for cell in row)
        assert any("evil.example" in cell for row in found for cell in row)


def test_an_empty_gradebook_says_what_to_do(classroom):
    classroom.keep_only()
    with pytest.raises(CourseError, match="grade first"):
        export(classroom.course, "canvas", [STEM], classroom.root / "x.csv")


def test_who_was_graded_before_points_changed_is_known(classroom, monkeypatch):
    assert outdated(classroom.course, STEM) == []
    changed = {name: SimpleNamespace(id=r.id, points=r.points + 1) for name, r in rubric.load(STEM).items()}
    monkeypatch.setattr(rubric, "load", lambda stem: changed)
    assert outdated(classroom.course, STEM) == classroom.course.students("autograded", STEM)
