"""autograder: what an instructor has. It knows the answers; students have coursekit alone."""

import sys

# jsonschema, which comes with nbformat, reads a grammar of web addresses that nothing here needs: a second at each start.
sys.modules.setdefault("rfc3987_syntax", None)


def __getattr__(name):
    """`grade`, which a hidden test region calls under a stock nbgrader, loads when first used."""
    if name == "grade":
        from .inprocess import grade

        return grade
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
