"""What all tests share: one browser, distance from the developer's own progress, and what needs confinement."""

import os
import shutil
import tempfile
from pathlib import Path

import pytest
from playwright.sync_api import sync_playwright

CHROMIUM_QUIET = ["--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking"]
CHROMIUM_QUIET += ["--disable-component-update", "--disable-sync"]

os.environ["COURSEKIT_PROGRESS"] = os.path.join(tempfile.mkdtemp(prefix="progress-"), "progress.json")


@pytest.fixture(scope="module")
def chromium():
    """A browser. It ends with its module: while Playwright runs, no other event loop can in this process."""
    path = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    mac = Path("/Applications/Google Chrome.app/Contents/MacOS/Google Chrome")
    path = path or (str(mac) if mac.exists() else None)
    assert path, "These tests look at the book in Chromium: sudo apt-get install chromium (macOS: Google Chrome)"
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=CHROMIUM_QUIET)
        yield browser
        browser.close()


UNCONFINED = pytest.StashKey()  # (how many tests were left out because this machine cannot confine, why it cannot)


def pytest_collection_modifyitems(config, items):
    """Tests marked `confined` are left out, and counted, where student code cannot be confined."""
    from autograder.sandbox import unconfinable

    marked = [item for item in items if item.get_closest_marker("confined")]
    why = unconfinable() if marked else ""
    if why:
        items[:] = [item for item in items if item not in marked]
        config.hook.pytest_deselected(items=marked)
        config.stash[UNCONFINED] = (len(marked), why)


def pytest_sessionfinish(session):
    if hasattr(session.config, "workeroutput"):  # of a worker of pytest-xdist: tell the one who prints
        session.config.workeroutput["unconfined"] = session.config.stash.get(UNCONFINED, None)


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node):
    said = getattr(node, "workeroutput", {}).get("unconfined")
    if said:  # every worker collects everything, and so leaves out the same
        node.config.stash[UNCONFINED] = tuple(said)


def pytest_terminal_summary(terminalreporter, config):
    count, why = config.stash.get(UNCONFINED, (0, ""))
    if count:
        terminalreporter.section("left out: student code cannot be confined here", yellow=True)
        terminalreporter.line(f"{count} tests marked `confined` did not run. {why}")
