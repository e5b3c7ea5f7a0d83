"""What the repository holds, for the tests: stems, notebooks, cells."""

import ast
import re
from functools import cache
from pathlib import Path

import nbformat
import yaml

ROOT = Path(__file__).parent.parent


def toc():
    """The pages of `_toc.yml`, in order, as paths below the root."""
    plain = yaml.safe_load((ROOT / "_toc.yml").read_text())
    pages = [plain["root"]]
    for part in plain["parts"]:
        pages += [chapter["file"] for chapter in part["chapters"]]
    return pages


def stems():
    """The chapters, in the book's order: the pages that are notebooks."""
    return [Path(page).name for page in toc() if (ROOT / f"{page}.ipynb").exists()]


def projects():
    """The projects, in the book's order: pages of text with an assignment. Their names begin with "project_"."""
    return [Path(page).name for page in toc() if Path(page).name.startswith("project_")]


def assignments():
    """All that is released to students: of every chapter its exercises, and the projects."""
    return stems() + projects()


@cache
def notebook(path):
    return nbformat.read(ROOT / path, as_version=4)


def chapter(stem):
    return notebook(f"book/{stem}.ipynb")


def page(stem):
    """What stands on a page of the book, be it a notebook or text."""
    text = ROOT / f"book/{stem}.md"
    return text.read_text() if text.exists() else "\n".join(c.source for c in prose(chapter(stem)))


def solution(stem):
    return notebook(f"solutions/{stem}/{stem}.ipynb")


def released(stem):
    return notebook(f"exercises/{stem}/{stem}.ipynb")


def code(nb):
    return [cell for cell in nb.cells if cell.cell_type == "code"]


def prose(nb):
    return [cell for cell in nb.cells if cell.cell_type == "markdown"]


def title(text):
    """The first heading of a notebook, or of a text."""
    text = text if isinstance(text, str) else "\n".join(c.source for c in prose(text))
    return re.search(r"^# +(.+)$", text, re.M).group(1).strip()


def graded(nb):
    """The grade cells, by grade_id."""
    return {c.metadata.nbgrader.grade_id: c for c in code(nb) if c.metadata.get("nbgrader", {}).get("grade")}


def definitions(nb):
    """Every function and class that a notebook defines at its top level, running nothing but imports, definitions
    and assignments of literals."""
    space = {"__name__": "notebook"}
    kept = ast.Import | ast.ImportFrom | ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef
    names = []
    for cell in code(nb):
        source = "\n".join("" if line.lstrip().startswith(("%", "!")) else line for line in cell.source.splitlines())
        for node in ast.parse(source).body:
            literal = isinstance(node, ast.Assign) and isinstance(node.value, ast.Constant)
            lambda_ = isinstance(node, ast.Assign) and isinstance(node.value, ast.Lambda)
            if isinstance(node, kept) or literal or lambda_:
                try:
                    exec(compile(ast.Module([node], []), "notebook", "exec"), space)
                except Exception as error:
                    raise AssertionError(
                        f"a definition that needs more than imports: {ast.unparse(node)[:80]}"
                    ) from error
                if isinstance(node, ast.FunctionDef | ast.ClassDef):
                    names.append(node.name)
                elif lambda_:
                    names += [t.id for t in node.targets if isinstance(t, ast.Name)]
    return {name: space[name] for name in names}


DEEPER = re.compile(r"^(:{3,})\{dropdown\} Go deeper[^\n]*\n(.*?)^\1 *$", re.M | re.S)


def paths(nb):
    """The chapter's prose as (core path, Go deeper): what is folded under a title "Go deeper: …" is the latter."""
    text = "\n\n".join(cell.source for cell in prose(nb))
    return DEEPER.sub("", text), "\n\n".join(block.group(2) for block in DEEPER.finditer(text))


def words(text):
    """How many words a reader reads: formulas, code, directives and link targets are not words."""
    text = re.sub(r"```.*?```|\$\$.*?\$\$|\$[^$\n]+\$|<!--.*?-->", " ", text, flags=re.S)
    text = re.sub(r"^:{3,}.*$|^:[\w-]+:.*$|\]\([^)]*\)|\{[\w:]+\}", " ", text, flags=re.M)
    return len(re.findall(r"[A-Za-zÀ-ž][\w’'-]*", text))
