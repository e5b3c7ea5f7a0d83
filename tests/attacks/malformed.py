"""Submissions that no notebook's text can hold: bytes, links, names. One function each.

Each is given the (new, empty) folder to write into, the name of the student, and where things lie (see the package).
"""

import json
import os

from . import toy

_ATTACKS = {}
ALL = ("double", "total", "shift")
WRONG = "def total(x):\n    return 0.0"


def attacks():
    """{name: (what to know about it, the function)}"""
    return {name: (dict(about), write) for name, (about, write) in _ATTACKS.items()}


def _attack(tries, attacked=("total",), **about):
    def add(write):
        _ATTACKS[write.__name__] = ({"tries": tries, "attacked": attacked, **about}, write)
        return write

    return add


def _write(folder, nb, **options):
    (folder / "toy.ipynb").write_text(json.dumps(nb, **options))


def _wrong(student):
    """A notebook that answers `total` wrongly and the rest honestly."""
    return toy.submitted([(WRONG, {}, {"answer": "total", "kind": "code"})], student)


def _cell(nb, grade_id):
    return next(c for c in nb.cells if c.metadata.get("nbgrader", {}).get("grade_id") == grade_id)


# No notebook at all


@_attack("Half an upload: JSON that breaks off.", ALL)
def broken_json(folder, student, **places):
    text = json.dumps(_wrong(student))
    (folder / "toy.ipynb").write_text(text[: len(text) // 2])


@_attack("An empty file.", ALL)
def empty_file(folder, student, **places):
    (folder / "toy.ipynb").touch()


@_attack("Random bytes under a notebook's name.", ALL)
def random_bytes(folder, student, **places):
    (folder / "toy.ipynb").write_bytes(os.urandom(100_000))


@_attack("JSON that is nested a million deep.", ALL)
def nested_json(folder, student, **places):
    (folder / "toy.ipynb").write_text('{"cells": ' + "[" * 10**6 + "]" * 10**6 + "}")


@_attack("A number of a million digits, which takes ages to read.", ALL)
def endless_number(folder, student, **places):
    (folder / "toy.ipynb").write_text('{"cells": [], "nbformat": ' + "9" * 10**6 + "}")


@_attack("JSON of another shape: cells that are a dict of cells.", ALL)
def cells_that_are_no_list(folder, student, **places):
    nb = _wrong(student)
    _write(folder, nb | {"cells": {str(i): c for i, c in enumerate(nb.cells)}})


@_attack("A notebook of thirty megabytes.", ALL)
def thirty_megabytes(folder, student, **places):
    nb = _wrong(student)
    nb.metadata["padding"] = "x" * 30 * 2**20
    _write(folder, nb)


@_attack("A file of ten gigabytes that takes no space on disk.", ALL)
def sparse_file(folder, student, **places):
    with open(folder / "toy.ipynb", "wb") as file:
        file.truncate(10 * 2**30)


@_attack("A pipe under the notebook's name: whoever opens it waits for ever.", ALL)
def pipe_for_a_notebook(folder, student, **places):
    os.mkfifo(folder / "toy.ipynb")


@_attack("A folder under the notebook's name.", ALL)
def folder_for_a_notebook(folder, student, **places):
    (folder / "toy.ipynb").mkdir()


@_attack("A link to the source under the notebook's name: copied with the instructor's rights.", ALL, category="read")
def link_for_a_notebook(folder, student, course="/nonexistent", **places):
    (folder / "toy.ipynb").symlink_to(f"{course}/solutions/toy/toy.ipynb")


@_attack("A link to itself under the notebook's name.", ALL)
def link_to_itself(folder, student, **places):
    (folder / "toy.ipynb").symlink_to(folder / "toy.ipynb")


@_attack("The notebook under another name, which is HTML and terminal codes.", problem="There is no toy.ipynb")
def hostile_name(folder, student, **places):
    _write(folder, _wrong(student))
    (folder / "toy.ipynb").rename(folder / "\x1b[2J[red]<img src=x onerror=attacked=1>[link=x].ipynb")


@_attack(
    "Files whose names are no text in any encoding, and the notebook under such a name.",
    problem="There is no toy.ipynb",
)
def undecodable_name(folder, student, **places):
    _write(folder, _wrong(student))
    (folder / "toy.ipynb").rename(os.fsdecode(os.fsencode(folder) + b"/\xff\xfe toy.ipynb"))


# Files beside the notebook


@_attack("Links beside the notebook: to the source, the gradebook, the whole disk.", category="read")
def links_beside_the_notebook(folder, student, course="/nonexistent", **places):
    read = "import glob\nfound = [p for p in glob.glob('link*') + glob.glob('link*/*')]\n"
    read += "print('LEAKED: ' + ', '.join(found) if found else '')"
    _write(
        folder, toy.submitted([(read, {}, {"kind": "code"}), (WRONG, {}, {"answer": "total", "kind": "code"})], student)
    )
    (folder / "link-1").symlink_to(f"{course}/gradebook.db")
    (folder / "link-2").symlink_to("/")
    (folder / "link-3").symlink_to(f"{course}/solutions")
    (folder / "link-4").symlink_to("/dev/zero")


@_attack("Beside the notebook: a pipe, a file of ten gigabytes, twenty thousand files, and folders deeper than a path.")
def odd_files_beside_the_notebook(folder, student, **places):
    _write(folder, _wrong(student))
    os.mkfifo(folder / "pipe.csv")
    with open(folder / "zz-sparse.csv", "wb") as file:
        file.truncate(10 * 2**30)
    (folder / "many").mkdir()
    for i in range(20_000):
        (folder / "many" / f"{i}.csv").touch()


@_attack("Folders in folders beside the notebook, until the path is longer than any can be.")
def deep_folders_beside_the_notebook(folder, student, **places):
    _write(folder, _wrong(student))
    here = os.open(folder, os.O_RDONLY)
    for _ in range(60):
        os.mkdir("d" * 100, dir_fd=here)
        here, above = os.open("d" * 100, os.O_RDONLY, dir_fd=here), here
        os.close(above)
    os.close(here)


@_attack("Files beside the notebook whose names are undecodable, and those that the grader's own modules have.")
def hostile_names_beside_the_notebook(folder, student, **places):
    _write(folder, _wrong(student))
    for name in (b"\xff\xfe.csv", b"numpy.json", b"new\nline.csv", b"..csv", b"...", "\u202egpj.csv".encode()):
        with open(os.fsencode(folder) + b"/" + name, "wb") as file:
            file.write(b"x")
    for name in ("coursekit", "numpy", "encodings", "sitecustomize"):
        (folder / name).mkdir()
        (folder / name / "__init__.txt").write_text("raise SystemExit")
        (folder / name / "__init__.so").write_text("x")


@_attack("A time stamp that is no date but terminal codes.", problem="Its timestamp.txt holds no date")
def forged_timestamp(folder, student, **places):
    _write(folder, _wrong(student))
    (folder / "timestamp.txt").write_text("the day before yesterday \x1b[2J\n" * 1000)


# Notebooks that lie about themselves


@_attack("Outputs that show full points under the grade cell, and under every other.", category="forge")
def forged_outputs(folder, student, **places):
    nb = _wrong(student)
    for cell in nb.cells:
        if cell.cell_type == "code":
            data = {"text/plain": "2.0", "text/html": "<script>window.attacked = 1</script>"}
            cell.outputs = [{"output_type": "execute_result", "execution_count": 1, "data": data, "metadata": {}}]
    _write(folder, nb)


@_attack("Every grade cell is there three times, with other points.")
def duplicate_grade_ids(folder, student, **places):
    nb = _wrong(student)
    cell = _cell(nb, "toy-total")
    nb.cells += [json.loads(json.dumps(cell)) for _ in range(2)]
    nb.cells[-1]["metadata"]["nbgrader"]["points"] = 1000
    nb.cells[-1]["source"] = "2.0"
    _write(folder, nb)


@_attack("All cells have the same id, which is no valid one.")
def duplicate_cell_ids(folder, student, **places):
    nb = _wrong(student)
    for cell in nb.cells:
        cell["id"] = "../<script>"
    _write(folder, nb)


@_attack("The grade cells are gone, that of the wrong answer with them.")
def missing_grade_cells(folder, student, **places):
    nb = _wrong(student)
    nb.cells = [c for c in nb.cells if not c.metadata.get("nbgrader", {}).get("grade")]
    _write(folder, nb)


@_attack("Everything is gone but text.", ALL)
def missing_cells(folder, student, **places):
    nb = _wrong(student)
    nb.cells = nb.cells[:1]
    _write(folder, nb)


@_attack(
    "The cells stand in reverse order, so that every grade cell comes before its answer.", ("double", "total", "shift")
)
def reversed_cells(folder, student, **places):
    nb = _wrong(student)
    nb.cells.reverse()
    _write(folder, nb)


@_attack("A kernel of another language, whose name is a path, and language information that is none.")
def another_kernel(folder, student, **places):
    nb = _wrong(student)
    nb.metadata["kernelspec"] = {"name": "../../../../tmp/attack", "display_name": "<script>", "language": "bash"}
    nb.metadata["language_info"] = {"name": "bash", "nbconvert_exporter": "os.system", "version": [1]}
    _write(folder, nb)


@_attack("Format 3, and a format that does not exist, at once.", ALL)
def another_format(folder, student, **places):
    cells = [{"cell_type": "code", "input": WRONG, "language": "python", "outputs": [], "metadata": {}}]
    nb = {"nbformat": 3, "nbformat_minor": 99, "metadata": {"name": 3}, "worksheets": [{"cells": cells}, None, 3]}
    _write(folder, nb)


@_attack("Format 4000, with the cells of format 4.")
def future_format(folder, student, **places):
    _write(folder, _wrong(student) | {"nbformat": 4000, "nbformat_minor": -1})


@_attack("Metadata nested hundreds deep, with references that go round in circles, NaN and infinite numbers.")
def nested_metadata(folder, student, **places):
    nb, nested = _wrong(student), {}
    for _ in range(400):
        nested = {"$ref": "#", "nested": nested, "nan": float("nan"), "infinite": float("inf")}
    nb.metadata["nested"] = nested
    for cell in nb.cells:
        cell.metadata["nested"] = nested
    _write(folder, nb)


@_attack("Metadata of every wrong type: null, numbers, lists, ids that are lists, sources that are numbers.")
def metadata_of_wrong_types(folder, student, **places):
    nb = json.loads(json.dumps(_wrong(student)))
    odd = [
        None,
        3,
        [],
        {"nbgrader": []},
        {"nbgrader": {"grade_id": ["toy-total"]}},
        {"nbgrader": {"grade_id": "x" * 10**6}},
    ]
    cells = [
        {"cell_type": "code", "source": 3 + i, "metadata": m, "outputs": None, "id": []} for i, m in enumerate(odd)
    ]
    cells += [
        None,
        3,
        "cell",
        [],
        {},
        {"cell_type": None},
        {"cell_type": {}},
        {"cell_type": "code", "source": {"a": []}},
    ]
    _write(folder, nb | {"cells": nb["cells"] + cells, "metadata": None, "nbformat": "four"})


@_attack("Duplicate keys in the JSON: a reader that keeps the first sees other cells than one that keeps the last.")
def duplicate_keys(folder, student, **places):
    honest, wrong = json.dumps(toy.submitted([], student)["cells"]), json.dumps(_wrong(student)["cells"])
    (folder / "toy.ipynb").write_text(
        f'{{"cells": {honest}, "metadata": {{}}, "nbformat": 4, "nbformat_minor": 5, "cells": {wrong}}}'
    )


@_attack("Halves of characters in the text of cells, in ids and in metadata, which no file can hold.")
def half_characters(folder, student, **places):
    nb = json.loads(json.dumps(_wrong(student)))
    nb["metadata"]["\ud800"] = "\udfff"
    nb["cells"][0]["source"] += "\n\n\ud800 half"
    nb["cells"].insert(
        2,
        {
            "cell_type": "code",
            "id": "\ud800",
            "source": "half = '\ud800'\nprint(half)",
            "metadata": {"a": "\ud800"},
            "outputs": [],
            "execution_count": None,
        },
    )
    nb["cells"].insert(
        2, {"cell_type": "markdown", "id": "a", "source": "\udfff", "metadata": {"nbgrader": {"grade_id": "\ud800"}}}
    )
    _write(folder, nb)


@_attack("A cell of eight megabytes of code, and a text of eight megabytes.", page=True)
def huge_cells(folder, student, **places):
    nb = _wrong(student)
    more = [("x = 1\n" * (8 * 2**20 // 6), {}, {"kind": "code"}), ("*x* " * 2**21, {}, {"kind": "markdown"})]
    nb.cells[2:2] = toy.submitted(more, student).cells[4:6]
    _write(folder, nb)


@_attack("Fifty thousand cells.", page=True)
def many_cells(folder, student, **places):
    nb = json.loads(json.dumps(_wrong(student)))
    empty = {"cell_type": "code", "source": "", "metadata": {}, "outputs": [], "execution_count": None}
    nb["cells"] += [{**empty, "id": f"c{i}"} for i in range(50_000)]
    _write(folder, nb)


@_attack("A null byte, a byte order mark, line ends of all kinds and tabs in the code.")
def odd_characters(folder, student, **places):
    nb = json.loads(json.dumps(_wrong(student)))
    for source in ("x = 1\x00", "\ufeffx = 1", "x = 1\r\n\x0b\x0c\x85\u2028x = 2", "\tif 1:\n        x\n\tx", "\x1a"):
        nb["cells"].insert(
            2,
            {"cell_type": "code", "id": "a", "source": source, "metadata": {}, "outputs": [], "execution_count": None},
        )
    _write(folder, nb)
