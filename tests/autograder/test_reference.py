"""The references: their shapes are enforced, and each agrees with an oracle that is not itself."""

import doctest
from itertools import pairwise

import numpy as np
import pytest
import torch
from beartype import beartype
from beartype.roar import BeartypeCallHintViolation
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from jaxtyping import TypeCheckError, jaxtyped
from matplotlib.path import Path
from sklearn.linear_model import Perceptron, SGDClassifier

from autograder.reference import perceptron as reference

NAMES = [name for name, f in vars(reference).items() if getattr(f, "__module__", "") == reference.__name__]
SEEDS = st.integers(0, 2**32 - 1)


@pytest.fixture(params=NAMES)
def reference_name(request):
    return request.param


class _Typed:
    """The references with every shape checked at every call, as the signatures say."""

    def __getattr__(self, name):
        return jaxtyped(typechecker=beartype)(getattr(reference, name))


typed = _Typed()


def grid(rng, *shape):
    """Multiples of 1/8: sums of their products are exact, so an oracle may add them up in any order."""
    return torch.tensor(rng.integers(-24, 25, shape) / 8, dtype=torch.float32)


def labeled(seed, n=25, d=3):
    """Points on a grid with random labels."""
    rng = np.random.default_rng(seed)
    return grid(rng, n, d), torch.tensor(rng.choice([-1.0, 1.0], n), dtype=torch.float32)


def separable(seed, n=25, d=3):
    """(x, y, v): points on a grid, labeled by the side of v = (w, b), none of them very near."""
    rng = np.random.default_rng(seed)
    x, v = grid(rng, 4 * n, d), grid(rng, d + 1)
    score = x @ v[:-1] + v[-1]
    far = score.abs() > 0.2 * v.norm()
    return x[far][:n], score[far][:n].sign(), v


def sklearn_perceptron(x, y, epochs, model=Perceptron, **options):
    """scikit-learn's weights and bias after so many passes in order, from zero."""
    fitted = model(max_iter=epochs, tol=None, shuffle=False, **options).fit(x.double().numpy(), y.numpy())
    return fitted.coef_[0], fitted.intercept_[0]


# ── the form ──


def test_the_examples_in_docstrings_are_true():
    result = doctest.testmod(reference)
    assert result.attempted >= 6
    assert result.failed == 0


def test_every_reference_says_what_it_means(reference_name):
    f = getattr(reference, reference_name)
    assert f.__doc__, f"{reference_name} has no docstring"
    assert any(str(year) in f.__doc__ for year in range(1943, 2030)), f"{reference_name} names no source with a year"


@pytest.mark.parametrize(
    "call",
    [
        lambda f: f.neuron(torch.ones(4, 3), torch.ones(2), torch.tensor(0.0)),
        lambda f: f.neuron(torch.ones(4, 3), torch.ones(3), torch.ones(1)),
        lambda f: f.perceptron_update(torch.ones(3), torch.tensor(0.0), torch.ones(2), torch.tensor(1.0)),
        lambda f: f.margin(torch.ones(4, 2), torch.ones(3), torch.ones(2), torch.tensor(0.0)),
        lambda f: f.train_perceptron(torch.ones(4, 2).long(), torch.ones(4)),
        lambda f: f.path(torch.ones(4, 2), torch.ones(4, 1), 1),
        lambda f: f.polygon_network(torch.ones(5, 3)),
        lambda f: f.averaged_perceptron(torch.ones(4, 2), torch.ones(5), 1),
    ],
)
def test_a_wrong_shape_is_refused(call):
    with pytest.raises((TypeCheckError, BeartypeCallHintViolation)):
        call(typed)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_the_dtype_is_that_of_the_points(dtype):
    x, y = (v.to(dtype) for v in labeled(0))
    w, b = x[0], y[0]
    returned = [
        typed.neuron(x, w, b),
        typed.margin(x, y, w, b),
        *typed.perceptron_update(w, b, x[1], y[1]),
        *typed.train_perceptron(x, y, 2)[:2],
        typed.path(x, y, 2),
        *typed.polygon_network(x[:3, :2]),
        *typed.averaged_perceptron(x, y, 2),
    ]
    assert {v.dtype for v in returned} == {dtype}


# ── the content ──


@given(SEEDS)
def test_neuron_agrees_with_scikit_learn_off_the_line(seed):
    x, y = labeled(seed)
    w, b = x[0] + 1 / 16, y[1]
    assume(((x @ w + b) != 0).all())
    model = Perceptron(max_iter=1, tol=None).fit(x, y)
    model.coef_, model.intercept_ = w[None].numpy(), b[None].numpy()
    assert typed.neuron(x, w, b).tolist() == model.predict(x).tolist()


def test_neuron_fires_on_the_line():
    assert typed.neuron(torch.tensor([[2.0, 3.0]]), torch.tensor([3.0, -2.0]), torch.tensor(0.0)).tolist() == [1.0]


@given(SEEDS, st.sampled_from([-1.0, 1.0]))
def test_an_update_is_a_step_down_the_perceptron_loss(seed, label):
    rng = np.random.default_rng(seed)
    w, b, x, y = grid(rng, 4), grid(rng), grid(rng, 4), torch.tensor(label)
    assume(w @ x + b != 0)
    leaf_w, leaf_b = w.clone().requires_grad_(), b.clone().requires_grad_()
    torch.relu(-y * (leaf_w @ x + leaf_b)).backward()
    new_w, new_b = typed.perceptron_update(w, b, x, y)
    assert torch.equal(new_w, w - leaf_w.grad)
    assert torch.equal(new_b, b - leaf_b.grad)


@pytest.mark.parametrize("label", [-1.0, 1.0])
def test_a_point_on_the_line_is_learned_from(label):
    w, b = typed.perceptron_update(
        torch.tensor([1.0, 2.0]), torch.tensor(0.0), torch.tensor([2.0, -1.0]), torch.tensor(label)
    )
    assert w.tolist() == [1 + 2 * label, 2 - label]
    assert b.item() == label


@given(SEEDS)
def test_margin_is_the_distance_to_the_nearest_point_of_the_line(seed):
    rng = np.random.default_rng(seed)
    x, w, b, y = rng.normal(size=(6, 3)), rng.normal(size=3), rng.normal(size=()), rng.choice([-1.0, 1.0], 6)
    assume(np.linalg.norm(w) > 0.1)
    along = np.linalg.svd(w[None])[2][1:]  # (2, 3): an orthonormal basis of the plane's directions
    on_plane = -b * np.linalg.pinv(w[None])[:, 0]  # (3,)
    offset = x - on_plane
    distances = np.linalg.norm(offset - offset @ along.T @ along, axis=1)
    right = np.where(x @ w + b > 0, 1, -1) == y
    wanted = np.where(right, distances, -distances).min()
    assert typed.margin(*map(torch.tensor, (x, y, w, b))).item() == pytest.approx(wanted)


@given(SEEDS, st.integers(1, 6))
@settings(deadline=None)
def test_training_agrees_with_scikit_learn(seed, epochs):
    x, y = labeled(seed)
    assume(len(y.unique()) == 2)
    w, b, updates = typed.train_perceptron(x, y, epochs)
    their_w, their_b = sklearn_perceptron(x, y, epochs)
    assert w.tolist() == their_w.tolist()
    assert b.item() == their_b
    assert updates == len(typed.path(x, y, epochs)) - 1


@given(SEEDS)
@settings(deadline=None)
def test_training_ends_within_novikoffs_bound(seed):
    x, y, v = separable(seed)
    assume(len(x))
    z = torch.cat([x, torch.ones(len(x), 1)], dim=1).double()
    R, gamma = z.norm(dim=1).max(), (y * (z @ v.double())).min() / v.double().norm()
    w, b, updates = typed.train_perceptron(x, y, max_epochs=int((R / gamma) ** 2) + 2)
    assert updates <= (R / gamma) ** 2
    assert (y * (x @ w + b) > 0).all()


def test_training_stops_after_the_first_clean_pass(monkeypatch):
    passes = []
    monkeypatch.setattr(reference, "zip", lambda *lists: passes.append(1) or zip(*lists), raising=False)
    reference.train_perceptron(torch.tensor([[1.0], [3.0]]), torch.tensor([1.0, 1.0]))
    assert len(passes) == 2  # one update in the first, none in the second


def test_training_stops_after_max_epochs_where_no_line_separates():
    x, y = torch.tensor([[1.0], [1.0]]), torch.tensor([1.0, -1.0])
    assert [typed.train_perceptron(x, y, e)[2] for e in (0, 1, 7)] == [0, 2, 14]
    assert typed.train_perceptron(x, y)[2] == 200


def test_xor_network_computes_exclusive_or():
    W1, b1, w2, b2 = (v.tolist() for v in typed.xor_network())
    for p in (0, 1):
        for q in (0, 1):
            hidden = [w[0] * p + w[1] * q + bias >= 0 for w, bias in zip(W1, b1)]
            assert (w2[0] * hidden[0] + w2[1] * hidden[1] + b2 >= 0) == (p ^ q)


@given(SEEDS, st.integers(1, 4))
@settings(deadline=None)
def test_a_path_leads_from_zero_by_wrong_points_to_where_training_ends(seed, epochs):
    x, y = labeled(seed, n=12)
    assume(len(y.unique()) == 2)
    rows = typed.path(x, y, epochs)
    z = torch.cat([x, torch.ones(len(x), 1)], dim=1)
    assert rows[0].tolist() == [0.0] * 4
    for before, after in pairwise(rows):
        used = ((y[:, None] * z) == after - before).all(dim=1)
        assert used.any(), "a step that is no point with its label's sign"
        assert (y[used] * (z[used] @ before) <= 0).any(), "a step for a point that was right"
    w, b = sklearn_perceptron(x, y, epochs)
    assert rows[-1].tolist() == [*w, b]


@given(SEEDS, st.integers(3, 12))
@settings(deadline=None)
def test_a_polygon_network_fires_where_matplotlib_says_inside(seed, k):
    rng = np.random.default_rng(seed)
    angle = 2 * np.pi * (np.arange(k) + rng.uniform(-0.3, 0.3, k)) / k
    corners = np.stack([2 * np.cos(angle), np.sin(angle)], axis=1) + rng.normal(size=2) * 3
    points = corners.mean(axis=0) + rng.uniform(-3, 3, (400, 2))
    W1, b1, w2, b2 = typed.polygon_network(torch.tensor(corners))
    hidden = torch.tensor(points) @ W1.T + b1
    clear = (hidden.abs() > 1e-6).all(dim=1).numpy()
    fires = (hidden >= 0).double() @ w2 + b2 >= 0
    assert fires.numpy()[clear].tolist() == Path(corners).contains_points(points)[clear].tolist()


@given(SEEDS, st.integers(1, 5))
@settings(deadline=None)
def test_averaging_agrees_with_scikit_learn(seed, epochs):
    x, y = labeled(seed)
    assume(len(y.unique()) == 2)
    options = {"loss": "perceptron", "learning_rate": "constant", "eta0": 1.0, "penalty": None, "average": True}
    their_w, their_b = sklearn_perceptron(x, y, epochs, SGDClassifier, **options)
    w, b = typed.averaged_perceptron(x, y, epochs)
    assert w.numpy() == pytest.approx(their_w, abs=1e-5)
    assert b.item() == pytest.approx(their_b, abs=1e-5)
