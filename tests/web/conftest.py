"""The book, built; the same on a plain web server; a JupyterLab with a small course; a browser that may talk to these alone."""

import json

import pytest
from filelock import FileLock
from places import ROOT, Visit, build, running_lab, serve, write_exercise


@pytest.fixture(scope="session")
def site(tmp_path_factory, worker_id):
    """The book of this repository, built once however many processes run the tests."""
    shared = tmp_path_factory.getbasetemp() if worker_id == "master" else tmp_path_factory.getbasetemp().parent
    outcome = shared / "book-build.json"
    with FileLock(shared / "book-build.lock"):
        if not outcome.exists():
            outcome.write_text(json.dumps(build(ROOT)))
        status, log = json.loads(outcome.read_text())
    assert status == 0, f"The book does not build:\n{log[-6000:]}"
    return ROOT / "_build/html"


@pytest.fixture(scope="session")
def online(site):
    """The address of the book on a plain web server, as readers find it on the web."""
    with serve(site) as address:
        yield address


@pytest.fixture(scope="module")
def lab(tmp_path_factory):
    """JupyterLab on a small course of its own: one page, one exercise, one file beside it."""
    course = tmp_path_factory.mktemp("course")
    pages = course / "_build/html"
    pages.mkdir(parents=True)
    (pages / "index.html").write_text("<!doctype html><html><head><title>The book</title></head><body></body></html>")
    (pages / "plain.css").write_text("p { color: red }")
    for name in "secret.txt", "secret.html":
        (course / name).write_text("not for the web")
    write_exercise(course, "one")
    (course / "exercises/perceptron/points.csv").write_text("1,2\n")
    with running_lab(course) as lab:
        yield lab


@pytest.fixture
def visit(chromium):
    """visit(address, width=…, scheme=…) → Visit"""
    visits = []

    def start(address, **how):
        visits.append(Visit(chromium, address, **how))
        return visits[-1]

    yield start
    for each in visits:
        each.context.close()
