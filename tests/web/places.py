"""The places that the tests of this folder visit: a web server, a JupyterLab with the course, a guarded browser."""

import functools
import http.server
import json
import os
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path

import httpx

ROOT = Path(__file__).parent.parent.parent


def build(folder, *more):
    """Runs the build of the book in `folder`; its exit status and what it said."""
    command = [Path(sys.executable).parent / "jupyter-book", "build", ".", "-W", "-n", "--keep-going", *more]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, env=dict(os.environ, NO_COLOR="1"))
    return done.returncode, done.stdout + done.stderr


class serve:
    """with serve(folder) as address: a quiet web server."""

    def __init__(self, folder):
        handler = functools.partial(QuietHandler, directory=str(folder))
        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)

    def __enter__(self):
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        return f"http://127.0.0.1:{self.server.server_port}/"

    def __exit__(self, *trouble):
        self.server.shutdown()
        self.server.server_close()


class QuietHandler(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *arguments):
        pass


class Lab:
    """A running JupyterLab with the course's extension."""

    def __init__(self, course, port):
        self.course, self.token = course, "secret-of-the-tests"
        self.address = f"http://127.0.0.1:{port}/here/"

    def url(self, path, token=True):
        return self.address + path + ("?token=" + self.token) * token

    def get(self, path, token=True, **options):
        return httpx.get(self.url(path, token), **options)


def write_exercise(course, text):
    """Writes the exercise notebook `perceptron`, with `text` in it, as a release would."""
    write_notebook(course / "exercises/perceptron/perceptron.ipynb", text)


def write_notebook(path, text, *code):
    """A notebook with one Markdown cell and these code cells."""
    cells = [{"cell_type": "markdown", "id": "text", "metadata": {}, "source": text}]
    cells += [
        {
            "cell_type": "code",
            "id": f"code-{n}",
            "metadata": {},
            "source": source,
            "outputs": [],
            "execution_count": None,
        }
        for n, source in enumerate(code)
    ]
    kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
    path.parent.mkdir(parents=True, exist_ok=True)
    notebook = {"cells": cells, "metadata": {"kernelspec": kernel}, "nbformat": 4, "nbformat_minor": 5}
    path.write_text(json.dumps(notebook), encoding="utf-8")


class running_lab:
    """with running_lab(course) as lab: a JupyterLab of its own, which is stopped at the end."""

    def __init__(self, course):
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        self.lab = Lab(course, port)
        home = course / ".home"
        self.environment = dict(os.environ, JUPYTER_TOKEN=self.lab.token, HOME=str(home), JUPYTER_CONFIG_DIR=str(home))
        self.command = [sys.executable, "-m", "jupyterlab", "--no-browser", "--allow-root", f"--port={port}"]
        self.command += [f"--ServerApp.root_dir={course}", "--ServerApp.base_url=/here/", "--ServerApp.port_retries=0"]
        self.command += ["--ServerApp.jpserver_extensions=coursekit.server=True"]

    def __enter__(self):
        log = self.lab.course / ".lab.log"
        self.process = subprocess.Popen(
            self.command, cwd=self.lab.course, env=self.environment, stdout=log.open("w"), stderr=subprocess.STDOUT
        )
        while self.process.poll() is None:
            try:
                self.lab.get("api", timeout=60)
            except httpx.TransportError:  # not there yet, or just being born
                time.sleep(0.2)
            else:
                return self.lab
        raise RuntimeError("JupyterLab did not start:\n" + log.read_text())

    def __exit__(self, *trouble):
        self.process.terminate()
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:  # it hangs when a kernel was just starting
            self.process.kill()
            self.process.wait()


class Visit:
    """A page in a browser whose only network is `address`; keeps what it asked for and what it complained of."""

    def __init__(self, chromium, address, width=1280, height=900, scheme="light"):
        self.address, self.outside, self.complaints, self.responses = address, [], [], []
        size = {"width": width, "height": height}
        self.context = chromium.new_context(viewport=size, color_scheme=scheme, accept_downloads=True)
        self.context.route("**/*", self.guard)
        self.page = self.context.new_page()
        self.page.on("console", self.listen)
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.page.on("response", lambda response: self.responses.append(response))

    def guard(self, route):
        if route.request.url.startswith(self.address):
            return route.continue_()
        self.outside.append(route.request.url)
        return route.abort()

    def listen(self, message):
        if message.type in ("error", "warning"):
            self.complaints.append(message.text)

    def open(self, path):
        self.page.goto(self.address + path, wait_until="networkidle")
        return self.page
