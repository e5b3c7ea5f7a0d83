"""Chapters are executed once: what nbval ran is what the book shows."""

import os
import subprocess
import sys

import pytest
from places import ROOT, build, write_notebook

COUNTED = "from pathlib import Path\nwith Path('runs.txt').open('a') as runs:\n    runs.write('run\\n')"


@pytest.fixture
def book(tmp_path):
    """A book with one chapter, `perceptron`; write_notebook fills it."""
    (tmp_path / "book").mkdir()
    (tmp_path / "book/web").symlink_to(ROOT / "book/web")
    (tmp_path / "book/conftest.py").symlink_to(ROOT / "book/conftest.py")
    (tmp_path / "book/references.bib").write_text("")
    (tmp_path / "book/intro.md").write_text("# Welcome\n\nText.\n")
    (tmp_path / "_config.yml").write_text((ROOT / "_config.yml").read_text())
    (tmp_path / "_toc.yml").write_text("format: jb-book\nroot: book/intro\nchapters:\n- file: book/perceptron\n")
    return tmp_path


def nbval(book):
    """Executes the chapters as `make test` does; exit status and what was said."""
    command = [sys.executable, "-m", "pytest", "--nbval-lax", "book", "-p", "no:cacheprovider"]
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST")}
    done = subprocess.run(command, cwd=book, env=environment, capture_output=True, text=True)
    return done.returncode, done.stdout


def test_the_build_executes_nothing_that_nbval_has_run(book):
    write_notebook(
        book / "book/perceptron.ipynb", "# Perceptron", COUNTED, "import secrets\nprint(secrets.token_hex(9))"
    )
    status, said = nbval(book)
    assert status == 0, said
    status, log = build(book)
    assert status == 0, log
    assert (book / "book/runs.txt").read_text() == "run\n"
    assert "Using cached notebook" in log


def test_a_second_run_is_what_the_book_shows_next(book):
    write_notebook(
        book / "book/perceptron.ipynb", "# Perceptron", "import secrets\nprint('seen', secrets.token_hex(9))"
    )
    pages = []
    for _ in range(2):
        nbval(book)
        build(book)
        pages.append((book / "_build/html/book/perceptron.html").read_text())
    first, second = (page.partition("seen ")[2][:18] for page in pages)
    assert len(first) == 18
    assert first != second


def test_a_failing_cell_fails_the_tests_and_the_book(book):
    write_notebook(
        book / "book/perceptron.ipynb", "# Perceptron", "assert 1 + 1 == 3, 'the target is missed'", "print('on')"
    )
    status, said = nbval(book)
    assert status == 1
    assert "the target is missed" in said
    status, log = build(book)
    assert status != 0
    assert "Executing notebook failed" in log


def test_a_chapter_that_takes_too_long_fails(book):
    write_notebook(book / "book/perceptron.ipynb", "# Perceptron", "import time\ntime.sleep(2)", "time.sleep(600)")
    rules = (book / "book/conftest.py").read_text()
    (book / "book/conftest.py").unlink()
    (book / "book/conftest.py").write_text(rules.replace("BUDGET = 180", "BUDGET = 4"))
    status, said = nbval(book)
    assert status == 1
    assert "1 failed, 1 passed" in said
    assert "Timeout of" in said
