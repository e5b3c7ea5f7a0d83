"""*When*: apply an implementation to what is given, under a time limit, and say what came of it.

The same function observes the reference, the mistakes, the student's function in the notebook (`check`)
and the student's function in the grader's student process.
"""

import contextlib
import importlib
import io
import signal
import threading
import time
import traceback

from . import wire
from .exercise import Failure, Observation

WALL = 5  # a time limit by the clock is so many times the limit by computing


def observe(implementation, case, seconds):
    """Apply `implementation` to `case.given` by `case.when`; never raises for what the implementation does."""
    when = find(case.when)
    before = wire.pack(case.given)
    given = wire.unpack(before)
    out = io.StringIO()
    value, failure = None, None
    try:
        with limit(seconds), contextlib.redirect_stdout(out), contextlib.redirect_stderr(io.StringIO()):
            value = wire.copy(when(implementation, *given))
    except OverTime:
        failure = Failure("endless", message=f"{seconds:g}")
    except wire.Unsendable as error:
        failure = Failure("unsendable", type="Unsendable", message=str(error))
    except KeyboardInterrupt:
        raise
    except BaseException as error:  # student code may raise anything at all, SystemExit included
        kind = "stub" if type(error) is NotImplementedError and not _text(error) else "raised"
        failure = Failure(kind, type=type(error).__name__[:80], message=_text(error) + _line(error, implementation))
    return Observation(value, _changed(given, before), bool(out.getvalue().strip()), failure)


def call(implementation, *given):
    """The usual *when*: call it."""
    return implementation(*given)


def find(name):
    """A *when* or *then* by its name: ours, or `<stem>.<function>` of `coursekit.cases`."""
    from . import compare

    if "." not in name:
        return {"call": call, "equal": compare.equal}[name]
    stem, _, function = name.partition(".")
    return getattr(importlib.import_module(f"coursekit.cases.{stem}"), function)


class OverTime(BaseException):
    """Not an `Exception`: student code that catches all of those must not catch this."""


@contextlib.contextmanager
def limit(seconds, wall=None):
    """Raise `OverTime` in the body once it has computed for `seconds`, or once `wall` seconds have passed on the
    clock (`WALL` times as many, if not given); and again every tenth of a second until the body has ended.

    Counting what it computes, not what the clock says, keeps an honest answer safe on a busy machine.
    Works in the main thread of a Unix process; elsewhere the body runs without a limit.
    """
    if threading.current_thread() is not threading.main_thread() or not hasattr(signal, "setitimer"):
        yield
        return

    running = True
    computed = time.process_time() + seconds
    passed = time.monotonic() + (WALL * seconds if wall is None else wall)

    def stop(signum, frame):
        if running and (time.process_time() >= computed or time.monotonic() >= passed):
            raise OverTime(f"more than {seconds:g} s")

    earlier = signal.signal(signal.SIGALRM, stop)
    signal.setitimer(signal.ITIMER_REAL, seconds, 0.1)
    try:
        yield
    finally:
        running = False  # a signal that comes now finds nothing to stop
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, earlier)


def _changed(given, before):
    try:
        return wire.pack(given) != before
    except Exception:  # changed into something that cannot even be packed
        return True


def _line(error, implementation):
    """Where the student's own file, or notebook cell, was when `error` was raised: " (line 7: w = v)"."""
    code = getattr(implementation, "__code__", None)
    frames = traceback.extract_tb(error.__traceback__)
    own = [f for f in frames if code is not None and f.filename == code.co_filename]
    return f" (line {own[-1].lineno}: {own[-1].line})" if own and own[-1].line else ""


def _text(error):
    try:
        return str(error)[:500]
    except Exception:  # a hostile __str__
        return ""
