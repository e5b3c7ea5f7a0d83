"""drive(name, truth): moves everything in a figure, wide and on a phone, light and dark, and compares with Python."""

import pytest
from driver import PHONE, WIDE, Screen, plain, same


@pytest.fixture
def screen(chromium, tmp_path):
    """screen(name, width=…, theme=…, …) → Screen"""
    screens = []

    def start(name, **how):
        screens.append(Screen(chromium, tmp_path, name, **how))
        return screens[-1]

    yield start
    for each in screens:
        each.quiet()
        each.context.close()


@pytest.fixture
def drive(screen):
    """drive(name, truth): `truth(state)` gives, computed by PyTorch, every number of the figure's readout."""

    def check(figure, truth, after):
        state, readout = figure.settled()
        figure.seen.append(state)
        same(readout, plain(truth(state)), f"{figure.name} after {after}")
        return state

    def run(name, truth):
        for width, theme in ((WIDE, "light"), (PHONE, "dark")):
            figure = screen(name, width=width, theme=theme)
            figure.seen = []
            first = check(figure, truth, "the start")
            words = figure.says()
            assert len(words) > 20, f"{name} does not say in words what is to be seen"
            figure.fits()
            figure.accessible()
            if figure.page.locator(".fig-predict").count():
                assert figure.page.evaluate("() => document.querySelector('.fig-controls').inert"), "moves too early"
                figure.predict() if width == WIDE else figure.skip()
            for did in figure.moves():
                check(figure, truth, did)
            figure.fits()
            figure.accessible()
            figure.page.click("[aria-label=Reset]")
            assert check(figure, truth, "Reset") == first | {"readout": figure.settled()[0]["readout"]}
            assert figure.says() == words

    return run
