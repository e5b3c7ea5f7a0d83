"""What the terminal shows: a report card, a progress bar, a class."""

from rich.console import Console, Group
from rich.padding import Padding
from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeRemainingColumn
from rich.progress import Progress as Bars
from rich.table import Table
from rich.text import Text

from . import harmless
from .feedback import number, sorted_cases
from .report import FAILED, PASSED, UNDECIDED

MARKS = {PASSED: ("✓", "green"), FAILED: ("✗", "red"), UNDECIDED: ("?", "blue")}


def show(report, path):
    """One's own report card."""
    console = Console(highlight=False)
    table = Table(box=None, padding=(0, 1), show_header=False)
    for e in report.exercises.values():
        mark, color = MARKS[e.outcome]
        points = (
            f"{number(e.points)} / {number(e.max_points)}"
            if e.max_points
            else ("★" if e.outcome == PASSED else "stretch")
        )
        passed = f"{sum(c.outcome == PASSED for c in e.cases)} of {len(e.cases)} cases" if e.cases else ""
        table.add_row(
            Text(mark, style=f"bold {color}"), Text(e.title), Text(points, justify="right"), Text(passed, style="dim")
        )
    console.print()
    console.print(Text(f"{path}", style="dim"))
    console.print(table)
    console.print(Text(f"  {number(report.points)} of {number(report.max_points)} points", style="bold"))
    for e in report.exercises.values():
        if e.outcome != PASSED:
            console.print(Padding(_why(e), (1, 0, 0, 2)))
    console.print()
    if not report.confined:
        console.print(Text("Your code ran unconfined, with the reach that it has in your own notebook.", style="dim"))
    console.print(Text(f"Seed {report.seed}: `--seed` repeats exactly these tests.", style="dim"))


def _why(e):
    """The first failure in full, then the question and the hint."""
    mark, color = MARKS[e.outcome]
    lines = [Text(f"{mark} {e.title}", style=f"bold {color}")]
    if e.note:
        lines.append(Text(harmless.text(e.note)))
    failed, _, shared, example = sorted_cases(e)
    first = example or (failed[0] if failed else None)
    if shared:
        lines.append(Text(f"{harmless.text(shared)} ({len(failed)} cases)"))
    elif first:
        lines.append(Text(f"{first.name}: {harmless.text(first.problem)}"))
        if example:
            lines.append(Padding(Text(harmless.text(example.example), style="dim"), (0, 0, 0, 2)))
        others = [c.name for c in failed if c is not first]
        if others:
            lines.append(Text(f"Also: {'; '.join(others)}.", style="dim"))
    if e.mistake:
        lines.append(Text(e.question, style="italic"))
        lines.append(Text(f"Hint: {e.mistake}. {e.hint} ({e.section})", style="dim"))
    return Group(*lines)


class Progress:
    """A bar for each stage; nothing where the output is no terminal."""

    def __init__(self):
        console = Console(stderr=True)
        columns = (TextColumn("{task.description:<10}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
        self.bars = Bars(*columns, console=console, disable=not console.is_terminal)
        self.tasks = {}

    def __enter__(self):
        self.bars.start()
        return self

    def __exit__(self, *error):
        self.bars.stop()

    def step(self, stage, done, total):
        """`stage` is at `done` of `total`."""
        if not total:
            return
        if stage not in self.tasks:
            self.tasks[stage] = self.bars.add_task(stage, total=total)
        self.bars.update(self.tasks[stage], completed=done, total=total)


def show_class(stem, graded, misplaced=()):
    """What came of everyone, with a sentence for each who needs one. `misplaced`: {path: sentence} of other notebooks."""
    graded = sorted(graded, key=lambda g: g.student)
    console = Console(highlight=False)
    reports = [g for g in graded if g.report]
    table = Table(box=None, padding=(0, 1))
    table.add_column("student")
    table.add_column("points", justify="right")
    for title in ("passed", "failed", "undecided"):
        table.add_column(title, justify="right")
    for g in reports:
        outcomes = [e.outcome for e in g.report.exercises.values()]
        counts = [outcomes.count(o) for o in (PASSED, FAILED, UNDECIDED)]
        style = "" if not counts[2] else "blue"
        points = f"{number(g.report.points)} / {number(g.report.max_points)}"
        table.add_row(Text(g.student), points, *(str(n) if n else "" for n in counts), style=style)
    console.print(table)
    new = sum(g.new for g in reports)
    console.print(
        f"{len(reports)} students of {stem} are in the gradebook; {new} recorded now, {len(reports) - new} as before."
    )
    loose = [g.student for g in reports if not g.report.confined]
    if loose:
        console.print(Text(f"Graded unconfined: {', '.join(loose)}.", style="yellow"))
    for g in graded:
        if g.problem:
            console.print(Text(f"{g.student}: {g.problem}", style="yellow"))
        elif not any(e.cases for e in g.report.exercises.values()):
            notes = {e.note for e in g.report.exercises.values()}
            console.print(Text(f"{g.student}: {harmless.text(' '.join(sorted(notes)))}", style="yellow"))
        elif g.report.undecided:
            console.print(
                Text(f"{g.student}: undecided, a person must look: {', '.join(g.report.undecided)}", style="blue")
            )
    for path, sentence in dict(misplaced).items():
        console.print(Text(f"{path}: {sentence}", style="yellow"))
    if reports:
        console.print(
            f"Next: `autograder feedback {stem}` for students, `autograder report {stem} --open` for you, "
            f"`autograder export {stem} --to canvas` (or moodle) for the marks.",
            style="dim",
        )
