"""A Jupyter Server extension: the rendered book beside the notebooks, and each exercise one click away.

    GET /book/…               the built book, behind the server's token
    GET /course/open/<stem>   the student's own copy of an exercise, opened in JupyterLab

`make course` switches it on. Elsewhere: jupyter lab --ServerApp.jpserver_extensions=coursekit.server=True
"""

import hashlib
import json
import os
import re
import shutil
from html import escape
from pathlib import Path
from typing import NamedTuple

from jupyter_server.base.handlers import JupyterHandler
from jupyter_server.utils import url_path_join
from tornado import web


def _jupyter_server_extension_points():
    return [{"module": "coursekit.server"}]


def _load_jupyter_server_extension(server):
    course = Path(server.root_dir)
    book = course / "_build/html"

    def at(pattern):
        return url_path_join(server.web_app.settings["base_url"], pattern)

    os.environ["COURSEKIT_BOOK"] = at("book/book")  # kernels inherit it: a check links to the section to read again

    server.web_app.add_handlers(
        ".*",
        [
            (at("book"), web.RedirectHandler, {"url": at("book/"), "permanent": False}),
            (at(r"book/(|.*\.html)"), PageHandler, {"book": book}),
            (at("book/(.*)"), FileHandler, {"path": book}),
            (at(r"course/open/(\w+)"), OpenHandler, {"course": course}),
        ],
    )


class PageHandler(JupyterHandler):
    """A page of the built book. It learns from a meta element that this server can open exercises."""

    def initialize(self, book):
        self.book = book

    @web.authenticated
    def get(self, path):
        if not (self.book / "index.html").exists():
            raise web.HTTPError(503, "The book is not built yet: run make book.")
        page = (self.book / (path or "index.html")).resolve()
        if not (page.is_relative_to(self.book.resolve()) and page.is_file()):
            raise web.HTTPError(404)
        here = f'<meta name="course-server" content="{escape(url_path_join(self.base_url, "course/"))}">'
        self.set_header("Cache-Control", "no-cache")
        self.finish(page.read_text(encoding="utf-8").replace("<head>", "<head>" + here, 1))


class FileHandler(JupyterHandler, web.StaticFileHandler):
    """Anything else of the built book, as it is."""

    @web.authenticated
    async def get(self, path, include_body=True):
        await web.StaticFileHandler.get(self, path, include_body)


class OpenHandler(JupyterHandler):
    """Sends the browser to the student's copy; when a newer release was placed beside it, says so first."""

    def initialize(self, course):
        self.course = course

    @web.authenticated
    def get(self, stem):
        try:
            opened = open_exercise(self.course, stem, pages=url_path_join(self.base_url, "book/book"))
        except FileNotFoundError:
            raise web.HTTPError(404, f"There is no exercise called {stem}.")
        except OSError as trouble:
            raise web.HTTPError(500, f"work/{stem} could not be written: {trouble.strerror}.")
        own, newer = (path and self.lab(path) for path in opened)
        return self.finish(announcement(stem, own, newer)) if newer else self.redirect(own)

    def lab(self, path):
        return url_path_join(self.base_url, "lab/tree", path.relative_to(self.course).as_posix())


class Opened(NamedTuple):
    own: Path  # the notebook the student works in
    newer: Path | None  # a release that has just been placed beside it


def open_exercise(course, stem, pages="/book/book"):
    """The student's copy in work/<stem>/, made on first use and never overwritten.

    Where the release links to a chapter's source, the copy links to its page, at the address `pages`.
    work/<stem>/.release.json remembers which release the student has. Another one is placed beside the copy, once.
    Raises FileNotFoundError when there is no such exercise.
    """
    release, work = course / "exercises" / stem, course / "work" / stem
    notebook = release / f"{stem}.ipynb"
    digest = hashlib.sha256(notebook.read_bytes()).hexdigest()
    work.mkdir(parents=True, exist_ok=True)
    own, record = work / notebook.name, work / ".release.json"
    known = json.loads(record.read_text(encoding="utf-8"))["notebook"] if record.exists() else None
    newer = own.with_name(f"{stem}-{digest[:8]}.ipynb") if own.exists() and known != digest else None
    for file in release.rglob("*"):
        target = newer if newer and file == notebook else work / file.relative_to(release)
        if file.is_file() and not target.exists():
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(file, target)
            if file == notebook:
                target.write_text(linked_to_pages(file.read_text(encoding="utf-8"), pages), encoding="utf-8")
    record.write_text(json.dumps({"notebook": digest}), encoding="utf-8")
    return Opened(own, newer)


def linked_to_pages(text, pages):
    """What JupyterLab opens at a chapter's source is that source, without a picture: link to the page instead."""
    from docutils.nodes import make_id  # names the sections of the pages

    def page(link):
        stem, heading = link.groups()
        return f"({pages}/{stem}.html{'#' + make_id(heading) if heading else ''})"

    return re.sub(r"\(\.\./\.\./book/(\w+)\.(?:ipynb|md)(?:#([^)]*))?\)", page, text)


def announcement(stem, own, newer):
    """The page that tells of a newer release; both arguments are addresses in JupyterLab."""
    return f"""<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>A newer version of {stem}</title>
<style>
  :root {{ color-scheme: light dark; }}
  body {{ font: 1.1rem/1.6 Georgia, serif; max-width: 34rem; margin: 15vh auto; padding: 0 1.5rem; }}
  a {{ display: inline-block; margin: .5rem 1rem 0 0; font: 600 1rem system-ui, sans-serif; }}
</style>
<h1>A newer version of this exercise</h1>
<p>Your own notebook is as you left it. The newer one now stands beside it, in the same folder; what you have
solved can be copied over.</p>
<p><a href="{escape(own)}">Go on in my notebook</a> <a href="{escape(newer)}">Open the newer one</a></p>
</html>
"""
