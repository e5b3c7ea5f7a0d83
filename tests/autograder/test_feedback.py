"""The feedback page teaches, hides what is hidden, and lets nothing that a student wrote do anything."""

import base64
import json
import re
import shutil
from dataclasses import replace

import nbformat
import pytest
from classroom import STEM
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

from autograder import export, feedback, overview, rubric
from autograder.course import Course
from autograder.report import FAILED, PASSED, UNDECIDED, CaseReport, ExerciseReport, Report

PIXEL = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)
HOSTILE = """<script>fetch('https://evil.example/x')</script><img src="https://evil.example/i.png" onerror="alert(1)">
<svg onload="alert(1)"><script>alert(2)</script></svg><style>body{display:none}</style><a href="javascript:alert(3)">here</a>
<iframe src="https://evil.example"></iframe><table style="position:fixed;top:0;left:0;width:100%;height:100%"><tr><td>kept</td></tr></table>
<form action="https://evil.example"><input name=q></form><details open ontoggle="alert(4)"><summary>s</summary></details>"""


@pytest.fixture(scope="module")
def pages(graded_class, tmp_path_factory):
    """The written pages of the class, by student."""

    root = tmp_path_factory.mktemp("feedback") / "course"
    shutil.copytree(graded_class.root, root)
    course = Course(root)
    return {s: course.feedback(STEM, s).read_text(encoding="utf-8") for s in graded_class.students}


def visible(page):
    """The page without its styles and tags."""
    return re.sub(r"<[^>]*>", " ", re.sub(r"<style>.*?</style>", "", page, flags=re.S))


def test_every_exercise_stands_on_the_page_with_its_points(pages, graded_class):
    for student, about in graded_class.students.items():
        text = " ".join(visible(pages[student]).split())
        assert f"{feedback.number(about['points'])} / 22 points" in text, student
        for id, expected in about["exercises"].items():
            r = rubric.find(id)
            assert f'id="{id}"' in pages[student]
            if r.points:
                assert f"{r.about.title} {feedback.number(expected['points'])} / {feedback.number(r.points)}" in text


@pytest.mark.parametrize(
    ("given", "state", "points", "note"),
    [
        ({"score": 0.0, "waiting": True}, "Not read yet", "– / 4", "1 written answer is not read yet"),
        ({"score": 3.0, "by_hand": True}, "Read by a person", "3 / 4", ""),
        ({"score": 0.0}, "Left as it was", "0 / 4", ""),
    ],
)
def test_a_written_answer_says_whether_somebody_has_read_it(given, state, points, note):
    about = {"grade": True, "solution": True, "grade_id": "q", "points": 4, **given}
    answer = new_markdown_cell("Because.", metadata={"nbgrader": about})
    nb = new_notebook(cells=[new_markdown_cell("## 3. Evidence · 4 points"), answer])
    text = " ".join(visible(feedback.notebook_page(nb, stem=STEM)).split())
    assert f"3. Evidence {points} {state}" in text
    assert ("not read yet: points will be added" in text) == bool(note)
    assert note in text


def test_a_known_mistake_shows_its_question_and_folds_its_hint(pages, graded_class):
    seen = 0
    for student, about in graded_class.students.items():
        for id, expected in about["exercises"].items():
            if expected["kind"] != "mistake":
                continue
            seen += 1
            mistake = next(m for m in rubric.find(id).mistakes if m.name == expected["name"])
            section = pages[student].partition(f'id="{id}"')[2].partition("</section>")[0]
            question, fold, rest = section.partition("<summary>Show the hint</summary>")
            assert str(feedback.inline(mistake.question)) in question
            assert fold
            assert str(feedback.inline(mistake.hint)) in rest.partition("</details>")[0]
            assert str(feedback.inline(mistake.hint)) not in question
    assert seen


def test_nothing_hidden_is_on_the_page(pages, graded_class):
    """No code of hidden tests, and of hidden cases neither what was given nor what was wanted."""
    for student, page in pages.items():
        for words in ("HIDDEN TESTS", "autograder.grade", "check(", graded_class.course.report(STEM, student).seed):
            assert words not in page
        cases = [
            c for e in graded_class.course.report(STEM, student).exercises.values() for c in e.cases if not c.public
        ]
        assert cases
        assert not any(c.example for c in cases)


def test_a_hidden_case_that_carried_an_example_would_not_show_it():
    case = CaseReport("secret", False, 1.0, FAILED, "Yours is 3.", "x = 12345\nwanted: 678")
    exercise = ExerciseReport(
        "s.f", "F", 0.0, 1.0, FAILED, cases=(case, replace(case, name="other", problem="Yours is 4."))
    )
    page = feedback.report_page(Report("s", "seed", {"s.f": exercise}))
    assert "Yours is 3." in page
    assert "12345" not in page
    assert "678" not in page


def test_what_all_failed_cases_share_is_said_once(pages, graded_class):
    page = pages[graded_class.of_kind("blank")]
    assert page.count("It is still the stub") == len(rubric.load(STEM))


def test_why_nothing_could_be_graded_is_said_once(classroom):
    classroom.keep_only("alan")
    classroom.submission("alan").write_bytes(b"%PDF-1.7")
    classroom.grade()
    page = classroom.course.feedback(STEM, "alan").read_text()
    assert page.count("It is not a notebook") == 1
    rows = overview.rows(classroom.course, STEM)
    assert overview.page(STEM, rows).count("It is not a notebook") == 1
    assert "of 1 passed" not in overview.page(STEM, rows), "it says nothing about the exercises"
    export.export(classroom.course, "moodle", [STEM], classroom.root / "moodle.csv")
    assert (classroom.root / "moodle.csv").read_text().count("It is not a notebook") == 1


def hostile_notebook():
    cells = [
        new_code_cell("x = '</pre></details><script>alert(5)</script>'", metadata=_solution("f-code")),
        new_code_cell("", metadata=_grade("f")),
        new_code_cell("print('<script>')", metadata={}),
    ]
    cells[0].outputs = [
        new_output("display_data", {"text/html": HOSTILE, "text/plain": "plain"}),
        new_output("display_data", {"image/svg+xml": HOSTILE, "text/plain": "an <svg>"}),
        new_output("display_data", {"application/javascript": "alert(6)", "text/plain": "js"}),
        new_output("display_data", {"image/png": "PHNjcmlwdD4=", "text/plain": "no png"}),
        new_output("display_data", {"image/png": base64.b64encode(PIXEL).decode()}),
        new_output("display_data", {"text/markdown": "<script>alert(7)</script>", "text/plain": "md"}),
        new_output(
            "stream",
            name="stdout",
            text="\x1b[31mred\x1b[0m \x1b]8;;https://evil.example\x07link\x1b]8;;\x07\x08\x00<b>",
        ),
        new_output("error", ename="<i>E", evalue="<script>", traceback=["\x1b[0;31m<script>alert(8)</script>\x1b[0m"]),
    ]
    case = CaseReport("<script>c</script>", True, 1.0, FAILED, "<script>p</script> `<i>`", "<script>e</script>")
    exercise = ExerciseReport(
        "s.f", "<script>t</script>", 0.0, 1.0, FAILED, "<script>m</script>", "<script>q</script>", "<script>h</script>",
        "javascript:alert(9)#<script>", "<script>n</script>", (case, replace(case, problem="other")),
    )  # fmt: skip
    nb = new_notebook(cells=cells)
    nb.metadata["autograder"] = {"report": Report("s", "seed", {"s.f": exercise}).as_dict()}
    return nb


def _solution(id):
    return {
        "nbgrader": {"grade_id": id, "solution": True, "grade": False, "comment": "<script>alert(10)</script> *well*"}
    }


def _grade(id):
    return {
        "nbgrader": {
            "grade_id": f"s-{id}" if "-" not in id else id,
            "solution": False,
            "grade": True,
            "points": 1.0,
            "score": 0.0,
        }
    }


def test_what_students_write_is_shown_and_never_run(tmp_path, chromium):
    """In a real browser: no script runs, no dialog opens, no request is made, and the page fits a phone."""
    page = feedback.notebook_page(
        hostile_notebook(), stem="s<script>", student="<script>student</script>", book="https://book.example"
    )
    assert "<script" not in page
    assert not re.search(r"<(svg|iframe|form|input|link|object|embed|base)\b(?![^>]*role=)", page)
    assert not re.search(r"\son\w+\s*=", re.sub(r"&lt;.*?&gt;", "", page))
    assert "kept" in page
    assert "fetch(" not in page, "a script's text is no text of the student's"
    assert "red link" in page.replace("\x1b", "ESC")
    assert page.count('src="data:image/png;base64,') == 1
    path = tmp_path / "page.html"
    path.write_text(page, encoding="utf-8")
    asked, dialogs, errors = [], [], []
    tab = chromium.new_page(viewport={"width": 390, "height": 800}, color_scheme="dark")
    tab.on("request", lambda r: asked.append(r.url))
    tab.on("dialog", lambda d: (dialogs.append(d.message), d.dismiss()))
    tab.on("console", lambda m: errors.append(m.text))
    tab.goto(path.as_uri())
    tab.evaluate("document.querySelectorAll('details').forEach(d => d.open = true)")
    tab.wait_for_timeout(200)
    width = tab.evaluate("document.documentElement.scrollWidth")
    dark = tab.evaluate("getComputedStyle(document.body).backgroundColor")
    tab.close()
    assert [url for url in asked if not url.startswith(("file:", "data:"))] == []
    assert dialogs == []
    assert errors == []
    assert width <= 390
    assert dark == "rgb(20, 23, 28)"


def test_real_pages_ask_nobody_for_anything(pages):
    for page in pages.values():
        assert not re.search(r'(?:src|href|action)\s*=\s*"(?!#|data:image/png)', page), "the page would load something"
        assert "@import" not in page
        assert "url(" not in page
        assert "default-src 'none'" in page


def test_what_acts_unseen_in_a_report_is_written_out():
    case = CaseReport("c", True, 1.0, FAILED, "It raised ValueError: \u202eedispu\x1b `\u2066`")
    page = feedback.report_page(
        Report("s", "seed", {"s.f": ExerciseReport("s.f", "F", 0.0, 1.0, FAILED, cases=(case,))})
    )
    assert r"ValueError: \u202eedispu\x1b <code>\u2066</code>" in page
    assert not re.search("[\x1b\u202e\u2066]", page)


def test_what_a_person_changed_is_said(classroom):
    first = next(iter(rubric.load(STEM).values()))
    with classroom.course.gradebook() as gradebook:
        gradebook.find_grade(rubric.grade_id(first.id), STEM, STEM, "alan").manual_score = 1.25
        gradebook.find_comment(
            rubric.grade_id(first.id) + "-code", STEM, STEM, "alan"
        ).manual_comment = "Come and *see* me"
        gradebook.db.commit()
    page = classroom.course.feedback(STEM, "alan").read_text(encoding="utf-8")
    card = page.partition(f'id="{first.id}"')[2].partition("</section>")[0]
    assert "1.25<small> / 2" in card
    assert "set by a person" in card
    assert "Come and <em>see</em> me" in card
    assert page.count("set by a person") == 1


def test_what_is_undecided_is_said_to_be_ours():
    open_ = ExerciseReport("s.f", "F", None, 2.0, UNDECIDED, note="The grader broke.")
    page = visible(feedback.report_page(Report("s", "seed", {"s.f": open_})))
    assert "Not decided yet" in page
    assert "the grader's fault, not yours" in page.replace("&#39;", "'")


def test_marks_made_in_the_notebooks_own_process_are_called_forgeable():
    nb = new_notebook(
        cells=[new_code_cell("f = 1", metadata=_solution("f-code")), new_code_cell("", metadata=_grade("f"))]
    )
    page = feedback.notebook_page(nb, stem="s")
    assert "could have forged them" in page


def test_a_penalty_is_taken_off_and_said(classroom):
    with classroom.course.gradebook() as gradebook:
        gradebook.find_submission_notebook(STEM, STEM, "ada").late_submission_penalty = 2.5
        gradebook.db.commit()
    page = visible(classroom.course.feedback(STEM, "ada").read_text(encoding="utf-8"))
    assert "2.5 points are taken off" in page
    assert "19.5 / 22 points" in " ".join(page.split())


def test_the_book_is_linked_when_its_address_is_known(tmp_path):
    assert feedback.book_address(tmp_path) == ""
    (tmp_path / "_config.yml").write_text("html:\n  baseurl: https://example.org/course/\n")
    book = feedback.book_address(tmp_path)
    assert feedback.read_again("perceptron#perceptron-the-rule", book) == (
        "Perceptron, “the rule”",
        "https://example.org/course/book/perceptron.html#perceptron-the-rule",
    )
    (tmp_path / "_config.yml").write_text("html:\n  baseurl: javascript:alert(1)\n")
    assert feedback.book_address(tmp_path) == ""


def test_the_formgrader_shows_the_verdict_under_the_grade_cell(graded_class):
    student = graded_class.of_kind("blank")
    nb = nbformat.read(graded_class.course.folder("autograded", student, STEM) / f"{STEM}.ipynb", 4)
    for cell in nb.cells:
        if cell.metadata.get("nbgrader", {}).get("grade"):
            (output,) = cell.outputs
            assert "still the stub" in output.data["text/html"]
    assert json.dumps(nb).count("application/javascript") == 0


def test_passed_exercises_are_short(pages, graded_class):
    page = pages[graded_class.of_kind("model answers")]
    assert page.count("✓ Passed") == len(rubric.load(STEM))
    assert "Not yet" not in visible(page)
    assert PASSED in page
