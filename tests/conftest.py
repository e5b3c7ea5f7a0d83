"""What all tests share: one browser, and distance from the developer's own progress."""

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
    assert path, (
        "These tests look at the book in Chromium: sudo apt-get install chromium (macOS: brew install chromium)"
    )
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=CHROMIUM_QUIET)
        yield browser
        browser.close()
