"""Where student code runs: apart from the judge, and where it can reach nothing else.

    process.py     the grader's side: a student process, to send to and to receive from
    bubblewrap.py  the command that shuts the warm process in: which files exist there, and no network
    zygote.py      the warm process; forks a student process for each notebook
    confine.py     what each fork gives up before it runs a line of student code
    student.py     the fork: runs the cells, serves the exercises
    shell.py       runs a cell as a kernel would
    frames.py      packed values over a socket

Everything from `zygote.py` on is in view of student code, and holds no secret.
"""


class Unconfinable(RuntimeError):
    """This machine cannot confine student code; the sentence says what is missing."""


def unconfinable():
    """What this machine lacks to confine student code, and what to do about it, in a sentence; "" if it can."""
    from .process import Zygote

    try:
        Zygote.of_this_process(confined=True)
    except Unconfinable as error:
        return str(error)
    return ""
