"""Data sets: documented shapes, sources, and the same points on every machine."""

import subprocess
import sys

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn import datasets
from sklearn.svm import SVC

from coursekit import data

OFFLINE = [name for name in data.names() if name not in ("mnist", "fashion-mnist", "cifar10")]
SHAPES = {
    "digits": ((1797, 1, 8, 8), 10),
    "iris": ((150, 4), 3),
    "breast-cancer": ((569, 30), 2),
    "wine": ((178, 13), 3),
    "diabetes": ((442, 10), 0),
    "photographs": ((2, 3, 427, 640), 2),
    "blobs": ((200, 2), 2),
    "moons": ((200, 2), 2),
    "spirals": ((200, 2), 2),
    "rings": ((200, 2), 2),
    "xor": ((4, 2), 2),
    "separable": ((100, 2), 0),
}


@pytest.mark.parametrize("name", OFFLINE)
def test_a_set_that_needs_no_network_has_the_documented_shape(name):
    shape, classes = SHAPES[name]
    loaded = data.load(name)
    assert loaded.x.shape == shape
    assert loaded.x.dtype == torch.float32
    assert loaded.y.shape == shape[:1]
    assert loaded.y.dtype == (torch.int64 if classes else torch.float32)
    assert len(loaded.names) == classes
    if classes:
        assert loaded.y.unique().tolist() == list(range(classes))
    assert torch.isfinite(loaded.x).all()
    assert loaded.source
    assert not loaded.features or len(loaded.features) == shape[1]
    if loaded.x.ndim == 4:
        assert loaded.x.min() >= 0
        assert loaded.x.max() <= 1
        assert loaded.x.max() > 0.9


@pytest.mark.parametrize("name", data.names())
def test_every_set_stands_in_the_table(name):
    rows = "\n".join(line for line in data.__doc__.splitlines() if line.startswith("|"))
    assert name in rows


def test_bundled_numbers_are_the_measured_ones():
    iris = data.load("iris")
    assert torch.allclose(iris.x[0], torch.tensor([5.1, 3.5, 1.4, 0.2]))
    assert iris.names[iris.y[0]] == "setosa"
    assert iris.features[0] == "sepal length (cm)"

    cancer = data.load("breast-cancer")
    assert (cancer.y == 0).sum() == 212  # malignant, as in the data's documentation
    assert cancer.names == ("malignant", "benign")

    diabetes = data.load("diabetes")
    assert torch.allclose(diabetes.x[0, :4], torch.tensor([59, 2, 32.1, 101]))  # raw, not standardized
    assert diabetes.y[:3].tolist() == [151, 75, 141]
    assert (diabetes.y.min(), diabetes.y.max()) == (25, 346)

    digits = data.load("digits")
    raw = datasets.load_digits()
    assert torch.equal(digits.x.flatten(1), torch.tensor(raw.data, dtype=torch.float32) / 16)
    assert digits.y.tolist() == raw.target.tolist()


def test_a_photograph_keeps_its_colors_apart():
    temple, flower = data.load("photographs").x
    assert temple[2, :40].mean() > temple[0, :40].mean()  # blue sky above the temple
    assert flower[0, 200:230, 300:340].mean() > flower[2, 200:230, 300:340].mean()  # a red and yellow flower


@pytest.mark.parametrize("name", ["breast_cancer", "Breast-Cancer", " breast-cancer "])
def test_a_name_is_read_kindly(name):
    assert len(data.load(name).x) == 569


def test_an_unknown_name_is_met_with_the_names_there_are():
    with pytest.raises(ValueError, match=r"no data set 'minst'. Did you mean 'mnist'\? There are digits, iris"):
        data.load("minst")


def test_load_passes_options_on():
    assert torch.equal(data.load("moons", n=7, seed=5).x, data.moons(7, seed=5).x)


def test_the_original_stays_as_it_is():
    """Bundled sets share no memory from one call to the next."""
    data.load("iris").x.zero_()
    assert data.load("iris").x[0, 0] > 0


def test_a_dataset_shows_itself_in_a_few_lines():
    text = repr(data.load("breast-cancer"))
    assert "x: (569, 30) float32" in text
    assert "names: malignant, benign" in text
    assert max(map(len, text.splitlines())) < 130


GENERATORS = [data.blobs, data.moons, data.spirals, data.rings, data.xor, data.separable]


@pytest.mark.parametrize("generator", GENERATORS)
def test_a_seed_decides_all(generator):
    options = {"noise": 0.1} if generator is data.xor else {}
    np.random.seed(0)
    before = np.random.get_state()[1].copy()
    first, again = generator(50, seed=3, **options), generator(50, seed=3, **options)
    assert torch.equal(first.x, again.x)
    assert torch.equal(first.y, again.y)
    assert not torch.equal(first.x, generator(50, seed=4, **options).x)
    assert torch.equal(first.x, generator(50, seed=np.random.default_rng(3), **options).x)
    assert (np.random.get_state()[1] == before).all()  # nobody else's random numbers are touched


@pytest.mark.parametrize(
    ("generator", "x", "y"),
    [
        # What these gave when they were written: no other system and no other NumPy may change a figure of the book.
        (data.blobs, [[1.192127, 0.03147], [0.839299, 0.108479], [-0.6088, 0.284124]], [0, 0, 1]),
        (data.moons, [[1.027886, 0.258767], [1.09336, -0.018474], [1.706269, -0.115884]], [0, 0, 1]),
        (data.spirals, [[-0.110013, 0.217959], [0.025523, 0.148157], [0.524797, -0.728372]], [0, 0, 1]),
        (data.rings, [[0.501602, 0.192505], [0.54466, 0.016643], [0.323879, -0.95318]], [0, 0, 1]),
        (data.separable, [[-0.895651, -0.990483], [0.14433, 0.53143], [-1.033533, -0.845609]], [1, -1, -1]),
    ],
)
def test_the_same_points_come_on_every_machine(generator, x, y):
    made = generator(3, seed=0)
    torch.testing.assert_close(made.x, torch.tensor(x), atol=1e-6, rtol=0)
    assert made.y.tolist() == y


@pytest.mark.parametrize("n", [0, 1, 2, 7, 100])
@pytest.mark.parametrize("generator", [data.blobs, data.moons, data.spirals, data.rings])
def test_classes_are_as_even_as_they_can_be(generator, n):
    made = generator(n)
    assert made.x.shape == (n, 2)
    ones = int((made.y == 1).sum())
    assert ones == n // 2
    if n == 100:
        assert made.y[:50].sum() not in (0, 50)  # shuffled


def test_blobs_lie_around_their_centers():
    centers = [[0, 0], [10, 0], [0, 10]]
    made = data.blobs(3000, centers, spread=0.5)
    for k, center in enumerate(centers):
        cloud = made.x[made.y == k]
        assert torch.allclose(cloud.mean(0), torch.tensor(center, dtype=torch.float32), atol=0.06)
        assert torch.allclose(cloud.std(0), torch.tensor(0.5), atol=0.04)
    assert torch.allclose(data.blobs(6, 3, spread=0).x.norm(dim=1), torch.ones(6))


def test_moons_are_the_two_half_circles_of_scikit_learn():
    made = data.moons(300, noise=0)
    for k, (center, sign) in enumerate([((0, 0), 1), ((1, 0.5), -1)]):
        moon = made.x[made.y == k] - torch.tensor(center)
        assert torch.allclose(moon.norm(dim=1), torch.ones(150), atol=1e-6)
        assert (sign * moon[:, 1] >= -1e-6).all()
    theirs, labels = datasets.make_moons(300, noise=0)
    for k in (0, 1):
        ours = made.x[made.y == k]
        low, high = theirs[labels == k].min(0), theirs[labels == k].max(0)
        assert (ours >= torch.tensor(low - 1e-4)).all()
        assert (ours <= torch.tensor(high + 1e-4)).all()


def test_rings_have_their_radii():
    made = data.rings(90, radii=(1, 2, 3), noise=0)
    assert torch.allclose(made.x.norm(dim=1), (made.y + 1).float(), atol=1e-5)


def test_spirals_wind():
    made = data.spirals(400, arms=3, turns=2, noise=0)
    radius = made.x.norm(dim=1)
    assert radius.max() <= 1 + 1e-6
    angle = torch.atan2(made.x[:, 1], made.x[:, 0]) / (2 * torch.pi)
    behind = (angle - 2 * radius - made.y / 3) % 1
    assert torch.minimum(behind, 1 - behind).max() < 1e-5


def test_noise_is_a_standard_deviation():
    quiet, noisy = data.xor(4000, noise=0), data.xor(4000, noise=0.2)
    assert torch.allclose((noisy.x - quiet.x).std(), torch.tensor(0.2), atol=0.01)


def test_the_first_four_of_xor_are_the_truth_table():
    made = data.xor()
    assert made.x.tolist() == [[0, 0], [0, 1], [1, 0], [1, 1]]
    assert made.y.tolist() == [0, 1, 1, 0]


@given(n=st.integers(2, 60), margin=st.floats(0.01, 2), seed=st.integers(0, 10**6), b=st.floats(-0.5, 0.5))
@settings(max_examples=60, deadline=None)
def test_separable_has_exactly_the_margin_that_it_states(n, margin, seed, b):
    made = data.separable(n, margin, seed, b=b)
    assert made.x.shape == (n, 2)
    assert set(made.y.tolist()) == {-1.0, 1.0}
    # A support vector machine without slack finds the widest margin there is, 1/‖w‖.
    machine = SVC(kernel="linear", C=1e9, tol=1e-6).fit(made.x.double(), made.y)
    scores = machine.decision_function(made.x.double()) * made.y.numpy()
    assert scores.min() > 0
    assert scores.min() / np.linalg.norm(machine.coef_) == pytest.approx(margin, rel=1e-2)


def test_separable_takes_a_line_in_any_number_of_dimensions():
    w, b = np.array([2.0, 0.0, -1.0]), 0.3
    made = data.separable(50, 0.25, w=w, b=b)
    distances = made.y * (made.x @ torch.tensor(w / np.linalg.norm(w), dtype=torch.float32) + b)
    assert made.x.shape == (50, 3)
    assert distances.min() == pytest.approx(0.25, abs=1e-5)


@pytest.mark.parametrize(("options", "sentence"), [({"n": 1}, "two points"), ({"margin": 0}, "greater than 0")])
def test_separable_refuses_what_cannot_be(options, sentence):
    with pytest.raises(ValueError, match=sentence):
        data.separable(**options)


@pytest.mark.parametrize("name", ["digits", "iris", "diabetes"])
def test_tables_read_without_scikit_learn_are_its_own(name):
    raw = getattr(datasets, f"load_{name}")(**{"scaled": False} if name == "diabetes" else {})
    found = data.load(name)
    scale = 16 if name == "digits" else 1
    assert torch.equal(found.x.flatten(1) * scale, torch.tensor(raw.data, dtype=torch.float32))
    assert found.y.tolist() == raw.target.tolist()
    if name == "iris":
        assert (found.names, found.features) == (tuple(raw.target_names), tuple(raw.feature_names))


def test_digits_come_without_importing_scikit_learn():
    code = "import sys; from coursekit import data; data.load('digits'); assert 'sklearn' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], check=True)
