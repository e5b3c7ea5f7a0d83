"""No attack gains a point, costs anybody one, or leaves anything behind. See the package for what an attack is.

Every attack goes the whole way of a class: handed in into `submitted/`, `autograder grade --assignment toy` with one
process that grades, the gradebook, the feedback page; and after each an honest student is graded in that process.
"""

import os
import re
import sys

import pytest
from nbconvert.exporters import HTMLExporter
from nbgrader.server_extensions.formgrader import handlers

from autograder import rubric
from autograder.report import UNDECIDED

from . import CATEGORIES, all, toy
from .conftest import SECRET

PAGE_LIMIT = 3_000_000  # bytes of a feedback page, and of what an autograded notebook holds beyond what was handed in
attacks = pytest.mark.parametrize(
    "attack", [pytest.param(a, id=a.id, marks=[pytest.mark.confined] * a.confined) for a in all()]
)
pages = pytest.mark.parametrize(
    "attack", [pytest.param(a, id=a.id, marks=[pytest.mark.confined] * a.confined) for a in all() if a.page]
)


def of(points):
    return {name: toy.ANSWERS[name].points for name in points}


@attacks
def test_it_scores_nothing_and_costs_nobody_anything(attack, attacked_course):
    one = attacked_course.graded[attacked_course.names[attack.id]]
    assert not one.hung, f"the grader hangs or dies:\n{one.hung}"
    if attack.problem:
        assert one.report is None
        assert attack.problem in attacked_course.said
        assert not one.scores
    else:
        assert one.report, f"no report:\n{attacked_course.said[-2000:]}"
        exercises = {id.partition(".")[2]: e for id, e in one.report.exercises.items()}
        said = {name: f"{e.outcome}, {e.points}: {e.feedback[:200]}" for name, e in exercises.items()}
        assert {n: exercises[n].points for n in attack.honest} == of(attack.honest), f"an honest answer lost: {said}"
        assert not any(exercises[n].points for n in attack.attacked), f"the attack scored: {said}"
        undecided = {n for n, e in exercises.items() if e.outcome == UNDECIDED}
        assert undecided == set(attack.undecided), f"decided or not: {said}"
        assert one.scores == {n: (e.points or 0.0, n in undecided) for n, e in exercises.items()}
    assert one.found == [], "changed or left behind"
    assert "LEAKED:" not in one.outputs
    assert SECRET not in one.outputs
    assert one.size < PAGE_LIMIT + 4 * one.handed_in, "what it shows makes the autograded notebook too large to open"
    after = attacked_course.graded[attacked_course.followers[attack.id]]
    assert after.report, "the honest student after it has no report"
    assert after.report.points == sum(of(toy.ANSWERS).values()), "the honest student after it lost points"
    assert after.scores == {n: (p, False) for n, p in of(toy.ANSWERS).items()}


def test_nobody_was_reached(attacked_course):
    assert attacked_course.listener.heard == []


def test_everybodys_marks_are_what_the_grader_decided(attacked_course):
    """Nothing but the recording wrote into the gradebook."""
    for one in attacked_course.graded.values():
        recorded = one.report and {id.partition(".")[2]: e.points or 0.0 for id, e in one.report.exercises.items()}
        assert recorded is None or {n: s for n, (s, _) in one.scores.items()} == recorded, one.student
        assert not one.by_hand, one.student


@pytest.fixture(scope="module")
def written(attacked_course):
    return attacked_course.pages([a for a in attacked_course.attacks if a.page])


@pages
def test_its_page_is_harmless_and_readable(attack, written, chromium):
    path = written[attack.id]
    text = path.read_text(encoding="utf-8")
    assert len(text) < PAGE_LIMIT
    assert not re.search("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]", text), "control characters"
    look(path, chromium, javascript=False)
    look(path, chromium, javascript=True)


@pages
def test_the_formgrader_shows_it_and_runs_nothing(attack, attacked_course, chromium, tmp_path):
    """The instructor looks at the autograded notebook in nbgrader's formgrader, with rights over the gradebook."""
    student = attacked_course.names[attack.id]
    notebook = attacked_course.course.folder("autograded", student, toy.STEM) / "toy.ipynb"
    config = attacked_course.course.config.copy()
    config.HTMLExporter.template_name = "formgrade"
    config.HTMLExporter.extra_template_basedirs = [handlers.template_path]
    about = dict.fromkeys("assignment_id notebook_id submission_id base_url student last_name first_name".split(), "x")
    resources = {**about, "index": 0, "total": 1, "notebook_path": "x"}
    path = tmp_path / "formgrader.html"
    path.write_text(HTMLExporter(config=config).from_filename(str(notebook), resources=resources)[0], encoding="utf-8")
    tab = chromium.new_page()
    dialogs, asked = [], []
    tab.on("dialog", lambda d: (dialogs.append(d.message), d.dismiss()))
    tab.on("request", lambda r: asked.append(r.url))
    tab.route("**/*", lambda route: route.continue_() if route.request.url.startswith("file:") else route.abort())
    tab.goto(path.as_uri(), wait_until="domcontentloaded")
    tab.wait_for_timeout(300)
    ran, url = tab.evaluate("window.attacked !== undefined"), tab.url
    tab.close()
    assert not ran, "a student's script ran in the instructor's page"
    assert dialogs == []
    assert url == path.as_uri()
    assert [u for u in asked if "attack.example" in u] == []


def look(path, chromium, javascript):
    """Open a page: it asks nobody for anything, runs nothing, and is readable."""
    asked, dialogs, errors = [], [], []
    context = chromium.new_context(viewport={"width": 390, "height": 800}, java_script_enabled=javascript)
    tab = context.new_page()
    tab.set_default_timeout(20_000)
    tab.on("request", lambda r: asked.append(r.url))
    tab.on("dialog", lambda d: (dialogs.append(d.message), d.dismiss()))
    tab.on("console", lambda m: errors.append(m.text))
    context.on("page", lambda p: dialogs.append(f"a new window: {p.url}"))
    tab.goto(path.as_uri())
    if javascript:
        tab.evaluate("document.querySelectorAll('details').forEach(d => d.open = true)")
        tab.wait_for_timeout(200)
        assert tab.evaluate("window.attacked === undefined"), "a script ran"
        assert tab.evaluate("document.documentElement.scrollWidth") <= 390, "it is wider than a phone"
        assert tab.evaluate("document.documentElement.scrollHeight") < 200_000, "nobody can scroll that far"
        covered = "(() => { const r = document.querySelector('h1').getBoundingClientRect();"
        covered += " const e = document.elementFromPoint(r.x + 2, r.y + r.height / 2); return e && e.tagName })()"
        assert tab.evaluate(covered) == "H1", "something covers the title"
    assert tab.url == path.as_uri()
    context.close()
    assert [u for u in asked if not u.startswith(("file:", "data:"))] == []
    assert dialogs == []
    assert errors == []


def test_there_are_enough_of_every_kind():
    assert len(all()) >= 45
    assert {a.category for a in all()} == set(CATEGORIES)
    assert len({a.id for a in all()}) == len(all())
    assert len({a.student for a in all()}) == len(all())


def test_every_header_is_true():
    for attack in all():
        assert attack.tries.endswith("."), attack.id
        assert set(attack.attacked) <= set(toy.ANSWERS), attack.id
        assert set(attack.undecided) <= set(attack.attacked), attack.id
        assert attack.confined or not attack.dangerous, attack.id


def test_the_toy_is_solved_by_what_is_called_honest():
    from coursekit import compare, observe

    for name, made in toy.rubrics().items():
        exercise, space = made.exercise("a seed"), {}
        exec(f"{toy.SETUP}\n{toy.honest(name)}", space)
        assert compare.examine(exercise, lambda c: observe.observe(space[name], c, 1.0)).share == 1  # noqa: B023
        for tests in (toy.ANSWERS[name].tests, toy.ANSWERS[name].hidden_tests):
            exec(tests, space)
        assert toy.STEM not in rubric.stems()


def test_continuous_integration_confines(request):
    """Where this runs for everybody to see, no test may have been left out for want of confinement."""
    from tests.conftest import UNCONFINED

    if os.environ.get("CI") and sys.platform == "linux":
        assert request.config.stash.get(UNCONFINED, (0, "")) == (0, "")
