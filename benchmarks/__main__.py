"""`make bench`: runs the benchmark, or parts of it, and writes results.json and the table in README.md."""

import contextlib
import datetime
import sys
import tempfile
import time
from pathlib import Path

import click

from . import attacks, breakdown, environment, grow, marks, side_by_side, table
from .classroom import Classroom
from .graders import Nbgrader, Otter, Ours, remove

FULL = {"chunk": 20, "rounds": 3, "stuck": True, "attacks": None}
FULL |= {"sizes": (10, 100, 1000), "again": 100, "confinement": (30, 4), "breakdown": 24}
QUICK = {"chunk": 6, "rounds": 2, "stuck": False, "attacks": 1}
QUICK |= {"sizes": (4, 16), "again": 12, "confinement": (8, 2), "breakdown": 8}
PARTS = ("peers", "attacks", "growth", "again", "confinement", "breakdown")


def peers(sizes, folder, show):
    """The class through all three."""
    graders = [Nbgrader(folder), Otter(folder), Ours(folder)]
    for grader in graders:
        show(f"preparing {grader.name}")
        grader.prepare()
    chunk, count = sizes["chunk"], sizes["rounds"]
    classroom = Classroom(graders[2], max(chunk * count + 3, 10))
    side_by_side.warm_up(graders, classroom, show)
    rows, points = side_by_side.rounds(graders, classroom, chunk, count, show)
    stuck = []
    if sizes["stuck"]:
        stuck, more = side_by_side.stuck(graders, classroom, show)
        points = {name: points[name] | more[name] for name in points}
    few = classroom.honest[: max(chunk // 3, 4)]
    return {
        "rounds": rows,
        "stuck": stuck,
        "tuned": side_by_side.tuned(*graders[:2], classroom, classroom.honest[:chunk], show),
        "memory": side_by_side.memory(graders, classroom, few, show),
        "compared": marks.compared(points),
        "disagreements": marks.disagreements(points, classroom.students),
    }


def run(part, sizes, folder, show):
    """The results of one part, as plain values."""
    match part:
        case "peers":
            return peers(sizes, folder, show)
        case "attacks":
            return attacks.compare(folder, sizes["attacks"], show)
        case "growth":
            return grow.with_the_class(folder, sizes["sizes"], (1, 2), show)
        case "again":
            return grow.again(folder, sizes["again"], show)
        case "confinement":
            return grow.confinement(folder, *sizes["confinement"], show)
        case "breakdown":
            return breakdown.of(folder, sizes["breakdown"], show)


@click.command()
@click.option("--quick", is_flag=True, help="Smaller classes: a few minutes instead of hours.")
@click.option("--only", "parts", multiple=True, type=click.Choice(PARTS), help="Only this part (may be repeated).")
@click.option("--keep", type=click.Path(path_type=Path), help="Work in this new folder and leave it there.")
def main(quick, parts, keep):
    """Grade the same class with stock nbgrader, with otter-grader and with ours, and say what it cost."""
    start = time.monotonic()

    def show(text):
        minutes, seconds = divmod(int(time.monotonic() - start), 60)
        click.echo(f"{minutes:3}:{seconds:02}  {text}")

    environment.set_up(show)
    sizes, results = QUICK if quick else FULL, table.load()
    with contextlib.ExitStack() as stack:
        folder = keep or Path(tempfile.mkdtemp(prefix="bench-"))
        if not keep:
            stack.callback(remove, folder)
        for part in parts or PARTS:
            place = folder / part
            remove(place)
            began = time.monotonic()
            found = run(part, sizes, place, show)
            results[part] = {
                "found": found,
                "quick": quick,
                "day": datetime.date.today().isoformat(),
                "minutes": round((time.monotonic() - began) / 60, 1),
                "machine": environment.machine(),
            }
            table.save(results)  # whatever happens to the next part
            show(f"{part} is in benchmarks/README.md")
    click.echo(table.summary(results))


if __name__ == "__main__":
    sys.exit(main())
