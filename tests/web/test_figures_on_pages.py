"""Figures on the book's pages: over the web and from a file, with the network off, with and without JavaScript."""

import gzip
import re

import pytest
from places import ROOT

from coursekit import figures

BUILT = ROOT / "coursekit/figures/built"
GALLERY = "book/gallery.html"
KIT, FIGURE = 60_000, 15_000  # bytes, compressed
ALIVE = "() => [...document.querySelectorAll('.course-figure')].every(root => root.figure?.said)"
SCROLL = """async () => { for (const root of document.querySelectorAll('.course-figure')) {
    root.scrollIntoView(); while (!root.figure?.said) await new Promise(done => setTimeout(done, 20)); } }"""


def test_the_gallery_shows_every_figure(visit, online):
    page = visit(online).open(GALLERY)
    shown = page.locator(".course-figure").evaluate_all("all => all.map(root => root.dataset.figure)")
    assert sorted(shown) == figures.names(), "book/gallery.md must show every figure of coursekit/figures, once"


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 320])
def test_every_figure_comes_to_life_where_its_picture_stood(visit, online, width, theme):
    reader = visit(online, width=width, scheme=theme)
    page = reader.open(GALLERY)
    page.evaluate("document.fonts.ready")
    heights = "all => all.map(root => Math.round(root.getBoundingClientRect().height))"
    for root in page.locator(".course-figure").all():
        name = root.get_attribute("data-figure")
        if root.evaluate("root => root.figure !== undefined"):
            continue
        pictured = root.evaluate("root => root.getBoundingClientRect().height")
        root.scroll_into_view_if_needed()
        page.wait_for_function("root => root.figure?.said", arg=root.element_handle())
        alive = root.evaluate("root => root.getBoundingClientRect().height")
        assert abs(alive - pictured) <= 1, f"{name} is {pictured} pixels high as a picture, {alive} when it lives"
    page.wait_for_function(ALIVE)
    assert page.locator(".course-figure").evaluate_all(heights)
    assert reader.outside == []
    assert reader.complaints == []
    assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_the_gallery_works_from_a_file_with_the_network_off(chromium, site):
    context = chromium.new_context(offline=True)
    page, trouble = context.new_page(), []
    page.on("pageerror", lambda error: trouble.append(str(error)))
    page.goto(f"file://{site}/{GALLERY}")
    page.evaluate(SCROLL)
    first = page.locator("#fig-perceptron")
    first.locator(".fig-skip").click()
    before = first.locator(".fig-says").inner_text()
    first.locator(".fig-slider input").first.press("End")
    page.wait_for_function(
        "before => document.querySelector('#fig-perceptron .fig-says').innerText !== before", arg=before
    )
    assert trouble == []
    context.close()


def test_scripts_come_once_and_only_when_a_figure_is_near(visit, online):
    reader = visit(online)
    page = reader.open(GALLERY)

    def scripts():
        urls = [answer.url for answer in reader.responses if "/_static/figures/" in answer.url and ".js" in answer.url]
        return [re.search(r"figures/(\w+)\.js", url)[1] for url in urls]

    assert len(scripts()) < len(figures.names()) / 2, "figures far below are fetched already"
    page.evaluate(SCROLL)
    assert sorted(scripts()) == sorted([*figures.names(), "kit", "loader"])


def test_without_javascript_there_is_a_picture_and_its_text(chromium, online):
    context = chromium.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(online + GALLERY)
    for root in page.locator(".course-figure").all():
        assert root.locator("svg path").count() > 3
        assert len(root.locator(".fig-says").inner_text()) > 20
        for dead in root.locator(".fig-controls, .fig-predict, .fig-tools").all():
            assert not dead.is_visible()
    context.close()


def test_an_address_leads_to_a_state(visit, online):
    reader = visit(online)
    page = reader.open(GALLERY + "#fig-perceptron&w=[0.5,2]&b=0.4")
    page.wait_for_function("() => document.querySelector('#fig-perceptron').figure?.said")
    state = "['w', 'b'].map(name => document.querySelector('#fig-perceptron').figure.state[name])"
    assert page.evaluate(state) == [[0.5, 2], 0.4]
    assert page.locator("#fig-perceptron .fig-predict").count() == 0
    assert page.locator("#fig-perceptron").evaluate("root => root.getBoundingClientRect().top") < 400

    page.locator("#fig-perceptron .fig-slider input").first.press("End")  # and a state becomes an address
    page.wait_for_function("() => decodeURI(location.hash).includes('b=3')")
    page.locator("#fig-perceptron [aria-label=Reset]").click()
    page.wait_for_function("() => !location.hash.includes('b=')")


@pytest.mark.parametrize(
    "hostile",
    [
        "w=[1e999,2]",
        "w=1",
        "w=[1,2,3]",
        'w=["<img src=x>",2]',
        "b=999999999",
        "next=-5",
        "readout={}",
        "points=[[1]]",
        "nothing=1",
        "b={",
        "%",
    ],
)
def test_an_address_that_makes_no_sense_does_no_harm(visit, online, hostile):
    reader = visit(online)
    page = reader.open(GALLERY + "#fig-perceptron&" + hostile)
    page.locator("#fig-perceptron").scroll_into_view_if_needed()
    page.wait_for_function("() => document.querySelector('#fig-perceptron').figure?.said")
    assert reader.complaints == []
    assert "NaN" not in page.locator("#fig-perceptron").inner_html()
    assert -3 <= page.evaluate("document.querySelector('#fig-perceptron').figure.state.b") <= 3


def test_the_theme_switch_repaints_figures(visit, online):
    page = visit(online, scheme="light").open(GALLERY + "#fig-perceptron")
    page.wait_for_function("() => document.querySelector('#fig-perceptron').figure?.said")
    color = "() => getComputedStyle(document.querySelector('#fig-perceptron .fig-question')).color"
    light = page.evaluate(color)
    page.evaluate("document.documentElement.dataset.theme = 'dark'")
    assert page.evaluate(color) != light


def test_in_the_dark_a_figure_in_a_chapter_stands_on_the_page(visit, online):
    page = visit(online, scheme="dark").open("book/perceptron.html")
    ground = "() => getComputedStyle(document.querySelector('#fig-perceptron').closest('.text_html')).backgroundColor"
    assert page.evaluate(ground) == "rgba(0, 0, 0, 0)"


@pytest.mark.parametrize("name", figures.names())
def test_a_figure_is_light(name):
    size = len(gzip.compress((BUILT / f"{name}.js").read_bytes()))
    assert size <= FIGURE, f"built/{name}.js has {size} bytes, compressed"


def test_what_figures_share_is_light():
    size = len(gzip.compress((BUILT / "kit.js").read_bytes()))
    assert size <= KIT, f"built/kit.js has {size} bytes, compressed"
