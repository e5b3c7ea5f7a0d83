"""What the book adds to Jupyter Book: figures that move, the exercise button, names that break well on narrow screens,
markup that can be listened to, lazy pictures, a subset of the icons.

The buttons that need the repository's public address appear when `repository.url` in _config.yml has one.
"""

import re
import shutil
from functools import partial
from html import escape, unescape
from io import BytesIO
from pathlib import Path

import imagesize
from docutils import nodes
from docutils.parsers.rst import Directive
from fontTools import subset
from sphinx.util.osutil import copyfile

from coursekit import figures
from coursekit.figures import figure

# The theme loads the index of the whole book on every page, for a search as one types, which is off.
SEARCH = r'\s*<script src="[^"]*(?:searchtools|language_data|searchindex)\.js"></script>'
COLAB, BINDER = "https://colab.research.google.com", "https://mybinder.org"


def setup(app):
    app.add_directive("moving-figure", MovingFigure)
    app.connect("config-inited", choose_buttons)
    app.connect("builder-inited", copy_figures)
    app.connect("source-read", depend_on_exercise)
    app.connect("env-updated", drop_widget_state)
    app.connect("html-page-context", load_figures)
    app.connect("html-page-context", add_exercise_button, priority=600)
    app.connect("html-page-context", load_pictures_late, priority=700)
    app.connect("html-page-context", break_names_well, priority=700)
    app.connect("html-page-context", say_what_is_what, priority=700)
    app.connect("build-finished", finish_site)
    return {"parallel_read_safe": True, "parallel_write_safe": True}


def choose_buttons(app, config):
    """Colab, Binder, repository, edit and issue buttons: all with a public address, none without."""
    options = config.html_theme_options
    options["navbar_persistent"] = []  # search stands in the side bar and above the text already
    if options.get("repository_url"):
        for button in "use_repository_button", "use_edit_page_button", "use_issues_button":
            options[button] = True
        options["launch_buttons"] = {"colab_url": COLAB, "binderhub_url": BINDER, "notebook_interface": "jupyterlab"}


# --- figures that move -----------------------------------------------------------------------------


class MovingFigure(Directive):
    """`{moving-figure} perceptron`: the figure on a page of text. In a notebook a cell says `figures.Perceptron()`."""

    required_arguments = 1

    def run(self):
        name = self.arguments[0]
        if name not in figures.names():
            raise self.error(f"There is no figure {name}; there are {', '.join(figures.names())}.")
        picture = getattr(figures, figures.class_name(name))().page()
        env = self.state.document.settings.env
        for source in [*figure.BUILT.glob(f"{name}.*"), figure.BUILT.parent / f"{name}.py"]:
            env.note_dependency(str(source))
        return [nodes.raw("", picture, format="html")]


def copy_figures(app):
    """The scripts stand beside each other under _static/figures, where the loader looks for them."""
    place = Path(app.outdir, "_static/figures")
    place.mkdir(parents=True, exist_ok=True)
    for source in [*figure.BUILT.glob("*.js"), figure.BUILT / "LICENSES.txt", figure.CSS]:
        copyfile(source, place / source.name)


def drop_widget_state(app, env):
    """A page draws its figures by itself: what widgets would need beside a kernel, all their scripts again, stays out."""
    for about in getattr(env, "nb_metadata", {}).values():
        about.get("js_files", {}).pop("ipywidgets_state", None)


def load_figures(app, page, template, context, doctree):
    """A page with figures gets their style and the few lines that fetch the rest when they come near."""
    if 'class="course-figure"' in context.get("body", ""):
        app.add_css_file("figures/figures.css")
        app.add_js_file("figures/loader.js", loading_method="defer")


# --- the exercise button ---------------------------------------------------------------------------


def exercise_of(app, page):
    """The released notebook of a chapter's page, whether or not it exists; None for a page elsewhere."""
    folder, _, stem = page.partition("/")
    return Path(app.srcdir, "exercises", stem, f"{stem}.ipynb") if folder == "book" else None


def depend_on_exercise(app, page, source):
    """A page is rendered anew when its exercise is released: the button may be new."""
    exercise = exercise_of(app, page)
    if exercise and exercise.exists():
        app.env.note_dependency(str(exercise))


def add_exercise_button(app, page, template, context, doctree):
    """Under the title and at the end of a chapter that has a released exercise."""
    exercise = exercise_of(app, page)
    if doctree is None or exercise is None or not exercise.exists():
        return
    stem = exercise.stem
    options = app.config.html_theme_options
    links = [("Download the notebook", context["pathto"](f"exercises/{stem}.ipynb", 1), "fa-download", "download")]
    if options.get("repository_url"):
        where = f"{repository_path(options)}/{{}}{options.get('repository_branch') or 'main'}"
        path = f"exercises/{stem}/{stem}.ipynb"
        links[:0] = [
            ("Open in Colab", f"{COLAB}/github/{where.format('blob/')}/{path}", "fa-rocket", ""),
            ("Open in Binder", f"{BINDER}/v2/gh/{where.format('')}?urlpath=lab/tree/{path}", "fa-cloud", ""),
        ]
    online = "".join(
        f'<a class="btn" href="{escape(url)}" {more}><i class="fa-solid {icon}" aria-hidden="true"></i> {text}</a>'
        for text, url, icon, more in links
    )
    button = (
        f'<div class="course-exercise" data-stem="{stem}"><span class="course-exercise-label">The exercise</span>'
        f'<span class="course-exercise-local" hidden><a class="btn" target="_blank"><i class="fa-solid fa-pen-to-square" '
        f'aria-hidden="true"></i> Open the exercise</a></span>'
        f'<span class="course-exercise-online">{online}</span></div>'
    )
    head, title_end, rest = context["body"].partition("</h1>")
    context["body"] = head + title_end + button + rest + button


def repository_path(options):
    """`https://github.com/owner/name/` → `owner/name`."""
    return "/".join(options["repository_url"].rstrip("/").split("/")[-2:])


# --- narrow screens --------------------------------------------------------------------------------

CELL = re.compile(r"(<t[dh]\b.*?</t[dh]>)", re.DOTALL)
CODE = re.compile(r'<code class="([^"]*)">(.*?)</code>', re.DOTALL)
JOINT = re.compile(r"(?<=[a-z0-9]_)(?=[a-z0-9])|(?<=[a-z0-9()\]]{3}[./])(?=[a-z])", re.IGNORECASE)
SHORT, LONG = 12, 30  # letters


def break_names_well(app, page, template, context, doctree):
    """Code in a table, and long code anywhere, breaks at its joints and not within a word; in a table short code never."""

    def mend(match, in_table):
        about, code = match.groups()
        letters = len(unescape(re.sub("<[^>]*>", "", code)))
        if in_table and letters <= SHORT:
            about += " short"
        if in_table or letters >= LONG:
            code = JOINT.sub("<wbr/>", code)
        return f'<code class="{about}">{code}</code>'

    if "body" in context:
        parts = CELL.split(context["body"])  # text and cells in turn
        context["body"] = "".join(CODE.sub(partial(mend, in_table=k % 2), part) for k, part in enumerate(parts))


# --- for those who listen --------------------------------------------------------------------------


def say_what_is_what(app, page, template, context, doctree):
    """A head of a column that is empty is none, and the bibliography is no list of roles that no longer exist."""
    if "body" in context:
        body = context["body"].replace('<th class="head"><p></p></th>', "<td></td>")
        body = body.replace(' role="doc-biblioentry"', "")
        context["body"] = body.replace('<div role="list" class="citation-list">', '<div class="citation-list">')


# --- weight ----------------------------------------------------------------------------------------


def load_pictures_late(app, page, template, context, doctree):
    """Every picture knows its size, so that nothing jumps; all but the first wait until they are scrolled to."""
    sizes = {name: imagesize.get(Path(app.srcdir, path)) for path, name in app.builder.images.items()}
    seen = 0

    def late(match):
        nonlocal seen
        seen += 1
        tag = match[0]
        styled = re.search(r' style="width: (\d+)px; height: (\d+)px;"', tag)  # of pictures with twice the pixels
        source = re.search(r'src="[^"]*?([^"/]+)"', tag)
        width, height = styled.groups() if styled else sizes.get(source and source[1], (-1, -1))
        size = f' width="{width}" height="{height}"' if int(width) > 0 else ""
        waits = ' loading="lazy"' if seen > 1 and "loading=" not in tag else ""
        return f"<img{size}{waits}" + tag.replace(styled[0] if styled else "", "")[4:]

    if "body" in context:
        context["body"] = re.sub(r"<img\b[^>]*>", late, context["body"])


def finish_site(app, exception):
    """Copies the released notebooks in, and takes out what no page asks for."""
    if exception or app.builder.name != "html":
        return
    site = Path(app.outdir)
    for notebook in Path(app.srcdir, "exercises").glob("*/*.ipynb"):
        (site / "exercises").mkdir(exist_ok=True)
        shutil.copy(notebook, site / "exercises")
    for page in set(site.rglob("*.html")) - {site / "search.html"}:
        text = page.read_text(encoding="utf-8")
        if "searchindex.js" in text:
            page.write_text(re.sub(SEARCH, "", text), encoding="utf-8")
    static = site / "_static"
    for unused in [*static.glob("scripts/*.map"), *static.glob("styles/*.map"), static / "scripts/fontawesome.js"]:
        unused.unlink(missing_ok=True)
    subset_icons(site)


def subset_icons(site):
    """Rewrites the theme's icon fonts to hold only the icons that a page or a style sheet names."""
    static = site / "_static"
    theme_css = (static / "styles/pydata-sphinx-theme.css").read_text(encoding="utf-8")
    named = re.compile(r'((?:\.fa-[\w-]+:before,?)+)\{content:"\\([0-9a-f]+)"\}')
    icon_name = re.compile(r"\bfa-[\w-]+")
    codes = {icon: int(code, 16) for icons, code in named.findall(theme_css) for icon in icon_name.findall(icons)}
    sheets = named.sub("", theme_css) + (static / "book.css").read_text(encoding="utf-8")
    sheets += (static / "styles/sphinx-book-theme.css").read_text(encoding="utf-8")
    used = {int(code, 16) for code in re.findall(r"\\([ef][0-9a-f]{3})\b", sheets)}
    used |= {ord(letter) for letter in sheets if "\ue000" <= letter <= "\uf8ff"}
    for text in [*site.rglob("*.html"), *static.glob("scripts/*.js"), *static.glob("*.js")]:
        used |= {codes[icon] for icon in icon_name.findall(text.read_text(encoding="utf-8")) if icon in codes}
    for font in (static / "vendor").rglob("*.ttf"):
        options = subset.Options(flavor="woff2", notdef_outline=True, ignore_missing_unicodes=True)
        small = subset.load_font(BytesIO(font.read_bytes()), options)
        cutter = subset.Subsetter(options)
        cutter.populate(unicodes=used)
        cutter.subset(small)
        subset.save_font(small, str(font.with_suffix(".woff2")), options)
