"""The `autograder` command. Thin: each command imports what it needs when it runs, so that `--help` is quick."""

import errno
import json
import sys
from contextlib import contextmanager, nullcontext
from pathlib import Path

import click


class _Examples(click.Command):
    """A command whose help ends with examples."""

    def __init__(self, *args, examples="", **kwargs):
        super().__init__(*args, **kwargs)
        self.examples = examples

    def format_epilog(self, ctx, formatter):
        if self.examples:
            with formatter.section("Examples"):
                formatter.write_dl(
                    [(line.partition("  # ")[0], line.partition("  # ")[2]) for line in self.examples.splitlines()]
                )


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110})
@click.version_option(package_name="perceptron-to-policy-autograder", message="autograder %(version)s")
def main():
    """Release, grade and return the exercises of the course.

    A chapter is named by its STEM (perceptron), an exercise by STEM.FUNCTION (perceptron.neuron).
    Run it in the course's folder, or below.
    """


def _command(examples):
    return main.command(cls=_Examples, examples=examples)


class Sentence(click.ClickException):
    """What is wrong, for a person, without a traceback; exit status 2."""

    exit_code = 2


@contextmanager
def _sentences(*kinds):
    """Turn what these kinds of errors say into a `Sentence`, and that a file or folder is not ours to use."""
    from .course import CourseError

    try:
        yield
    except (CourseError, *kinds) as error:
        text = str(error.args[0] if error.args else error)
        raise Sentence(text[:1].upper() + text[1:])
    except OSError as error:
        if error.errno not in (errno.EACCES, errno.EPERM, errno.EROFS):
            raise
        raise Sentence(f"{error.filename}: {error.strerror}. Run this as someone who may write there.")


def _course():
    from .course import Course

    return Course()


def _stems(course, stems):
    """The stems asked for, or all that have been released."""
    from . import rubric

    return list(stems) or [s for s in rubric.stems() if (course.root / course.directory.release_directory / s).is_dir()]


@_command(
    "autograder release  # every chapter\nautograder release perceptron  # one\nautograder release --course ../students  # and the students' course"
)
@click.argument("stems", nargs=-1, metavar="[STEM]...")
@click.option(
    "--course",
    "folder",
    type=click.Path(path_type=Path),
    help="Also write the course for students into this new folder: no solutions/, no autograder/.",
)
def release(stems, folder):
    """Write exercises/ and the recorded checks from solutions/."""
    from . import rubric
    from .release import ReleaseError, student_course
    from .release import release as release_one

    with _sentences(ReleaseError):
        course = _course()
        for stem in stems or rubric.stems():
            changed = release_one(stem, course.root)
            click.echo(f"{stem}: {'released' if changed else 'nothing has changed'} in exercises/{stem}")
        if folder:
            student_course(folder, course.root)
            click.echo(f"The course for students is in {folder}")


@_command(
    "autograder grade work/perceptron/perceptron.ipynb  # a report card\n"
    "autograder grade my.ipynb --html  # and the same as my.report.html\n"
    "autograder grade my.ipynb --json  # for a program\n"
    "autograder grade --assignment perceptron  # everyone in submitted/, into the gradebook\n"
    "autograder grade --assignment perceptron --workers 8  # in eight processes\n"
    "autograder grade --assignment perceptron --scheduler tcp://node1:8786  # on a Dask cluster"
)
@click.argument("notebooks", nargs=-1, type=click.Path(path_type=Path), metavar="[NOTEBOOK]...")
@click.option("--assignment", metavar="STEM", help="Grade everyone in submitted/ into the gradebook.")
@click.option(
    "--student", "students", multiple=True, metavar="ID", help="With --assignment: only this student (may be repeated)."
)
@click.option(
    "--workers",
    type=click.IntRange(1),
    help="With --assignment: how many processes grade (default: one for each core).",
)
@click.option(
    "--scheduler", metavar="ADDRESS", help="With --assignment: grade on the workers of this Dask scheduler instead."
)
@click.option(
    "--unconfined",
    is_flag=True,
    help="With --assignment: go on where student code cannot be confined. It can then reach all that you can.",
)
@click.option("--again", is_flag=True, help="With --assignment: forget kept results and grade everything again.")
@click.option("--seed", help="For notebooks: the seed of a report, to repeat it (default: a fresh one).")
@click.option("--json", "as_json", is_flag=True, help="For notebooks: one JSON object for each, on a line.")
@click.option("--html", "as_html", is_flag=True, help="For notebooks: also write <notebook>.report.html beside each.")
def grade(notebooks, assignment, students, workers, scheduler, unconfined, again, seed, as_json, as_html):
    """Grade notebooks, with the hidden tests.

    Exits with 0 when everything is decided, 1 when a person must look, 2 when it could not be done.
    """
    if assignment and notebooks:
        raise Sentence("Name notebooks, or --assignment STEM, not both.")
    if workers and scheduler:
        raise Sentence("Give --workers, for this machine, or --scheduler, for a cluster, not both.")
    if assignment:
        how = {"workers": workers, "scheduler": scheduler, "again": again, "unconfined": unconfined}
        sys.exit(_grade_everyone(assignment, students, how))
    if not notebooks:
        raise Sentence("Which notebook? Or --assignment STEM for everyone in submitted/.")
    sys.exit(max(_grade_own(path, seed, as_json, as_html) for path in notebooks))


def _grade_own(path, seed, as_json, as_html):
    from . import feedback
    from .grading import own
    from .submission import Unreadable

    if not path.is_file():
        click.echo(f"There is no file {path}.", err=True)
        return 2
    try:
        report = own(path, seed)
    except (Unreadable, LookupError) as error:
        click.echo(f"{path}: {error.args[0]}", err=True)
        return 2
    if as_json:
        click.echo(json.dumps(summary(report), ensure_ascii=False))
    else:
        from .card import show

        show(report, path)
    if as_html:
        page = path.with_suffix(".report.html")
        page.write_text(feedback.report_page(report, title=path.name), encoding="utf-8")
        click.echo(f"The report is in {page}", err=as_json)
    return 1 if report.undecided else 0


def summary(report):
    """What `--json` prints."""
    keys = ("points", "max_points", "outcome", "mistake", "feedback")
    return {
        "exercises": {id: {k: getattr(e, k) for k in keys} for id, e in report.exercises.items()},
        "points": report.points,
        "max_points": report.max_points,
        "seed": report.seed,
    }


def _warm(stem, scheduler):
    """Where the processes come from that judge, where there is somebody to judge on this machine; else None."""
    if scheduler or not _somebody_is_new(stem):
        return nullcontext()
    from .workers import Warm

    return Warm()


def _somebody_is_new(stem):
    """Has somebody handed in who was never graded? So it seems from nbgrader's usual folders, in a millisecond."""
    handed_in, graded = ({p.parent.name for p in Path(step).glob(f"*/{stem}")} for step in ("submitted", "autograded"))
    return bool(handed_in - graded)


def _grade_everyone(stem, students, how):
    try:
        with _sentences(), _warm(stem, how["scheduler"]) as warm:  # before nbgrader is imported, since it takes longer
            from .card import Progress, show_class
            from .grading import everyone

            course = _course()
            if how["unconfined"]:
                click.echo(
                    "--unconfined: where it cannot be confined, student code can reach all that you can.", err=True
                )
            with Progress() as progress:
                graded = list(everyone(course, stem, students=students, warm=warm, step=progress.step, **how))
    except KeyboardInterrupt:
        click.echo("\nStopped. What is graded is kept: the same command carries on from here.", err=True)
        return 130
    misplaced = {} if students else course.misplaced(stem)
    show_class(stem, graded, misplaced)
    return 1 if misplaced or any(g.report is None or g.report.undecided for g in graded) else 0


@_command(
    "autograder feedback perceptron  # a page for everyone, in feedback/\nautograder feedback perceptron --student ada"
)
@click.argument("stems", nargs=-1, metavar="[STEM]...")
@click.option("--student", "students", multiple=True, metavar="ID", help="Only this student (may be repeated).")
def feedback(stems, students):
    """Write the pages that students get back."""
    from .card import Progress

    with _sentences():
        course = _course()
        for stem in _stems(course, stems):
            graded = course.students("autograded", stem)
            if not graded or set(students) - set(graded):
                missing = ", ".join(sorted(set(students) - set(graded))) or "nobody"
                text = f"{missing} is not graded yet" if graded else "nobody is graded yet"
                raise Sentence(f"{stem}: {text}; run `autograder grade --assignment {stem}`.")
            chosen = students or graded
            with Progress() as progress:
                for done, student in enumerate(chosen, 1):
                    course.feedback(stem, student)
                    progress.step("feedback", done, len(chosen))
            click.echo(
                f"{stem}: {len(chosen)} pages in {course.directory.feedback_directory}/<student>/{stem}/{stem}.html"
            )


@_command(
    "autograder report perceptron  # one page: what has the class understood?\nautograder report perceptron --open  # and show it"
)
@click.argument("stem")
@click.option(
    "--output", type=click.Path(path_type=Path), help="Where to write it (default: .autograder/report-STEM.html)."
)
@click.option("--open", "show", is_flag=True, help="Show it in the browser.")
def report(stem, output, show):
    """Draw the class: students, exercises, mistakes, the hardest cases."""
    from . import overview, results

    with _sentences():
        course = _course()
        course.check_released(stem)
        rows = overview.rows(course, stem)
        if not rows:
            raise Sentence(f"Nobody is graded yet; run `autograder grade --assignment {stem}`.")
        page = overview.page(stem, rows)
        if output:
            output.write_text(page, encoding="utf-8")
        else:
            output = course.root / results.PRIVATE / f"report-{stem}.html"
            results.write_private(output, page)
    click.echo(f"The report on {len(rows)} students is in {output}")
    if show:
        import webbrowser

        webbrowser.open(output.resolve().as_uri())


@_command(
    "autograder solution perceptron.neuron  # one model answer\nautograder solution perceptron --yes  # all of a chapter, unasked"
)
@click.argument("name", metavar="STEM[.FUNCTION]")
@click.option("--yes", is_flag=True, help="Show it although the check has not passed yet.")
def solution(name, yes):
    """Print the model answer.

    After your check has passed it comes at once; before that you are asked whether you mean it.
    """
    from . import rubric
    from .solution import model_answer

    with _sentences(LookupError):
        course = _course()
        stem = name.partition(".")[0]
        ids = [rubric.find(name).id] if "." in name else [r.id for r in rubric.load(stem).values()]
        nb = course.notebook("source", stem)
        for id in ids:
            if not yes and not _passed(id):
                text = f"Your check of {id} has not passed yet. See the model answer all the same?"
                if not sys.stdin.isatty() or not click.confirm(text):
                    click.echo(f"{id}: your check has not passed yet; `--yes` shows the answer all the same.", err=True)
                    continue
            click.echo(f"# {id}\n{model_answer(nb, id)}\n")


def _passed(id):
    """Is the exercise green in the student's own progress?"""
    from coursekit.progress import path

    try:
        return bool(json.loads(path().read_text())["exercises"][id]["passed"])
    except (OSError, ValueError, KeyError, TypeError):
        return False


@_command(
    "autograder export perceptron --to canvas  # canvas.csv: Canvas, Grades, Import\n"
    "autograder export perceptron --to moodle  # moodle.csv: Moodle, Grades, Import, CSV file\n"
    "autograder export perceptron --to canvas --name 'Week 1 (4711)'  # into the column of that name"
)
@click.argument("stems", nargs=-1, metavar="[STEM]...")
@click.option("--to", "kind", type=click.Choice(["canvas", "moodle"]), required=True)
@click.option("--output", type=click.Path(path_type=Path), help="The file (default: canvas.csv or moodle.csv).")
@click.option("--name", "names", multiple=True, help="The assignment's name there, once for each STEM.")
def export(stems, kind, output, names):
    """Write marks as CSV for Canvas or Moodle. What a person must still look at stays blank."""
    from .export import export as write
    from .export import outdated

    with _sentences():
        course = _course()
        stems = _stems(course, stems)
        for stem in stems:
            course.check_released(stem)
        if names and len(names) != len(stems):
            raise Sentence("Give --name once for each STEM.")
        output = output or Path(f"{kind}.csv")
        graded, waiting = write(course, kind, stems, output, names)
        old = {stem: len(students) for stem in stems if (students := outdated(course, stem))}
    click.echo(
        f"{graded} students with a mark are in {output}"
        + (f"; {waiting} marks are blank: a person must look" if waiting else "")
    )
    for stem, count in old.items():
        text = f"{stem}: {count} marks are from before its exercises or points changed"
        click.echo(f"{text}: run `autograder grade --assignment {stem}`, then export again.", err=True)
    sys.exit(1 if waiting or old else 0)


@_command(
    "autograder simulate perceptron  # thirty students in submitted/\nautograder simulate perceptron --students 12 --seed 7"
)
@click.argument("stem")
@click.option("--students", type=click.IntRange(1, 1000), default=30, show_default=True)
@click.option("--seed", type=int, default=0, show_default=True, help="Another seed, another class.")
def simulate(stem, students, seed):
    """Make up a class and hand in for it.

    Model answers, other right answers, known mistakes, blanks, syntax errors, crashes, endless loops, deleted cells.
    """
    from .simulate import simulate as make

    with _sentences():
        course = _course()
        manifest = make(course, stem, students, seed)
    click.echo(f"{len(manifest['students'])} students have handed in {stem}. Now: autograder grade --assignment {stem}")


if __name__ == "__main__":
    main()
