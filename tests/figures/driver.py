"""Moves everything in a figure that can be moved, and holds what it says against Python."""

import json
import math
from pathlib import Path

from axe_playwright_python.sync_playwright import Axe

from coursekit import figures

FOLDER = Path(figures.__file__).parent
BUILT = FOLDER / "built"
WIDE, PHONE = 760, 320
SETTLE = "() => new Promise(done => requestAnimationFrame(() => requestAnimationFrame(() => setTimeout(done))))"


class Screen:
    """A page with one figure, from file://, in a browser without a network."""

    def __init__(self, chromium, folder, name, width=WIDE, theme="light", motion="no-preference", state=None, hash=""):
        self.name, self.complaints, self.requests = name, [], []
        self.context = chromium.new_context(
            viewport={"width": width, "height": 1200}, color_scheme=theme, reduced_motion=motion, offline=True
        )
        self.page = page = self.context.new_page()
        page.on("console", lambda m: self.complaints.append(m.text) if m.type in ("error", "warning") else None)
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        page.on("request", lambda request: self.requests.append(request.url))
        made = getattr(figures, figures.class_name(name))(**(state or {}))
        place = folder / f"{name}-{width}-{theme}.html"
        place.write_text(
            f'<!doctype html><html lang="en" data-theme="{theme}"><head><meta charset="utf-8"><title>{name}</title>'
            f'<meta name="viewport" content="width=device-width"><link rel="stylesheet" href="{FOLDER}/kit/figures.css">'
            f"<style>body {{ margin: 0; background: {'#fffefb' if theme == 'light' else '#14171b'} }}</style></head>"
            f'<body><main><h1 style="display: none">{name}</h1>{made.page()}</main>'
            f'<script src="{BUILT}/loader.js"></script></body></html>',
            encoding="utf-8",
        )
        page.goto(f"file://{place}{hash}")
        page.wait_for_function("() => document.querySelector('.course-figure')?.figure?.said")

    def settled(self):
        """(state, readout) after the figure has drawn."""
        self.page.evaluate(SETTLE)
        text = self.page.evaluate(
            """() => { const figure = document.querySelector('.course-figure').figure;
               const names = Object.keys(JSON.parse(figure.root.dataset.state));
               return JSON.stringify([Object.fromEntries(names.map(n => [n, figure.model.get(n)])), figure.readout],
                                     (_, v) => typeof v === 'number' && !Number.isFinite(v) ? String(v) : v); }"""
        )
        state, readout = json.loads(text)
        return state, readout

    def says(self):
        return self.page.inner_text(".fig-says")

    def set(self, **changes):
        """What moving controls would do."""
        self.page.evaluate("c => { document.querySelector('.course-figure').figure.set(c) }", changes)
        return self.settled()

    def predict(self, place=0):
        self.page.locator(".fig-predict button").nth(place).click()

    def skip(self):
        if self.page.locator(".fig-skip").count():
            self.page.click(".fig-skip")

    def press(self, name):
        self.page.get_by_role("button", name=name, exact=True).click()
        return self.settled()

    # --- everything that can be moved -------------------------------------------------------------

    def moves(self):
        """Moves every control by the keyboard and by the pointer; yields what it did. A control that changes nothing
        fails."""
        page = self.page
        for i in range(page.locator(".fig-slider input").count()):
            slider = page.locator(".fig-slider input").nth(i)
            name = slider.get_attribute("aria-label")
            self.before()
            if not slider.is_visible() or slider.is_disabled():
                continue
            for key in ("ArrowRight", "ArrowRight", "End", "Home", "PageUp"):
                slider.press(key)
                yield f"{key} on slider {name}"
            self.changed(f"slider {name} by its keys")
            box = slider.bounding_box()
            for where in (0.3, 0.8):
                page.mouse.click(box["x"] + where * box["width"], box["y"] + box["height"] / 2)
                yield f"a click at {where:.0%} of slider {name}"
            self.changed(f"slider {name} by the pointer")
        for group in page.locator(".fig-choice").all():
            name = group.get_attribute("aria-label")
            self.before()
            for choice in group.locator("label").all():
                choice.click()
                yield f"choice {name}: {choice.inner_text()}"
            group.locator("input:checked").press("ArrowRight")
            yield f"ArrowRight on choice {name}"
            self.changed(f"choice {name}")
        for i in range(page.locator(".fig-toggle input").count()):
            toggle = page.locator(".fig-toggle input").nth(i)
            self.before()
            toggle.press("Space")
            yield f"Space on toggle {i}"
            self.changed(f"toggle {i}")
            toggle.click()
            yield f"a click on toggle {i}"
        for i in range(page.locator(".fig-handle").count()):
            handle = page.locator(".fig-handle").nth(i)
            if not handle.is_visible():
                continue
            name = handle.get_attribute("aria-label")
            self.before()
            for key in ("ArrowUp", "ArrowLeft", "Shift+ArrowRight", "ArrowDown"):
                handle.press(key)
                yield f"{key} on handle {name}"
            self.changed(f"handle {name} by its keys")
            self.drag(handle, 31, -23)
            yield f"handle {name} dragged"
            self.changed(f"handle {name} by the pointer")
        for plot in page.locator(".fig-pressable").all():
            self.before()
            plot.scroll_into_view_if_needed()
            box = plot.bounding_box()
            page.mouse.move(box["x"] + 0.42 * box["width"], box["y"] + 0.42 * box["height"])
            page.mouse.down()
            yield "a press on a plot"
            page.mouse.move(box["x"] + 0.6 * box["width"], box["y"] + 0.55 * box["height"], steps=4)
            yield "and a stroke"
            page.mouse.up()
            self.changed("pressing a plot")
        for i in range(page.locator(".fig-controls > .fig-button").count()):
            button = page.locator(".fig-controls > .fig-button").nth(i)
            if button.is_disabled():
                continue
            name = button.inner_text()
            self.before()
            button.press("Enter")
            yield f"Enter on button {name}"
            self.changed(f"button {name}")
        if page.locator(".fig-player").count():
            page.click("[aria-label=Reset]")
            step = page.locator(".fig-player button").nth(1)
            self.before()
            for key in ("Enter", "Space", "Enter"):
                if not step.is_disabled():
                    step.press(key)
                yield f"{key} on {step.inner_text()}"
            self.changed(step.inner_text())
            page.click("[aria-label=Reset]")
            self.before()
            play = page.locator(".fig-play")
            play.click()
            page.wait_for_timeout(50)
            if play.inner_text() == "Pause":
                play.click()
            yield "Play and Pause"
            self.changed("Play")

    def drag(self, handle, dx, dy):
        box = handle.locator("circle").first.bounding_box()
        x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
        self.page.mouse.move(x, y)
        self.page.mouse.down()
        self.page.mouse.move(x + dx, y + dy, steps=4)
        self.page.mouse.up()

    def before(self):
        self.then = self.settled()[0]
        self.seen = []

    def changed(self, what):
        assert any(state != self.then for state in self.seen), f"{self.name}: {what} changes nothing"
        self.before()

    # --- what must hold everywhere ----------------------------------------------------------------

    def fits(self):
        """Nothing sticks out, at the side or from its plot."""
        width = self.page.evaluate("() => [document.documentElement.scrollWidth, innerWidth]")
        assert width[0] <= width[1], f"{self.name}: {width[0]} pixels wide on a screen of {width[1]}"
        assert "NaN" not in self.page.inner_html(".course-figure"), f"{self.name}: NaN is drawn"
        assert "undefined" not in self.page.inner_text(".course-figure")

    def accessible(self):
        found = Axe().run(self.page, context=".course-figure", options={"preload": False}).response["violations"]
        assert not found, f"{self.name}: " + "; ".join(
            f"{v['id']}: {v['help']} ({v['nodes'][0]['html'][:120]})" for v in found
        )

    def quiet(self):
        assert not self.complaints, f"{self.name}: {self.complaints}"
        outside = [url for url in self.requests if not url.startswith("file://")]
        assert not [url for url in outside if not url.startswith("data:")], f"{self.name} asks for {outside}"


def same(found, wanted, where=""):
    """Equal up to 1e-6, all the way down."""
    if isinstance(wanted, dict):
        assert isinstance(found, dict), f"{where}: {found} is no object"
        assert set(found) == set(wanted), f"{where}: the view reads {sorted(found)}, Python {sorted(wanted)}"
        for key in wanted:
            same(found[key], wanted[key], f"{where}.{key}")
    elif isinstance(wanted, list | tuple):
        assert isinstance(found, list), f"{where}: {found} is no list"
        assert len(found) == len(wanted), f"{where}: {len(found)} values, in Python {len(wanted)}"
        for i, (one, other) in enumerate(zip(found, wanted, strict=True)):
            same(one, other, f"{where}[{i}]")
    elif isinstance(wanted, bool | str | None.__class__):
        assert found == wanted, f"{where}: {found!r}, in Python {wanted!r}"
    elif math.isnan(wanted) or math.isinf(wanted):
        assert found in (str(wanted), {"inf": "Infinity", "-inf": "-Infinity", "nan": "NaN"}[str(float(wanted))]), where
    else:
        assert found is not None, where
        assert math.isclose(float(found), float(wanted), rel_tol=1e-6, abs_tol=1e-6), (
            f"{where}: {found}, Python {wanted}"
        )


def plain(value):
    """Tensors and arrays as lists and numbers."""
    if isinstance(value, dict):
        return {key: plain(each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [plain(each) for each in value]
    return value.tolist() if hasattr(value, "tolist") else value
