"""A figure in JupyterLab: Python moves the view, the view moves Python, and the reader's own function takes the steps."""

import json

import pytest
from places import write_notebook

LEARN = """
from coursekit import figures
def perceptron_update(w, b, x, y):
    return w + 10 * y * x, b
figure = figures.Perceptron(update=perceptron_update)
figure
"""
WRITE = "import json; open('seen.json', 'w').write(json.dumps([figure.w, figure.b, figure.readout, figure.next]))"
VIEW = ".jp-OutputArea .course-figure .fig-says"


@pytest.fixture
def notebook(visit, lab):
    """A notebook with the figure, opened and run; run(code) runs one more line."""
    write_notebook(lab.course / "moving.ipynb", "# A figure", LEARN)
    page = visit(lab.address).page
    page.goto(lab.url("lab/tree/moving.ipynb"))
    page.wait_for_selector(".jp-Notebook .jp-CodeCell")
    page.get_by_text("Python 3 (ipykernel) | Idle").wait_for(timeout=120_000)
    page.locator(".jp-Notebook .jp-CodeCell .cm-content").first.click()
    page.keyboard.press("Shift+Enter")
    page.wait_for_selector(VIEW, timeout=120_000)
    return page


def run(page, code):
    """Runs `code` in the last cell of the notebook, which is always a new one."""
    cells = page.locator(".jp-Notebook .jp-CodeCell")
    cell = cells.nth(cells.count() - 1)
    cell.locator(".cm-content").click()
    page.keyboard.insert_text(code + "\nprint('ran', 40 + 2)")
    page.keyboard.press("Shift+Enter")
    cell.get_by_text("ran 42").wait_for(timeout=60_000)


def test_python_and_the_view_move_each_other(notebook, lab):
    page, seen = notebook, lab.course / "seen.json"
    assert "x + b = −3.94" in page.locator(VIEW).inner_text()

    run(page, "figure.w = [0.5, 2.0]")  # Python moves the view
    page.wait_for_function(f"() => document.querySelector({VIEW!r}).textContent.includes('is right: w·x + b = 2.95')")

    page.locator(".course-figure .fig-skip").click()
    page.get_by_label("bias b").press("ArrowRight")  # the view moves Python
    run(page, WRITE)
    w, b, readout, _ = json.loads(seen.read_text())
    assert (w, b) == ([0.5, 2.0], 0.1)
    assert readout["score"] == pytest.approx(0.5 * -1.7 + 2 * 1.9 + 0.1)

    page.get_by_role("button", name="Look at the next point").click()  # the reader's function takes the step
    page.wait_for_function("() => document.querySelector('.course-figure').figure.state.next === 1")
    run(page, WRITE)
    w, b, _, place = json.loads(seen.read_text())
    assert place == 1
    assert w == pytest.approx([0.5 - 17, 2 + 19])


def test_an_error_of_the_readers_function_is_shown_in_the_figure(notebook):
    page = notebook
    run(page, "def perceptron_update(w, b, x, y): raise NotImplementedError('write me')")
    run(page, "figure._functions['update'] = perceptron_update")
    page.locator(".course-figure .fig-skip").click()
    page.get_by_role("button", name="Look at the next point").click()
    page.get_by_text("Your update stopped with NotImplementedError: write me").wait_for(timeout=10_000)
