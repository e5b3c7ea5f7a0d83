"""The Jupyter Server extension, in a real JupyterLab."""

import json
import shutil

import pytest
from places import running_lab, write_exercise


def test_the_book_stands_behind_the_token(lab):
    assert lab.get("book/", token=False).status_code == 302  # to the login page
    page = lab.get("book/index.html")
    assert page.status_code == 200
    assert "The book" in page.text


def test_pages_learn_where_exercises_are_opened(lab):
    assert '<head><meta name="course-server" content="/here/course/">' in lab.get("book/").text
    assert lab.get("book/plain.css").text == "p { color: red }"


def test_book_without_a_slash_leads_to_the_book(lab):
    assert lab.get("book").headers["location"].startswith("/here/book/")


@pytest.mark.parametrize(
    "path",
    ["../../secret.txt", "%2e%2e/%2e%2e/secret.txt", "..%2f..%2fsecret.txt", "..%2f..%2fsecret.html", "/etc/passwd"],
)
def test_nothing_outside_the_book_is_served(lab, path):
    answer = lab.get("book/" + path)
    assert answer.status_code in (403, 404)
    assert "not for the web" not in answer.text


def test_no_page_of_that_name(lab):
    assert lab.get("book/nothing.html").status_code == 404


def test_opening_needs_the_token(lab):
    assert lab.get("course/open/perceptron", token=False).status_code == 302
    assert not (lab.course / "work").exists()


def test_first_use_copies_and_opens_in_lab(lab):
    answer = lab.get("course/open/perceptron")
    assert answer.headers["location"] == "/here/lab/tree/work/perceptron/perceptron.ipynb"
    assert (lab.course / "work/perceptron/points.csv").read_text() == "1,2\n"
    own, released = (lab.course / place / "perceptron/perceptron.ipynb" for place in ("work", "exercises"))
    assert own.read_bytes() == released.read_bytes()


def test_the_copy_links_to_pages_of_the_book_where_the_release_links_to_their_sources(lab):
    shutil.rmtree(lab.course / "work", ignore_errors=True)
    write_exercise(lab.course, "[a](../../book/warmup.ipynb#Shapes:-and-axes) [b](../../book/warmup.ipynb)")
    lab.get("course/open/perceptron")
    copy = json.loads((lab.course / "work/perceptron/perceptron.ipynb").read_text())
    write_exercise(lab.course, "one")
    shutil.rmtree(lab.course / "work")
    assert (
        copy["cells"][0]["source"]
        == "[a](/here/book/book/warmup.html#shapes-and-axes) [b](/here/book/book/warmup.html)"
    )


def test_own_work_is_never_overwritten(lab):
    lab.get("course/open/perceptron")
    own = lab.course / "work/perceptron/perceptron.ipynb"
    own.write_text("my work")
    assert lab.get("course/open/perceptron").status_code == 302
    assert own.read_text() == "my work"


def test_a_newer_release_is_announced_once_and_placed_beside(lab):
    lab.get("course/open/perceptron")
    own = lab.course / "work/perceptron/perceptron.ipynb"
    own.write_text("my work")
    write_exercise(lab.course, "two")
    answer = lab.get("course/open/perceptron")
    assert answer.status_code == 200
    assert "newer version" in answer.text
    (newer,) = own.parent.glob("perceptron-????????.ipynb")
    assert json.loads(newer.read_text())["cells"][0]["source"] == "two"
    assert f"/here/lab/tree/work/perceptron/{newer.name}" in answer.text
    newer.write_text("my work here")
    again = lab.get("course/open/perceptron")
    assert again.headers["location"].endswith("/perceptron.ipynb")
    assert newer.read_text() == "my work here"
    assert own.read_text() == "my work"


def test_a_copy_of_unknown_origin_is_left_alone(lab):
    work = lab.course / "work/perceptron"
    lab.get("course/open/perceptron")
    (work / ".release.json").unlink()
    (work / "perceptron.ipynb").write_text("brought from elsewhere")
    lab.get("course/open/perceptron")
    assert (work / "perceptron.ipynb").read_text() == "brought from elsewhere"


@pytest.mark.parametrize("stem", ["nothing", "..", "%2e%2e%2fperceptron"])
def test_no_exercise_of_that_name(lab, stem):
    assert lab.get("course/open/" + stem).status_code == 404


def test_a_book_that_is_not_built_says_so(tmp_path):
    write_exercise(tmp_path, "one")
    with running_lab(tmp_path) as lab:
        answer = lab.get("book/")
    assert answer.status_code == 503
    assert "make book" in answer.text


def test_a_folder_that_cannot_be_written_says_so(tmp_path):
    write_exercise(tmp_path, "one")
    (tmp_path / "work").write_text("a file where the folder should be")
    with running_lab(tmp_path) as lab:
        answer = lab.get("course/open/perceptron")
    assert answer.status_code == 500
    assert "could not be written" in answer.text
