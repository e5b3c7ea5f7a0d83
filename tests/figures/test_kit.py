"""What the figures share."""

import importlib.util
import re
from pathlib import Path

import pytest
from draws import Random
from driver import BUILT, FOLDER

from coursekit import figures

ROOT = Path(__file__).parent.parent.parent


@pytest.fixture
def kit(screen):
    """kit(expression, value): what JavaScript makes of it, with `k` the kit."""
    figure = screen("perceptron")
    return lambda expression, value=None: figure.page.evaluate(
        f"(v) => {{ const k = courseFigures; return {expression} }}", value
    )


@pytest.mark.parametrize("seed", [0, 7, 4294967295])
def test_python_draws_the_same_random_numbers(kit, seed):
    found = kit("(d => [...Array(200)].map((_, i) => [d.uniform(), d.normal(), d.integer(i + 1)]))(k.random(v))", seed)
    draw = Random(seed)
    wanted = [[draw.uniform(), draw.normal(), draw.integer(i + 1)] for i in range(200)]
    assert found == [pytest.approx(row, rel=1e-12) for row in wanted]
    assert kit("k.random(v).permutation(20)", seed) == Random(seed).permutation(20)


@pytest.mark.parametrize(
    ("number", "text"),
    [
        (0, "0"),
        (-0.0, "0"),
        (1 / 3, "0.333"),
        (-12, "−12"),
        (1234.5, "1235"),
        (0.30000000000000004, "0.3"),
        (1234567, "1.23 × 10⁶"),
        (-0.00001234, "−1.23 × 10⁻⁵"),
        (999.96, "1000"),
    ],
)
def test_numbers_are_written_as_a_reader_would(kit, number, text):
    assert kit("k.num(v)", number) == text


# --- the repository ---------------------------------------------------------------------------------


def test_what_is_built_is_what_stands_in_the_sources():
    spec = importlib.util.spec_from_file_location("pictures", ROOT / "tools/figures/pictures.py")
    pictures = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(pictures)
    assert (BUILT / "sources.txt").read_text().strip() == pictures.fingerprint(), (
        "Run `make figures` and commit built/."
    )
    assert sorted(path.stem for path in BUILT.glob("*.html")) == figures.names()


@pytest.mark.parametrize("name", figures.names())
def test_a_figure_has_its_three_files_and_one_question(name):
    question = re.search(r'export default figure\(\s*"([^"]+)"', (FOLDER / f"{name}.js").read_text())[1]
    first_comment = (FOLDER / f"{name}.js").read_text().splitlines()[0]
    cls = getattr(figures, figures.class_name(name))
    assert first_comment == f"// {question}", f"{name}.js must begin with its question"
    assert cls.__doc__.splitlines()[0] == question, f"the docstring of {name}.py must begin with {question!r}"
    assert (ROOT / f"tests/figures/test_{name}.py").exists()
    for trait in set(cls.state_names()) - {"readout"}:
        assert cls.class_traits()[trait].help, f"{name}.{trait} needs a help text"


def test_a_figure_says_what_it_does_not_know():
    with pytest.raises(TypeError, match=r"Perceptron has no weights; it has b, .*update"):
        figures.Perceptron(weights=[1, 2])
    with pytest.raises(AttributeError, match="There is no figure Preceptron; there are"):
        figures.Preceptron  # noqa: B018
