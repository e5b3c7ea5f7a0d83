"""The warm-up's references against oracles that are not themselves."""

import numpy as np
import pytest
import torch
from beartype import beartype
from jaxtyping import jaxtyped
from scipy import stats
from scipy.spatial.distance import cdist
from sklearn.preprocessing import StandardScaler

from autograder.reference import warmup as reference


class _Typed:
    """The references with every shape checked at every call, as the signatures say."""

    def __getattr__(self, name):
        return jaxtyped(typechecker=beartype)(getattr(reference, name))


typed = _Typed()


@pytest.fixture(params=range(3))
def rng(request):
    return np.random.default_rng(request.param)


def normal(rng, *shape):
    return torch.tensor(rng.normal(size=shape), dtype=torch.float64)


def test_channels_first_follows_every_pixel(rng):
    images = normal(rng, 2, 3, 4, 5)
    out = typed.channels_first(images)
    for index in np.ndindex(2, 3, 4, 5):
        i, row, column, c = index
        assert out[i, c, row, column] == images[index]


def test_pairwise_distances_are_scipys(rng):
    a, b = normal(rng, 7, 3), normal(rng, 4, 3)
    np.testing.assert_allclose(typed.pairwise_distances(a, b), cdist(a, b))


def test_standardize_is_scikit_learns(rng):
    train, test = 5 + 3 * normal(rng, 9, 4), normal(rng, 5, 4)
    scaler = StandardScaler().fit(train)
    for ours, theirs in zip(typed.standardize(train, test), map(scaler.transform, (train, test)), strict=True):
        np.testing.assert_allclose(ours, theirs)


def test_log_likelihood_is_scipys(rng):
    x, mu, sigma = normal(rng, 50), normal(rng), normal(rng).exp()
    wanted = stats.norm(mu.item(), sigma.item()).logpdf(x).sum()
    assert typed.log_likelihood(x, mu, sigma).item() == pytest.approx(wanted)


def test_rows_of_next_letter_are_probabilities(rng):
    counts = torch.tensor(rng.integers(1, 30, (6, 6)), dtype=torch.float64)
    p = typed.next_letter(counts)
    np.testing.assert_allclose(p.sum(dim=1), np.ones(6))
    np.testing.assert_allclose(p[2, 4] / p[2, 1], counts[2, 4] / counts[2, 1])


def test_fit_line_steps_like_sgd_and_ends_at_least_squares(rng):
    x = normal(rng, 20)
    y = 3 * x - 2 + 0.1 * normal(rng, 20)
    w, b = torch.zeros((), dtype=x.dtype, requires_grad=True), torch.zeros((), dtype=x.dtype, requires_grad=True)
    sgd = torch.optim.SGD([w, b], lr=0.05)
    for _ in range(7):
        sgd.zero_grad()
        torch.nn.functional.mse_loss(w * x + b, y).backward()
        sgd.step()
    np.testing.assert_allclose(typed.fit_line(x, y, 0.05, 7), [w.item(), b.item()])
    np.testing.assert_allclose(typed.fit_line(x, y, steps=2000), np.polyfit(x, y, 1))


def test_kl_divergence_is_scipys_and_minds_zeros(rng):
    p, q = (torch.tensor(rng.dirichlet(np.ones(5))) for _ in range(2))
    assert typed.kl_divergence(p, q).item() == pytest.approx(stats.entropy(p, q))
    assert typed.kl_divergence(torch.tensor([1.0, 0.0]), torch.tensor([0.25, 0.75])).item() == pytest.approx(np.log(4))
    assert typed.kl_divergence(torch.tensor([0.5, 0.5]), torch.tensor([1.0, 0.0])).item() == np.inf
