"""A class to try things out on: model answers, other right answers, known mistakes, and all that goes wrong.

Each simulated student is a notebook in `submitted/`; what each one is, and what the grade must be, stands in a
manifest beside the seeds, outside `submitted/`.
"""

import ast
import functools
import inspect
import json
import random
import sys
import textwrap
import types
from dataclasses import dataclass
from pathlib import Path

import nbformat

from coursekit import compare

from . import results, rubric
from .course import CourseError
from .solution import model_answer, without_marks

NAMES = """Ada Alan Anita Barbara Bernard Claude Corinna David Edsger Fei-Fei Frank Frances Geoffrey Grace Hedy Ian
Jürgen Karen Katherine Leslie Margaret Marvin Noam Ruslan Seymour Sofia Teuvo Timnit Vladimir Warren Yann Yoshua""".split()

BROKEN = {
    "syntax error": "def {name}({parameters}):\n    return (\n",
    "crash": "def {name}({parameters}):\n    import os\n    os._exit(1)\n",
    "endless loop": "def {name}({parameters}):\n    while True:\n        pass\n",
    "catches everything": "def {name}({parameters}):\n    while True:\n        try:\n            while True:\n                pass\n"
    "        except BaseException:\n            pass\n",
    "prints": "def {name}({parameters}):\n    print({first})\n",
    "raises": "def {name}({parameters}):\n    raise ValueError('no idea')\n",
}


@dataclass(frozen=True)
class Answer:
    """One student's answer to one exercise: its kind, the code of the cell, and what it must earn."""

    exercise: str
    kind: str  # "model", "reference", "alternative", "mistake", "stub" or one of BROKEN
    source: str
    points: float
    outcome: str
    name: str = ""  # of the alternative or the mistake

    def plain(self):
        return {k: getattr(self, k) for k in ("kind", "name", "points", "outcome")}


class Catalog:
    """Every answer that a chapter's rubrics know, as cells of the released notebook."""

    def __init__(self, stem, course):
        self.stem = stem
        self.rubrics = rubric.load(stem)
        self.released, self.model = course.notebook("release", stem), course.notebook("source", stem)
        seed = results.secret_seed(course.root, stem)
        self.exercises = {r.id: r.exercise(seed) for r in self.rubrics.values()}
        self.sources = {r.id: written(r) for r in self.rubrics.values()}

    def names(self, id, kind):
        """The alternatives or mistakes of the exercise `id` that a notebook can hold."""
        return [name for k, name in self.sources[id] if k == kind]

    def answer(self, id, kind, name=""):
        """The `Answer` of that kind to the exercise `id`."""
        r, exercise = self.rubrics[id.partition(".")[2]], self.exercises[id]
        stub = self.cell(self.released, id).source
        if kind == "model":
            source, share = model_answer(self.model, id), 1.0
        elif kind in ("reference", "alternative"):  # these lean on no other answer, as a model answer may
            source, share = _with_definition(stub, self.sources[id][kind, name]), 1.0
        elif kind == "mistake":
            source = _with_definition(stub, self.sources[id][kind, name])
            index = [m.name for m in r.mistakes].index(name)
            seen = {c.name: c.mistaken[index] for c in exercise.cases}
            share = compare.examine(exercise, lambda case: seen[case.name]).share
        elif kind == "stub":
            source, share = stub, 0.0
        else:
            taken = ["*given"] if inspect.isclass(r.reference) else exercise.parameters
            parameters, first = ", ".join(taken), taken[0].strip("*") if taken else "42"
            source = _with_definition(stub, BROKEN[kind].format(name=r.name, parameters=parameters, first=first))
            share = 0.0
        right = kind in ("model", "reference", "alternative")
        points = round(exercise.points * share, 2)
        return Answer(id, kind, source, points, "passed" if right else "failed", name)

    def cell(self, nb, id):
        """The cell in which the exercise is solved."""
        wanted = rubric.grade_id(id) + "-code"
        return next(c for c in nb.cells if c.metadata.get("nbgrader", {}).get("grade_id") == wanted)

    def notebook(self, answers, without=()):
        """The released notebook with these answers, and without the grade cells of some exercises. Where all are model
        answers, the cells that these lean on are filled, too."""
        nb = nbformat.reads(nbformat.writes(self.released), as_version=4)
        if all(a.kind == "model" for a in answers):
            solved = {c.metadata.nbgrader.grade_id: c.source for c in self.model.cells if _is_solution(c)}
            for cell in filter(_is_solution, nb.cells):
                cell.source = without_marks(solved[cell.metadata.nbgrader.grade_id])
        for answer in answers:
            self.cell(nb, answer.exercise).source = answer.source
        gone = {rubric.grade_id(id) for id in without}
        nb.cells = [c for c in nb.cells if c.metadata.get("nbgrader", {}).get("grade_id") not in gone]
        return nb


def _is_solution(cell):
    return cell.metadata.get("nbgrader", {}).get("solution", False)


def simulate(course, stem, students=30, seed=0):
    """Write a class of `students` into `submitted/`; returns the manifest. Raises `CourseError` rather than touch
    what a real student handed in."""
    course.check_released(stem)
    catalog, rng = Catalog(stem, course), random.Random(seed)
    manifest_path = Path(course.root, results.PRIVATE, f"simulated-{stem}.json")
    ours = json.loads(manifest_path.read_text())["students"] if manifest_path.exists() else {}
    names = [
        NAMES[i % len(NAMES)].lower() + (str(i // len(NAMES) + 1) if i >= len(NAMES) else "") for i in range(students)
    ]
    for name in names:
        if course.folder("submitted", name, stem).exists() and name not in ours:
            raise CourseError(f"{name} has handed in {stem} already: simulate in a copy of the course's folder.")
    about = {}
    for i, name in enumerate(names):
        kind, answers, without = _student(catalog, i, rng)
        folder = course.folder("submitted", name, stem)
        folder.mkdir(parents=True, exist_ok=True)
        nbformat.write(catalog.notebook(answers, without), folder / f"{stem}.ipynb")
        about[name] = {
            "kind": kind,
            "exercises": {a.exercise: a.plain() for a in answers},
            "without_grade_cell": sorted(without),
            "points": round(sum(a.points for a in answers), 2),
        }
    manifest = {"stem": stem, "seed": seed, "students": about}
    results.write_private(manifest_path, json.dumps(manifest, indent=1, ensure_ascii=False))
    return manifest


def _student(catalog, index, rng):
    """(kind, answers, deleted grade cells) of the student number `index`: the first few are one of each kind."""
    ids = list(catalog.exercises)
    odd = list(BROKEN)
    if index == 0:
        return "model answers", [catalog.answer(id, "model") for id in ids], ()
    if index == 1:
        return "blank", [catalog.answer(id, "stub") for id in ids], ()
    if index == 2:
        return "alternative answers", [_right(catalog, id, catalog.names(id, "alternative"), rng) for id in ids], ()
    if index == 3:
        return (
            "deleted grade cells",
            [catalog.answer(id, "reference" if i % 2 else "stub") for i, id in enumerate(ids)],
            set(ids[:3]),
        )
    if index < 4 + len(odd):
        kind, place = odd[index - 4], (index - 4) % len(ids)
        if kind in ("endless loop", "catches everything"):  # each case costs its whole time limit: where there are few
            place = min(range(len(ids)), key=lambda i: len(catalog.exercises[ids[i]].cases))
        return kind, [catalog.answer(id, kind if i == place else "reference") for i, id in enumerate(ids)], ()
    skill = rng.uniform(0.2, 1.0)
    return "mixed", [_drawn(catalog, id, skill * 0.97**i, rng) for i, id in enumerate(ids)], ()


def _drawn(catalog, id, skill, rng):
    if rng.random() < skill:
        return _right(catalog, id, ["", *catalog.names(id, "alternative")], rng)
    kind = rng.choices(["mistake", "stub", "prints", "raises", "syntax error"], [12, 4, 1, 1, 1])[0]
    names = catalog.names(id, "mistake")
    if kind == "mistake" and names:
        # Some wrong ideas are more common than others: a report has something to show.
        return catalog.answer(id, "mistake", rng.choices(names, [1 / (k + 1) for k in range(len(names))])[0])
    return catalog.answer(id, "stub" if kind == "mistake" else kind)


def _right(catalog, id, names, rng):
    """One of these alternatives; the reference for "", or where there are none."""
    name = rng.choice(names or [""])
    return catalog.answer(id, "alternative" if name else "reference", name)


def written(r):
    """{(kind, name): source} of the reference of a rubric, and of its alternatives and mistakes that a notebook can hold."""
    found = {("reference", ""): standalone(r.reference, r.name)}
    others = [("alternative", name, f) for name, f in r.alternatives.items()]
    for kind, name, implementation in others + [("mistake", m.name, f) for m, f in r.mistakes.items()]:
        try:
            found[kind, name] = standalone(implementation, r.name)
        except TypeError:  # put together by the rubric: there is no source of it alone
            continue
    return found


def standalone(thing, name):
    """The source of a function or a class under another name, with all it needs of its module defined inside it (a class
    comes out of a function of its name). Raises `TypeError` where there is no source that says all."""
    tree, needs = _definition(thing)
    tree.name = name
    prologue, done, queue = [], set(), sorted(needs.items())
    while queue:
        local, value = queue.pop(0)
        if local in done:
            continue
        done.add(local)
        piece, more = _piece(local, value)
        prologue.insert(0, piece)
        queue += sorted(more.items())
    prologue.sort(key=lambda piece: not isinstance(piece, ast.Import))  # default values may need a module
    if isinstance(tree, ast.ClassDef):
        maker = ast.parse(f"def {name}():\n    return {name}\n\n\n{name} = {name}()")
        maker.body[0].body[:0] = [*prologue, tree]
        tree = maker
    else:
        tree.body = prologue + tree.body
    return ast.unparse(ast.fix_missing_locations(tree)) + "\n"


def _definition(thing):
    """(syntax tree without decorators, annotations and docstrings; global values it uses, by their new names)."""
    tree = _tree(thing)
    tree.decorator_list = []
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef):
            node.returns = None
        if isinstance(node, ast.arg):
            node.annotation = None
        if isinstance(node, ast.FunctionDef | ast.ClassDef) and ast.get_docstring(node) is not None:
            node.body = node.body[1:] or [ast.Pass()]
    globals_, needs = dict(vars(sys.modules[thing.__module__])), {}
    if inspect.isfunction(thing):
        globals_ |= inspect.getclosurevars(thing).nonlocals

    class Rename(ast.NodeTransformer):
        def visit_Attribute(self, node):
            owner = node.value.id if isinstance(node.value, ast.Name) else None
            module = globals_.get(owner)
            if owner not in local and isinstance(module, types.ModuleType) and module.__name__.startswith("autograder"):
                new = f"{owner}_{node.attr}"
                needs[new] = getattr(module, node.attr)
                return ast.copy_location(ast.Name(new, node.ctx), node)
            return self.generic_visit(node)

        def visit_Name(self, node):
            if node.id in globals_ and node.id not in local:
                needs[node.id] = globals_[node.id]
            return node

    local = {n.id for n in ast.walk(tree) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)}
    local |= {a.arg for a in ast.walk(tree) if isinstance(a, ast.arg)}
    tree = Rename().generic_visit(tree)
    return tree, {n: value for n, value in needs.items() if value is not thing or not inspect.isclass(thing)}


def _tree(thing):
    """The syntax tree of the definition of a function or class. Raises `TypeError` if that does not say all."""
    if not inspect.isclass(thing):
        tree = ast.parse(textwrap.dedent(inspect.getsource(thing))).body[0]
    else:  # inspect.getsource finds a class by its name, and many are called _
        classes = _classes(sys.modules[thing.__module__].__file__)
        lines = [f.__code__.co_firstlineno for f in vars(thing).values() if inspect.isfunction(f)]
        found = [n for n in classes if n.lineno <= min(lines) <= n.end_lineno] if lines else classes
        found = [n for n in found if n.name == thing.__name__]
        if len(found) != 1:
            raise TypeError(f"{thing.__qualname__} has no definition of its own")
        tree = ast.parse(ast.unparse(found[0])).body[0]
    if not isinstance(tree, ast.FunctionDef | ast.ClassDef):
        raise TypeError(f"{thing.__qualname__} is no definition of its own")
    return tree


@functools.cache
def _classes(path):
    """The classes at the top of a file."""
    tree = ast.parse(Path(path).read_text(encoding="utf-8"))
    return [node for node in tree.body if isinstance(node, ast.ClassDef)]


def _piece(local, value):
    """A statement that defines `local` as `value`, and what it needs in turn."""
    if isinstance(value, types.ModuleType):
        return ast.parse(f"import {value.__name__} as {local}").body[0], {}
    if inspect.isfunction(value) or (inspect.isclass(value) and value.__module__.startswith("autograder")):
        tree, needs = _definition(value)
        if value.__name__ != local:  # recursion would look for its old name
            needs.pop(value.__name__, None)
        tree.name = local
        return tree, needs
    if type(value).__module__.startswith("torch") and hasattr(value, "tolist"):
        import torch

        return ast.parse(f"{local} = torch.tensor({value.tolist()!r})").body[0], {"torch": torch}
    if isinstance(value, int | float | str | tuple | list | bool | None):
        return ast.parse(f"{local} = {value!r}").body[0], {}
    if inspect.isclass(value) or inspect.isbuiltin(value):
        return ast.parse(f"from {value.__module__} import {value.__qualname__} as {local}").body[0], {}
    raise TypeError(f"{local} = {value!r} cannot be written into a notebook")


def _with_definition(stub, definition):
    """The stub's cell with its function replaced."""
    tree = ast.parse(stub)
    name = definition.split("(")[0].removeprefix("def ").strip()
    node = next(n for n in tree.body if isinstance(n, ast.FunctionDef | ast.ClassDef) and n.name == name)
    lines = stub.splitlines()
    return "\n".join([*lines[: node.lineno - 1], definition.rstrip(), *lines[node.end_lineno :]]) + "\n"
