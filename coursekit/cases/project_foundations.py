"""How the project of Part I is observed and judged: does its code give the numbers that it reports?

*When*: `twice`. *Then*: `reproduced`. And `split`, which deals out the data, to students and to the referee alike.
"""

from ..compare import show
from ..reproducible import Claim, doubts, first_of, in_two_kernels, reported


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
    answers = in_two_kernels(lambda which: study().predict(x.clone(), y.clone(), x_test.clone(), seed))
    return [*answers, *reported(study(), seed)[0]]


def reproduced(observed, case, exercise):
    """*Then*: both runs agree, and their accuracy on the labels (m,) in `case.kept` is the one reported; with a seed
    that nobody chose, it is not far below the mean reported. `reading` counts the ways to fail."""
    import numpy as np

    first, second, labels = (np.asarray(v) for v in (*observed[:2], case.kept))
    said, seed = float(observed[2]), case.given[3]
    accuracy, differ = float((first == labels).mean()), int((first != second).sum())
    problems = [
        (differ, f"Two runs with the same seed answer differently on {differ} of {len(labels)} images."),
        (accuracy < 0.5, f"It is right on {accuracy:.3f} of the images: less than half."),
        *doubts(Claim(said, accuracy), seed),
    ]
    example = f"seed {seed}: {accuracy:.3f} of {len(labels)} images right; reported {show(said)}"
    return first_of(problems, example if case.public else "")
