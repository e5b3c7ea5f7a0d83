"""Our assignment in the peers' own form: the same cases, with the values the reference gave written into the tests.

A graded cell of nbgrader returns its points as its last line; otter has a test file for each exercise and a
`test_case` for each case. The tests compute nothing but the student's answer and the comparison, so they cost the
peers as little as tests can.
"""

import inspect
import textwrap

import numpy as np
from nbformat.v4 import new_code_cell

from autograder import rubric

OTTER_SETUP = "import otter\n\ngrader = otter.Notebook()"


def exercises(stem, seed):
    """The exercises of a chapter with all their cases, as the referee makes them from that seed, by id."""
    return {r.id: r.exercise(seed) for r in rubric.load(stem).values()}


# What the generated tests call. They are copied from here by their source.


def numbers(value):
    """A tensor, an array or a number as a NumPy array."""
    return np.asarray(value.detach() if hasattr(value, "detach") else value)


def agree(answer, wanted, kinds="", rtol=0.0, atol=0.0):
    """Of the same shape and kind, and the same numbers within the tolerance."""
    if isinstance(wanted, tuple | list):
        assert isinstance(answer, tuple | list), "not several values"
        assert len(answer) == len(wanted), "not as many values as wanted"
        for a, w in zip(answer, wanted):
            agree(a, w, kinds, rtol, atol)
        return
    answer, wanted = numbers(answer), numbers(wanted)
    assert answer.shape == wanted.shape, f"shape {answer.shape}, wanted {wanted.shape}"
    assert answer.dtype.kind in (kinds or wanted.dtype.kind), f"numbers of type {answer.dtype}"
    assert np.allclose(answer, wanted, rtol, atol, equal_nan=True), "wrong numbers"


def draws(network, like, points, wanted):
    """A network of the right form that is 1 at the points where it should be, and at no others."""
    from coursekit.cases.perceptron import layers

    assert [numbers(v).shape for v in network] == like, "wrong shapes"
    assert all(np.isfinite(numbers(v)).all() for v in network), "nan or infinite"
    assert np.array_equal(layers(network, points)[1], wanted), "wrong at some points"


IMPORTS = "import copy\n\nimport numpy as np\nimport torch\n\nnan, inf = float('nan'), float('inf')"
HELPERS = "\n\n\n".join([IMPORTS, *(inspect.getsource(f).strip() for f in (numbers, agree, draws))])


def case_lines(exercise, case):
    """The statements that put one case to the exercise's function and raise if it answers wrongly."""
    lines, call = [], f"{exercise.name}(*given)"
    if case.when != "call":
        stem, _, when = case.when.partition(".")
        lines.append(f"from coursekit.cases.{stem} import {when}")
        call = f"{when}({exercise.name}, *given)"
    lines += [f"given = {literal(case.given)}", "before = copy.deepcopy(given)", f"answer = {call}"]
    lines.append("agree(given, before, 'bif')  # it must leave what it is given as it was")
    if case.then == "equal":
        wanted = literal(case.wanted.value)
        return [*lines, f"agree(answer, {wanted}, {exercise.kinds!r}, {exercise.rtol}, {exercise.atol})"]
    like = [tuple(v.shape) for v in case.wanted.value]
    return [*lines, f"draws(answer, {like!r}, {literal(case.kept[0])}, {literal(case.kept[1])})"]


def literal(value):
    """The Python source of a value that a case gives or wants."""
    if isinstance(value, tuple):
        return f"({', '.join(map(literal, value))}{',' if len(value) == 1 else ''})"
    if isinstance(value, list):
        return f"[{', '.join(map(literal, value))}]"
    if hasattr(value, "detach"):
        return f"torch.tensor({value.tolist()!r}, dtype={value.dtype})"
    if isinstance(value, np.ndarray | np.generic):
        return f"np.array({value.tolist()!r}, dtype={value.dtype.name!r})"
    if value is None or isinstance(value, bool | int | float | str):
        return repr(value)
    raise TypeError(f"a {type(value).__name__} cannot be written into a test")


def nbgrader_test(exercise):
    """The source of nbgrader's graded cell. All of it stands in one function, to leave the student's names alone."""
    total = sum(c.weight for c in exercise.cases)
    lines = [HELPERS, "right = 0.0"]
    for case in exercise.cases:
        lines += [f"try:  # {case.name}", *(f"    {line}" for line in case_lines(exercise, case))]
        lines += [f"    right += {case.weight!r}", "except Exception:", "    pass"]
    lines.append(f"return round({exercise.points!r} * right / {total!r}, 2)")
    name, body = f"points_of_{exercise.name}", textwrap.indent("\n".join(lines), "    ")
    return f"### BEGIN HIDDEN TESTS\ndef {name}():\n{body}\n\n\n{name}()\n### END HIDDEN TESTS"


def otter_test(exercise):
    """The source of otter's test file."""
    total = sum(c.weight for c in exercise.cases)
    head = f"from otter.test_files import test_case\n\nOK_FORMAT = False\nname = {exercise.name!r}\npoints = None"
    parts = [HELPERS, head]
    for i, case in enumerate(exercise.cases):
        points = exercise.points * case.weight / total
        body = textwrap.indent("\n".join(case_lines(exercise, case)), "    ")
        decorator = f"@test_case(name={case.name!r}, points={points!r}, hidden=True)"
        parts.append(f"{decorator}\ndef test_{i}({exercise.name}):\n{body}")
    return "\n\n\n".join(parts) + "\n"


def nbgrader_source(nb, exercises):
    """Our source notebook with nbgrader's tests in its grade cells."""
    return _with_grade_cells(nb, {id: nbgrader_test(e) for id, e in exercises.items()})


def nbgrader_submission(nb, released):
    """A submission of ours as it would be had the student got the notebook that nbgrader `released`: its text and
    metadata in every cell that is not the student's own."""
    theirs = {_grade_id(c): c for c in released.cells if _grade_id(c)}
    for cell in nb.cells:
        original = theirs.get(_grade_id(cell))
        if original is not None:
            cell.metadata = original.metadata
            if not original.metadata.nbgrader.solution:
                cell.source = original.source
    return nb


def otter_submission(nb, exercises):
    """A submission of ours as otter's students would have it: `grader.check(…)` in place of our grade cells."""
    nb = _with_grade_cells(nb, {id: f'grader.check("{e.name}")' for id, e in exercises.items()})
    for cell in nb.cells:
        cell.metadata.pop("nbgrader", None)
    first = next(i for i, cell in enumerate(nb.cells) if cell.cell_type == "code")
    nb.cells.insert(first, new_code_cell(OTTER_SETUP, id="otter"))
    return nb


def _with_grade_cells(nb, sources):
    cells = {rubric.grade_id(id): source for id, source in sources.items()}
    for cell in nb.cells:
        cell.source = cells.get(_grade_id(cell), cell.source)
    return nb


def _grade_id(cell):
    about = cell.get("metadata", {}).get("nbgrader")
    return about.get("grade_id") if isinstance(about, dict) else None
