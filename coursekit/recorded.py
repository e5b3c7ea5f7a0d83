"""The public cases that `autograder release` recorded: data, no code, one file per stem.

`cases/<stem>.safetensors` holds a small index (titles, points, where the release came from) that reads without
PyTorch, and one packed blob per exercise.
"""

from dataclasses import asdict, replace
from functools import cache
from pathlib import Path

from . import wire
from .exercise import Case, Exercise, Mistake, Observation

FOLDER = Path(__file__).parent / "cases"


def stems():
    """Every stem with recorded cases, by name (the book's order stands in `_toc.yml`)."""
    return sorted(path.stem for path in FOLDER.glob("*.safetensors"))


def exercises(stem):
    """The exercises of `stem` in their order, without their cases. Raises `LookupError` for an unknown stem."""
    return [_head(entry["about"]) for entry in _index(stem)["exercises"]]


def origin(stem):
    """What the recording was made from (hashes, versions, seeds), to tell whether it is fresh."""
    return _index(stem)["origin"]


def exercise(id):
    """The exercise with its public cases. Raises `LookupError` with the names there are."""
    stem = id.partition(".")[0]
    for entry in _index(stem)["exercises"]:
        head = _head(entry["about"])
        if head.id == id:
            cases = tuple(_case(plain) for plain in wire.unpack(entry["cases"].tobytes()))
            return replace(head, cases=cases)
    names = ", ".join(e.id for e in exercises(stem))
    raise LookupError(f"there is no exercise {id!r}; {stem} has {names}")


def pack(exercises, origin):
    """The bytes of a recording."""
    import numpy as np

    def entry(exercise):
        about = asdict(replace(exercise, cases=()))
        about.pop("cases")
        blob = wire.pack([_plain(case) for case in exercise.cases])
        return {"about": about, "cases": np.frombuffer(blob, dtype=np.uint8)}

    return wire.pack({"origin": origin, "exercises": [entry(e) for e in exercises]})


@cache
def _read(path, stamp):
    return wire.unpack(path.read_bytes())


def _index(stem):
    path = FOLDER / f"{stem}.safetensors"
    if not path.is_file():
        raise LookupError(f"there are no exercises called {stem!r}; there are: {', '.join(stems()) or 'none yet'}")
    return _read(path, path.stat().st_mtime_ns)


def _head(about):
    mistakes = tuple(Mistake(**m) for m in about["mistakes"])
    return Exercise(**{**about, "parameters": tuple(about["parameters"]), "mistakes": mistakes})


def _plain(case):
    return {
        **{k: getattr(case, k) for k in ("name", "given", "weight", "when", "then", "kept", "public")},
        "wanted": case.wanted.packable(),
        "mistaken": [o.packable() for o in case.mistaken],
    }


def _case(plain):
    mistaken = tuple(Observation.unpacked(o) for o in plain["mistaken"])
    return Case(**{**plain, "wanted": Observation.unpacked(plain["wanted"]), "mistaken": mistaken})
