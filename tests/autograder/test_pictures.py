"""Pictures that nobody looks at are not run; those that something needs are."""

import pytest

from autograder.pictures import unneeded

PICTURE = (
    "with drawing():\n    x, w = make(), 1\n    plt.plot(x)\n    def shown():\n        global kept\n        kept = 2"
)


@pytest.mark.parametrize(
    "other",
    [
        "def answer(x, w):\n    return x @ w",
        "def answer():\n    x = 1\n    return [w for w in range(x)]",
        "class Answer:\n    def __init__(self, x):\n        self.x = x",
        "answer = lambda x: x",
        "plt.show()",
        "shown_otherwise = 'x'",
        "def answer(model):\n    model.eval()\n    direction = 1\n    return direction",
    ],
)
def test_what_names_nothing_of_a_picture_does_not_need_it(other):
    assert unneeded([PICTURE], [other])


@pytest.mark.parametrize(
    "other",
    [
        "def answer():\n    return x",
        "def answer(v, scale=w):\n    return v",
        "x",
        "x = 3",  # who knows when this was run
        "class Answer:\n    size = w",
        "answer = [x for _ in range(3)]",
        "def answer():\n    def inner():\n        return w\n    return inner()",
        "def answer():\n    global x\n    x = 1",
        "def answer():\n    return kept",
        "def answer():\n    return shown()",
        "def answer():\n    return globals()['x']",
        "def answer():\n    return eval('w')",
        "def answer():\n    return (  eval )('w')",
        "def answer():\n    return  eval ('w')",
        "import __main__",
        "from numpy import *",
        "%matplotlib inline",
        "def answer(:",
        pytest.param("-" * 100_000 + "1", id="too deep for the parser"),
        pytest.param("1 + " * 100_000 + "1", id="too deep for the compiler"),
    ],
)
def test_what_may_see_a_picture_has_it_run(other):
    assert not unneeded([PICTURE], ["1 + 1", other])


def test_without_pictures_there_is_nothing_to_leave_out():
    assert unneeded([], ["x"])
