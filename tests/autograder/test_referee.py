"""The referee against student notebooks of every temper. Each notebook holds two exercises; what goes wrong
in one must not touch the other."""

import json
import os
import time

import psutil
import pytest
import torch

from autograder import referee
from autograder.referee import Job
from autograder.report import Report
from autograder.rubric import Rubric


def double(x):
    """Twice x."""
    return 2 * x


def total(x):
    """The sum of x."""
    return x.sum()


double.__module__ = total.__module__ = "toy"
RUBRICS = {
    "double": Rubric(double, title="Double", points=4, minutes=1, returns="a tensor like x", seconds=0.5),
    "total": Rubric(total, title="Total", points=2, minutes=1, returns="one number", seconds=0.5),
}


for rubric in RUBRICS.values():

    @rubric.given("three numbers", weight=1)
    def _(rng):
        return (torch.tensor(rng.normal(size=3)),)

    @rubric.given("a matrix, hidden", weight=3, public=False)
    def _(rng):
        return (torch.tensor(rng.normal(size=(4, 2))),)


@RUBRICS["double"].mistake("squared", question="What is 3 doubled?", hint="Add x to itself.", section="toy#double")
def _(x):
    return x * x


HONEST = {"double": "import torch\ndef double(x):\n    return x + x", "total": "def total(x):\n    return x.sum()"}


@pytest.fixture(autouse=True)
def toy(monkeypatch):
    monkeypatch.setattr(referee, "cases", lambda stem, seed, device: {r.id: r.exercise(seed) for r in RUBRICS.values()})
    monkeypatch.setattr(referee, "CELL_SECONDS", 1.0)
    monkeypatch.setattr(referee, "GRACE_SECONDS", 1.5)


def code(source):
    return {"cell_type": "code", "metadata": {}, "source": source, "outputs": [], "execution_count": None, "id": "x"}


def grade_cell(name):
    return {
        **code(f"check('toy.{name}', {name})"),
        "metadata": {"nbgrader": {"grade_id": f"toy-{name}", "grade": True}},
    }


def notebook(double=HONEST["double"], total=HONEST["total"], before=()):
    cells = [*map(code, before), code(double), grade_cell("double"), code(total), grade_cell("total")]
    return {"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 5}


def grade(nb):
    return referee.run(Job("toy", json.dumps(nb).encode(), seed="secret"))


def points(report):
    return {name: report.exercises[f"toy.{name}"].points for name in ("double", "total")}


def test_an_honest_notebook_gets_everything_and_its_outputs():
    report = grade(notebook(before=["print('hello'); 1 + 1"]))
    assert points(report) == {"double": 4, "total": 2}
    assert [o["output_type"] for o in report.outputs[0]] == ["stream", "execute_result"]
    assert report.outputs[0][0]["text"] == "hello\n"
    assert report.undecided == []


def test_figures_are_kept_as_pictures():
    draw = "import matplotlib.pyplot as plt\nfrom coursekit import plot\nplot.use()"
    report = grade(notebook(before=[draw, "figure, ax = plt.subplots()\nax.plot([1, 2])\nplt.show()"]))
    assert report.points == 6
    (output,) = report.outputs[1]
    assert "image/png" in output["data"]


def test_points_are_the_weight_passed():
    report = grade(notebook(double="def double(x):\n    return 2 * x if x.ndim == 1 else x"))
    assert points(report) == {"double": 1, "total": 2}


def test_a_known_mistake_is_named_and_a_hidden_case_tells_no_inputs():
    report = grade(notebook(double="def double(x):\n    return x ** 2")).exercises["toy.double"]
    assert (report.points, report.mistake) == (0, "squared")
    public, hidden = report.cases
    assert "wanted" in public.example
    assert hidden.example == ""
    assert "wanted" not in hidden.problem


@pytest.mark.parametrize(
    ("source", "said"),
    [
        ("def double(x):\n    raise NotImplementedError()", "still the stub"),
        ("pass", "There is no `double`"),
        ("def double(x:", "There is no `double`"),
        ("def double(x):\n    print(2 * x)", "prints"),
        ("def double(x):\n    pass", "returns None"),
        ("def double(x):\n    x.mul_(2)\n    return x", "in place"),
        ("def double(x):\n    return (2 * x).int()", "int"),
        ("def double(x):\n    return [2 * x]", "list"),
        ("def double(x):\n    return 1 / 0", "ZeroDivisionError"),
        ("def double(x):\n    raise SystemExit", "SystemExit"),
        ("def double(x):\n    while True: pass", "did not end"),
        (
            "def double(x):\n    while True:\n        try:\n            while True: pass\n        except BaseException: pass",
            "did not end",
        ),
        ("import os\ndef double(x):\n    os._exit(0)", "ended the whole"),
        ("import os, signal\ndef double(x):\n    os.kill(os.getpid(), signal.SIGSEGV)", "ended the whole"),
        (
            "class T(__import__('torch').Tensor): pass\ndef double(x):\n    return (2 * x).as_subclass(T)",
            "no plain value, array or tensor",
        ),
        ("def double(x):\n    return object()", "an object"),
    ],
)
def test_a_failure_has_its_sentence_and_costs_one_exercise(source, said):
    report = grade(notebook(double=source))
    assert points(report) == {"double": 0, "total": 2}
    assert report.exercises["toy.double"].outcome == "failed"
    assert said in report.exercises["toy.double"].feedback


def test_a_constant_earns_nothing():
    # right for an all-zero input only would be luck; here it is right on purpose for the first case
    exercise = RUBRICS["total"].exercise("secret")
    value = float(exercise.cases[0].wanted.value)
    report = grade(notebook(total=f"def total(x):\n    return {value!r}"))
    assert points(report) == {"double": 4, "total": 0}
    assert "whatever it is given" in report.exercises["toy.total"].note


@pytest.mark.parametrize("cell", ["while True: pass", "import os; os._exit(1)", "import ctypes; ctypes.string_at(0)"])
def test_a_cell_that_kills_or_never_ends_costs_itself_alone(cell):
    report = grade(notebook(before=[cell]))
    assert points(report) == {"double": 4, "total": 2}
    assert report.outputs[0], "the student is told what became of the cell"


def test_threads_of_the_student_do_not_matter():
    thread = "import threading, time\nthreading.Thread(target=time.sleep, args=(60,), daemon=True).start()"
    assert points(grade(notebook(before=[thread]))) == {"double": 4, "total": 2}


def test_state_from_one_exercise_does_not_reach_the_next():
    spoiler = "calls = []\ndef double(x):\n    calls.append(1)\n    return 2 * x"
    reader = "def total(x):\n    assert not calls\n    return x.sum()"
    assert points(grade(notebook(spoiler, reader))) == {"double": 4, "total": 2}


def test_a_missing_grade_cell_is_served_at_the_end_and_a_second_one_is_ignored():
    nb = notebook()
    del nb["cells"][3]
    nb["cells"].append(code("def double(x):\n    return x"))
    nb["cells"].append(grade_cell("double"))
    assert points(grade(nb)) == {"double": 4, "total": 2}


@pytest.mark.parametrize("data", [b"", b"{", b"[]", b'{"cells": 3}', b'{"cells": [3]}', b"\xff\xfe", b"[" * 100_000])
def test_what_is_no_notebook_has_a_sentence(data):
    report = referee.run(Job("toy", data, seed="s"))
    assert points(report) == {"double": 0, "total": 0}
    assert "not a notebook" in report.exercises["toy.total"].feedback


def test_messages_forged_by_student_code_score_nothing():
    forge = """
import gc, socket
from autograder.sandbox.frames import Channel
line = next(o for o in gc.get_objects() if isinstance(o, Channel))
for _ in range(9):
    line.send({"observation": {"value": 1.0, "mutated": False, "printed": False, "failure": None}})
"""
    report = grade(notebook(double=forge))
    assert report.points <= 2, "nothing for the exercise whose cell forged"
    assert report.exercises["toy.double"].points == 0


def test_an_error_of_ours_is_undecided_and_gives_no_points(monkeypatch):
    real = referee.compare.examine

    def broken(exercise, ask):
        if exercise.name == "double":
            raise RuntimeError("ours")
        return real(exercise, ask)

    monkeypatch.setattr(referee.compare, "examine", broken)
    report = grade(notebook())
    assert (report.exercises["toy.double"].outcome, report.exercises["toy.double"].points) == ("undecided", None)
    assert report.undecided == ["toy.double"]
    assert report.points == 2


def test_the_same_seed_gives_the_same_report_and_json_reads_back():
    first, second = grade(notebook()), grade(notebook())
    assert first.as_json() == second.as_json()
    assert Report.from_dict(json.loads(first.as_json())).as_dict() == first.as_dict()


@pytest.mark.parametrize("first", ["pass", "import os; os.kill(os.getppid(), 9)"])
def test_nothing_of_the_student_process_is_left(first):
    """Not even if it kills the warm process that is to end it; and that gains and costs nobody anything."""
    mark = f"mark{os.getpid()}x{time.monotonic_ns()}"
    program = f"import time; time.sleep(600)  # {mark}"
    sleeper = f"import subprocess, sys\nsubprocess.Popen([sys.executable, '-c', {program!r}])"
    assert points(grade(notebook(before=[first, sleeper]))) == {"double": 4, "total": 2}
    left = [p for p in psutil.process_iter(["cmdline"]) if mark in " ".join(p.info["cmdline"] or [])]
    _, alive = psutil.wait_procs(left, timeout=5)  # the killed may still be on their way out
    assert not alive
    assert points(grade(notebook())) == {"double": 4, "total": 2}


def test_what_calls_an_answer_that_never_ends_is_not_waited_for_as_long(monkeypatch):
    """A cell as released, that is: where the student's own code is, there is time. Whoever stops by itself, and whoever
    must be ended, keeps what comes after."""
    monkeypatch.setattr(referee, "CELL_SECONDS", 10_000.0)
    monkeypatch.setattr(referee, "SHOWN_SECONDS", 0.3)
    loops = "def double(x):\n    while True: pass"
    stubborn = "def double(x):\n    while True:\n        try:\n            while True: pass\n        except BaseException: pass"
    for double in (loops, stubborn):
        nb = notebook(double=double)
        shown = {**code("double(1)"), "metadata": {"as_released": True}}
        nb["cells"][2:2] = [shown]
        report = grade(nb)
        assert points(report) == {"double": 0, "total": 2}
        said = [output.get("text") or output["evalue"] for output in report.outputs[2]]
        assert any("was stopped" in text or "could not be stopped" in text for text in said), said


def test_what_is_hidden_is_asked_when_nothing_more_is_shown():
    """Whatever an answer does with what it is given, no cell of the notebook can show it."""
    tell = "def double(x):\n    open('told', 'a').write(f'{x.shape}')\n    return 2 * x"
    nb = notebook(double=tell)
    nb["cells"].append(code("print(open('told').read())"))
    report = grade(nb)
    assert points(report) == {"double": 4, "total": 2}
    (output,) = report.outputs[-1]
    assert "[3]" in output["text"], "the public case"
    assert "[4, 2]" not in output["text"], "the hidden one"


def test_too_much_memory_costs_the_exercise_and_nothing_else():
    hoard = "import os, time\ndef double(x):\n    for _ in range(8):\n        if os.fork() == 0:\n            y = bytearray(2**30)\n            time.sleep(60)\n    time.sleep(60)"
    nb = notebook(double=hoard)
    nb["cells"].insert(2, code("print('after')"))
    report = grade(nb)
    assert points(report) == {"double": 0, "total": 2}
    assert report.outputs[2][0]["text"] == "after\n"


def test_frames_sent_unasked_are_passed_over():
    many = """
import gc, socket
from autograder.sandbox.frames import Channel
from coursekit.exercise import Observation
def double(x):
    for line in [o for o in gc.get_objects() if isinstance(o, Channel)]:
        for _ in range(50):
            try: line.send({"observation": Observation(x * 0).packable(), "number": "0"})
            except Exception: pass
    return 2 * x
"""
    assert points(grade(notebook(double=many))) == {"double": 4, "total": 2}


@pytest.mark.parametrize(
    "show",
    [
        "get_ipython().outputs.append({'output_type': 'stream', 'name': 'stdout', 'text': 'x' * 5_000_000})",
        "for i in range(1000): get_ipython().outputs.append({'output_type': 'stream', 'name': 'stdout', 'text': 'x'})",
        "get_ipython().outputs.append({'output_type': 'execute_result', 'points': 2})",
        "get_ipython().outputs.append(7)",
        "for i in range(5000): display(i)",
    ],
)
def test_outputs_that_no_notebook_may_hold_are_left_out(show):
    report = grade(notebook(before=[show]))
    assert points(report) == {"double": 4, "total": 2}
    assert len(report.outputs[0]) <= referee.OUTPUTS
    assert len(json.dumps(report.outputs)) < 1_000_000
    assert "left out" in json.dumps(report.outputs[0])


def test_an_answer_that_ends_all_others_ends_itself_alone():
    """The forks that wait for what is hidden share a world with it."""
    kill = "import os, signal\ndef total(x):\n    os.kill(-1, signal.SIGKILL)\n    return 0.0"
    assert points(grade(notebook(total=kill))) == {"double": 4, "total": 0}


def test_an_answer_that_ends_when_asked_what_is_hidden_fails():
    crash = "import os\ndef double(x):\n    if x.ndim == 2: os._exit(0)\n    return 2 * x"
    report = grade(notebook(double=crash))
    assert points(report) == {"double": 1, "total": 2}
    assert "ended the whole" in report.exercises["toy.double"].feedback


def picture(source):
    return {**code(source), "metadata": {"as_released": True, "picture": True}}


def test_a_picture_is_run_only_where_something_sees_what_it_leaves_behind():
    for double, seen in (("def double(x):\n    return 2 * x", False), ("def double(x):\n    return two * x", True)):
        nb = notebook(double=double)
        nb["cells"][1:1] = [picture("two = 2\nprint('drawn')")]
        report = grade(nb)
        assert points(report) == {"double": 4, "total": 2}
        assert [output["text"] for output in report.outputs[1]] == ["drawn\n"] * seen


def test_a_picture_that_the_student_has_changed_is_a_cell_like_any_other():
    nb = notebook()
    nb["cells"][1:1] = [{**code("print('mine')"), "metadata": {"picture": True}}]
    assert grade(nb).outputs[1][0]["text"] == "mine\n"
