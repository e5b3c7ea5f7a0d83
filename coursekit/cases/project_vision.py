"""How the project of Part II is observed and judged: does its code give the numbers that it reports?

*When*: `twice`. *Then*: `reproduced`. And `deal`, which deals out the data, to students and to the referee alike.
It says how the images from the field are made: read no further if you want to find that out from the images.
"""

from ..reproducible import ROUNDING, SEEDS, Claim, doubts, first_of, in_two_kernels, reported

LEAST, MOST = 0.05, 0.5  # the share of the images that a group may hold
FEW = 5  # images that may change sides on another machine, however small the group
LUCK = 0.15  # a group is small, so its accuracy hangs on the draw more than that of the rest; where runs spread, 3 of these


def deal(seed, part="development"):
    """700 labeled digits, and about 1350 from the field to test on.

    part: "development" to try things on, "final" for the numbers that you report. They share no image.
    seed: which 700, and what happened to the others. → x (700, 1, 8, 8), y (700,), x_test (m, 1, 8, 8), y_test (m,)

    The file keeps an order in which neighbors are often by the same hand: the first half of it is for learning, the
    third quarter for development, the last for the end.
    """
    import torch

    from .. import data

    digits = data.load("digits")
    draw = torch.Generator().manual_seed(seed)
    labeled = torch.randperm(898, generator=draw)[:700]
    others = {"development": slice(898, 1347), "final": slice(1347, None)}[part]
    clean, y = digits.x[others], digits.y[others]
    x_test = torch.cat([clean, weathered(clean, draw), weathered(clean, draw)])
    order = torch.randperm(len(x_test), generator=draw)
    return digits.x[labeled], digits.y[labeled], x_test[order], y.repeat(3)[order]


def weathered(images, draw):
    """Images (n, 1, height, width), 0 to 1, to each of which one thing has happened; the generator `draw` decides which,
    and how much. They may have any size: MNIST's 28 × 28 will do."""
    import torch
    import torch.nn.functional as F

    fine = max(1, 32 // images.shape[-1])  # strokes are moved on a grid of about 32 × 32
    large = F.interpolate(images, scale_factor=fine, mode="bilinear", align_corners=False)
    happened = torch.randint(len(ACCIDENTS), (len(images),), generator=draw)
    for k, accident in enumerate(ACCIDENTS):
        some = happened == k
        large[some] = accident(large[some], draw)
    return F.avg_pool2d(large, fine).clamp(0, 1)


def _thinner(images, draw):
    return -_broader(-images, draw)


def _broader(images, draw):
    import torch
    import torch.nn.functional as F

    most = F.max_pool2d(images, 5, stride=1, padding=2)
    much = 0.4 + 0.6 * torch.rand(len(images), 1, 1, 1, generator=draw)
    return much * most + (1 - much) * images


def _paler(images, draw):
    import torch

    return images * (0.2 + 0.4 * torch.rand(len(images), 1, 1, 1, generator=draw))


def _speckled(images, draw):
    import torch

    much = 0.2 + 0.3 * torch.rand(len(images), 1, 1, 1, generator=draw)
    noise = torch.randn(len(images), 1, 8, 8, generator=draw)
    return images + much * torch.nn.functional.interpolate(noise, size=images.shape[-2:])


def _slanted(images, draw):
    return _mapped(images, slant=0.3 + 0.4 * _drawn(images, draw), draw=draw)


def _turned(images, draw):
    return _mapped(images, turn=0.25 + 0.35 * _drawn(images, draw), draw=draw)


def _moved(images, draw):
    return _mapped(images, move=0.2 + 0.25 * _drawn(images, draw), draw=draw)


def _drawn(images, draw):
    import torch

    return torch.rand(len(images), generator=draw)


def _mapped(images, *, draw, slant=None, turn=None, move=None):
    """The images under an affine map, to one side or the other: slant in widths per height, turn in radians, and move
    in halves of the width."""
    import torch
    import torch.nn.functional as F

    n = len(images)
    zero = torch.zeros(n)
    side = 2 * torch.randint(2, (n,), generator=draw) - 1
    slant, turn, move = (zero if amount is None else side * amount for amount in (slant, turn, move))
    rows = torch.stack(
        [turn.cos(), slant - turn.sin(), move, turn.sin(), turn.cos(), zero],
        dim=1,
    )
    grid = F.affine_grid(rows.reshape(n, 2, 3), images.shape, align_corners=False)
    return F.grid_sample(images, grid, align_corners=False)


ACCIDENTS = (_thinner, _broader, _paler, _speckled, _slanted, _turned, _moved)


def twice(study, x, y, x_test, seed):
    """*When*: predict and sort, once for all images and once, in a kernel that has drawn other random numbers before,
    for every second one of them.
    → predictions (m,), predictions ((m + 1) // 2,), both groups, for this seed (for another: the mean) the shares
    reported inside the group and outside, and the spread of the first over the seeds"""

    def run(which):
        images = x_test[:: which + 1]
        try:
            group = study().group(images.clone())
        except NotImplementedError:  # not yet
            group = images.flatten(1).sum(dim=1) < 0
        return study().predict(x.clone(), y.clone(), images.clone(), seed), group

    (first, group), (second, again) = in_two_kernels(run)
    shares, spreads = reported(study(), seed, parts=2)
    return [first, second, group, again, *shares, spreads[0]]


def reproduced(observed, case, exercise):
    """*Then*: both runs agree, and their accuracy on the labels (m,) in `case.kept` is the one reported, inside the group
    and outside; with a seed that nobody chose, it is not far below the mean reported. `reading` counts the ways to fail."""
    import numpy as np

    first, second, labels = (np.asarray(v) for v in (*observed[:2], case.kept))
    group, again = (np.asarray(v) != 0 for v in observed[2:4])
    inside, outside, spread = map(float, observed[4:])
    seed, right, m = case.given[3], first == labels, len(labels)
    differ, unsure = int((first[::2] != second).sum()), int((group[::2] != again).sum())
    found = [float(right[some].mean()) if some.any() else 0.0 for some in (group, ~group)]
    rounding = max(ROUNDING, float(FEW / max(group.sum(), 1)))
    claims = [
        Claim(inside, found[0], " in the group", luck=max(LUCK, 3 * spread), rounding=rounding),
        Claim(outside, found[1], " outside the group"),
    ]
    crossed = max(abs(inside - found[1]), abs(outside - found[0])) < rounding < abs(inside - found[0])
    problems = [
        (
            differ > 1,  # an image on the very edge between two classes may change sides
            f"Two runs with the same seed, one on every second image only, answer differently on {differ} of "
            f"{len(second)} images.",
        ),
        (right.mean() < 0.5, f"It is right on {right.mean():.3f} of the images: less than half."),
        (
            unsure > 1,
            f"Asked about every second image only, `group` answers differently on {unsure} of {len(again)} images.",
        ),
        (
            not LEAST <= group.mean() <= MOST,
            f"Two runs agree. But the group holds {group.mean():.3f} of the images; wanted: {LEAST} to {MOST}.",
        ),
        (
            seed in SEEDS and crossed,
            f"You report {inside:.3f} in the group and {outside:.3f} outside; it is the other way around.",
        ),
        *(doubt for pair in zip(*(doubts(claim, seed) for claim in claims)) for doubt in pair),
    ]
    example = (
        f"seed {seed}: {found[0]:.3f} of {group.sum()} images in the group right, reported {inside:.3f}; "
        f"{found[1]:.3f} of {m - group.sum()} others, reported {outside:.3f}"
    )
    told = inside or outside  # nobody should meet the final part's numbers before all is decided
    return first_of(problems, example if case.public and told else "")
