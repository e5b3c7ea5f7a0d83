"""How the machine's part of Part II's project is judged: reproducible from a clean kernel. A person grades the rest.

As in Part I's project, the referee asks twice, with other random numbers drawn before each; the second time it shows
every second image only. An answer may hang on the image and the seed, and on nothing else.
"""

import numpy as np
import torch
import torch.nn.functional as F

from autograder.reference import project_vision as reference
from autograder.rubric import Kept, Rubric
from coursekit.cases.project_vision import deal

REPRODUCIBLE = "project_vision#project-vision-reproducible"

Study = Rubric(
    reference.Study,
    title="Reproduce it",
    points=4,
    minutes=30,
    returns="from `predict`: the class of each image of x_test, integers, shape (m,); from `group`: whether each image "
    "belongs, booleans, shape (m,); in `reported`: five pairs of shares",
    kinds="ifb",
    seconds=20,
    when="twice",
    then="reproduced",
)


def dealt(seed):
    x, y, x_test, y_test = deal(seed, "final")
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
    "The answer hangs on more than the image and the seed",
    question="Restart the kernel, run the experiment twice, and once on half of the test images: does every image get "
    "the same answer?",
    hint="Two things do this. Random numbers that the seed does not govern: begin `predict` with "
    "`torch.manual_seed(seed)`, before the network is made. And numbers taken from the test images together: a network "
    "with batch norm that is not in `eval` mode, or a mean over `x_test`.",
    section=REPRODUCIBLE,
)
class _(Mistaken):
    def predict(self, x, y, x_test, seed):
        return super().predict(x, y, x_test, int(torch.randint(2**31, ())))


@Study.mistake(
    "The group is a share of the images, not a kind of image",
    question="Tomorrow a single image comes in. How do you tell whether it belongs to the group?",
    hint="Compare with a fixed number, chosen on the development part, not with a quantile or the mean of the images "
    "that happen to be there.",
    section=REPRODUCIBLE,
)
class _(Mistaken):
    def group(self, x):
        ink = x.mean(dim=(1, 2, 3))
        return ink < ink.quantile(0.25)


@Study.mistake(
    "Nothing is reported",
    question="Which accuracies should a reader of your table find when they run seed 0?",
    hint="Run `predict` on `deal(s, 'final')` for the five seeds. Write the share of right answers inside the group and "
    "the share outside into `reported`, as a pair for each seed.",
    section=REPRODUCIBLE,
)
class _(Mistaken):
    def reported(self):
        return dict.fromkeys(range(5), (0.0, 0.0))


@Study.mistake(
    "Percent for shares",
    question="Is 0.93 or 93 the share of right answers?",
    hint="`reported` holds shares between 0 and 1: `(predicted == y_test)[group].float().mean().item()`.",
    section=REPRODUCIBLE,
)
class _(Mistaken):
    def reported(self):
        return {seed: (100 * inside, 100 * outside) for seed, (inside, outside) in super().reported().items()}


@Study.mistake(
    "Inside and outside are swapped",
    question="Which of your two numbers is the harder group's?",
    hint="Each pair is (share of right answers in the group, share of right answers on all others), in this order.",
    section=REPRODUCIBLE,
)
class _(Mistaken):
    def reported(self):
        return {seed: (outside, inside) for seed, (inside, outside) in super().reported().items()}


@Study.mistake(
    "The numbers are those of a better run",
    question="From which version of your code are the numbers in `reported`?",
    hint="Numbers must come from the code that you hand in, and from the final part. Restart the kernel, run everything, "
    "copy them again. If you kept the best of several runs for each seed, report the first.",
    section=REPRODUCIBLE,
)
class _(Mistaken):
    def reported(self):
        return {seed: (inside + 0.06, outside + 0.03) for seed, (inside, outside) in super().reported().items()}


@Study.mistake(
    "The accuracy on the training images is reported",
    question="Are these accuracies on images that the classifier has not learned from?",
    hint="An accuracy on the 700 labeled images is near 1 and says nothing. Test on `x_test`.",
    section=REPRODUCIBLE,
)
class _(Mistaken):
    def reported(self):
        return dict.fromkeys(range(5), (1.0, 1.0))


@Study.alternative("nearest neighbor: nothing random")
class _:
    def group(self, x):
        return x.flatten(1).max(dim=1).values < 0.7

    def reported(self):
        return {0: (0.788, 0.803), 1: (0.733, 0.781), 2: (0.682, 0.795), 3: (0.697, 0.762), 4: (0.680, 0.778)}

    def predict(self, x, y, x_test, seed):
        return y[torch.cdist(x_test.flatten(1), x.flatten(1)).argmin(dim=1)]


@Study.alternative("the nearest class mean, in NumPy")
class _:
    def group(self, x):
        return (np.asarray(x).reshape(len(x), -1).mean(axis=1) > 0.42).astype(int)

    def reported(self):
        return {
            0: (np.float64(0.854), 0.691),
            1: [0.762, 0.685],
            2: (0.867, 0.681),
            3: (0.796, 0.664),
            4: np.array([0.872, 0.678]),
        }

    def predict(self, x, y, x_test, seed):
        x, y, x_test = (np.asarray(v.flatten(1) if v.ndim > 1 else v) for v in (x, y, x_test))
        means = np.stack([x[y == k].mean(axis=0) for k in range(10)])
        return ((x_test[:, None] - means) ** 2).sum(axis=2).argmin(axis=1)


@Study.alternative("a network, seeded by hand")
class _:
    def group(self, x):
        return x.mean(dim=(1, 2, 3)) > 0.36

    def reported(self):
        return {0: (0.698, 0.696), 1: (0.674, 0.750), 2: (0.637, 0.640), 3: (0.726, 0.657), 4: (0.692, 0.686)}

    def predict(self, x, y, x_test, seed):
        torch.manual_seed(seed)
        layers = torch.nn.Conv2d(1, 6, 3, stride=2), torch.nn.BatchNorm2d(6), torch.nn.ReLU(), torch.nn.Flatten()
        network = torch.nn.Sequential(*layers, torch.nn.Linear(54, 10))
        optimizer = torch.optim.Adam(network.parameters(), lr=0.03)
        for _ in range(60):
            loss = F.cross_entropy(network(x), y)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
        network.eval()
        return network(x_test).argmax(dim=1)
