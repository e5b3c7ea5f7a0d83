"""The book as a reader sees it in Chromium: wide and narrow, by day and by night, with no network but the book's own."""

import gzip
import json
import re

import pytest
from fontTools.ttLib import TTFont
from places import ROOT, build, write_exercise, write_notebook

CHAPTERS = sorted(path.stem for path in (ROOT / "book").glob("*.ipynb"))
SHEETS = ["activations", "losses", "optimizers", "initialization", "convolutions", "notation", "pytorch"]
PAGES = [
    "intro",
    *CHAPTERS,
    "project_foundations",
    "project_vision",
    *SHEETS,
    "tools",
    "errata",
    "glossary",
    "bibliography",
    "instructors",
]
SIZES = {"wide": 1280, "narrow": 390}
FIRST_VIEW = 900_000  # bytes, compressed, before anything is scrolled


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("name", PAGES)
def test_a_page_needs_nobody_else_and_complains_of_nothing(visit, online, name, size, scheme):
    reader = visit(online, scheme=scheme, width=SIZES[size])
    page = reader.open(f"book/{name}.html")
    page.evaluate("for (const image of document.images) image.loading = 'eager'")
    page.wait_for_function("[...document.images].every(image => image.complete)")
    assert reader.outside == []
    assert reader.complaints == []
    assert [answer.url for answer in reader.responses if answer.status >= 400] == []
    assert page.evaluate("document.documentElement.dataset.theme") == scheme


@pytest.mark.parametrize("name", PAGES)
def test_a_page_never_scrolls_sideways(visit, online, name):
    page = visit(online).open(f"book/{name}.html")
    for width in 1280, 768, 390, 320:
        page.set_viewport_size({"width": width, "height": 800})
        wide = page.evaluate("document.documentElement.scrollWidth")
        assert wide <= width, f"{name} needs {wide} pixels of {width}: let what is too wide scroll by itself"


BROKEN = r"""() => [...document.querySelectorAll("article :is(td, th) code .pre")].filter(code => {
    const letters = [], walker = document.createTreeWalker(code, NodeFilter.SHOW_TEXT), range = document.createRange();
    for (let text; (text = walker.nextNode()); )
        for (let i = 0; i < text.length; i++) {
            range.setStart(text, i);
            range.setEnd(text, i + 1);
            letters.push([text.data[i], range.getBoundingClientRect().top]);
        }
    return letters.some(([letter, top], i) => i && top > letters[i - 1][1] + 4 && /\w/.test(letter)
        && /[a-z0-9]/i.test(letters[i - 1][0]));
}).map(code => code.textContent)"""


@pytest.mark.parametrize("name", PAGES)
def test_names_in_tables_do_not_break_within_a_word(visit, online, name):
    page = visit(online, width=390).open(f"book/{name}.html")
    assert page.evaluate(BROKEN) == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("name", SHEETS)
def test_a_cheat_sheet_is_printed_on_one_page_black_on_white(visit, online, name, scheme):
    page = visit(online, scheme=scheme).open(f"book/{name}.html")
    printed = page.pdf(format="A4")
    assert len(re.findall(rb"/Type\s*/Page\b", printed)) == 1
    page.emulate_media(media="print")
    for what in ("h1", "p", "td"):
        color = page.locator(f"{what} >> visible=true").first.evaluate("element => getComputedStyle(element).color")
        assert max(map(int, re.findall(r"\d+", color)[:3])) < 100, f"{what} of {name} is printed in {color}"


@pytest.mark.parametrize("name", CHAPTERS)
def test_the_first_view_is_light(visit, online, name):
    reader = visit(online)
    reader.open(f"book/{name}.html")
    sizes = {answer.url: len(gzip.compress(answer.body())) for answer in reader.responses if answer.ok}
    heaviest = sorted(sizes.items(), key=lambda item: -item[1])[:5]
    assert sum(sizes.values()) < FIRST_VIEW, heaviest
    assert not [url for url in sizes if "searchindex" in url]  # it grows with the book


@pytest.mark.parametrize("name", CHAPTERS)
def test_a_page_holds_no_state_of_widgets(site, name):
    assert "widget-state" not in (site / f"book/{name}.html").read_text()


@pytest.mark.parametrize("name", CHAPTERS)
def test_formulas_are_typeset(visit, online, name):
    page = visit(online).open(f"book/{name}.html")
    formulas, typeset = (
        page.locator(what).count() for what in (".math.notranslate", ".math.notranslate mjx-container")
    )
    assert formulas > 0
    assert formulas == typeset
    assert page.locator("mjx-merror").count() == 0


@pytest.mark.parametrize("name", PAGES)
def test_pictures_say_what_they_show_and_wait(visit, online, name):
    page = visit(online).open(f"book/{name}.html")
    pictures = page.locator("article img:not(.course-figure img)").evaluate_all(
        "all => all.map(i => [i.getAttribute('src'), i.alt, i.loading, i.getAttribute('width')])"
    )
    for place, (source, text, loading, width) in enumerate(pictures):
        assert len(text) > 15, f"{source} in {name} has no alternative text that says what it shows"
        assert not text.endswith((".png", ".svg")), f"the alternative text of {source} in {name} is a file's name"
        assert width, f"{source} in {name} does not know its size: the page jumps when it comes"
        assert place == 0 or loading == "lazy"


def test_pictures_far_below_are_not_fetched_before_they_are_needed(visit, online):
    reader = visit(online)
    page = reader.open("book/perceptron.html")
    fetched = {answer.url for answer in reader.responses}
    last = page.locator("article img").last
    assert last.evaluate("image => image.src") not in fetched
    last.scroll_into_view_if_needed()
    page.wait_for_function("image => image.complete && image.naturalWidth > 0", arg=last.element_handle())


def test_icons_are_drawn(visit, online, site):
    """The icon font was cut down to what is used; nothing that is used was cut away."""
    page = visit(online).open("book/perceptron.html")
    letters = page.locator("i[class*=fa-], span[class*=fa-]").evaluate_all(
        "icons => icons.map(icon => getComputedStyle(icon, '::before').content.replaceAll('\"', ''))"
    )
    drawn = TTFont(site / "_static/vendor/fontawesome/webfonts/fa-solid-900.woff2").getBestCmap()
    assert len(letters) > 5
    assert [letter for letter in letters if len(letter) != 1 or ord(letter) not in drawn] == []


def test_search_finds_a_word(visit, online):
    reader = visit(online)
    page = reader.open("search.html?q=perceptron")
    page.wait_for_selector("#search-results ul.search li a")
    assert any(
        "perceptron.html" in link
        for link in page.locator("#search-results li a").evaluate_all("a => a.map(l => l.href)")
    )
    assert reader.outside == []
    assert reader.complaints == []


def test_a_quiz_answers(visit, online):
    page = visit(online).open("book/perceptron.html")
    choice = page.locator("details.quiz-choice").first
    assert not choice.locator(".sd-summary-content").is_visible()
    choice.locator("summary").click()
    assert choice.locator(".sd-summary-content").is_visible()
    assert choice.locator(".sd-summary-content").inner_text().strip()


def test_everything_can_be_reached_by_keyboard(visit, online):
    page = visit(online).open("book/perceptron.html")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent") == "Skip to main content"
    choice = page.locator("details.quiz-choice summary").first
    choice.focus()
    page.keyboard.press("Enter")
    assert page.locator("details.quiz-choice").first.evaluate("fold => fold.open")
    page.keyboard.press("Tab")
    outline = page.evaluate("getComputedStyle(document.activeElement).outlineStyle")
    assert outline != "none", "what has the keyboard's focus must show it"


def test_code_can_be_copied(visit, online):
    page = visit(online).open("book/perceptron.html")
    assert page.locator("button.copybtn").count() > 0


# --- the exercise button ---------------------------------------------------------------------------


def test_read_online_the_exercise_is_downloaded(visit, online):
    page = visit(online).open("book/perceptron.html")
    box = page.locator(".course-exercise").first
    assert not box.locator(".course-exercise-local").is_visible()
    with page.expect_download() as waiting:
        box.get_by_text("Download").click()
    released = ROOT / "exercises/perceptron/perceptron.ipynb"
    assert json.loads(waiting.value.path().read_text()) == json.loads(released.read_text())


def test_without_an_address_no_button_needs_one(visit, online):
    page = visit(online).open("book/perceptron.html")
    links = page.locator("a[href^=http]").evaluate_all("all => all.map(a => a.href)")
    assert [link for link in links if "colab" in link or "mybinder" in link] == []
    assert (
        page.locator(".btn-source-repository-button, .dropdown-source-buttons, .dropdown-launch-buttons").count() == 0
    )


@pytest.fixture(scope="module")
def small_book(tmp_path_factory):
    """write(address) → the chapter's page of a book of two pages, with this repository's configuration and hooks."""

    def write(address="", release=True):
        folder = tmp_path_factory.mktemp("book")
        (folder / "book").mkdir()
        (folder / "book/web").symlink_to(ROOT / "book/web")
        config = (ROOT / "_config.yml").read_text()
        assert 'url: ""' in config
        (folder / "_config.yml").write_text(config.replace('url: ""', f'url: "{address}"'))
        (folder / "_toc.yml").write_text("format: jb-book\nroot: book/intro\nchapters:\n- file: book/perceptron\n")
        (folder / "book/references.bib").write_text("")
        (folder / "book/intro.md").write_text("# Welcome\n\nText.\n")
        write_notebook(folder / "book/perceptron.ipynb", "# Page perceptron")
        if release:
            write_exercise(folder, "The exercise.")
        status, log = build(folder)
        assert status == 0, log
        return (folder / "_build/html/book/perceptron.html").read_text()

    return write


def test_with_an_address_the_buttons_that_need_it_appear(small_book):
    page = small_book("https://github.com/someone/course")
    assert (
        "https://colab.research.google.com/github/someone/course/blob/main/exercises/perceptron/perceptron.ipynb"
        in page
    )
    assert (
        "https://mybinder.org/v2/gh/someone/course/main?urlpath=lab/tree/exercises/perceptron/perceptron.ipynb" in page
    )
    assert 'href="https://github.com/someone/course"' in page
    assert "https://github.com/someone/course/issues/new" in page
    assert "https://github.com/someone/course/edit/main/book/perceptron.ipynb" in page


def test_without_a_release_there_is_no_button(small_book):
    page = small_book(release=False)
    assert "Page perceptron" in page
    assert "course-exercise" not in page
