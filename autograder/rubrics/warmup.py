"""How the exercises of the warm-up are judged.

Inputs are drawn from a coarse grid (multiples of ⅛), on which sums of squares are exact in any order.
"""

import math

import numpy as np
import torch
from torch import nn

from autograder.givens import doubles, grid
from autograder.reference import warmup as reference
from autograder.rubric import Rubric

SHAPES = "warmup#warmup-shapes"
BROADCASTING = "warmup#warmup-broadcasting"
PERMUTE = "warmup#warmup-permute"
GRADIENT = "warmup#warmup-gradient"
EXPECTATION = "warmup#warmup-expectation"
LIKELIHOOD = "warmup#warmup-likelihood"
KL = "warmup#warmup-kl"
TRAINING = "warmup#warmup-training"
PRACTICE = "warmup#warmup-practice"


# ── Channels first ────────────────────────────────────────────────────────────────────────────────────────────────────

channels_first = Rubric(
    reference.channels_first,
    title="Channels first",
    points=2,
    minutes=5,
    returns="a tensor of shape (n, channels, height, width)",
)


def images(rng, n, height, width, channels):
    """(n, height, width, channels): no two numbers are equal, so that none can be taken for another."""
    size = n * height * width * channels
    return (torch.tensor(rng.permutation(size), dtype=torch.float32) / size).reshape(n, height, width, channels)


@channels_first.given("two pictures, two rows, four columns, three colors")
def _(rng):
    return images(rng, 2, 2, 4, 3)


@channels_first.given("a single picture in the batch")
def _(rng):
    return images(rng, 1, 3, 2, 4)


@channels_first.given("square pictures", weight=2)
def _(rng):
    return images(rng, 2, 4, 4, 3)


@channels_first.given("as many rows as columns, colors and pictures: only the numbers can tell")
def _(rng):
    return images(rng, 3, 3, 3, 3)


@channels_first.given("gray pictures: a single channel", public=False)
def _(rng):
    return images(rng, 3, 5, 4, 1)


@channels_first.given("larger pictures, in double precision", public=False)
def _(rng):
    return doubles(images(rng, 4, 9, 7, 3))


@channels_first.mistake(
    "reshape for permute",
    question="Which number stands after the first pixel's red in the memory: the next pixel's red, or the first pixel's green?",
    hint="reshape keeps the order in memory and only cuts it anew, so red, green and blue end up side by side in one plane. "
    "To exchange axes, `permute` them.",
    section=PERMUTE,
)
def _(images):
    n, height, width, channels = images.shape
    return images.reshape(n, channels, height, width)


@channels_first.mistake(
    "Height and width exchanged",
    question="Follow one pixel: what were its row and its column before, and what are they in your answer?",
    hint="Exchanging axes 1 and 3 brings the channels forward but swaps rows and columns, so the picture lies on its side. "
    "Name all four: `permute(0, ?, ?, ?)`.",
    section=PERMUTE,
)
def _(images):
    return images.transpose(1, 3)


@channels_first.mistake(
    "The batch has been moved",
    question="Which axis counts the pictures in your answer?",
    hint="The first axis stays the batch: `permute` begins with 0.",
    section=PERMUTE,
)
def _(images):
    return images.permute(3, 0, 1, 2)


@channels_first.mistake(
    "The inverse permutation",
    question="Does entry k of `permute` say where the old axis k goes, or which old axis comes to place k?",
    hint="It says which old axis comes to place k. Place 1 of the answer is the channels, which are axis 3 now.",
    section=PERMUTE,
)
def _(images):
    return images.permute(0, 2, 3, 1)


@channels_first.mistake(
    "Permuted as if there were one picture",
    question="How many axes do the images have, and how many does your `permute` name?",
    hint="Four: batch, height, width, channels. `permute` needs each of them once, the batch too.",
    section=SHAPES,
)
def _(images):
    return images.permute(2, 0, 1)


@channels_first.mistake(
    "As they came",
    question="What is the size of axis 1 of your answer, and what should it be?",
    hint="`permute` does not change a tensor, it returns another view of it: `return images.permute(…)`.",
    section=PERMUTE,
)
def _(images):
    return images


@channels_first.alternative("with movedim")
def _(images):
    return images.movedim(-1, 1)


@channels_first.alternative("with einsum")
def _(images):
    return torch.einsum("nhwc->nchw", images)


@channels_first.alternative("with NumPy, one channel at a time")
def _(images):
    return np.stack([images.numpy()[..., c] for c in range(images.shape[3])], axis=1)


# ── All distances at once ─────────────────────────────────────────────────────────────────────────────────────────────

pairwise_distances = Rubric(
    reference.pairwise_distances,
    title="All distances at once",
    points=3,
    minutes=15,
    returns="a tensor of shape (n, m)",
    atol=1e-5,
)


@pairwise_distances.given("two points and three, in the plane")
def _(rng):
    return grid(rng, 2, 2), grid(rng, 3, 2)


@pairwise_distances.given("five points and two, three features")
def _(rng):
    return grid(rng, 5, 3), grid(rng, 2, 3)


@pairwise_distances.given("one feature")
def _(rng):
    return grid(rng, 4, 1), grid(rng, 3, 1)


@pairwise_distances.given("as many points on both sides as features")
def _(rng):
    return grid(rng, 3, 3), grid(rng, 3, 3)


@pairwise_distances.given("four points and a single one")
def _(rng):
    return grid(rng, 4, 2), grid(rng, 1, 2)


@pairwise_distances.given("from the points to themselves: zeros on the diagonal")
def _(rng):
    a = grid(rng, 4, 3)
    return a, a.clone()


@pairwise_distances.given("thirty points and seventeen, eight features", public=False)
def _(rng):
    return grid(rng, 30, 8), grid(rng, 17, 8)


@pairwise_distances.given("a single point and six", public=False)
def _(rng):
    return grid(rng, 1, 5), grid(rng, 6, 5)


@pairwise_distances.given("double precision (float64)", public=False, weight=0.5)
def _(rng):
    return doubles(grid(rng, 6, 4), grid(rng, 5, 4))


def differences(a, b):
    return a[:, None, :] - b[None, :, :]  # (n, m, d)


@pairwise_distances.mistake(
    "The root is missing",
    question="How far is (3, 4) from (0, 0), and what does your function say?",
    hint="You return the squares of the distances. Take the root of each sum: `.sqrt()`.",
    section=BROADCASTING,
)
def _(a, b):
    return differences(a, b).square().sum(dim=2)


@pairwise_distances.mistake(
    "The wrong axis is summed away",
    question="Your differences have the axes (n, m, d). Which of the three should be gone in the end?",
    hint="A distance adds up the features, the last axis: `sum(dim=2)`, or `dim=-1`.",
    section=SHAPES,
)
def _(a, b):
    return differences(a, b).square().sum(dim=1).sqrt()


@pairwise_distances.mistake(
    "The table lies on its side",
    question="Which of the two sets counts the rows of your answer?",
    hint="Row i belongs to point i of a, column j to point j of b: shape (n, m). Which of the two needs its new axis first?",
    section=BROADCASTING,
)
def _(a, b):
    return differences(b, a).norm(dim=2)


@pairwise_distances.mistake(
    "reshape for permute",
    question="In which order do your n·m pairs come: first all pairs of one point of a, or all pairs of one point of b?",
    hint="The pairs are right, but reshape cuts them into the wrong rows. Cut them as (m, n), then exchange the axes; or let "
    "broadcasting make the pairs.",
    section=PERMUTE,
)
def _(a, b):
    pairs = a.repeat(len(b), 1) - b.repeat_interleave(len(a), dim=0)  # for each b, all of a
    return pairs.norm(dim=1).reshape(len(a), len(b))


@pairwise_distances.mistake(
    "The absolute differences are added",
    question="Walking 3 east and 4 north, how far are you from where you began, in a straight line?",
    hint="5, not 7: square the differences, add, take the root.",
    section=BROADCASTING,
)
def _(a, b):
    return differences(a, b).abs().sum(dim=2)


@pairwise_distances.mistake(
    "The mean for the sum",
    question="Should two points move closer together when one more feature, in which they agree, is added?",
    hint="No: a distance sums over the features, `sum(dim=2)`; `mean` divides by d.",
    section=BROADCASTING,
)
def _(a, b):
    return differences(a, b).square().mean(dim=2).sqrt()


@pairwise_distances.mistake(
    "Each point meets its own number only",
    question="What are the shapes of a and b, aligned from the right, and which axis could stretch?",
    hint="(n, d) and (m, d): no axis of size 1 is there to be stretched. Make one in each: `a[:, None, :]` and `b[None, :, :]`.",
    section=BROADCASTING,
)
def _(a, b):
    return (a - b).norm(dim=1)


@pairwise_distances.alternative("with two loops")
def _(a, b):
    return torch.tensor([[math.dist(p, q) for q in b.tolist()] for p in a.tolist()])


@pairwise_distances.alternative("with torch.cdist")
def _(a, b):
    return torch.cdist(a, b)


@pairwise_distances.alternative("with einsum: |a|² + |b|² − 2 a·b")
def _(a, b):
    squares = (a**2).sum(1, keepdim=True) + (b**2).sum(1) - 2 * torch.einsum("nd,md->nm", a, b)
    return squares.clamp(min=0).sqrt()


@pairwise_distances.alternative("with NumPy, out and all")
def _(a, b):
    return np.linalg.norm(a.numpy()[:, None] - b.numpy()[None], axis=-1)


# ── One scale for all features ────────────────────────────────────────────────────────────────────────────────────────

standardize = Rubric(
    reference.standardize,
    title="One scale for all features",
    points=3,
    minutes=10,
    returns="a pair (train, test) of tensors, of shape (n, d) and (m, d)",
    atol=1e-5,
)


def split(rng, n, m, d):
    """train (n, d) and test (m, d): features of different place and width, the test set a little elsewhere; in each set every
    row and every column has a spread."""
    place, width = grid(rng, d, low=-4, high=4), 2.0 ** torch.tensor(rng.integers(-1, 3, d))
    while True:
        train, test = (
            place + width * grid(rng, n, d, low=-2, high=2),
            place + 1 + width * grid(rng, m, d, low=-2, high=2),
        )
        if all((part.std(dim=axis, correction=0) > 0.2).all() for part in (train, test) for axis in (0, 1)):
            return train, test


@standardize.given("four examples and two, three features")
def _(rng):
    return split(rng, 4, 2, 3)


@standardize.given("seven examples and five, two features")
def _(rng):
    return split(rng, 7, 5, 2)


@standardize.given("as many examples as features", weight=1.5)
def _(rng):
    return split(rng, 3, 2, 3)


@standardize.given("a test set far away from the training set")
def _(rng):
    train, test = split(rng, 6, 4, 2)
    return train, test + 8


@standardize.given("double precision (float64)", weight=0.5)
def _(rng):
    return doubles(*split(rng, 5, 3, 4))


@standardize.given("sixty examples and twenty, six features", public=False)
def _(rng):
    return split(rng, 60, 20, 6)


@standardize.given("a test set of one example", public=False, weight=1.5)
def _(rng):
    train, test = split(rng, 9, 4, 3)
    return train, test[:1]


@standardize.given("nine examples of nine features", public=False)
def _(rng):
    return split(rng, 9, 4, 9)


def scaled(x, of, dim=0, correction=0):
    """x by the mean and the spread of another set, along an axis."""
    return (x - of.mean(dim=dim, keepdim=True)) / of.std(dim=dim, keepdim=True, correction=correction)


@standardize.mistake(
    "Statistics of the test set",
    question="One new example arrives. What is its mean, and what is left of it when you subtract that?",
    hint="Nothing is left. The test set is measured by the training set's mean and spread: compute them once, from `train`, and use "
    "them twice.",
    section=PRACTICE,
)
def _(train, test):
    return scaled(train, train), scaled(test, test)


@standardize.mistake(
    "Each set by its own statistics, and n − 1 for n",
    question="Two things differ from the formula: on which set are μ and σ measured, and by what is the sum of squares divided?",
    hint="Both on `train`, also for the test set. And `std(dim=0)` divides by n − 1, where the formula has n: `correction=0`.",
    section=PRACTICE,
)
def _(train, test):
    by_one_less = [math.sqrt((len(part) - 1) / len(part)) for part in (train, test)]
    return scaled(train, train) * by_one_less[0], scaled(test, test) * by_one_less[1]


@standardize.mistake(
    "Statistics of both sets together",
    question="If an example of the test set changes, should anything change in what the model is trained on?",
    hint="No: what is trained on must not know the test set. Take mean and spread of `train` alone.",
    section=PRACTICE,
)
def _(train, test):
    both = torch.cat([train, test])
    return scaled(train, both), scaled(test, both)


@standardize.mistake(
    "Wrong axis: each example by itself",
    question="Rows are examples, columns are features. What should have mean 0 afterwards, a row or a column?",
    hint="A column. `mean(dim=0)` sums the examples away and leaves a number for each feature.",
    section=SHAPES,
)
def _(train, test):
    return scaled(train, train, dim=1), scaled(test, test, dim=1)


@standardize.mistake(
    "Wrong axis: the examples' means laid along the features",
    question="What is the shape of `train.mean(dim=1)`, and along which axis does it stretch when you subtract it?",
    hint="It is (n,), one number for each example, and aligned from the right it meets the features. With n = d nothing complains. "
    "You want `dim=0`.",
    section=BROADCASTING,
)
def _(train, test):
    mean, std = train.mean(dim=1), train.std(dim=1, correction=0)
    return (train - mean) / std, (test - mean) / std


@standardize.mistake(
    "One mean and one spread for all features",
    question="How many means do you need if d features are measured in d different units?",
    hint="d of them: `train.mean(dim=0)`. Without `dim` everything is summed away.",
    section=SHAPES,
)
def _(train, test):
    mean, std = train.mean(), train.std(correction=0)
    return (train - mean) / std, (test - mean) / std


@standardize.mistake(
    "Divided by the variance",
    question="If a feature is measured in cm, what is the unit of its variance, and what is the unit of your answer?",
    hint="cm², so your answer is in 1/cm. Divide by the standard deviation, the root of the variance.",
    section=EXPECTATION,
)
def _(train, test):
    mean, variance = train.mean(dim=0), train.var(dim=0, correction=0)
    return (train - mean) / variance, (test - mean) / variance


@standardize.mistake(
    "n − 1 for n",
    question="By what does `train.std(dim=0)` divide the sum of squares if you do not say so?",
    hint="By n − 1. Here the mean of the squares is wanted: `std(dim=0, correction=0)`.",
    section=EXPECTATION,
)
def _(train, test):
    return scaled(train, train, correction=1), scaled(test, train, correction=1)


@standardize.mistake(
    "The mean is not subtracted",
    question="What is the mean of each feature of your first answer?",
    hint="It should be 0. Subtract the mean first, then divide.",
    section=EXPECTATION,
)
def _(train, test):
    std = train.std(dim=0, correction=0)
    return train / std, test / std


@standardize.mistake(
    "The test set stays on its old scale",
    question="The model has learned on numbers around 0. What will it see in your test set?",
    hint="The test set gets the same treatment, with the training set's numbers: `(test - mean) / std`, both "
    "measured before train itself is changed.",
    section=PRACTICE,
)
def _(train, test):
    return scaled(train, train), test


@standardize.alternative("with loops and plain numbers")
def _(train, test):
    columns = []
    for column, other in zip(train.T.tolist(), test.T.tolist()):
        mean = sum(column) / len(column)
        std = math.sqrt(sum((v - mean) ** 2 for v in column) / len(column))
        columns.append(([(v - mean) / std for v in column], [(v - mean) / std for v in other]))
    return tuple(torch.tensor(part).T for part in zip(*columns))


@standardize.alternative("with NumPy, out and all")
def _(train, test):
    train, test = train.numpy(), test.numpy()
    return (train - train.mean(axis=0)) / train.std(axis=0), (test - train.mean(axis=0)) / train.std(axis=0)


@standardize.alternative("with scikit-learn's StandardScaler")
def _(train, test):
    from sklearn.preprocessing import StandardScaler

    scaler = StandardScaler().fit(train.numpy())
    return scaler.transform(train.numpy()), scaler.transform(test.numpy())


# ── How likely are these numbers? ─────────────────────────────────────────────────────────────────────────────────────

log_likelihood = Rubric(
    reference.log_likelihood,
    title="How likely are these numbers?",
    points=3,
    minutes=12,
    returns="a single number, of shape ()",
    rtol=1e-4,
    atol=1e-4,
)


def measured(rng, n, sigma, shift=0.0):
    """x (n,), μ (), σ (): numbers around μ + shift, none of them too near to it."""
    mu = grid(rng)
    while True:
        x = mu + shift + sigma * grid(rng, n, low=-2, high=2)
        if (x - mu).square().sum() > 0.5 * n * sigma**2:
            return x, mu, torch.tensor(sigma)


@log_likelihood.given("three numbers, σ = 2")
def _(rng):
    return measured(rng, 3, 2.0)


@log_likelihood.given("four numbers, σ = ½: the densities may exceed 1")
def _(rng):
    return measured(rng, 4, 0.5)


@log_likelihood.given("five numbers, σ = 1, far from μ = 0")
def _(rng):
    x, _, sigma = measured(rng, 5, 1.0)
    return x + 5, torch.tensor(0.0), sigma


@log_likelihood.given("one number, thirty σ away")
def _(rng):
    mu, sigma = grid(rng), torch.tensor(0.25)
    return (mu + 30 * sigma)[None], mu, sigma


@log_likelihood.given("four hundred numbers")
def _(rng):
    return measured(rng, 400, 1.5)


@log_likelihood.given("two numbers, in double precision (float64)", public=False, weight=0.5)
def _(rng):
    return doubles(*measured(rng, 2, 3.0))


@log_likelihood.given("three thousand numbers", public=False)
def _(rng):
    return measured(rng, 3000, 2.0, shift=1.0)


@log_likelihood.given("a very wide Gaussian", public=False)
def _(rng):
    return measured(rng, 6, 16.0)


def summands(x, mu, sigma):
    """The log density of each number, (n,)."""
    return -((x - mu) ** 2) / (2 * sigma**2) - sigma.log() - 0.5 * math.log(2 * math.pi)


def density(x, mu, sigma):
    return (-((x - mu) ** 2) / (2 * sigma**2)).exp() / (sigma * math.sqrt(2 * math.pi))


@log_likelihood.mistake(
    "The product is taken first, then the logarithm",
    question="The smallest number above 0 that float32 knows is about 10⁻⁴⁵. What becomes of exp(−450), and of four hundred densities of "
    "about 0.2 multiplied together?",
    hint="They are about 10⁻¹⁹⁵ and 10⁻²⁸⁰: both become 0, and the logarithm of 0 is −∞. Write the logarithm of each density without exp, and "
    "add.",
    section=LIKELIHOOD,
)
def _(x, mu, sigma):
    return density(x, mu, sigma).prod().log()


@log_likelihood.mistake(
    "exp first, then the logarithm",
    question="What is exp(−450) in float32, and what is its logarithm?",
    hint="0, and −∞. The logarithm undoes the exp of the density: write −(x−μ)²/2σ² as it stands, without either.",
    section=LIKELIHOOD,
)
def _(x, mu, sigma):
    return density(x, mu, sigma).log().sum()


@log_likelihood.mistake(
    "No logarithm",
    question="You return a product of densities. Which function turns a product into a sum?",
    hint="The logarithm. Return Σ log N(xᵢ), not Π N(xᵢ).",
    section=LIKELIHOOD,
)
def _(x, mu, sigma):
    return density(x, mu, sigma).prod()


@log_likelihood.mistake(
    "The mean for the sum",
    question="The likelihood of independent numbers is a product. What is its logarithm?",
    hint="A sum, over all numbers: `.sum()`. (Losses often take the mean, so that they do not grow with n.)",
    section=LIKELIHOOD,
)
def _(x, mu, sigma):
    return summands(x, mu, sigma).mean()


@log_likelihood.mistake(
    "The sign is reversed",
    question="Should your number grow or shrink when the Gaussian fits better?",
    hint="A log-likelihood grows with the fit. The negative one is a loss, which is not asked for here.",
    section=LIKELIHOOD,
)
def _(x, mu, sigma):
    return -summands(x, mu, sigma).sum()


@log_likelihood.mistake(
    "σ taken for σ²",
    question="What is the unit of (x − μ)², if x is in meters, and what must it be divided by so that the unit goes?",
    hint="By 2σ², in square meters: `2 * sigma**2`.",
    section=EXPECTATION,
)
def _(x, mu, sigma):
    return (-((x - mu) ** 2) / (2 * sigma) - sigma.log() - 0.5 * math.log(2 * math.pi)).sum()


@log_likelihood.mistake(
    "The 2 in the exponent is missing",
    question="How much lower than at its top is the logarithm of a Gaussian one σ away?",
    hint="By ½: the exponent is −(x−μ)²/(2σ²).",
    section=EXPECTATION,
)
def _(x, mu, sigma):
    return (-((x - mu) ** 2) / sigma**2 - sigma.log() - 0.5 * math.log(2 * math.pi)).sum()


@log_likelihood.mistake(
    "√2π is missing",
    question="What is the height of the bell with σ = 1 at its top, and what is the logarithm of that?",
    hint="1/√2π ≈ 0.399, with logarithm −½ log 2π ≈ −0.919; each of the n numbers brings it.",
    section=LIKELIHOOD,
)
def _(x, mu, sigma):
    return (summands(x, mu, sigma) + 0.5 * math.log(2 * math.pi)).sum()


@log_likelihood.mistake(
    "σ in front is forgotten",
    question="A bell twice as wide is how high at its top? Where does that appear in your sum?",
    hint="Half as high: the density has 1/σ in front, so its logarithm has −log σ, for each of the n numbers.",
    section=LIKELIHOOD,
)
def _(x, mu, sigma):
    return (summands(x, mu, sigma) + sigma.log()).sum()


@log_likelihood.mistake(
    "The root in front is forgotten",
    question="Is the factor in front of the bell 1/(2πσ²), or the root of that?",
    hint="The root: 1/√(2πσ²), so the logarithm is −½ log(2πσ²).",
    section=LIKELIHOOD,
)
def _(x, mu, sigma):
    return (-((x - mu) ** 2) / (2 * sigma**2) - (2 * math.pi * sigma**2).log()).sum()


@log_likelihood.mistake(
    "The constants are counted once",
    question="The density of every number has 1/(σ√2π) in front. How many such factors are in the product of n densities?",
    hint="n of them. So −log σ − ½ log 2π counts n times: inside the sum, or multiplied by `len(x)`.",
    section=LIKELIHOOD,
)
def _(x, mu, sigma):
    return -((x - mu) ** 2).sum() / (2 * sigma**2) - sigma.log() - 0.5 * math.log(2 * math.pi)


@log_likelihood.mistake(
    "Multiplied by σ² instead of divided",
    question="What is `1 / 2 * 3**2` in Python: 1/18, or 4.5?",
    hint="4.5: Python goes from left to right, so `/ 2 * sigma**2` divides by 2 and multiplies by σ². Put brackets: `/ (2 * sigma**2)`.",
    section=LIKELIHOOD,
)
def _(x, mu, sigma):
    return (-((x - mu) ** 2) / 2 * sigma**2 - sigma.log() - 0.5 * math.log(2 * math.pi)).sum()


@log_likelihood.mistake(
    "One number for each point",
    question="How many numbers should come back, and how many do you return?",
    hint="One: add them up with `.sum()`.",
    section=SHAPES,
)
def _(x, mu, sigma):
    return summands(x, mu, sigma)


@log_likelihood.mistake(
    "The root of 2π is lost",
    question="What is log √(2π): how much of log 2π?",
    hint="Half of it, for √u is u to the power of ½. Each of the n numbers brings −½ log 2π.",
    section=LIKELIHOOD,
)
def _(x, mu, sigma):
    return (summands(x, mu, sigma) - 0.5 * math.log(2 * math.pi)).sum()


@log_likelihood.mistake(
    "Neither of the two constants",
    question="What does your function say of a number that is exactly μ, and how high is the bell there?",
    hint="It says 0, but the bell is 1/(σ√2π) high. Its logarithm, −log σ − ½ log 2π, belongs to each of the n numbers.",
    section=LIKELIHOOD,
)
def _(x, mu, sigma):
    return (-((x - mu) ** 2) / (2 * sigma**2)).sum()


@log_likelihood.alternative("with torch.distributions")
def _(x, mu, sigma):
    return torch.distributions.Normal(mu, sigma).log_prob(x).sum()


@log_likelihood.alternative("with a loop and plain numbers")
def _(x, mu, sigma):
    total, mu, sigma = 0.0, mu.item(), sigma.item()
    for value in x.tolist():
        total -= (value - mu) ** 2 / (2 * sigma**2) + math.log(sigma) + 0.5 * math.log(2 * math.pi)
    return total


@log_likelihood.alternative("from mean and variance alone, in NumPy")
def _(x, mu, sigma):
    x, mu, sigma = (v.double().numpy() for v in (x, mu, sigma))
    return -len(x) * (0.5 * np.log(2 * np.pi * sigma**2) + (x.var() + (x.mean() - mu) ** 2) / (2 * sigma**2))


# ── Find the bug ──────────────────────────────────────────────────────────────────────────────────────────────────────

next_letter = Rubric(
    reference.next_letter,
    title="Find the bug: a writer in love with rare letters",
    points=3,
    minutes=10,
    returns="a tensor of shape (k, k) whose rows sum to 1",
)


def table(rng, k, high=12):
    """(k, k) counts, some of them 0, whose rows and columns have sums of their own."""
    while True:
        counts = torch.tensor(rng.integers(0, high, (k, k)), dtype=torch.float32)
        sums = torch.cat([counts.sum(dim=0), counts.sum(dim=1)])
        if (counts == 0).any() and sums.min() > 0 and len(set(sums.tolist())) == 2 * k and (counts != counts.T).any():
            return counts


@next_letter.given("two letters")
def _(rng):
    return table(rng, 2)


@next_letter.given("three letters")
def _(rng):
    return table(rng, 3)


@next_letter.given("five letters, large counts")
def _(rng):
    return table(rng, 5, high=400)


@next_letter.given("a letter that is always followed by the same one")
def _(rng):
    counts = table(rng, 4, high=50)
    counts[1] = 0
    counts[1, 2] = float(rng.integers(51, 90))
    return counts


@next_letter.given("twelve letters", public=False)
def _(rng):
    return table(rng, 12, high=1000)


@next_letter.given("six letters, in double precision (float64)", weight=0.5)
def _(rng):
    return doubles(table(rng, 6, high=100))


@next_letter.mistake(
    "The planted fault is still there",
    question="What is the shape of the sums, and with which axis of the table are they aligned?",
    hint="(k,), and aligned from the right it meets the columns: column j is divided by the sum of row j. `keepdim=True` keeps the sums "
    "in a column.",
    section=BROADCASTING,
)
def _(counts):
    return counts / counts.sum(dim=1)


@next_letter.mistake(
    "Columns for rows",
    question="Row i says what followed letter i. Which sums should come out as 1?",
    hint="Those of the rows: sum the columns away, `dim=1`. `dim=0` answers another question: what came before letter j.",
    section=SHAPES,
)
def _(counts):
    return counts / counts.sum(dim=0)


@next_letter.mistake(
    "Row i divided by the sum of column i",
    question="You kept the axis, but which one did you sum away?",
    hint="`dim=0` sums over the rows. For the sums of the rows sum over the columns: `dim=1`.",
    section=SHAPES,
)
def _(counts):
    return counts / counts.sum(dim=0)[:, None]


@next_letter.mistake(
    "Divided by the sum of the whole table",
    question="What do all numbers of your answer sum to, and what should one row sum to?",
    hint="You give the probability of a pair. Given the first letter, its row alone must sum to 1.",
    section=SHAPES,
)
def _(counts):
    return counts / counts.sum()


@next_letter.mistake(
    "softmax for shares",
    question="A letter was never seen after another: count 0. What probability do you give it?",
    hint="softmax gives every letter something, and grows exponentially with the count. Here probabilities are shares: divide by the sum.",
    section=BROADCASTING,
)
def _(counts):
    return counts.softmax(dim=1)


@next_letter.mistake(
    "The answer lies on its side",
    question="Do the rows of your answer sum to 1, or its columns?",
    hint="The numbers are right, but row i of the answer must belong to letter i: do not transpose at the end.",
    section=PERMUTE,
)
def _(counts):
    return (counts / counts.sum(dim=1, keepdim=True)).T


@next_letter.alternative("row by row")
def _(counts):
    return torch.stack([row / row.sum() for row in counts])


@next_letter.alternative("with einsum")
def _(counts):
    return torch.einsum("ij,i->ij", counts, 1 / counts.sum(1))


@next_letter.alternative("with torch.nn.functional.normalize")
def _(counts):
    return nn.functional.normalize(counts, p=1, dim=1)


@next_letter.alternative("with NumPy, out and all")
def _(counts):
    counts = counts.numpy()
    return counts / counts.sum(axis=1)[:, None]


# ── A line in five lines ──────────────────────────────────────────────────────────────────────────────────────────────

fit_line = Rubric(
    reference.fit_line,
    title="A line, found by five lines",
    points=5,
    minutes=25,
    returns="a pair (w, b) of numbers, each of shape ()",
    atol=1e-5,
    seconds=6.0,  # the first use of torch.optim in a process imports for 1.5 s
)


def noisy_line(rng, n, low=-2, high=2, noise=0.5):
    """x (n,), y (n,): a line, a good deal off the origin and steep, with some noise; x has a mean of its own."""
    w, b = rng.choice([-1, 1], 2) * rng.uniform(1, 3, 2)
    while True:
        x = grid(rng, n, low=low, high=high)
        if n == 1 or (x.std() > 0.5 and x.mean().abs() > 0.15):
            y = w * x + b + noise * torch.tensor(rng.normal(size=n))
            return x, y.to(torch.float32).mul(8).round() / 8


@fit_line.given("four points, one step")
def _(rng):
    return *noisy_line(rng, 4), 0.1, 1


@fit_line.given("three points, two steps")
def _(rng):
    return *noisy_line(rng, 3), 0.125, 2


@fit_line.given("five points, three small steps")
def _(rng):
    return *noisy_line(rng, 5), 0.02, 3


@fit_line.given("six points, a hundred steps, the learning rate not given")
def _(rng):
    return noisy_line(rng, 6)


@fit_line.given("no noise and five hundred steps: the very line", weight=1.5)
def _(rng):
    return *noisy_line(rng, 7, noise=0.0), 0.1, 500


@fit_line.given("forty points, twenty steps", public=False)
def _(rng):
    return *noisy_line(rng, 40), 0.05, 20


@fit_line.given("all points on one side, slow to learn", public=False)
def _(rng):
    return *noisy_line(rng, 12, low=1, high=3), 0.02, 60


@fit_line.given("a single point", public=False, weight=0.5)
def _(rng):
    return *noisy_line(rng, 1), 0.03, 10


def descend(x, y, lr, steps, loss, sign=-1, zero=True):
    """Gradient descent on loss(w, b) from zero."""
    w, b = x.new_zeros((), requires_grad=True), x.new_zeros((), requires_grad=True)
    for _ in range(steps):
        if zero:
            w.grad = b.grad = None
        loss(w, b).backward()
        with torch.no_grad():
            w += sign * lr * w.grad
            b += sign * lr * b.grad
    return w.detach(), b.detach()


def squared(x, y):
    return lambda w, b: ((w * x + b - y) ** 2).mean()


@fit_line.mistake(
    "zero_grad forgotten",
    question="After the second `backward()`, what does `w.grad` hold: the second gradient, or the sum of both?",
    hint="The sum: `backward` adds to what is there. Clear the gradients before each `backward`: `optimizer.zero_grad()`, or "
    "`w.grad = None`.",
    section=PRACTICE,
)
def _(x, y, lr=0.1, steps=100):
    return descend(x, y, lr, steps, squared(x, y), zero=False)


@fit_line.mistake(
    "(n, 1) against (n,)",
    question="What is the shape of `y_hat - y` in your loop? Print it.",
    hint="(n, n): the prediction is a column and y is not, so every prediction is compared with every y, and the slope is pulled to 0. "
    "Bring both to one shape, with `squeeze(1)` or `y[:, None]`.",
    section=BROADCASTING,
)
def _(x, y, lr=0.1, steps=100):
    return descend(x, y, lr, steps, lambda w, b: (((w * x + b)[:, None] - y) ** 2).mean())


@fit_line.mistake(
    "The sum for the mean",
    question="How does the length of a step change if every point is there twice?",
    hint="It should not change: the loss is the mean of the squares, `.mean()`. With the sum a step is n times as long.",
    section=TRAINING,
)
def _(x, y, lr=0.1, steps=100):
    return descend(x, y, lr, steps, lambda w, b: ((w * x + b - y) ** 2).sum())


@fit_line.mistake(
    "Uphill",
    question="In which direction does the gradient point, and in which do you walk?",
    hint="It points uphill. Subtract it: `w -= lr * w.grad`.",
    section=GRADIENT,
)
def _(x, y, lr=0.1, steps=100):
    return descend(x, y, lr, steps, squared(x, y), sign=+1)


@fit_line.mistake(
    "The bias never moves",
    question="What is b at the end? Can a line through the origin be the answer here?",
    hint="b is a parameter too: it has a gradient, and takes the same kind of step.",
    section=TRAINING,
)
def _(x, y, lr=0.1, steps=100):
    return descend(x, y, lr, steps, lambda w, b: ((w * x + 0 * b - y) ** 2).mean())


@fit_line.mistake(
    "Half the gradient",
    question="What is the derivative of (w x + b − y)² with respect to b?",
    hint="2 (w x + b − y). The 2 is part of it (some books put ½ in front of the loss to get rid of it).",
    section=GRADIENT,
)
def _(x, y, lr=0.1, steps=100):
    return descend(x, y, lr / 2, steps, squared(x, y))


@fit_line.mistake(
    "The second gradient is taken after the first has moved",
    question="At which w do you compute the gradient of b: at the one before the step, or after it?",
    hint="Both belong to the same place: compute both gradients first, then move both.",
    section=GRADIENT,
)
def _(x, y, lr=0.1, steps=100):
    w = b = x.new_zeros(())
    for _ in range(steps):
        w = w - lr * 2 * ((w * x + b - y) * x).mean()
        b = b - lr * 2 * (w * x + b - y).mean()
    return w, b


@fit_line.mistake(
    "The slope is moved from where the intercept already is",
    question="At which b do you compute the gradient of w: at the one before the step, or after it?",
    hint="Both belong to the same place: compute both gradients first, then move both.",
    section=GRADIENT,
)
def _(x, y, lr=0.1, steps=100):
    w = b = x.new_zeros(())
    for _ in range(steps):
        b = b - lr * 2 * (w * x + b - y).mean()
        w = w - lr * 2 * ((w * x + b - y) * x).mean()
    return w, b


@fit_line.mistake(
    "The absolute error for the squared one",
    question="How large is your gradient when the line is far off, and how large when it is nearly right?",
    hint="With the absolute error it is equally large in both cases. Here the mean of the *squares* goes down: `((y_hat - y) ** 2).mean()`.",
    section=TRAINING,
)
def _(x, y, lr=0.1, steps=100):
    return descend(x, y, lr, steps, lambda w, b: (w * x + b - y).abs().mean())


@fit_line.mistake(
    "Slope and intercept exchanged",
    question="Which of the two numbers that you return is the slope?",
    hint="The numbers are right, their order is not: return w first, then b.",
    section=TRAINING,
)
def _(x, y, lr=0.1, steps=100):
    return descend(x, y, lr, steps, squared(x, y))[::-1]


@fit_line.mistake(
    "The shapes that nn.Linear keeps",
    question="What is the shape of the weight of `nn.Linear(1, 1)`, and what shape is wanted?",
    hint="The weight is (out, in) = (1, 1) and the bias (1,). Single numbers, of shape (), are wanted: `.squeeze()` or `.item()`.",
    section=SHAPES,
)
def _(x, y, lr=0.1, steps=100):
    w, b = descend(x, y, lr, steps, squared(x, y))
    return w.reshape(1, 1), b.reshape(1)


@fit_line.mistake(
    "The step makes a new tensor",
    question="After `w = w - lr * w.grad`, is w still the tensor whose gradient `backward` fills?",
    hint="No: it is a new one, computed from the old, and its `.grad` is None. Change w in place, `w -= lr * w.grad`, inside "
    "`with torch.no_grad():`.",
    section=GRADIENT,
)
def _(x, y, lr=0.1, steps=100):
    w, b = descend(x, y, lr, min(steps, 1), squared(x, y))
    if steps > 1:
        w - lr * w.grad  # None from the second step on
    return w, b


@fit_line.mistake(
    "One step too few",
    question="How often does your loop body run if steps is 1?",
    hint="`range(steps)` runs it steps times; `range(1, steps)` once less.",
    section=TRAINING,
)
def _(x, y, lr=0.1, steps=100):
    return descend(x, y, lr, steps - 1, squared(x, y))


@fit_line.mistake(
    "One step too many",
    question="How often does your loop body run if steps is 1?",
    hint="`range(steps)` runs it steps times; `range(steps + 1)` and `while t <= steps` from 0 run it once more.",
    section=TRAINING,
)
def _(x, y, lr=0.1, steps=100):
    return descend(x, y, lr, steps + 1, squared(x, y))


@fit_line.alternative("with nn.Linear and SGD")
def _(x, y, lr=0.1, steps=100):
    model = nn.Linear(1, 1)
    nn.init.zeros_(model.weight)
    nn.init.zeros_(model.bias)
    optimizer = torch.optim.SGD(model.parameters(), lr=lr)
    for _ in range(steps):
        loss = nn.functional.mse_loss(model(x[:, None]).squeeze(1), y)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    return model.weight.squeeze(), model.bias.squeeze()


@fit_line.alternative("by the derivatives, with plain numbers")
def _(x, y, lr=0.1, steps=100):
    w = b = 0.0
    pairs = list(zip(x.tolist(), y.tolist()))
    for _ in range(steps):
        errors = [w * xi + b - yi for xi, yi in pairs]
        w_gradient = 2 * sum(e * xi for e, (xi, _) in zip(errors, pairs)) / len(pairs)
        b_gradient = 2 * sum(errors) / len(pairs)
        w, b = w - lr * w_gradient, b - lr * b_gradient
    return w, b


@fit_line.alternative("by the derivatives, in NumPy")
def _(x, y, lr=0.1, steps=100):
    X, y = np.stack([x.numpy(), np.ones(len(x))], axis=1), y.numpy()
    v = np.zeros(2)
    for _ in range(steps):
        v = v - lr * 2 * X.T @ (X @ v - y) / len(y)
    return v[0], v[1]


# ── Stretch: the price of a wrong belief ──────────────────────────────────────────────────────────────────────────────

kl_divergence = Rubric(
    reference.kl_divergence,
    title="Stretch: the price of a wrong belief",
    points=0,
    minutes=10,
    returns="a single number, of shape ()",
    atol=1e-5,
)


def two_beliefs(rng, k):
    """p and q, (k,), no two entries alike."""
    p, q = (torch.tensor(rng.dirichlet(np.full(k, 2.0)) * 0.9 + 0.1 / k, dtype=torch.float32) for _ in range(2))
    return p, q


@kl_divergence.given("three outcomes")
def _(rng):
    return two_beliefs(rng, 3)


@kl_divergence.given("six outcomes")
def _(rng):
    return two_beliefs(rng, 6)


@kl_divergence.given("something that never happens: p has a 0")
def _(rng):
    p, q = two_beliefs(rng, 4)
    p[1] = 0
    return p / p.sum(), q


@kl_divergence.given("a coin that always falls on heads")
def _(rng):
    q = float(rng.uniform(0.2, 0.7))
    return torch.tensor([1.0, 0.0]), torch.tensor([q, 1 - q])


@kl_divergence.given("no price: q is p")
def _(rng):
    p, _ = two_beliefs(rng, 5)
    return p, p.clone()


@kl_divergence.given("q rules out what happens")
def _(rng):
    p, q = two_beliefs(rng, 4)
    q[2] = 0
    return p, q / q.sum()


@kl_divergence.given("forty outcomes, in double precision", public=False)
def _(rng):
    return doubles(*two_beliefs(rng, 40))


@kl_divergence.mistake(
    "p and q exchanged",
    question="Over which of the two is the average taken: over what is true, or over what is believed?",
    hint="What happens follows p, so p stands in front of the logarithm: Σ p log(p/q).",
    section=KL,
)
def _(p, q):
    return torch.where(q > 0, q * (q / p).log(), 0.0).sum()


@kl_divergence.mistake(
    "p and q exchanged, the zeros of p left out",
    question="Over which of the two is the average taken: over what is true, or over what is believed?",
    hint="The mask is right. But what happens follows p, so p stands in front of the logarithm: Σ p log(p/q).",
    section=KL,
)
def _(p, q):
    return torch.where(p > 0, q * (q / p).log(), 0.0).sum()


@kl_divergence.mistake(
    "0 log 0 is nan",
    question="What is `0 * torch.log(torch.tensor(0.))`, and what should it count?",
    hint="0 · (−∞) is nan. What never happens costs nothing: leave these terms out, with `torch.where` or a mask.",
    section=KL,
)
def _(p, q):
    return (p * (p / q).log()).sum()


@kl_divergence.mistake(
    "Cross-entropy",
    question="What does your function say if q is p, and what should a price for being wrong be then?",
    hint="0. You have −Σ p log q; the part that p costs by itself, −Σ p log p, is still in it.",
    section=KL,
)
def _(p, q):
    return -(p * q.log()).sum()


@kl_divergence.mistake(
    "The sign is reversed",
    question="Can it cost less than nothing to believe something false?",
    hint="It is never negative: p/q stands in the logarithm, not q/p.",
    section=KL,
)
def _(p, q):
    return -torch.where(p > 0, p * (p / q).log(), 0.0).sum()


@kl_divergence.mistake(
    "The mean for the sum",
    question="Is each outcome as probable as every other?",
    hint="p is the weight of each outcome already: sum, do not average again.",
    section=KL,
)
def _(p, q):
    return torch.where(p > 0, p * (p / q).log(), 0.0).mean()


@kl_divergence.mistake(
    "Bits for nats",
    question="Which logarithm does the notation of this book mean by log?",
    hint="The natural one: `torch.log`. With log₂ the answer is in bits.",
    section=KL,
)
def _(p, q):
    return torch.where(p > 0, p * (p / q).log2(), 0.0).sum()


@kl_divergence.mistake(
    "What q rules out is left out",
    question="What should it cost to hold for impossible what does happen?",
    hint="Infinitely much. Only where p is 0 a term may be left out; where q alone is 0, p/q is infinite, and so is its logarithm.",
    section=KL,
)
def _(p, q):
    return torch.where((p > 0) & (q > 0), p * (p / q).log(), 0.0).sum()


@kl_divergence.alternative("with a loop and plain numbers")
def _(p, q):
    total = 0.0
    for a, b in zip(p.tolist(), q.tolist()):
        if a > 0:
            total += a * (math.log(a / b) if b > 0 else math.inf)
    return total


@kl_divergence.alternative("with torch.distributions")
def _(p, q):
    make = torch.distributions.Categorical
    return (
        nn.functional.kl_div(q.log(), p, reduction="sum")
        if (p == 0).any()
        else torch.distributions.kl_divergence(make(p), make(q))
    )


@kl_divergence.alternative("with xlogy")
def _(p, q):
    return (torch.special.xlogy(p, p) - torch.special.xlogy(p, q)).sum()
