"""Attacks on the grader, one notebook each, and the toy assignment that they attack.

    from tests import attacks

    attacks.all()                          every `Attack`, in the order in which they are graded
    attack.name, .category, .tries         "skip_execution_tag", "forge", and what it tries, in a sentence or two
    attack.attacked                        the exercises that must score 0: names of `toy.ANSWERS`
    attack.honest                          the exercises that are solved, and must keep their points
    attack.dangerous                       it must never run where student code is not confined
    attack.confined                        only confinement stops it (dangerous ones included)
    attack.hand_in(folder, **places)       write what the student hands in: `toy.ipynb`, and whatever comes with it
    attack.notebook(**places)              the same notebook as a dict; None if only bytes or files will do

    attacks.toy.source()                   the assignment in stock nbgrader's form: `assert`s, hidden tests, points
    attacks.toy.ANSWERS                    exercise → points, stub, solution, visible and hidden tests
    attacks.toy.submitted([])              an honest notebook

`places` says where the things lie that an attack is after, as it would know them; unknown ones may be left out:
`course` (the course's folder, with `gradebook.db`, `submitted/` and the source in `solutions/` or `source/`),
`port` and `socket` (a listener on 127.0.0.1, and the name of an abstract Unix socket).

An attack that got hold of something it must not have says `LEAKED: what` in a cell's output, or turns it into points.

A notebook is `<category>/<name>.py` in jupytext's percent form. Its header says what it tries and what must happen;
the cell `# %% answer="total"` answers an exercise (and `ungraded=true` leaves its grade cell out), `# %% grade="total"`
replaces its grade cell (with no text: only the cell's metadata). What a notebook does not say is solved honestly, in
its place. What no such text can hold stands in `malformed.py`, one function each.
"""

from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

import jupytext
import nbformat

from . import malformed, toy

FOLDER = Path(__file__).parent
CATEGORIES = {
    "forge": "forging a verdict",
    "read": "reading hidden things",
    "reach": "reaching other people's data",
    "escape": "escaping limits",
    "choke": "hurting the grader by its input",
    "deface": "hurting the reader of feedback",
}
MARKS = ("answer", "grade", "ungraded")


@dataclass(frozen=True)
class Attack:
    """See the module. `page`: what it prints must be looked at in a browser."""

    name: str
    category: str
    tries: str
    attacked: tuple[str, ...] = ()
    dangerous: bool = False
    confined: bool = False
    page: bool = False
    problem: str = ""  # nothing that could be graded was handed in: words of the sentence that says so
    undecided: tuple[str, ...] = ()  # attacked ones for which that is the honest word
    cells: list = field(default_factory=list, repr=False)
    metadata: dict = field(default_factory=dict, repr=False)  # of the notebook
    write: object = field(default=None, repr=False)  # of malformed ones

    @property
    def id(self):
        return f"{self.category}/{self.name}"

    @property
    def student(self):
        """A name to hand it in under."""
        return f"{self.category}-{self.name}"

    @property
    def honest(self):
        return () if self.problem else tuple(n for n in toy.ANSWERS if n not in self.attacked)

    def notebook(self, **places):
        """The submission as a notebook's dict; None if it is made of bytes or files."""
        if self.write:
            return None
        cells = [(_filled(text, places), metadata, marks) for text, metadata, marks in self.cells]
        return toy.submitted(cells, self.student, self.metadata)

    def hand_in(self, folder, **places):
        """Write into the (new) folder what the student hands in."""
        folder = Path(folder)
        folder.mkdir(parents=True)
        if self.write:
            self.write(folder, self.student, **places)
        else:
            nbformat.write(self.notebook(**places), folder / f"{toy.STEM}.ipynb")


def _filled(text, places):
    known = {"course": "/nonexistent", "port": "9", "socket": "attack-nobody"} | places
    for name, value in known.items():
        text = text.replace(f"@{name.upper()}@", str(value))
    return text


@cache
def all():
    """Every attack: category by category, by name."""
    found = [_read(path) for category in CATEGORIES for path in sorted((FOLDER / category).glob("*.py"))]
    found += [
        Attack(name, about.pop("category", "choke"), write=write, **about)
        for name, (about, write) in malformed.attacks().items()
    ]
    order = list(CATEGORIES)
    return sorted(found, key=lambda a: (order.index(a.category), a.name))


def _read(path):
    nb = jupytext.read(path, fmt="py:percent")
    about = dict(nb.metadata["attack"])
    cells = []
    for cell in nb.cells:
        metadata = dict(cell.metadata)
        marks = {k: metadata.pop(k) for k in MARKS if k in metadata} | {"kind": cell.cell_type}
        cells.append((cell.source, metadata, marks))
    dangerous = about.pop("dangerous", False)
    return Attack(
        path.stem,
        path.parent.name,
        " ".join(about.pop("tries").split()),
        attacked=tuple(about.pop("attacked", ["total"])),
        undecided=tuple(about.pop("undecided", ())),
        dangerous=dangerous,
        confined=about.pop("confined", dangerous),
        cells=cells,
        **about,
    )
