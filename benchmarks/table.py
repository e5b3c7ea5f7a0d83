"""The tables of README.md, written from results.json and from nothing else."""

import json
from collections import Counter
from itertools import pairwise
from statistics import mean, median, quantiles

from tests.attacks import CATEGORIES

from .graders import HERE

RESULTS, README = HERE / "results.json", HERE / "README.md"
BEGIN, END = "<!-- results: written by make bench -->", "<!-- end of results -->"
NAMES = {"nbgrader": "stock nbgrader", "otter": "otter run", "ours": "ours"}

# Why marks differ, by the kind of student or of answer.
UNEXPLAINED = "not explained yet"
WHY = {
    "deleted grade cells": "the student deleted grade cells; nbgrader gives those exercises no mark (a person must look)",
    "crash": "an answer ends the process of its notebook, and with it the peer's grading of the whole submission",
    "endless loop": "each call of a function that never ends costs a peer the time limit of a cell, or all there is",
    "catches everything": "the loop swallows the interrupt, and the peer drops the submission or waits until it is ended",
}


def load():
    return json.loads(RESULTS.read_text(encoding="utf-8")) if RESULTS.exists() else {}


def save(results):
    """Write results.json, and the tables into README.md."""
    RESULTS.write_text(json.dumps(results, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    README.write_text(with_tables(README.read_text(encoding="utf-8"), results), encoding="utf-8")


def with_tables(text, results):
    """README's text with the tables of these results in their place."""
    before, _, rest = text.partition(BEGIN)
    after = rest.partition(END)[2]
    return f"{before}{BEGIN}\n\n{render(results)}\n\n{END}{after}"


def render(results):
    """All tables, as Markdown."""
    parts = [side_by_side, attacks, growth, again, confinement, breakdown, about]
    return "\n\n".join(filter(None, (part(results) for part in parts)))


def summary(results):
    """The first table, for the terminal."""
    return side_by_side(results)


def side_by_side(results):
    if "peers" not in results:
        return ""
    found = results["peers"]["found"]
    rows = found["rounds"]
    honest = {name: _sum(rows, name) for name in NAMES}
    everyone = {name: _sum(rows + found["stuck"], name) for name in NAMES}
    wall, cpu = _ratios(rows, "wall"), _ratios(rows, "cpu")
    students = {name: honest[name]["students"] for name in NAMES}
    lines = [
        _row("", *NAMES.values()),
        _row(*["---"] * 4),
        _row("submissions a minute", *(f"{60 * students[n] / honest[n]['wall']:.0f}" for n in NAMES)),
        _row("seconds a submission", *(f"{honest[n]['wall'] / students[n]:.2f}" for n in NAMES)),
        _row("seconds of computing a submission", *(f"{honest[n]['cpu'] / students[n]:.2f}" for n in NAMES)),
        _row("**times as long as ours**", *(f"**{_spread(wall[n])}**" for n in NAMES if n != "ours"), "1"),
        _row("times the computing of ours", *(_spread(cpu[n]) for n in NAMES if n != "ours"), "1"),
        _row("peak memory, all processes", *(f"{found['memory'][n] / 2**20:,.0f} MiB" for n in NAMES)),
    ]
    if found["stuck"]:
        lines.append(_row("seconds a submission, the whole class", *(f"{_each(everyone[n]):.2f}" for n in NAMES)))
    count = len({r["round"] for r in rows})
    text = [
        f"### Side by side\n\n{students['ours']} students who neither hang nor crash, in {count} round{'s' * (count > 1)} of "
        f"{rows[0]['students']}; the median over the rounds, and the range.",
        "\n".join(lines),
        "".join(
            f"*The whole class* has {row['students']} students more, whose code crashes or hangs."
            for row in found["stuck"][:1]
        ),
        _tuned(found["tuned"], honest["ours"]),
        _disagreements(found),
    ]
    return "\n\n".join(filter(None, text))


def _tuned(rows, ours):
    lines = [
        _row("as fast as settings and a shell allow", "seconds a submission", "times as long as ours", "graded"),
        _row(*["---"] * 4),
    ]
    for row in rows:
        graded = f"{row['graded']} of {row['students']}"
        lines.append(_row(NAMES[row["grader"]], f"{_each(row):.2f}", f"{_each(row) / _each(ours):.1f}", graded))
    return "\n".join(lines)


def _disagreements(found):
    rows, total = found["disagreements"], found["compared"]
    if not rows:
        return f"**Marks.** All {total} marks (a student's points for an exercise) are the same in all three."
    said = " and ".join(
        f"{NAMES[n]} differs in {sum(r['count'] for r in rows if r['grader'] == n)}" for n in NAMES if n != "ours"
    )
    counts = Counter()
    for r in rows:
        numbers = r["theirs"] is not None and r["ours"] is not None
        what = f"`{r['exercise']}`: {r['theirs']:g}, ours {r['ours']:g}" if numbers else "no mark"
        counts[NAMES[r["grader"]], r["kind"], what] += r["count"]
    lines = [_row("marks that differ", "of", "student or answer", "what", "why"), _row(*["---"] * 5)]
    for (grader, kind, what), count in counts.items():
        lines.append(_row(count, grader, kind, what, WHY.get(kind, UNEXPLAINED)))
    table = "\n".join(lines)
    return f"**Marks.** Of {total} marks (a student's points for an exercise) {said} from ours.\n\n{table}"


def attacks(results):
    if "attacks" not in results:
        return ""
    rows = results["attacks"]["found"]
    groups = {kind: [r for r in rows if r["attack"].startswith(f"{kind}/")] for kind in CATEGORIES}
    lines = [_row("attacks", "", *NAMES.values()), _row("---", "--:", *["---"] * 3)]
    lines += [
        _row(words, len(groups[kind]), *(_came_of(groups[kind], n) for n in NAMES))
        for kind, words in CATEGORIES.items()
        if groups[kind]
    ]
    lines.append(_row("**all**", len(rows), *(_came_of(rows, n) for n in NAMES)))
    every = [_row("attack", *NAMES.values()), _row(*["---"] * 4)]
    every += [_row(f"`{r['attack']}`", *(r[n]["word"] for n in NAMES)) for r in rows]
    return "\n\n".join(
        [
            "### Attacks",
            f"The {len(rows)} notebooks of `tests/attacks`: how many were given points for what they did not solve, did "
            "harm, cost the submission its mark, or cost what the same student had solved. What is *not run* is too "
            "dangerous for a grader that confines nothing.",
            "\n".join(lines),
            "<details><summary>Each attack; what it tries stands in the header of its notebook</summary>",
            "\n".join(every),
            "</details>",
        ]
    )


def _came_of(rows, name):
    """What came of some attacks, in a few words."""
    run = [r[name] for r in rows if r[name]["run"]]
    counts = {
        "given points": sum(bool(r["points"]) for r in run),
        "did harm": sum(bool(r["hurt"]) for r in run),
        "no mark": sum(r["dropped"] for r in run),
        "honest points lost": sum(bool(r["lost"]) and not r["dropped"] for r in run),
        "not run": len(rows) - len(run),
    }
    return ", ".join(f"{count} {words}" for words, count in counts.items() if count) or "all defended"


def growth(results):
    if "growth" not in results:
        return ""
    rows = results["growth"]["found"]
    heads = (
        "submissions",
        "workers",
        "seconds",
        "seconds each",
        "computing each",
        "again, nothing changed",
        "times faster",
    )
    peers = (
        {n: _sum(results["peers"]["found"]["rounds"], n) for n in NAMES if n != "ours"} if "peers" in results else {}
    )
    heads += tuple(f"times as fast as {NAMES[n]}" for n in peers)
    lines = [_row(*heads), _row(*["--:"] * len(heads))]
    for row in rows:
        again = row["again"]["wall"]
        each = f"{_each(row):.3f}", f"{row['cpu'] / row['students']:.3f}"
        faster = [f"{row['wall'] / again:.1f}", *(f"{_each(peer) / _each(row):.0f}" for peer in peers.values())]
        lines.append(_row(row["students"], row["workers"], f"{row['wall']:.1f}", *each, f"{again:.1f}", *faster))
    further = []
    for workers in sorted({r["workers"] for r in rows}):
        some = sorted((r for r in rows if r["workers"] == workers), key=lambda r: r["students"])
        for small, big in pairwise(some):
            seconds = (big["wall"] - small["wall"]) / (big["students"] - small["students"])
            further.append(f"{seconds:.3f} s between {small['students']} and {big['students']} (workers: {workers})")
    table = "\n".join(lines)
    return (
        "### How ours grows\n\nStarting up, once a run, is included."
        + " A peer's seconds a submission are those of the first table: they do not depend on the class." * bool(peers)
        + f"\n\n{table}\n\n"
        f"A further submission costs {'; '.join(further)}."
    )


def again(results):
    if "again" not in results:
        return ""
    rows = results["again"]["found"]
    new = rows[0]["wall"]
    lines = [_row("graded again", "seconds", "seconds each", "times faster"), _row(*["---"] * 4)]
    for row in rows:
        lines.append(_row(row["what"], f"{row['wall']:.1f}", f"{_each(row):.3f}", f"{new / row['wall']:.1f}"))
    return f"### Grading again\n\nA class of {rows[0]['students']}, two workers.\n\n" + "\n".join(lines)


def confinement(results):
    if "confinement" not in results:
        return ""
    said = []
    for what, ways in results["confinement"]["found"].items():
        more = [a - b for one in zip(ways["confined"], ways["open"]) for a, b in zip(*one)]
        low, middle, high = quantiles(more, n=4)
        times = [median(mean(row) for row in ways[way]) for way in ("confined", "open")]
        name = "a notebook without cells" if what == "blank" else f"{len(ways['open'])} notebooks of the class"
        said.append(
            f"- {name}: **{middle:.0f} ms** more (the middle half of {len(more)} comparisons: {low:.0f} to {high:.0f} ms; "
            f"the median notebook takes {times[0]:.0f} ms confined, {times[1]:.0f} ms not)"
        )
    text = "The same notebooks judged confined and not, by turns, in one process that is warm in both ways."
    return "\n".join([f"### Confinement\n\n{text}\n", *said])


def breakdown(results):
    if "breakdown" not in results:
        return ""
    found = results["breakdown"]["found"]
    floor, steps, each = found["floor"], found["steps"], found["submission"]
    rest = each - sum(steps.values()) - floor["cells"] - floor["answers"]
    parts = {
        "the floor: the cells of the notebook": floor["cells"],
        "the floor: the answers, called on every case": floor["answers"],
        "the rest of the student process: fork, confinement, shell, observing": rest,
        **steps,
        "**in all**": each,
    }
    lines = [_row("ms of computing a submission", "", "share"), _row("---", "--:", "--:")]
    lines += [_row(name, f"{1000 * s:.0f}", f"{100 * s / each:.0f}%") for name, s in parts.items()]
    return (
        f"### Where the time goes\n\nA further submission, one worker, {found['students']} students; starting up costs "
        f"{found['start']:.1f} s of computing, once a run.\n\n" + "\n".join(lines)
    )


def about(results):
    if not results:
        return "*Not run yet.*"
    lines = []
    for part, run in results.items():
        machine = ", ".join(
            f"{k} {v}" if k not in ("processor", "system") else str(v) for k, v in run["machine"].items()
        )
        quick = "small sizes (`QUICK=1`), " if run["quick"] else ""
        lines.append(f"- `{part}`: {run['day']}, {quick}{run['minutes']:g} minutes; {machine}")
    return "### Measured\n\n" + "\n".join(lines)


def _sum(rows, name):
    rows = [r for r in rows if r["grader"] == name]
    return {key: sum(r[key] for r in rows) for key in ("students", "wall", "cpu")}


def _ratios(rows, what):
    """{peer: in each round, how many times as much as ours}"""
    by = {(r["grader"], r["round"]): r[what] for r in rows}
    rounds = sorted({r["round"] for r in rows})
    return {n: [by[n, i] / by["ours", i] for i in rounds] for n in NAMES}


def _each(row):
    return row["wall"] / row["students"]


def _spread(values):
    low, high = min(values), max(values)
    return f"{median(values):.1f}" if len(values) == 1 else f"{median(values):.1f} ({low:.1f}–{high:.1f})"


def _row(*cells):
    return "| " + " | ".join(map(str, cells)) + " |"
