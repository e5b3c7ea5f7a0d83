"""The chapter that the attacks are made on: three functions of a line each.

Ours judges them by the rubrics below. The peers judge them by the `assert`s of `source()`, the same assignment in
stock nbgrader's form: public tests, and hidden ones between the usual marks.
"""

from dataclasses import dataclass

import nbformat
import numpy as np
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from autograder.rubric import Rubric

STEM = "toy"
SETUP = "import numpy as np"


@dataclass(frozen=True)
class Answer:
    """One exercise: its stub, what solves it, and the stock tests."""

    points: int
    stub: str
    solution: str
    tests: str
    hidden_tests: str


ANSWERS = {
    "double": Answer(
        4,
        'def double(x):\n    """Twice x."""\n    {}',
        "return x + x",
        "assert np.allclose(double(np.array([1.0, -2.5, 4.0])), [2, -5, 8])",
        "assert np.shape(double(np.ones((4, 2)))) == (4, 2)\n"
        "np.testing.assert_allclose(double(np.arange(8.0).reshape(4, 2)), 2 * np.arange(8.0).reshape(4, 2))",
    ),
    "total": Answer(
        2,
        'def total(x):\n    """The sum of all numbers in x."""\n    {}',
        "return x.sum()",
        "assert np.allclose(total(np.array([1.0, -2.5, 4.0])), 2.5)",
        "np.testing.assert_allclose(total(np.arange(8.0).reshape(4, 2)), 28)\n"
        "np.testing.assert_allclose(total(np.array([[0.5, 0.25], [1.5, 3.0]])), 5.25)",
    ),
    "shift": Answer(
        3,
        'def shift(x, k):\n    """The numbers in x, k places to the right; what falls off comes back at the left."""\n    {}',
        "return np.concatenate([x[-k:], x[:-k]])",
        "assert np.allclose(shift(np.array([1.0, 2.0, 3.0]), 1), [3, 1, 2])",
        "np.testing.assert_allclose(shift(np.arange(6.0), 2), [4, 5, 0, 1, 2, 3])",
    ),
}


def double(x):
    """Twice x."""
    return 2 * x


def total(x):
    """The sum of all numbers in x."""
    return x.sum()


def shift(x, k):
    """The numbers in x, k places to the right."""
    return np.roll(x, k)


def rubrics():
    """What `autograder.rubric.load` is to say of this chapter."""
    made = {}
    for function in (double, total, shift):
        function.__module__ = STEM
        name = function.__name__
        points, returns = ANSWERS[name].points, "one number" if name == "total" else "an array like x"
        made[name] = Rubric(function, title=name.title(), points=points, minutes=1, returns=returns, seconds=0.4)
    for name, rubric in made.items():
        rubric.given("three numbers", weight=1)(_given(name, 3))
        rubric.given("more numbers, hidden", weight=3, public=False)(_given(name, 6 if name == "shift" else (4, 2)))
    return made


def _given(name, shape):
    return lambda rng: (rng.normal(size=shape), 2)[: 2 if name == "shift" else 1]


def honest(name):
    """The code that solves an exercise."""
    return ANSWERS[name].stub.format(ANSWERS[name].solution)


def source():
    """The assignment as an instructor of stock nbgrader would write it."""
    cells = [new_markdown_cell("# Toy", id="title"), _cell("toy-setup", SETUP, locked=True)]
    for name, answer in ANSWERS.items():
        marked = f"### BEGIN SOLUTION\n    {answer.solution}\n    ### END SOLUTION"
        hidden = f"### BEGIN HIDDEN TESTS\n{answer.hidden_tests}\n### END HIDDEN TESTS"
        cells.append(_cell(f"toy-{name}-code", answer.stub.format(marked), solution=True))
        cells.append(_cell(f"toy-{name}", f"{answer.tests}\n{hidden}", grade=True, locked=True, points=answer.points))
    return _notebook(cells)


def submitted(cells, student="", metadata=None):
    """The notebook of a student who handed in `cells`: a list of (text, metadata, marks), `marks` saying what a cell
    is: {"answer": name}, {"grade": name} or neither. What is not in it is solved, and stands where it was released."""
    answered, graded = [{m.get(k) for _, _, m in cells} for k in ("answer", "grade")]
    first = next((i for i, name in enumerate(ANSWERS) if name in answered | graded), 1)
    made = [new_markdown_cell(f"# Toy\n\nHanded in by {student}"), _cell("toy-setup", SETUP, locked=True)]
    for i, name in enumerate(ANSWERS):
        if i == first:
            for cell in cells:
                made += _handed_in(*cell, answered, graded)
        if name not in answered | graded:
            made += [answer_cell(name), grade_cell(name)]
    for i, cell in enumerate(made):
        cell["id"] = f"cell-{i}"
    return _notebook(made, metadata)


def _handed_in(text, metadata, marks, answered, graded):
    cells = []
    if name := marks.get("answer"):
        cells.append(answer_cell(name, text))
        if name not in graded and not marks.get("ungraded"):
            cells.append(grade_cell(name))
    elif name := marks.get("grade"):
        cells += [] if name in answered else [answer_cell(name)]
        cell = grade_cell(name, text or None)
        cells.append(new_markdown_cell(text, metadata=cell.metadata) if marks["kind"] == "markdown" else cell)
    else:
        cells.append(new_markdown_cell(text) if marks["kind"] == "markdown" else new_code_cell(text))
    cells[-1 if marks.get("grade") else 0].metadata.update(metadata)
    return cells


def answer_cell(name, text=None):
    return _cell(f"toy-{name}-code", honest(name) if text is None else text, solution=True)


def grade_cell(name, text=None):
    answer = ANSWERS[name]
    return _cell(f"toy-{name}", answer.tests if text is None else text, grade=True, locked=True, points=answer.points)


def _cell(grade_id, text, grade=False, solution=False, locked=False, **points):
    flags = {"grade": grade, "solution": solution, "locked": locked, "task": False}
    return new_code_cell(
        text, id=grade_id, metadata={"nbgrader": {"grade_id": grade_id, "schema_version": 3, **flags, **points}}
    )


def _notebook(cells, metadata=None):
    kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
    nb = new_notebook(
        cells=cells, metadata={"kernelspec": kernel, "language_info": {"name": "python"}, **(metadata or {})}
    )
    nbformat.validate(nb)
    return nb
