"""The book's data sets: one call each, the same shapes everywhere, a source for all of them.

    digits = data.load("digits")       # bundled with scikit-learn: no network
    moons = data.moons(n=200, seed=1)  # generated: the same points on every machine
    mnist = data.load("mnist")         # downloaded at the first call, then kept

| name | x | y | what |
|---|---|---|---|
| digits | (1797, 1, 8, 8) in 0…1 | (1797,) 0–9 | handwritten digits, 1 = all ink |
| iris | (150, 4) cm | (150,) 0–2 | three species of iris, four lengths |
| breast-cancer | (569, 30) | (569,) 0–1 | cell nuclei of a tumor; 0 malignant, 1 benign |
| wine | (178, 13) | (178,) 0–2 | chemical analyses of the wines of three cultivars |
| diabetes | (442, 10) | (442,) float32 | ten measurements; y: the disease's progress after one year |
| photographs | (2, 3, 427, 640) in 0…1 | (2,) 0–1 | a temple and a flower |
| blobs, moons, spirals, rings | (n, 2) | (n,) 0, 1, … | generated; see the function of that name |
| xor | (n, 2) | (n,) 0–1 | generated: no line separates it |
| separable | (n, d) | (n,) −1. or +1. | generated: a line separates it, by a margin that you choose |
| mnist, fashion-mnist | (60000, 1, 28, 28) in 0…1 | (60000,) 0–9 | online; `split="test"`: another 10,000 |
| cifar10 | (50000, 3, 32, 32) in 0…1 | (50000,) 0–9 | online; `split="test"`: another 10,000 |

x is float32 always, and images are (n, channels, height, width). Classes are int64, so that they index and go into
`cross_entropy`; `separable` alone has the −1 and +1 of the perceptron. Nothing is standardized: that is for whoever
holds the training set to do.
"""

from __future__ import annotations

from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from textwrap import shorten
from typing import TYPE_CHECKING

from . import downloads

if TYPE_CHECKING:
    from torch import Tensor

__all__ = ["Dataset", "blobs", "load", "moons", "names", "rings", "separable", "spirals", "xor"]


@dataclass(frozen=True, eq=False)
class Dataset:
    """Inputs `x`, one row each, and what is to be said of them, `y`.

    names: the classes, `names[k]` for the class k; empty where y is not a class. features: the columns of x, with their
    units; empty for images and generated points. source: whom to cite.
    """

    x: Tensor
    y: Tensor
    names: tuple[str, ...] = ()
    features: tuple[str, ...] = ()
    source: str = ""

    def __repr__(self):
        lines = ["Dataset"]
        for name, tensor in (("x", self.x), ("y", self.y)):
            lines.append(f"{name}: {tuple(tensor.shape)} {str(tensor.dtype).removeprefix('torch.')}")
        for name, texts in (("names", self.names), ("features", self.features), ("source", [self.source])):
            if any(texts):
                lines.append(f"{name}: {shorten(', '.join(texts), 110, placeholder=' …')}")
        return "\n  ".join(lines)


def load(name: str, **options) -> Dataset:
    """The data set of that name. `names()` lists them; the table at the head of this module says what they hold.

    options: those of the generator of that name, or `split="train"` or `"test"` for mnist, fashion-mnist and cifar10.
    Raises `ValueError` for an unknown name, `ConnectionError` where a download fails (it says what to do instead).
    """
    wanted = str(name).strip().lower().replace("_", "-")
    if wanted not in _LOADERS:
        import difflib

        near = difflib.get_close_matches(wanted, _LOADERS, n=1)
        meant = f"Did you mean {near[0]!r}? " if near else ""
        raise ValueError(f"There is no data set {name!r}. {meant}There are {', '.join(_LOADERS)}.")
    return _LOADERS[wanted](**options)


def names() -> tuple[str, ...]:
    """The names that `load` knows."""
    return tuple(_LOADERS)


# Generated. Every generator computes in double precision with NumPy's Generator, whose numbers are the same on
# every system, and rounds to float32. `seed` is a number or a `numpy.random.Generator`. Where there are k classes,
# point i of n has the class i mod k, and then the points are shuffled: the classes are as even as they can be.


def blobs(n=200, centers=2, spread=0.3, seed=0) -> Dataset:
    """Round clouds. x: (n, 2), y: (n,) the cloud of each point.

    centers: how many, evenly on the unit circle, or their coordinates (k, 2). spread: the standard deviation of
    each cloud.
    """
    import numpy as np

    rng = np.random.default_rng(seed)
    if np.ndim(centers) == 0:
        angle = 2 * np.pi * np.arange(centers) / centers
        centers = np.stack([np.cos(angle), np.sin(angle)], axis=1)
    centers = np.asarray(centers, dtype=float)
    y = _classes(rng, n, len(centers))
    return _generated(centers[y] + spread * rng.normal(size=(n, centers.shape[1])), y)


def moons(n=200, noise=0.1, seed=0) -> Dataset:
    """Two half circles of radius 1, each reaching into the other. x: (n, 2), y: (n,) 0 above, 1 below.

    noise: the standard deviation of what is added to every coordinate.
    """
    import numpy as np

    rng = np.random.default_rng(seed)
    y = _classes(rng, n, 2)
    angle = rng.uniform(0, np.pi, n)
    x = np.stack(
        [np.where(y, 1 - np.cos(angle), np.cos(angle)), np.where(y, 0.5 - np.sin(angle), np.sin(angle))], axis=1
    )
    return _generated(x + noise * rng.normal(size=(n, 2)), y)


def spirals(n=200, arms=2, turns=1.5, noise=0.02, seed=0) -> Dataset:
    """Arms that wind around the origin and out to radius 1. x: (n, 2), y: (n,) the arm of each point.

    turns: how often an arm goes around. noise: as in `moons`.
    """
    import numpy as np

    rng = np.random.default_rng(seed)
    y = _classes(rng, n, arms)
    radius = np.sqrt(rng.uniform(0.01, 1, n))  # a turn grows with its radius: the root spreads the points evenly
    angle = 2 * np.pi * (turns * radius + y / arms)
    x = np.stack([radius * np.cos(angle), radius * np.sin(angle)], axis=1)
    return _generated(x + noise * rng.normal(size=(n, 2)), y)


def rings(n=200, radii=(0.5, 1.0), noise=0.05, seed=0) -> Dataset:
    """Circles around the origin. x: (n, 2), y: (n,) the ring of each point, in the order of `radii`.

    noise: as in `moons`.
    """
    import numpy as np

    rng = np.random.default_rng(seed)
    y = _classes(rng, n, len(radii))
    angle = rng.uniform(0, 2 * np.pi, n)
    x = np.asarray(radii, dtype=float)[y, None] * np.stack([np.cos(angle), np.sin(angle)], axis=1)
    return _generated(x + noise * rng.normal(size=(n, 2)), y)


def xor(n=4, noise=0.0, seed=0) -> Dataset:
    """The corners of the unit square. x: (n, 2), y: (n,) 1 where exactly one coordinate of the corner is 1.

    They come as (0,0), (0,1), (1,0), (1,1), again and again: the first four are the truth table. noise: as in `moons`.
    """
    import numpy as np

    rng = np.random.default_rng(seed)
    corner = np.arange(n) % 4
    first, second = corner // 2, corner % 2
    return _generated(np.stack([first, second], axis=1) + noise * rng.normal(size=(n, 2)), first ^ second)


def separable(n=100, margin=0.1, seed=0, *, w=None, b=0.0) -> Dataset:
    """Points that a line separates: the widest margin that any line can have on them is `margin`.

    x: (n, d) with d the length of w, 2 unless given; n at least 2. y: (n,) −1. or +1., the side of the line u·x + b = 0
    with u = w/‖w‖. w: random unless given; only its direction counts, so that b is a distance.

    The points are drawn evenly from the square between −1 and 1, then moved off the line by `margin`. Two of them
    face each other across it, 2 `margin` apart: no separating line can stay farther than `margin` from both.
    """
    import numpy as np

    if n < 2:
        raise ValueError(f"two classes need two points at least: n is {n}")
    if margin <= 0:
        raise ValueError(f"a margin is greater than 0, not {margin}")
    rng = np.random.default_rng(seed)
    w = rng.normal(size=2) if w is None else np.asarray(w, dtype=float)
    w = w / np.linalg.norm(w)
    x = rng.uniform(-1, 1, size=(n, len(w)))
    y = np.where(x @ w + b >= 0, 1, -1)
    x[1] = x[0] = x[0] - (x[0] @ w + b) * w  # both at the foot of the first on the line
    y[:2] = 1, -1
    order = rng.permutation(n)
    return _generated((x + margin * y[:, None] * w)[order], y[order].astype(np.float32))


def _classes(rng, n, k):
    import numpy as np

    return rng.permutation(np.arange(n) % k)


def _generated(x, y) -> Dataset:
    names = () if y.dtype.kind == "f" else tuple(str(k) for k in range(y.max(initial=-1) + 1))
    return _dataset(x, y, names=names, source="generated by coursekit")


# Bundled with scikit-learn.


def _bundled(name, **options):
    """A table that scikit-learn brings, as numbers. Its own loaders give the same, but importing them takes 1.5 s."""
    import numpy as np

    (place,) = find_spec("sklearn").submodule_search_locations
    return np.loadtxt(Path(place, "datasets/data", name), **options)


def _digits() -> Dataset:
    table = _bundled("digits.csv.gz", delimiter=",")
    return _dataset(
        table[:, :-1].reshape(-1, 1, 8, 8) / 16,  # a pixel counts the dark ones among 4 × 4 of the scan
        table[:, -1].astype(int),
        names=map(str, range(10)),
        source="Alpaydin & Kaynak (1998), Optical recognition of handwritten digits, UCI Machine Learning Repository",
    )


def _iris() -> Dataset:
    table = _bundled("iris.csv", delimiter=",", skiprows=1)
    return _dataset(
        table[:, :-1],
        table[:, -1].astype(int),
        names=("setosa", "versicolor", "virginica"),
        features=[f"{leaf} {size} (cm)" for leaf in ("sepal", "petal") for size in ("length", "width")],
        source="Fisher (1936), The use of multiple measurements in taxonomic problems, Annals of Eugenics 7",
    )


def _breast_cancer() -> Dataset:
    from sklearn.datasets import load_breast_cancer

    source = "Street, Wolberg & Mangasarian (1993), Nuclear feature extraction for breast tumor diagnosis, SPIE 1905"
    return _table(load_breast_cancer(), source)


def _wine() -> Dataset:
    from sklearn.datasets import load_wine

    bunch = load_wine()
    bunch.target_names = [f"cultivar {k + 1}" for k in range(3)]
    bunch.feature_names = [name.replace("_", " ") for name in bunch.feature_names]
    return _table(bunch, "Forina et al., PARVUS; Aeberhard, Coomans & de Vel (1992), UCI Machine Learning Repository")


def _diabetes() -> Dataset:
    return _dataset(
        _bundled("diabetes_data_raw.csv.gz"),  # as measured: scikit-learn's own scaling has seen the test set
        _bundled("diabetes_target.csv.gz").astype("float32"),
        features=(
            "age (years)",
            "sex (coded 1, 2)",
            "body mass index (kg/m²)",
            "average blood pressure (mm Hg)",
            "total cholesterol",
            "low-density lipoproteins",
            "high-density lipoproteins",
            "total cholesterol / high-density lipoproteins",
            "log of triglycerides (possibly)",
            "blood sugar",
        ),
        source="Efron, Hastie, Johnstone & Tibshirani (2004), Least angle regression, Annals of Statistics 32",
    )


def _photographs() -> Dataset:
    import numpy as np
    from sklearn.datasets import load_sample_images

    bunch = load_sample_images()
    return _dataset(
        np.moveaxis(np.stack(bunch.images), -1, 1) / 255,
        np.arange(2),
        names=("temple", "flower"),
        source="danielbuechele (china.jpg) and vultilion (flower.jpg) on Flickr, CC BY 2.0; bundled with scikit-learn",
    )


def _table(bunch, source) -> Dataset:
    return _dataset(bunch.data, bunch.target, names=bunch.target_names, features=bunch.feature_names, source=source)


# Downloaded.

_MNIST_SOURCE = (
    "LeCun, Bottou, Bengio & Haffner (1998), Gradient-based learning applied to document recognition, Proc. IEEE 86"
)
_FASHION_SOURCE = "Xiao, Rasul & Vollgraf (2017), Fashion-MNIST, arXiv:1708.07747"
_CIFAR_SOURCE = "Krizhevsky (2009), Learning multiple layers of features from tiny images, University of Toronto"

_FASHION_NAMES = ("T-shirt", "trouser", "pullover", "dress", "coat", "sandal", "shirt", "sneaker", "bag", "ankle boot")
_CIFAR_NAMES = ("airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck")

_DIGITS_INSTEAD = 'data.load("digits"), handwritten digits of 8 × 8 pixels.'


def _mnist(split="train") -> Dataset:
    x, y = _idx_pair("mnist", downloads.MNIST, split, _DIGITS_INSTEAD)
    return _dataset(x, y, names=map(str, range(10)), source=_MNIST_SOURCE)


def _fashion_mnist(split="train") -> Dataset:
    x, y = _idx_pair("fashion-mnist", downloads.FASHION_MNIST, split, _DIGITS_INSTEAD)
    return _dataset(x, y, names=_FASHION_NAMES, source=_FASHION_SOURCE)


def _cifar10(split="train") -> Dataset:
    _check(split)
    instead = _DIGITS_INSTEAD[:-1] + '; for color, data.load("photographs").'
    path = downloads.fetch("cifar10", "cifar-10-binary.tar.gz", downloads.CIFAR10, instead)
    batches = [f"data_batch_{k}" for k in range(1, 6)] if split == "train" else ["test_batch"]
    x, y = downloads.cifar(path, [f"cifar-10-batches-bin/{batch}.bin" for batch in batches])
    return _dataset(_unit(x), y, names=_CIFAR_NAMES, source=_CIFAR_SOURCE)


def _idx_pair(name, source, split, instead):
    _check(split)
    part = {"train": "train", "test": "t10k"}[split]
    x = downloads.idx(downloads.fetch(name, f"{part}-images-idx3-ubyte.gz", source, instead))
    y = downloads.idx(downloads.fetch(name, f"{part}-labels-idx1-ubyte.gz", source, instead))
    return _unit(x[:, None]), y


def _unit(pixels):
    """Bytes as fractions: 0…255 → 0…1, in single precision from the start (in double, CIFAR-10 would take 1.2 GB)."""
    import numpy as np

    return pixels.astype(np.float32) / np.float32(255)


def _check(split):
    if split not in ("train", "test"):
        raise ValueError(f'split is "train" or "test", not {split!r}')


def _dataset(x, y, names=(), features=(), source="") -> Dataset:
    """From arrays: x becomes float32; y stays float32, or becomes int64 classes."""
    import numpy as np
    import torch

    x = torch.from_numpy(np.ascontiguousarray(x, dtype=np.float32))
    y = torch.from_numpy(np.ascontiguousarray(y, dtype=np.float32 if y.dtype.kind == "f" else np.int64))
    return Dataset(x, y, tuple(map(str, names)), tuple(map(str, features)), source)


_LOADERS = {
    "digits": _digits,
    "iris": _iris,
    "breast-cancer": _breast_cancer,
    "wine": _wine,
    "diabetes": _diabetes,
    "photographs": _photographs,
    "blobs": blobs,
    "moons": moons,
    "spirals": spirals,
    "rings": rings,
    "xor": xor,
    "separable": separable,
    "mnist": _mnist,
    "fashion-mnist": _fashion_mnist,
    "cifar10": _cifar10,
}
