"""The page a student gets back: every exercise with its points, its cases, a question, and a hint in a fold.

What student code wrote is cleaned and never run; hidden cases show no inputs, no wanted values and no code; the page
asks no other place for anything (its own policy forbids the browser to).
"""

import re
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path

import jinja2
from markupsafe import Markup, escape
from nbconvert.exporters import Exporter
from traitlets import default

from . import harmless
from .report import PASSED, UNDECIDED, Report
from .rubric import exercise_id

UNJUDGED = (
    "These marks were computed inside the notebook's own process, where code in the notebook could have forged them."
)
UNCONFINED = "The code in this notebook was run unconfined: with the reach of whoever ran the grader."


@dataclass
class Card:
    """One exercise on the page. `score` is what the gradebook says, where there is one."""

    id: str
    title: str
    score: float | None
    max_points: float
    outcome: str = ""
    report: object = None
    by_hand: bool = False  # a person has changed the score
    comment: str = ""  # these three are safe HTML
    answer: str = ""
    code: str = ""
    outputs: list = field(default_factory=list)

    @property
    def share(self):
        return 1.0 if not self.max_points else (self.score or 0.0) / self.max_points


class FeedbackExporter(Exporter):
    """Takes the place of nbgrader's HTML template."""

    @default("file_extension")
    def _file_extension_default(self):
        return ".html"

    output_mimetype = "text/html"

    def from_notebook_node(self, nb, resources=None, **kw):
        nb, resources = super().from_notebook_node(nb, resources, **kw)
        about = resources["nbgrader"]
        book = book_address(self.parent.coursedir.root) if self.parent else ""
        text = notebook_page(
            nb,
            stem=about["notebook"],
            student=about["student"],
            penalty=about.get("late_penalty") or 0.0,
            book=book,
        )
        return text, resources


def notebook_page(nb, *, stem, student="", penalty=0.0, book=""):
    """The page of an autograded notebook that `GetGrades` has put scores and comments into."""
    try:
        report = Report.from_dict(nb.metadata["autograder"]["report"])
    except (KeyError, TypeError):
        report = None
    cards, shown = [], set()
    for index, cell in enumerate(nb.cells):
        about = cell.metadata.get("nbgrader", {})
        if not about.get("grade") and not about.get("task"):
            continue
        solution = index if about.get("solution") else _solution(nb, index)
        shown |= {index, solution}
        cards.append(_card(nb, index, solution, report))
    rest = [_shown(cell) for i, cell in enumerate(nb.cells) if i not in shown and _is_own(cell)]
    notes = [UNJUDGED] if report is None else [] if report.confined else [UNCONFINED]
    if report and report.unread and len(report.exercises) > 1:  # said once, and not under every exercise
        notes.append(report.unread)
        for card in cards:
            card.report = card.report and replace(card.report, note="")
    return _render(stem, cards, student=student, penalty=penalty, book=book, rest=rest, notes=notes)


def report_page(report, *, title=""):
    """The page of one's own report, without a gradebook."""
    cards = [Card(e.exercise, e.title, e.points, e.max_points, e.outcome, e) for e in report.exercises.values()]
    return _render(report.stem, cards, student=title, notes=[] if report.confined else [UNCONFINED])


def fragment(exercise, book=""):
    """One exercise's verdict as a piece of HTML, for the formgrader."""
    card = Card(exercise.exercise, exercise.title, exercise.points, exercise.max_points, exercise.outcome, exercise)
    return _environment().get_template("fragment.html").render(card=card, book=book)


def book_address(course):
    """Where the rendered book stands, from `_config.yml` (html.baseurl); "" if it does not say."""
    import yaml

    try:
        config = yaml.safe_load(Path(course, "_config.yml").read_text(encoding="utf-8")) or {}
        address = (config.get("html") or {}).get("baseurl") or ""
    except (OSError, yaml.YAMLError, AttributeError):
        return ""
    return address.rstrip("/") if address.startswith(("https://", "http://")) else ""


def _card(nb, index, solution, report):
    cell = nb.cells[index]
    about = cell.metadata["nbgrader"]
    id = exercise_id(about["grade_id"])
    exercise = report.exercises.get(id) if report else None
    card = Card(id, exercise.title if exercise else id, about.get("score"), about["points"], report=exercise)
    if exercise:
        card.outcome = exercise.outcome
        card.by_hand = bool(about.get("by_hand"))
        if exercise.outcome == UNDECIDED and not card.by_hand:
            card.score = None
    elif about.get("solution") or about.get("task"):
        card.outcome = "written"
        card.title = _heading(nb.cells[:index]) or "A written answer"
        card.by_hand = bool(about.get("by_hand"))
        if about.get("waiting"):
            card.score = None
        card.answer = markdown(cell.source) if cell.cell_type == "markdown" else highlighted(cell.source)
    else:
        card.outputs = [o for o in _outputs(cell) if "error" in o]  # what was printed and raised
    if solution is not None:
        source = nb.cells[solution]
        comment = source.metadata.get("nbgrader", {}).get("comment") or ""
        left_alone = comment == "No response."  # nbgrader's own words, of a cell left as it was
        card.comment = markdown("" if left_alone else comment)
        if card.outcome != "written":
            card.code = highlighted(source.source)
            card.outputs = _outputs(source) + card.outputs
    return card


def _heading(above):
    """The last heading of some cells, without its points; "" if there is none."""
    text = "\n".join(c.source for c in above if c.cell_type == "markdown")
    headings = re.findall(r"^#+ +(.+)$", text, re.M)
    return headings[-1].partition(" · ")[0] if headings else ""


def _solution(nb, index):
    """The cell in which the exercise of the grade cell at `index` is solved."""
    wanted = nb.cells[index].metadata["nbgrader"]["grade_id"] + "-code"
    solutions = [
        (i, c.metadata["nbgrader"]["grade_id"])
        for i, c in enumerate(nb.cells)
        if c.metadata.get("nbgrader", {}).get("solution")
    ]
    named = [i for i, id in solutions if id == wanted]
    before = [i for i, id in solutions if i < index]
    return (named or before[-1:] or [None])[0]


def _is_own(cell):
    """A cell that the student wrote or ran: no locked text, no grade cell."""
    return cell.cell_type == "code" and not cell.metadata.get("nbgrader", {}).get("grade") and cell.source.strip()


def _shown(cell):
    return {"code": highlighted(cell.source), "outputs": _outputs(cell)}


def _outputs(cell):
    """What a cell showed, for `outputs.html`."""
    return [_output(o) for o in harmless.outputs(cell.get("outputs", []))]


def _output(output):
    if output["output_type"] == "stream":
        return {"text": output["text"], "error": output["name"] == "stderr"}
    if output["output_type"] == "error":
        return {"text": "\n".join(output["traceback"]), "error": True}
    data = output["data"]
    for kind in harmless.IMAGES:
        if kind in data:
            return {"picture": f"data:{kind};base64,{data[kind]}"}
    if "text/html" in data:
        return {"html": Markup(data["text/html"])}
    return {"text": data["text/plain"]}


def markdown(text):
    """Markdown as cleaned HTML."""
    if not text:
        return Markup()
    import mistune

    return harmless.html(str(mistune.html(harmless.text(text))))


def highlighted(source):
    """Python code as HTML with Pygments' classes."""
    from pygments import highlight
    from pygments.formatters import HtmlFormatter
    from pygments.lexers import PythonLexer

    return Markup(highlight(harmless.text(source), PythonLexer(), HtmlFormatter(nowrap=True)))


def number(value):
    """Points as people write them: 3, 2.5, 1.33."""
    return "–" if value is None else f"{value:.2f}".rstrip("0").rstrip(".")


def inline(text):
    """A sentence as HTML; what stands between backticks is code."""
    parts = str(escape(text)).split("`")
    if len(parts) % 2 == 0:  # a lone backtick
        return escape(text)
    return Markup("".join(f"<code>{p}</code>" if i % 2 else p for i, p in enumerate(parts)))


def sorted_cases(exercise):
    """(failed cases, passed cases, the problem that all failed ones share or "", the case whose example to show)"""
    failed = [c for c in exercise.cases if c.outcome != PASSED]
    passed = [c for c in exercise.cases if c.outcome == PASSED]
    problems = {c.problem for c in failed}
    shared = failed[0].problem if len(failed) > 1 and len(problems) == 1 else ""
    shown = [c for c in failed if c.public and c.example and not shared]
    return failed, passed, shared, min(shown, key=lambda c: len(c.example), default=None)


def read_again(section, book):
    """(text, address) for a section "<page>#<label>"; the address is "" while the book's is not known."""
    page, _, label = section.partition("#")
    words = label.removeprefix(f"{page}-").replace("-", " ")
    text = f"{page.replace('_', ' ').capitalize()}, “{words}”" if words else page.capitalize()
    return text, f"{book}/book/{page}.html#{label}" if book else ""


def _visible(value):
    """What a template is given, with the characters written out that act unseen."""
    if not isinstance(value, str):
        return value
    return Markup(harmless.visible(value)) if isinstance(value, Markup) else harmless.visible(value)


@cache
def _environment():
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(Path(__file__).parent / "templates"),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=jinja2.StrictUndefined,
        finalize=_visible,
    )
    environment.filters.update(number=number, inline=inline)
    environment.globals.update(read_again=read_again, sorted_cases=sorted_cases, PASSED=PASSED, UNDECIDED=UNDECIDED)
    return environment


def render(template, **values):
    """A page from `templates/`, with the styles of all our pages inside."""
    from pygments.formatters import HtmlFormatter

    styles = (Path(__file__).parent / "templates" / "page.css").read_text(encoding="utf-8")
    light = HtmlFormatter(style="friendly").get_style_defs(".code")
    dark = HtmlFormatter(style="github-dark").get_style_defs(".code")
    styles += (
        f"\n{light}\n@media (prefers-color-scheme: dark) {{\n{dark}\n}}\n.code {{ background: none !important; }}\n"
    )
    return _environment().get_template(template).render(styles=Markup(styles), **values)


def _render(stem, cards, *, student="", penalty=0.0, book="", rest=(), notes=()):
    counted = [c for c in cards if c.max_points]
    total = sum(c.score or 0.0 for c in cards) - penalty
    return render(
        "feedback.html",
        title=stem.replace("_", " ").capitalize(),
        student=student,
        cards=cards,
        counted=counted,
        badges=[c for c in cards if not c.max_points and c.outcome == PASSED],
        total=max(total, 0.0),
        max_total=sum(c.max_points for c in cards),
        undecided=[c for c in cards if c.outcome == UNDECIDED and not c.by_hand],
        waiting=[c for c in cards if c.outcome == "written" and c.score is None],
        penalty=penalty,
        book=book,
        rest=list(rest),
        notes=list(notes),
    )
