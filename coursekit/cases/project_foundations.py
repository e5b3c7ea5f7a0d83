"""How the project of Part I is observed and judged: does its code give the numbers that it reports?

*When*: `twice`. *Then*: `reproduced`. And `split`, which deals out the data, to students and to the referee alike.
"""

from ..compare import show
from ..exercise import Verdict

SEEDS = range(5)  # whose results are reported
ROUNDING = 0.02  # another machine adds in another order: a few images of eight hundred may change sides
CHANCE = 0.08  # no split that nobody chose is so much harder than five others


def split(seed, part="development"):
    """A hundred labeled digits, ten of each class, and the rest of that half of the data to test on.

    part: "development" to try things on, "final" for the numbers that you report. The halves share no image.
    seed: which hundred. → x (100, 1, 8, 8), y (100,), x_test (m, 1, 8, 8), y_test (m,)
    """
    import torch

    from .. import data

    digits = data.load("digits")
    order = torch.randperm(len(digits.y), generator=torch.Generator().manual_seed(0))
    half = order[{"development": slice(898), "final": slice(898, None)}[part]]
    half = half[torch.randperm(len(half), generator=torch.Generator().manual_seed(seed))]
    labeled = torch.cat([half[digits.y[half] == k][:10] for k in range(10)])
    rest = half[~torch.isin(half, labeled)]
    return digits.x[labeled], digits.y[labeled], digits.x[rest], digits.y[rest]


def twice(study, x, y, x_test, seed):
    """*When*: predict twice, each time as in a kernel that has drawn other random numbers before.
    → the predictions (m,), again the predictions, and what is reported for this seed (for another: the mean)"""
    import random

    import numpy as np
    import torch

    before = random.getstate(), np.random.get_state(), torch.random.get_rng_state()
    answers = []
    try:
        for drawn in (1, 2):
            random.seed(drawn)
            np.random.seed(drawn)
            torch.manual_seed(drawn)
            answers.append(study().predict(x.clone(), y.clone(), x_test.clone(), seed))
    finally:
        random.setstate(before[0])
        np.random.set_state(before[1])
        torch.random.set_rng_state(before[2])
    try:
        reported = study().reported()
    except NotImplementedError:  # not yet
        reported = dict.fromkeys(SEEDS, 0.0)
    mean = sum(float(reported[s]) for s in SEEDS) / len(SEEDS)
    return [*answers, float(reported[seed]) if seed in SEEDS else mean]


def reproduced(observed, case, exercise):
    """*Then*: both runs agree, and their accuracy on the labels (m,) in `case.kept` is the one reported; with a seed
    that nobody chose, it is not far below the mean reported. `reading` counts the ways to fail."""
    import numpy as np

    first, second, labels = (np.asarray(v) for v in (*observed[:2], case.kept))
    reported, seed = float(observed[2]), case.given[3]
    accuracy, differ = float((first == labels).mean()), int((first != second).sum())
    problems = (
        (differ, f"Two runs with the same seed answer differently on {differ} of {len(labels)} images."),
        (accuracy < 0.5, f"It is right on {accuracy:.3f} of the images: less than half."),
        (not 0 <= reported <= 1, f"Report a share between 0 and 1, not {show(reported)}."),
        (accuracy < reported == 1, f"You report that all images are right; the run gives {accuracy:.3f}."),
        (seed in SEEDS and reported == 0, "Two runs agree. But nothing is reported for this seed: fill in `reported`."),
        (
            seed in SEEDS and abs(reported - accuracy) > ROUNDING,
            f"For seed {seed} you report {reported:.3f}; the run gives {accuracy:.3f}.",
        ),
        (
            seed not in SEEDS and reported - accuracy > CHANCE,
            f"You report {reported:.3f} on average; on a split that nobody chose the run gives {accuracy:.3f}.",
        ),
    )
    for reading, (failed, problem) in enumerate(problems, start=1):
        if failed:
            example = f"seed {seed}: {accuracy:.3f} of {len(labels)} images right; reported {show(reported)}"
            return Verdict(False, problem, example if case.public else "", reading=reading)
    return Verdict(True, reading=0)
