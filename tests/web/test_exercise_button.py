"""The way from a chapter into one's own notebook, in Chromium and a real JupyterLab."""

import shutil

from places import ROOT, running_lab


def test_read_locally_the_button_opens_the_students_copy(visit, site, tmp_path):
    (tmp_path / "_build").mkdir()
    (tmp_path / "_build/html").symlink_to(site)
    shutil.copytree(ROOT / "exercises", tmp_path / "exercises")
    with running_lab(tmp_path) as lab:
        reader = visit(lab.address)
        page = reader.open("book/book/perceptron.html?token=" + lab.token)
        box = page.locator(".course-exercise").first
        assert not box.locator(".course-exercise-online").is_visible()
        assert reader.complaints == []
        with reader.context.expect_page() as waiting:
            box.get_by_text("Open the exercise").click()
        notebook = waiting.value
        notebook.wait_for_selector(".jp-Notebook .jp-Cell")
        assert notebook.url.split("?")[0].endswith("/tree/work/perceptron/perceptron.ipynb")
    assert (tmp_path / "work/perceptron/perceptron.ipynb").exists()
