"""What is green so far, kept in a file that belongs to the student: plain JSON, on this machine, sent nowhere.

The file is `work/progress.json` of the course that one works in, or `progress.json` in the current folder where
there is no course around it (a notebook alone, on Colab say). COURSEKIT_PROGRESS names another. It may be read,
copied, or deleted to start again. An exercise, once passed, stays passed: whoever breaks a working function to see
what happens loses nothing.
"""

import contextlib
import json
import os
import tempfile
from datetime import UTC, datetime
from pathlib import Path

__all__ = ["path", "progress", "record"]

_ABOUT = "Your progress in Perceptron to Policy. It is yours: keep it, copy it, or delete it to start again."


def path() -> Path:
    """Where progress is kept, seen from the current folder."""
    named = os.environ.get("COURSEKIT_PROGRESS")
    if named:
        return Path(os.path.realpath(Path(named).expanduser()))
    here = Path.cwd()
    for folder in (here, *here.parents):
        # Both: many a folder is called "work", but only a course has exercises beside it.
        if (folder / "work").is_dir() and (folder / "exercises").is_dir():
            return Path(os.path.realpath(folder / "work" / "progress.json"))
    return Path(os.path.realpath("progress.json"))


def record(exercise_id: str, passed: bool, points_fraction: float) -> str | None:
    """Note how a check of `exercise_id` went: whether all of it passed, and which share (0 to 1) of its points.

    Never raises: a check must not fail because a disk is full. Returns a sentence for the student where something
    is to be said (progress could not be kept, or the file was broken and has been put aside), else None.
    """
    try:
        file = path()
        with _alone_with(file):
            kept, note = _read(file)
            entry = kept["exercises"].setdefault(exercise_id, {})
            entry["tries"] = entry.get("tries", 0) + 1
            entry["best"] = max(entry.get("best", 0.0), min(max(float(points_fraction), 0.0), 1.0))
            if passed:
                entry.setdefault("passed", datetime.now(UTC).isoformat(timespec="seconds"))
            _write(file, kept)
        return note
    except Exception as error:
        return f"Your progress could not be kept: {error}. The check itself is not affected."


def progress() -> None:
    """Show which exercises are green, chapter by chapter: in a notebook, or in the terminal as `coursekit progress`."""
    from rich.console import Console
    from rich.text import Text

    console = Console()
    console.width = min(console.width, 80)  # in Jupyter rich takes 115 columns, more than a narrow window shows
    for part in _map():
        console.print(part, soft_wrap=isinstance(part, Text))  # a path in one piece can be copied


def _map():
    """What `progress` shows, from top to bottom, for rich to draw."""
    from rich.columns import Columns
    from rich.table import Table
    from rich.text import Text

    from . import recorded

    file = path()
    try:
        kept, note = _read(file, mend=False)
    except OSError as error:
        kept, note = {"exercises": {}}, f"{file} cannot be read: {error.strerror}."
    done = kept["exercises"]

    table = Table("chapter", "exercises", title="What is green", title_justify="left", box=None, padding=(0, 2, 0, 0))
    table.add_column("points", justify="right")
    unreadable = []
    for stem in recorded.stems():
        try:
            exercises = recorded.exercises(stem)
        except Exception as error:
            unreadable.append(f"The recorded exercises of {stem} cannot be read ({error}): install coursekit again.")
            continue
        marks = Columns([_mark(exercise, done.get(exercise.id, {})) for exercise in exercises], padding=(0, 2))
        earned = sum(exercise.points * done.get(exercise.id, {}).get("best", 0.0) for exercise in exercises)
        table.add_row(
            stem.replace("_", " "), marks, f"{round(earned, 1):g}/{sum(exercise.points for exercise in exercises):g}"
        )

    if table.row_count:
        yield table
        yield Text("● passed   ◐ partly   ○ not yet   ★ a badge: no points, all honor", style="dim")
        yield Text("These are the checks' points. The grade tries further cases.", style="dim")
    elif not unreadable:
        yield Text("There are no exercises here yet.")
    for sentence in unreadable:
        yield Text(sentence)
    if note:
        yield Text(note)
    for aside in sorted(file.parent.glob(f"{file.stem}.broken-*{file.suffix}")):
        yield Text(f"A progress file that could not be read is kept as {aside}.")
    yield Text(f"Kept in {file}", style="dim")


def _mark(exercise, entry):
    """A name with a mark in front: the mark says by its shape what the color says again."""
    from rich.text import Text

    name = exercise.id.partition(".")[2]
    badge = exercise.points == 0
    if entry.get("passed"):
        return Text(f"{'★' if badge else '●'} {name}", style="green")
    if entry.get("best", 0.0) > 0:
        return Text(f"◐ {name}", style="yellow")
    return Text(f"{'☆' if badge else '○'} {name}", style="dim")


def _read(file, mend=True):
    """What is kept in `file`, and a sentence or None. Where the file is broken: nothing, after putting it aside."""
    try:
        content = file.read_bytes()
    except FileNotFoundError:
        return {"about": _ABOUT, "exercises": {}}, None
    try:
        kept = json.loads(content)
        for entry in kept["exercises"].values():
            if not isinstance(entry.get("best", 0.0), int | float) or not isinstance(entry.get("tries", 0), int):
                raise TypeError
        return kept, None
    except (ValueError, TypeError, KeyError, AttributeError):
        empty = {"about": _ABOUT, "exercises": {}}
        if not mend:
            return empty, f"{file} is not readable as progress. The next check puts it aside and starts a new one."
        count = 1
        while (aside := file.with_name(f"{file.stem}.broken-{count}{file.suffix}")).exists():
            count += 1
        file.rename(aside)
        return empty, f"{file.name} could not be read. It is kept as {aside.name}, and a new one has been started."


def _write(file, kept):
    """Whole or not at all: whoever reads sees the old file or the new one."""
    handle, draft = tempfile.mkstemp(prefix=f".{file.name}.", dir=file.parent)
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as out:
            json.dump(kept, out, indent=1, ensure_ascii=False)
            out.write("\n")
        os.replace(draft, file)
    except BaseException:
        with contextlib.suppress(OSError):
            os.unlink(draft)
        raise


@contextlib.contextmanager
def _alone_with(file):
    """Hold the file's lock: two notebooks that check at the same moment both count."""
    from filelock import FileLock

    file.parent.mkdir(parents=True, exist_ok=True)
    with FileLock(file.with_name(f".{file.name}.lock"), timeout=5):
        yield
