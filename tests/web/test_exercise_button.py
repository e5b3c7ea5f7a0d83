"""The way from a chapter into one's own notebook, in Chromium and a real JupyterLab."""

import re
import shutil

from places import ROOT, running_lab

from coursekit.server import linked_to_pages


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


def test_in_the_students_copy_links_into_the_book_lead_to_sections_of_its_pages(site):
    found = 0
    for notebook in ROOT.glob("exercises/*/*.ipynb"):
        text = linked_to_pages(notebook.read_text(encoding="utf-8"), "/here/book/book")
        assert "../../book" not in text
        for page, label in re.findall(r"\]\(/here/book/book/(\w+)\.html#?([^)]*)\)", text):
            html = (site / "book" / f"{page}.html").read_text(encoding="utf-8")
            assert f'id="{label}"' in html or not label, f"{notebook.name} links to {page}.html#{label}"
            found += 1
    assert found > 100
