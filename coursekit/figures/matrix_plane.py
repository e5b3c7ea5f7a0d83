"""A matrix as a motion of the plane."""

import traitlets

from .figure import Figure


class MatrixPlane(Figure):
    """What does a matrix do to the plane?

    A sends the basis vectors (1, 0) and (0, 1) to its columns, and x = x₁ (1, 0) + x₂ (0, 1) to the same combination of
    the columns: Ax = x₁ a₁ + x₂ a₂. So a grid stays a grid, and the unit square becomes a parallelogram whose signed
    area is det A. On the way from the identity the matrix is (1 − t) I + t A. An eigenvector v has Av = λv: its line
    stays where it is (on the whole way, for I leaves every line where it is).
    """

    first = traitlets.List(traitlets.Float(), [1.5, 0.5], help="where (1, 0) goes: A's first column, (2,)").tag(
        sync=True
    )
    second = traitlets.List(traitlets.Float(), [0.5, 1.5], help="where (0, 1) goes: A's second column, (2,)").tag(
        sync=True
    )
    x = traitlets.List(traitlets.Float(), [-2.0, 0.5], help="a vector, (2,)").tag(sync=True)
    t = traitlets.Float(1.0, help="how far on the way from the identity (0) to A (1)").tag(sync=True)
    eigen = traitlets.Bool(False, help="whether the lines of the eigenvectors are drawn").tag(sync=True)
