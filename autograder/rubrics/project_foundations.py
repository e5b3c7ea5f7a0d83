"""How the machine's part of Part I's project is judged: reproducible from a clean kernel. A person grades the rest.

The referee runs the notebook from the top in a new process, so the kernel is clean. Then it asks for a prediction
twice, with other random numbers drawn before each, on splits that the student reports and on one that nobody chose.
"""

import numpy as np
import torch
import torch.nn.functional as F

from autograder.reference import project_foundations as reference
from autograder.rubric import Kept, Rubric
from coursekit.cases.project_foundations import split

REPRODUCIBLE = "project_foundations#project-foundations-reproducible"

Study = Rubric(
    reference.Study,
    title="Reproduce it",
    points=4,
    minutes=30,
    returns="from `predict`: the class of each image of x_test, integers, shape (m,); in `reported`: five shares",
    kinds="if",
    seconds=20,
    when="twice",
    then="reproduced",
)


def dealt(seed):
    x, y, x_test, y_test = split(seed, "final")
    return Kept((x, y, x_test, seed), y_test)


@Study.given("seed 0, twice")
def _(rng):
    return dealt(0)


@Study.given("seed 3, twice")
def _(rng):
    return dealt(3)


@Study.given("a seed that nobody chose", weight=2, public=False)
def _(rng):
    return dealt(int(rng.integers(1000, 1_000_000)))


class Mistaken(reference.Study):
    """The reference, for others to go wrong in one place."""


@Study.mistake(
    "The seed is not used",
    question="Restart the kernel and run the experiment twice: are the two results the same to the last digit?",
    hint="Begin `predict` with `torch.manual_seed(seed)`, before the network is made: its first weights are random, too. "
    "If you use NumPy's random numbers, seed those as well.",
    section=REPRODUCIBLE,
)
class _(Mistaken):
    def predict(self, x, y, x_test, seed):
        return super().predict(x, y, x_test, int(torch.randint(2**31, ())))


@Study.mistake(
    "Nothing is reported",
    question="Which accuracy should a reader of your table find when they run seed 0?",
    hint="Run `predict` on `split(s, 'final')` for the five seeds, and write the five shares into `reported`.",
    section=REPRODUCIBLE,
)
class _(Mistaken):
    def reported(self):
        return dict.fromkeys(range(5), 0.0)


@Study.mistake(
    "Percent for shares",
    question="Is 0.93 or 93 the share of right answers?",
    hint="`reported` holds shares between 0 and 1: `(predicted == y_test).float().mean().item()`.",
    section=REPRODUCIBLE,
)
class _(Mistaken):
    def reported(self):
        return {seed: 100 * share for seed, share in super().reported().items()}


@Study.mistake(
    "The numbers are those of a better run",
    question="From which version of your code are the numbers in `reported`?",
    hint="Numbers must come from the code that you hand in. Restart the kernel, run everything, copy them again. If you "
    "kept the best of several runs for each seed, report the first.",
    section=REPRODUCIBLE,
)
class _(Mistaken):
    def reported(self):
        return {seed: share + 0.03 for seed, share in super().reported().items()}


@Study.mistake(
    "The accuracy on the training images is reported",
    question="Are these accuracies on images that the classifier has not learned from?",
    hint="An accuracy on the hundred training images is near 1 and says nothing. Test on `x_test`.",
    section=REPRODUCIBLE,
)
class _(Mistaken):
    def reported(self):
        return dict.fromkeys(range(5), 1.0)


@Study.alternative("the baseline itself: nothing random")
class _:
    def reported(self):
        return {0: 0.915, 1: 0.897, 2: 0.920, 3: 0.922, 4: 0.919}

    def predict(self, x, y, x_test, seed):
        return y[torch.cdist(x_test.flatten(1), x.flatten(1)).argmin(dim=1)]


@Study.alternative("the nearest class mean, in NumPy")
class _:
    def reported(self):
        return {0: np.float64(0.861), 1: 0.854, 2: 0.810, 3: 0.885, 4: 0.860}

    def predict(self, x, y, x_test, seed):
        x, y, x_test = (np.asarray(v.flatten(1) if v.ndim > 1 else v) for v in (x, y, x_test))
        means = np.stack([x[y == k].mean(axis=0) for k in range(10)])
        return ((x_test[:, None] - means) ** 2).sum(axis=2).argmin(axis=1)


@Study.alternative("softmax regression, seeded by hand")
class _:
    def reported(self):
        return {0: 0.871, 1: 0.886, 2: 0.861, 3: 0.885, 4: 0.877}

    def predict(self, x, y, x_test, seed):
        torch.manual_seed(seed)
        layer = torch.nn.Linear(64, 10)
        optimizer = torch.optim.Adam(layer.parameters(), lr=0.1)
        for _ in range(60):
            loss = F.cross_entropy(layer(x.flatten(1)), y)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
        return layer(x_test.flatten(1)).argmax(dim=1)
