"""Takes each figure's picture from a browser, for readers without JavaScript and for the moment before it runs.

    python tools/figures/pictures.py [name …]     after `npm run build`; `make figures` does both

The picture is the figure's own HTML and SVG in its first state, so it takes the page's theme, and when the script comes
nothing jumps. `sources.txt` remembers what all was built from: a test compares it.
"""

import hashlib
import re
import shutil
import sys
from pathlib import Path

from playwright.sync_api import sync_playwright

from coursekit import figures
from coursekit.figures.figure import BUILT, CSS

ROOT = Path(__file__).parent.parent.parent
FIGURES = ROOT / "coursekit/figures"
WIDTH = 704  # pixels: the book's column
PAGE = """<!doctype html><html data-theme="light"><meta charset="utf-8"><style>html { font-size: 16px } body { margin: 0; width: %dpx } %s</style>
<body>%s</body></html>"""
TAKE = """() => {
    const figure = document.querySelector(".course-figure");
    for (const canvas of figure.querySelectorAll("canvas")) {
        const pixels = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height).data;
        if (pixels.some((value) => value)) {
            const image = new Image();
            image.src = canvas.toDataURL();
            image.alt = "";
            canvas.replaceWith(image);
        } else canvas.remove();
    }
    return figure.innerHTML;
}"""


def fingerprint():
    """Of everything that the built files are made from."""
    # A figure's Python file holds its first state.
    sources = [*FIGURES.glob("*.js"), *FIGURES.glob("*.py"), *FIGURES.glob("kit/*"), *FIGURES.glob("data/*")]
    sources += [ROOT / "tools/figures" / name for name in ("build.js", "package-lock.json", "pictures.py")]
    hasher = hashlib.sha256()
    for path in sorted(sources):
        hasher.update(path.relative_to(ROOT).as_posix().encode() + b"\0" + path.read_bytes() + b"\0")
    return hasher.hexdigest()


def take(browser, name):
    figure = getattr(figures, figures.class_name(name))()
    page = browser.new_page(viewport={"width": WIDTH, "height": 1000}, device_scale_factor=1)
    trouble = []
    page.on("console", lambda message: trouble.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: trouble.append(str(error)))
    page.set_content(PAGE % (WIDTH, CSS.read_text(encoding="utf-8"), figure.page(picture="")))
    page.add_script_tag(path=BUILT / "kit.js")
    page.add_script_tag(path=BUILT / f"{name}.js")
    page.evaluate("() => { courseFigures.show(document.querySelector('.course-figure')) }")
    page.wait_for_timeout(100)
    if trouble:
        sys.exit(f"{name}: {trouble}")
    picture = page.evaluate(TAKE)
    page.close()
    picture = re.sub(r"fig-clip-\d+", lambda clip: f"{clip[0]}-{name}", picture)  # the numbers are of this page alone
    return re.sub(r'name="fig-(\d+)"', rf'name="fig-{name}-\1"', picture)


def main(chosen):
    chrome = shutil.which("chromium") or shutil.which("google-chrome")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chrome, args=["--no-sandbox"])
        for name in chosen or figures.names():
            picture = take(browser, name)
            (BUILT / f"{name}.html").write_text(picture, encoding="utf-8")
            print(f"{name}: {len(picture) / 1000:.0f} kB")
        browser.close()
    if not chosen:
        (BUILT / "sources.txt").write_text(fingerprint() + "\n")


if __name__ == "__main__":
    main(sys.argv[1:])
