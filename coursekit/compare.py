"""Comparison, and the sentences of feedback: once, here, for the check and for the grade.

`judge` turns one observation into a `Verdict`; `examine` puts an implementation through all cases of an
exercise and recognizes the known mistake behind its failures, if there is one.
"""

import re
from dataclasses import dataclass, field

from .exercise import Exercise, Failure, Mistake, Observation, Verdict
from .observe import find
from .wire import PAIR

KINDS = {"b": "bool", "i": "int", "u": "int", "f": "float", "c": "complex"}


@dataclass(frozen=True)
class Result:
    """What came of an implementation: a verdict for each case, the mistake behind them, the share of the weight."""

    exercise: Exercise
    verdicts: tuple[Verdict, ...]
    observations: tuple[Observation, ...] = field(repr=False)
    mistake: Mistake | None = None
    note: str = ""  # said of the exercise as a whole

    @property
    def passed(self):
        return all(v.passed for v in self.verdicts) and not self.note

    @property
    def share(self):
        """The weight of the passed cases over the weight of all; 0 for what ignores its input."""
        if self.note:
            return 0.0
        total = sum(c.weight for c in self.exercise.cases)
        return sum(c.weight for c, v in zip(self.exercise.cases, self.verdicts) if v.passed) / total

    @property
    def question(self):
        """What to ask a student who failed: the recognized mistake's question, else one that always helps."""
        if self.mistake:
            return self.mistake.question
        failed = [(c, v) for c, v in zip(self.exercise.cases, self.verdicts) if not v.passed]
        if not failed or any(v.reading is None for _, v in failed):
            return ""
        if all(c.then == "equal" for c, _ in failed):  # it answers, in the right form, but wrongly
            return "Do the case above by hand, line by line: after which line of your function does a number differ?"
        return (
            "What happens on the way? Print sizes, a few values, the loss if there is one: which of them surprises you?"
        )

    def smallest_failure(self):
        """The failed public case with the smallest given, and its verdict; None if no public case failed."""
        failed = [(c, v) for c, v in zip(self.exercise.cases, self.verdicts) if c.public and not v.passed]
        return min(failed, key=lambda pair: _size(pair[0].given), default=None)


def examine(exercise, ask):
    """Put an implementation to every case: `ask(case)` gives its `Observation`."""
    observations = tuple(_asked(exercise, ask))
    verdicts = tuple(judge(exercise, c, o) for c, o in zip(exercise.cases, observations))
    note = ""
    if any(v.passed for v in verdicts) and _constant(exercise, observations):
        note = "It answers the same whatever it is given, so no points are given for the cases where that is right."
    mistake = None if all(v.passed for v in verdicts) else recognize(exercise, observations, verdicts)
    return Result(exercise, verdicts, observations, mistake, note)


def _asked(exercise, ask):
    """The observations; what never ended on two cases is not waited for again."""
    endless = 0
    for case in exercise.cases:
        if endless < 2:
            observation = ask(case)
            endless += bool(observation.failure and observation.failure.kind == "endless")
        else:
            observation = Observation(failure=Failure("endless", message=f"{exercise.seconds:g}"))
        yield observation


def judge(exercise, case, observation):
    """The verdict on one observation: first how it went, then its form, then *then*."""
    problem = _unobserved(exercise, observation)
    if not problem and observation.mutated and not case.wanted.mutated:
        problem = "It changes the values it is given in place; return new ones and leave the given ones alone."
    wanted = case.wanted.value
    if not problem and observation.value is None and wanted is not None:
        problem = f"It returns None; wanted: {exercise.returns}."
        if observation.printed:
            problem = f"It prints its answer but returns nothing: end with `return`. Wanted: {exercise.returns}."
    if not problem:
        problem = form(observation.value, wanted, exercise)
    if problem:
        return Verdict(False, problem, _example(exercise, case, observation))
    verdict = find(case.then)(observation.value, case, exercise)
    if not verdict.passed and not verdict.example:
        return Verdict(False, verdict.problem, _example(exercise, case, observation), verdict.reading)
    return verdict


def equal(observed, case, exercise):
    """The usual *then*: equal to what the reference observed, within the exercise's tolerance."""
    where = first_difference(observed, case.wanted.value, exercise)
    if where is None:
        return Verdict(True, reading=observed)
    place, yours = where
    if place and yours != yours:
        problem = f"First differs {place}: yours is nan (not a number)."
    else:
        problem = f"First differs {place}: yours is {_number(yours)}." if place else f"Yours is {_number(yours)}."
    return Verdict(False, problem, reading=observed)


def form(observed, wanted, exercise, where=""):
    """What is wrong with the type, shape, kind or device of `observed`, as a sentence; "" if nothing is.

    A Python scalar, a NumPy scalar and a 0-d array or tensor are alike, and so are NumPy arrays and tensors
    on the CPU; the kind (bool, int, float) and the shape must match.
    """
    at = f"The value at {where}" if where else "What it returns"
    yours, theirs = _array(observed), _array(wanted)
    if theirs is None:
        if isinstance(wanted, list | tuple):
            if not isinstance(observed, list | tuple):
                return f"{at} is {_describe(observed)}; wanted: {_nouns(wanted)} of {len(wanted)} values ({exercise.returns})."
            if len(observed) != len(wanted):
                return f"{at} has {len(observed)} values; wanted: {len(wanted)} ({exercise.returns})."
            parts = (form(o, w, exercise, f"{where}[{i}]") for i, (o, w) in enumerate(zip(observed, wanted)))
            return next((p for p in parts if p), "")
        if isinstance(wanted, dict):
            if not isinstance(observed, dict) or observed.keys() != wanted.keys():
                return f"{at} is {_describe(observed)}; wanted: a dict with the keys {', '.join(wanted)}."
            parts = (form(observed[k], wanted[k], exercise, f"{where}[{k!r}]") for k in wanted)
            return next((p for p in parts if p), "")
        if type(observed) is not type(wanted):
            return f"{at} is {_describe(observed)}; wanted: {exercise.returns}."
        return ""
    if yours is None:
        return f"{at} is {_describe(observed)}; wanted: {exercise.returns}."
    if yours.shape != theirs.shape:
        return f"{at} has shape {_shape(yours.shape)}; wanted: {_shape(theirs.shape)} ({exercise.returns})."
    kind, kinds = KINDS.get(yours.dtype.kind), {KINDS.get(k) for k in exercise.kinds or theirs.dtype.kind}
    if kind not in kinds:
        return f"{at} holds {kind} numbers ({_dtype(observed)}); wanted: {' or '.join(sorted(kinds))}."
    if _device(observed) != _device(wanted):
        return (
            f"{at} is on the device {_device(observed)!r}, but what it was given is on {_device(wanted)!r}: "
            "make new tensors with `device=x.device`."
        )
    return ""


def first_difference(observed, wanted, exercise):
    """Where two values of one form first differ: (place in words, the observed number there); None if nowhere."""
    import numpy as np

    theirs = _array(wanted)
    if theirs is None:
        if isinstance(wanted, list | tuple):
            pairs = [(f"in value {i + 1}", o, w) for i, (o, w) in enumerate(zip(observed, wanted))]
        elif isinstance(wanted, dict):
            pairs = [(f"in {k!r}", observed[k], wanted[k]) for k in wanted]
        else:
            return None if observed == wanted else ("", observed)
        for name, o, w in pairs:
            found = first_difference(o, w, exercise)
            if found:
                return f"{name}, {found[0]}".removesuffix(", "), found[1]
        return None
    yours = _array(observed)
    if "meta" in (_device(wanted), _device(observed)):
        return None  # nothing but the form to compare
    close = np.isclose(
        yours.astype(np.float64), theirs.astype(np.float64), rtol=exercise.rtol, atol=exercise.atol, equal_nan=True
    )
    if close.all():
        return None
    index = tuple(int(i) for i in np.argwhere(~close)[0]) if close.ndim else ()
    return (f"at [{', '.join(map(str, index))}]" if index else "", yours[index].item())


def recognize(exercise, observations, verdicts):
    """The one known mistake that behaves like the student on every case; None if there is none, or more than one.

    Where the student is right the mistake must be right too; where not, both must be wrong in the same way.
    """
    found = []
    for i, mistake in enumerate(exercise.mistakes):
        theirs = [case.mistaken[i] for case in exercise.cases]
        if all(_alike(exercise, *row) for row in zip(exercise.cases, observations, theirs, verdicts)):
            found.append(mistake)
    return found[0] if len(found) == 1 else None


def _alike(exercise, case, yours, theirs, verdict):
    if yours.failure or theirs.failure:
        return bool(yours.failure and theirs.failure) and (
            (yours.failure.kind, yours.failure.type) == (theirs.failure.kind, theirs.failure.type)
        )
    if yours.mutated != theirs.mutated:
        return False
    other = judge(exercise, case, theirs)
    if verdict.passed or other.passed:
        return verdict.passed and other.passed
    if verdict.reading is None or other.reading is None:  # never got as far as *then*: compare what there is
        mine, its = yours.value, theirs.value
    else:
        mine, its = verdict.reading, other.reading
    return same(mine, its, exercise)


def same(a, b, exercise):
    """Are two observed values of one form and equal within the exercise's tolerance?"""
    either = {KINDS.get(k) for k in exercise.kinds}  # kinds that are one and the same to this exercise
    return _skeleton(a, either) == _skeleton(b, either) and first_difference(a, b, exercise) is None


def _skeleton(value, either):
    array = _array(value)
    if array is not None:
        kind = KINDS.get(array.dtype.kind)
        return "either" if kind in either else kind, array.shape
    if isinstance(value, list | tuple):
        return [_skeleton(v, either) for v in value]
    if isinstance(value, dict):
        return {k: _skeleton(v, either) for k, v in value.items()}
    return type(value).__name__


def _constant(exercise, observations):
    """Does it answer the same on all cases, though the reference does not?"""
    if len(observations) < 2 or any(o.failure for o in observations):
        return False
    wanted = [c.wanted.value for c in exercise.cases]
    if all(same(wanted[0], w, exercise) for w in wanted[1:]):
        return False
    return all(same(observations[0].value, o.value, exercise) for o in observations[1:])


def _unobserved(exercise, observation):
    failure = observation.failure
    if not failure:
        return ""
    match failure.kind:
        case "missing":
            return (
                f"There is no `{exercise.name}`: the cell that defines it has not run or stopped with an error "
                "(of syntax, say), or the name has changed."
            )
        case "stub":
            return "It is still the stub: write your code in place of `raise NotImplementedError()`."
        case "endless":
            plural = "" if exercise.seconds == 1 else "s"
            return f"It did not end within {exercise.seconds:g} second{plural}: does every loop and recursion stop?"
        case "unsendable":
            return f"It returns {_known_type(failure.message)}; wanted: {exercise.returns}."
        case "ended":
            return "It ended the whole Python process (a crash, too much memory, or an exit)."
        case _:
            devices = " " + ELSEWHERE if re.search(DEVICES_DIFFER, failure.message) else ""
            return f"It raises {_known_exception(failure.type)}.{devices}"


# What PyTorch says where a tensor lies on the CPU and another on a GPU.
DEVICES_DIFFER = r"on the same device|torch\.cuda\.\w*Tensor|MPS\w*Type|can't convert (cuda|mps)\S* device type tensor"
ELSEWHERE = (
    "Some of its tensors lie on the CPU and others on the GPU: make new ones with `device=x.device`, move a module with "
    "`.to(x.device)`, and call `.cpu()` before `.numpy()`."
)
OTHER_TYPES = ("generator", "function", "coroutine", "module", "Tensor", "ndarray", "DataFrame", "Series", "Generator")


def _known_exception(name):
    """The exception's name, if it is Python's own: a name that student code chose could carry anything."""
    import builtins

    known = getattr(builtins, name, None)
    if isinstance(known, type) and issubclass(known, BaseException):
        return f"{'an' if name[0] in 'AEIOU' else 'a'} {name}"
    return "an error of its own"


def _known_type(text):
    """What cannot be compared, if it is "a" type of Python's own: as with exceptions, other names could carry anything."""
    import builtins

    name = text.partition(" ")[2]
    if text.startswith(PAIR):
        return PAIR
    known = isinstance(getattr(builtins, name, None), type) or name in OTHER_TYPES
    return text if known else "something that is no plain value, array or tensor"


def _example(exercise, case, observation):
    """The failing example in full, for public cases: what was tried, what came, what was wanted."""
    if not case.public:
        return ""
    names = exercise.parameters or tuple(f"argument {i + 1}" for i in range(len(case.given)))
    lines = [_line(f"{name.partition(' = ')[0]} = ", value) for name, value in zip(names, case.given)]
    lines += [f"{name} (not given: the default)" for name in names[len(case.given) :] if " = " in name]
    if observation.failure:
        if observation.failure.message and observation.failure.kind == "raised":
            lines.append(f"raised: {observation.failure.type}: {observation.failure.message}")
        if observation.failure.message and observation.failure.kind == "unsendable":
            lines.append(f"came:   {observation.failure.message}")
    elif not observation.mutated:
        lines.append(_line("came:   ", observation.value))
    if case.then == "equal":
        lines.append(_line("wanted: ", case.wanted.value))
    return "\n".join(lines)


def _line(name, value):
    return name + show(value).replace("\n", "\n" + " " * len(name))


def numbers(value):
    """A number, an array or a tensor as an array of doubles."""
    import numpy as np

    return value.detach().cpu().double().numpy() if hasattr(value, "detach") else np.asarray(value, dtype=np.float64)


def show(value, limit=400):
    """A value as short text: arrays of one line a row, rounded to five decimals."""
    import numpy as np

    if isinstance(value, tuple | list):
        text = ", ".join(show(v, limit) for v in value)
        text = f"({text})" if isinstance(value, tuple) else f"[{text}]"
    else:
        array = _array(value)
        if array is None or _device(value) == "meta":
            text = repr(value)
        elif array.ndim == 0:
            text = _number(array.item())
        else:
            text = np.array2string(array, precision=5, suppress_small=True, threshold=60, separator=", ")
    return text if len(text) <= limit else text[:limit] + " …"


def _array(value):
    """`value` as a NumPy array to compare, or None if it is not a number, an array or a tensor."""
    import numpy as np

    if type(value) in (bool, int, float) or isinstance(value, np.generic | np.ndarray):
        array = np.asarray(value)
        return array if array.dtype.kind in KINDS else None
    if hasattr(value, "detach"):  # a tensor: torch need not be imported to know
        if value.device.type == "meta":  # a shape and a dtype, which may be larger than any memory
            dtype = str(value.dtype).removeprefix("torch.").replace("bfloat", "float")
            return np.broadcast_to(np.zeros((), dtype), tuple(value.shape))
        plain = value.detach().cpu()
        return (plain.float() if str(plain.dtype) == "torch.bfloat16" else plain).numpy()
    return None


def _device(value):
    return value.device.type if hasattr(value, "detach") else "cpu"


def _dtype(value):
    return str(getattr(value, "dtype", type(value).__name__))


def _describe(value):
    if value is None:
        return "None"
    if isinstance(value, list | tuple | dict):
        return f"{_nouns(value)} of {len(value)} values"
    array = _array(value)
    if array is not None and array.ndim:
        return f"an array or tensor of shape {_shape(array.shape)}"
    return f"a single {KINDS[array.dtype.kind]}" if array is not None else f"a {type(value).__name__}"


def _nouns(value):
    return f"a {type(value).__name__}"


def _shape(shape):
    return str(tuple(shape))


def _number(value):
    if isinstance(value, float):
        return f"{value:.7g}"
    text = repr(value)
    return text if len(text) <= 80 else text[:80] + " …"


def _size(given):
    if isinstance(given, tuple | list):
        return sum(_size(v) for v in given)
    array = _array(given)
    return array.size if array is not None else 1
