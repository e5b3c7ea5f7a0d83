"""The command `coursekit`, for the terminal of whoever learns."""

import click

from . import __version__


@click.group()
@click.version_option(__version__, prog_name="coursekit")
def main():
    """Perceptron to Policy: what the notebooks import.

    \b
    Example:
      coursekit progress
    """


@main.command()
def progress():
    """Show which exercises are green, by chapter.

    Progress stands in work/progress.json of your course, or in ./progress.json; set COURSEKIT_PROGRESS to keep it
    elsewhere.
    """
    from .progress import progress

    progress()


if __name__ == "__main__":
    main(prog_name="coursekit")
