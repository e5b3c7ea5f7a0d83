"""autograder: what an instructor has. It knows the answers; students have coursekit alone."""


def __getattr__(name):
    """`grade`, which a hidden test region calls under a stock nbgrader, loads when first used."""
    if name == "grade":
        from .inprocess import grade

        return grade
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
