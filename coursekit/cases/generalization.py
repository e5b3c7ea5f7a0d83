"""How the exercises on generalization are observed and judged where "call it and compare" does not do.

Random functions are judged by what must hold whatever was drawn, trained networks by their answers on new inputs.
*When*: `drawn`, `watched`, `averaged`, `copied`, `searched`, `divided`, `tuned`, `predicted`.
*Then*: `masks`, `copies`, `search`, `division`, `tuning`, `accuracy`.
"""

import math

from ..compare import numbers, show
from ..device import seeded
from ..exercise import Verdict

MARK = 65536  # the images to be shifted hold the numbers k / MARK, each k once: a pixel says where it came from


# ── Dropout ───────────────────────────────────────────────────────────────────────────────────────────────────────────


def drawn(dropout, x, p, training):
    """*When*: dropout acts on x twice. → the first output, and the first rows of the second"""
    with seeded():
        first, second = dropout(x, p, training), dropout(x, p, training)
    return [first, second[:12] if getattr(second, "ndim", 0) else second]


def masks(observed, case, exercise):
    """*Then*: in training each value of x (rows, columns), none of them 0, is 0 with probability p or x / (1 − p),
    independently and anew each time; else the output is x."""
    import numpy as np

    x, p, training = numbers(case.given[0]), case.given[1], case.given[2]
    x = x.reshape(len(x), -1)
    p = p if training else 0.0
    first, second = (numbers(o).reshape(-1, x.shape[1]) for o in observed)
    first, second = first / x, second / x[: len(second)]
    if not (np.isfinite(first).all() and np.isfinite(second).all()):
        return Verdict(False, "Some of its values are no numbers (nan or inf).", reading="no numbers")
    kept = first != 0
    far = 6 * math.sqrt(p * (1 - p))  # six standard deviations of one draw
    share = kept.mean()
    factors = first[kept]
    factor = float(np.median(factors)) if factors.size else 0.0

    faults = []
    rows, columns = kept.mean(axis=1), kept.mean(axis=0)
    if p and (abs(columns - share) > far / math.sqrt(len(rows))).any():
        faults.append(("columns", "Whole columns are dropped or kept: the rows share one mask."))
    elif p and (abs(rows - share) > far / math.sqrt(len(columns))).any():
        faults.append(("rows", "Whole rows are dropped or kept, or nearly: every value needs a draw of its own."))
    elif abs(share - (1 - p)) > far / math.sqrt(kept.size) + 1e-9:
        about = f"It drops about {100 * (1 - share):.0f} % of the values"
        faults.append(("share", f"{about}; wanted: {100 * p:.0f} %."))
    elif p and (kept[: len(second)] == (second != 0)).all():
        faults.append(("again", "Two calls in a row have dropped exactly the same values."))
    if factors.size and not np.allclose(factors, factor, rtol=1e-3):
        faults.append(("factors", "The values that it keeps are not all multiplied by the same factor."))
    elif not math.isclose(factor, 1 / (1 - p), rel_tol=1e-4):
        wanted = "1/(1 − p)" if training else "1, since nothing is dropped at evaluation"
        faults.append(
            (f"factor {factor:.3f}", f"The values that it keeps are multiplied by {factor:.4g}; wanted: {wanted}.")
        )
    if not faults:
        return Verdict(True, reading="right")
    codes, sentences = zip(*faults)
    example = ""
    if case.public:
        few = slice(0, 2), slice(0, 6)
        example = (
            f"p = {case.given[1]}, training = {training}\nx, the first of its values:\n{show(x[few])}\n"
            f"came:\n{show((first * x)[few])}"
        )
    return Verdict(False, " ".join(sentences), example, reading=" ".join(codes))


# ── Early stopping ────────────────────────────────────────────────────────────────────────────────────────────────────


def watched(early_stopping, patience, losses, values, elsewhere):
    """*When*: after epoch e = 1, 2, … a small network (a linear layer and batch norm) holds values[e − 1] everywhere,
    and its validation loss is losses[e − 1]. → the epoch in which it was stopped (one more than there are, if never), and
    what the network holds after `restore`; elsewhere: another network of the same kind, which held −1 before."""
    import torch
    from torch import nn

    def network(value):
        model = nn.Sequential(nn.Linear(2, 3), nn.BatchNorm1d(3))
        fill(model, value)
        return model

    def fill(model, value):
        with torch.no_grad():
            for numbers in model.state_dict().values():
                numbers.fill_(value)

    model, stopper = network(0.0), early_stopping(patience)
    epoch = 1
    for loss, value in zip(losses, values):
        fill(model, value)
        if stopper.step(loss, model):
            break
        epoch += 1
    fill(model, -2.0)  # only a copy still knows what it held
    held = network(-1.0) if elsewhere else model
    stopper.restore(held)
    return {
        "stopped after epoch": epoch,
        "weight after restore": held[0].weight.detach().mean(),
        "running mean after restore": held[1].running_mean.mean(),
    }


# ── Test-time averaging ───────────────────────────────────────────────────────────────────────────────────────────────


def averaged(test_time_average, layers, x, shifts):
    """*When*: the model, in train mode when it is handed over, is batch norm (with the running mean and var of `layers`)
    and a linear layer (with its weight (k, h·w), no bias). → what comes"""
    import torch
    from torch import nn

    k, d = layers["weight"].shape
    model = nn.Sequential(nn.Flatten(), nn.BatchNorm1d(d), nn.Linear(d, k, bias=False)).to(x.dtype)
    with torch.no_grad():
        model[1].running_mean[:], model[1].running_var[:] = layers["running mean"], layers["running var"]
        model[2].weight[:] = layers["weight"]
    return test_time_average(model.train(), x, [tuple(s) for s in shifts])


# ── Shifted copies ────────────────────────────────────────────────────────────────────────────────────────────────────


def copied(augment, x, y, copies, most):
    """*When*: augment twice. → x and y of the first time, the first images of the second"""
    with seeded():
        first = augment(x, y, copies, most)
        if not isinstance(first, list | tuple) or len(first) != 2:
            return first
        again = augment(x, y, copies, most)[0]
        return (*first, again[:8] if getattr(again, "ndim", 0) else again)


def _origins(images, x):
    """Where each of the images (m, c, h, w) comes from, x (n, c, h, w) being marked: (source, dy, dx, how), where how is
    "clean", "rolled" (what left on one side came in on the other) or "other" (no shifted copy; then the rest is 0)."""
    import numpy as np

    marks, x = np.rint(numbers(images) * MARK).astype(int), np.rint(numbers(x) * MARK).astype(int)
    place = np.full(x.max() + 1, -1)
    place[x.ravel()] = np.arange(x.size)
    origins = []
    for image in marks:
        there = np.argwhere((image > 0) & (image <= x.max()))
        if not len(there):
            origins.append((0, 0, 0, "other"))
            continue
        source, _, row, column = np.array(np.unravel_index(place[image[tuple(there.T)]], x.shape))
        by = lambda v: int(np.median(v))  # noqa: E731
        i, dy, dx = by(source), by(there[:, 1] - row), by(there[:, 2] - column)
        moved = np.roll(x[i], (dy, dx), axis=(1, 2))
        clean = moved.copy()
        if dy:
            clean[:, slice(0, dy) if dy > 0 else slice(dy, None)] = 0
        if dx:
            clean[:, :, slice(0, dx) if dx > 0 else slice(dx, None)] = 0
        how = "clean" if (image == clean).all() else "rolled" if (image == moved).all() else "other"
        origins.append((i, dy, dx, how) if how != "other" else (0, 0, 0, "other"))
    return origins


def _uneven(shifts, most):
    """Which shift comes too often or too seldom for chance, as a sentence; "" if none."""
    import numpy as np

    share = 1 / (2 * most + 1)
    surplus = np.bincount(np.clip(shifts, -most, most) + most, minlength=2 * most + 1) - share * len(shifts)
    k = int(abs(surplus).argmax())
    if abs(surplus[k]) < 5 * math.sqrt(share * (1 - share) * len(shifts)):
        return ""
    much = "often" if surplus[k] > 0 else "seldom"
    return f"A shift by {k - most} comes too {much}: all from {-most} to {most} are equally likely."


def copies(observed, case, exercise):
    """*Then*: each image of x comes `copies` times with its own label, each time moved by its own draw from −most … most
    in both directions, with zeros coming in; and another time the draws are others."""
    import numpy as np

    x, y, times, most = case.given
    labels, n = numbers(y), len(x)
    origins = _origins(observed[0], x)
    source, dy, dx = (np.array([o[k] for o in origins]) for k in range(3))
    hows = {o[3] for o in origins}
    faults = []
    if "other" in hows:
        faults.append(
            ("other", "Some images are not whole copies of given ones, moved by whole pixels with zeros coming in.")
        )
    elif "rolled" in hows:
        faults.append(("rolled", "What leaves an image on one side comes in again on the other; wanted there: zeros."))
    if "other" not in hows:
        if (numbers(observed[1]) != labels[source]).any():
            wrong = int((numbers(observed[1]) != labels[source]).sum())
            faults.append(("pairs", f"{wrong} of {len(source)} images carry the label of another."))
        if (np.bincount(source, minlength=n) != times).any():
            faults.append(("counts", f"Not every image comes {times} times."))
        reach = max(abs(dy).max(), abs(dx).max())
        if reach > most:
            faults.append(("far", f"An image is moved by {reach} pixels; `most` is {most}."))
        elif most:
            ends = [dy.min() == -most, dy.max() == most, dx.min() == -most, dx.max() == most]
            each = [sorted((a, b) for i, a, b, _ in origins if i == k) for k in set(source.tolist())]  # of each image
            uneven = _uneven(np.concatenate([dy, dx]), most)
            if len(each) > 1 and all(shifts == each[0] for shifts in each):
                faults.append(("together", "All images are moved alike: each needs draws of its own."))
            elif times > 1 and all(shifts[0] == shifts[-1] for shifts in each):
                faults.append(("twins", "All copies of an image are moved alike: each needs draws of its own."))
            elif (dy == dx).all():
                faults.append(("diagonal", "Every image is moved down by as much as to the right: draw twice."))
            elif not all(ends):
                names = ["up", "down", "left", "right"]
                missing = " and ".join(name for name, end in zip(names, ends) if not end)
                faults.append((f"never {missing}", f"No image is moved {missing} by {most}; `most` is {most}."))
            elif times > 1 and not dy[:n].any() and not dx[:n].any():
                faults.append(
                    ("originals", f"The first {n} images are not moved: every copy is moved by a draw of its own.")
                )
            elif uneven:
                faults.append(("uneven", uneven))
            elif np.array_equal(numbers(observed[0])[:8], numbers(observed[2])):
                faults.append(("again", "A second call has drawn exactly the same shifts."))
    if not faults:
        return Verdict(True, reading="right")
    codes, sentences = zip(*faults)
    example = ""
    if case.public:
        rows = [
            f"label {int(t)}: image {i} moved by ({a}, {b})" for t, (i, a, b, h) in zip(numbers(observed[1]), origins)
        ]
        rows = ["(no copy of a given image)" if o[3] == "other" else r for r, o in zip(rows, origins)]
        first = ", ".join(str(int(label)) for label in labels[:6])
        example = "\n".join([f"y = {first}, …; copies = {times}, most = {most}", "came:", *rows[:6], "…"])
    return Verdict(False, " ".join(sentences), example, reading=" ".join(codes))


def divided(augmented_split, x, y, n_validation, shifts):
    """*When*: split. → images and labels for training, for validation, both filled up with zeros (or cut off) to as many
    as there can be, and how many there were of each"""
    import torch

    with seeded():
        answer = augmented_split(x, y, n_validation, [tuple(s) for s in shifts])
    if not isinstance(answer, list | tuple) or len(answer) != 4:
        return answer
    room, parts, sizes = len(x) * len(shifts), [], []
    for part, like in zip(answer, (x, y, x, y)):
        part = torch.as_tensor(part)
        if part.shape[1:] != like.shape[1:]:
            return answer
        filled = torch.zeros((room, *like.shape[1:]), dtype=like.dtype)
        filled[: min(len(part), room)] = part[:room]
        parts.append(filled)
        sizes.append(len(part))
    return (*parts, sizes)


def division(observed, case, exercise):
    """*Then*: n_validation untouched images to validate with, drawn at random; all shifted copies of all the others to
    train with, each with its label; and no image on both sides."""

    x, y, n_validation, shifts = case.given
    n, labels = len(x), numbers(y)
    *parts, sizes = observed
    sizes = [int(numbers(s)) for s in sizes]
    if sizes[0] != sizes[1] or sizes[2] != sizes[3]:
        problem = f"There are {sizes[0]} images and {sizes[1]} labels to train with, {sizes[2]} and {sizes[3]} to validate with."
        return Verdict(False, problem, reading="lengths")
    room = n * len(shifts)
    training = _origins(parts[0][: min(sizes[0], room)], x)
    validation = _origins(parts[2][: min(sizes[2], room)], x)
    faults = []
    if any(o[3] != "clean" for o in training + validation):
        faults.append(("other", "Some images are no shifted copies of given ones."))
    else:
        seen, held = {o[0] for o in training}, {o[0] for o in validation}
        both = len(seen & held)
        if both:
            faults.append(
                (
                    "both",
                    f"{both} of the {len(held)} images to validate with are also among those to train with, as they are or shifted.",
                )
            )
        if any(o[1] or o[2] for o in validation):
            faults.append(
                (
                    "validation",
                    "There are shifted copies among the images to validate with; wanted: images as they are.",
                )
            )
        wrong = sum(labels[o[0]] != t for o, t in zip(training, numbers(parts[1]))) + sum(
            labels[o[0]] != t for o, t in zip(validation, numbers(parts[3]))
        )
        if wrong:
            faults.append(("pairs", f"{wrong} images carry the label of another."))
        if not faults:
            if sizes[2] != n_validation:
                faults.append(
                    (f"sizes {sizes[2]}", f"There are {sizes[2]} images to validate with; wanted: {n_validation}.")
                )
            elif len(held) != n_validation:
                faults.append(("drawn twice", "An image stands more than once among those to validate with."))
            moves = {(o[0], o[1], o[2]) for o in training}
            wanted = {(i, *map(int, s)) for i in range(n) if i not in held for s in shifts}
            if moves != wanted or len(training) != len(wanted):
                faults.append(
                    (
                        "copies",
                        f"There are {len(training)} images to train with; wanted: each shift of each image that is not held out, {len(wanted)} in all.",
                    )
                )
            order = [o[0] for o in validation]
            drawn_so = 2 / math.comb(n, n_validation)  # the chance that a right answer looks like that
            if drawn_so < 1e-6 and sorted(order) in (list(range(n_validation)), list(range(n - n_validation, n))):
                end = "first" if 0 in order else "last"
                faults.append((end, f"The images to validate with are the {end} {n_validation}; draw them at random."))
    if not faults:
        return Verdict(True, reading="right")
    codes, sentences = zip(*faults)
    example = ""
    if case.public and "other" not in codes:
        held, seen = sorted({o[0] for o in validation}), sorted({o[0] for o in training})
        example = (
            f"{n} images, n_validation = {n_validation}, {len(shifts)} shifts\n"
            f"held out to validate with: the images {', '.join(map(str, held))}\n"
            f"to train with, shifted:    the images {', '.join(map(str, seen))}"
        )
    return Verdict(False, " ".join(sentences), example, reading=" ".join(codes))


# ── Random search ─────────────────────────────────────────────────────────────────────────────────────────────────────


def searched(random_search, peaks, lr_range, p_range, trials):
    """*When*: search, where the accuracies fall off linearly from a peak (places from 0 to 1: log lr and p on the
    validation set, then on the test set). → lr, p, validation and test accuracy of each trial, how many there were, and
    what is returned"""
    import numpy as np

    tried, places = [], list(peaks.values())

    def place(value, low, high):
        return (value - low) / (high - low) if high > low else 0.5

    def evaluate(lr, p):
        lr, p = float(lr), float(p)
        u = place(math.log(lr), math.log(lr_range[0]), math.log(lr_range[1])) if lr > 0 else -9.0
        v = place(p, *p_range)
        validation, test = (0.9 - 0.3 * abs(u - a) - 0.2 * abs(v - b) for a, b in places)
        tried.append((lr, p, validation, test))
        return validation, test

    with seeded():
        winner = random_search(evaluate, tuple(lr_range), tuple(p_range), trials)
    rows = (tried + [(0.0,) * 4] * trials)[:trials]
    return np.array(rows), len(tried), winner


def search(observed, case, exercise):
    """*Then*: as many trials as asked for, within the ranges, lr on a log scale, p on a linear one, independently; the
    winner has the best validation accuracy, and what is reported is its test accuracy."""
    import numpy as np

    _, (low, high), (least, greatest), trials = case.given
    tried, count, winner = numbers(observed[0]), int(numbers(observed[1])), [float(numbers(v)) for v in observed[2]]
    faults = []
    if count != trials:
        faults.append((f"count {count}", f"It makes {count} trials; wanted: {trials}."))
    tried = tried[: min(count, trials)]
    lr, p, validation, test = tried.T
    slack = 1e-6
    if len(tried) and ((lr < low * (1 - slack)) | (lr > high * (1 + slack))).any():
        faults.append(
            (
                "lr outside",
                f"It tries the learning rate {lr[(lr < low * (1 - slack)) | (lr > high * (1 + slack))][0]:.3g}, outside its range.",
            )
        )
    elif len(tried) and ((p < least - slack) | (p > greatest + slack)).any():
        faults.append(("p outside", "It tries a p outside its range."))
    elif len(tried) >= 100:
        six = 3 * math.sqrt(len(tried))  # six standard deviations of the number below the middle
        middle = math.sqrt(low * high)
        off = (lr < middle).sum() - len(tried) / 2
        if len(np.unique(lr)) < len(tried) / 2:
            faults.append(
                ("few", f"In {len(tried)} trials it tries only {len(np.unique(lr))} different learning rates.")
            )
        elif abs(off) > six:
            share = (lr < middle).mean()
            faults.append(
                (
                    "scale",
                    f"{100 * share:.0f} % of its learning rates lie below {middle:.2g}, which is halfway on a log scale; wanted: about half.",
                )
            )
        if abs((p < (least + greatest) / 2).sum() - len(tried) / 2) > six:
            faults.append(
                ("p scale", "Too many of its p lie on one side of the middle of their range: p is drawn evenly.")
            )
        elif abs(np.corrcoef(np.log(lr), p)[0, 1]) > 6 / math.sqrt(len(tried)):
            faults.append(
                ("tied", "Where the learning rate is large, p is always large (or small) too: draw them independently.")
            )
    if len(tried) and not any(code in ("lr outside", "p outside") for code, _ in faults):
        near = lambda a, b: math.isclose(a, b, rel_tol=1e-4, abs_tol=1e-6)  # noqa: E731
        rows = {
            "best": validation.argmax(),
            "test": test.argmax(),
            "worst": validation.argmin(),
            "last": len(tried) - 1,
        }
        chosen = next((k for k, i in rows.items() if near(winner[0], lr[i]) and near(winner[1], p[i])), "unknown")
        if chosen != "best":
            said = {
                "test": "The setting that it returns has the best accuracy on the test set.",
                "worst": "The setting that it returns has the worst validation accuracy.",
                "last": "The setting that it returns is the one that was tried last.",
                "unknown": "The setting that it returns is not the one with the best validation accuracy.",
            }
            faults.append((f"chosen {chosen}", said[chosen]))
        elif not near(winner[2], test[rows["best"]]):
            which = "validation" if near(winner[2], validation[rows["best"]]) else "another"
            what = (
                "the validation accuracy of the winner" if which == "validation" else "not the winner's test accuracy"
            )
            faults.append((f"reports {which}", f"The third value is {what}; wanted: its accuracy on the test set."))
    if not faults:
        return Verdict(True, reading="right")
    codes, sentences = zip(*faults)
    example = ""
    if case.public:
        lines = [f"{a:.4g}, {b:.3f}  →  {c:.3f}, {d:.3f}" for a, b, c, d in tried[:6]]
        lines = ["lr, p  →  validation, test accuracy", *lines, *(["…"] if len(tried) > 6 else [])]
        example = "\n".join(
            [
                f"lr_range = ({low:g}, {high:g}), p_range = ({least:g}, {greatest:g}), trials = {trials}",
                *lines,
                f"returned: {show(tuple(winner))}",
            ]
        )
    return Verdict(False, " ".join(sentences), example, reading=" ".join(codes))


# ── Fine-tuning ───────────────────────────────────────────────────────────────────────────────────────────────────────


def tuned(fine_tune, layer, x, y, classes, steps, lr, x_new):
    """*When*: a trained network (linear layer with these weights and biases, batch norm, ReLU; a head for 4 classes) is tuned
    to x (n, d) and y (n,). → weights of its body, its running statistics, inputs and outputs of its head, its answers to
    x_new"""
    import torch
    from torch import nn

    weight, bias = layer["weight"], layer["bias"]
    with seeded():
        body = nn.Sequential(nn.Linear(weight.shape[1], weight.shape[0]), nn.BatchNorm1d(weight.shape[0]), nn.ReLU())
        with torch.no_grad():
            body[0].weight[:], body[0].bias[:] = weight, bias
            body[1].running_mean[:], body[1].running_var[:] = _remembered(bias)
        model = nn.Sequential(body, nn.Linear(weight.shape[0], 4))
        model = fine_tune(model.train(), x, y, classes, steps, lr)
        if not isinstance(model, nn.Module):
            return model
        model.eval()
        with torch.no_grad():
            scores = model(x_new)
    lower = model[0]
    kept = torch.cat([v.detach().flatten() for v in lower.parameters()])
    statistics = torch.cat([lower[1].running_mean, lower[1].running_var])
    return kept, statistics, getattr(model[-1], "in_features", 0), scores.shape[1], scores.argmax(dim=1)


def _remembered(bias):
    """The running mean and variance with which the body comes."""
    return bias / 4, 1 + bias**2 / 4


def tuning(observed, case, exercise):
    """*Then*: the body is as it was, the head has an output for each class, and of the labels that are kept the answers
    have nearly all right."""
    import numpy as np
    import torch

    layer, _, _, classes, steps, lr, _ = case.given
    weight, bias = layer["weight"], layer["bias"]
    h = len(bias)
    before = np.concatenate(
        [numbers(weight).ravel(), numbers(bias), np.ones(h), np.zeros(h)]
    )  # batch norm's as they start
    kept, statistics, inputs, outputs, answers = (numbers(o) for o in observed)
    if inputs != h:
        problem = f"The last layer of the model takes {inputs:g} numbers; wanted: the {h} features of the body."
        return Verdict(False, problem, reading="inputs")
    faults = []
    if outputs != classes:
        faults.append(
            (f"outputs {outputs:g}", f"The head has {outputs:g} outputs; wanted: one for each of {classes} classes.")
        )
    if not np.array_equal(kept.astype(np.float32), before.astype(np.float32)):
        faults.append(("body", "The weights of the body have changed; they were to be frozen."))
    if not np.array_equal(statistics, numbers(torch.cat(_remembered(bias)))):
        faults.append(
            (
                "statistics",
                "The running statistics of the body's batch norm have changed, though no parameter needed to.",
            )
        )
    right = (answers == numbers(case.kept)).mean()
    if right < 0.9 and outputs == classes:
        faults.append(("untrained", f"Of the new inputs only {100 * right:.0f} % are right; wanted: at least 90 %."))
    if not faults:
        return Verdict(True, reading="right")
    codes, sentences = zip(*faults)
    example = f"classes = {classes}, steps = {steps}, lr = {lr:g}" if case.public else ""
    return Verdict(False, " ".join(sentences), example, reading=" ".join(codes))


# ── A hundred labels ──────────────────────────────────────────────────────────────────────────────────────────────────


def predicted(hundred_labels, x, y, x_new, wanted):
    """*When*: learn from x and y, and say what x_new are. (wanted: the share that must be right.) → the answers"""
    with seeded():
        return hundred_labels(x, y, x_new)


def accuracy(observed, case, exercise):
    """*Then*: of the labels that are kept, the share `wanted` is right."""
    import numpy as np

    answers, wanted = numbers(observed), case.given[3]
    right = float((answers == numbers(case.kept)).mean())
    if right >= wanted:
        return Verdict(True, reading="right")
    bands = [(0.25, "chance"), (0.8, "weak"), (1.1, "near")]
    reading = next(name for most, name in bands if right < most)
    problem = f"{100 * right:.1f} % of {len(answers)} new digits are right; wanted: at least {100 * wanted:.0f} %."
    example = ""
    if case.public:
        most, times = max((int(t), int(k)) for k, t in zip(*np.unique(answers, return_counts=True)))[::-1]
        example = f"{len(case.given[0])} labeled digits, {len(answers)} new ones; your most frequent answer: {most}, {times} times"
    return Verdict(False, problem, example, reading=reading)
