"""Whether the pictures of a release must be run: not if nothing that a student wrote can see what they leave behind.

Most of the time that a notebook takes is spent on pictures that nobody will look at: the cells, marked with the tag
`picture`, that show a student what a right answer draws. They come after the exercise that they belong to and no marks
hang on them. But a student may use a name that one of them has bound, and then all are run.
"""

import re
import symtable

# What looks names up by other ways than writing them down. A word like these anywhere: everything is run.
# (Not `model.eval()`, which half of all students write.)
BY_OTHER_WAYS = re.compile(
    r"\b(globals|locals|vars|exec|dir|get_ipython|__main__|f_globals|__globals__)\b|(?<![\w.])eval\b|import\s*\*"
)


def unneeded(pictures, others):
    """Whether none of the `others`, written by a student, can see what the `pictures` bind; both are sources of cells.
    (That no other cell of the release needs a picture is the author's care, and tested in tests/test_course.py.)"""
    bound = set()
    try:
        for source in pictures:
            bound |= _bound(symtable.symtable(source, "<cell>", "exec"))
        return not any(_sees(source, bound) for source in others)
    except (SyntaxError, ValueError, RecursionError, MemoryError):  # a magic; what is nested too deep for the parser
        return False


def _sees(source, bound):
    by_other_ways = BY_OTHER_WAYS.search(source)
    return bool(by_other_ways or bound & _looked_up(symtable.symtable(source, "<cell>", "exec")))


def _bound(table, top=True):
    """The names that a cell binds in the notebook's own space, also by `global` inside a function."""
    here = {
        s.get_name() for s in table.get_symbols() if (s.is_assigned() or s.is_imported()) and (top or s.is_global())
    }
    return here.union(*(_bound(child, False) for child in table.get_children()))


def _looked_up(table, top=True):
    """The names that a cell looks up, or binds, in the notebook's own space."""
    here = {s.get_name() for s in table.get_symbols() if top or s.is_global()}
    return here.union(*(_looked_up(child, False) for child in table.get_children()))
