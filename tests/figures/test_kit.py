"""What the figures share."""

import pytest
from draws import Random

KIT = "() => courseFigures"


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
