"""The figure of a matrix and the plane."""

import math

import torch


def matrix(state):
    columns = torch.tensor([state["first"], state["second"]], dtype=torch.float64)
    return torch.lerp(torch.eye(2, dtype=torch.float64), columns.T, state["t"])


def truth(state):
    a = matrix(state)
    values, vectors = torch.linalg.eig(a)
    real = values.imag.abs().max() < 1e-6
    order = values.real.argsort(descending=True)
    values, vectors = values.real[order], vectors.real[:, order].T.abs()
    if not real:
        values, vectors = [], []
    elif values[0] - values[1] < 1e-5:  # one eigenvalue, twice
        every = (a - values[0] * torch.eye(2)).abs().max() < 1e-9
        values, vectors = values[:1], [None] if every else vectors[:1]
    return {
        "matrix": a,
        "product": a @ torch.tensor(state["x"], dtype=torch.float64),
        "determinant": torch.linalg.det(a),
        "eigenvalues": values,
        "eigenvectors": vectors,
    }


def test_it_says_what_python_computes(drive):
    drive("matrix_plane", truth)


def test_dependent_columns_crush_the_plane_and_beyond_it_is_turned_over(screen):
    figure = screen("matrix_plane")
    figure.predict(0)
    _, readout = figure.set(first=[1.5, 0.5], second=[3.0, 1.0])
    assert readout["determinant"] == 0
    assert "crushed" in figure.says()
    _, readout = figure.set(second=[2.9, 0.5])
    assert readout["determinant"] < 0
    assert "turned over" in figure.says()
    assert "What happens" in figure.page.inner_text(".fig-predicted")


def test_a_rotation_leaves_no_direction_and_a_shear_one(screen):
    figure = screen("matrix_plane")
    figure.skip()
    c, s = math.cos(1.0), math.sin(1.0)
    _, readout = figure.set(first=[c, s], second=[-s, c], eigen=True)
    assert readout["eigenvalues"] == []
    assert "Every direction turns" in figure.says()
    _, readout = figure.set(first=[1, 0], second=[1, 1])
    assert readout["eigenvalues"] == [1]
    assert readout["eigenvectors"] == [[1, 0]]
    _, readout = figure.set(t=0)
    assert "Every direction stays" in figure.says()


def test_the_eigenvectors_lines_do_not_move_on_the_way(screen):
    figure = screen("matrix_plane")
    figure.skip()
    vectors = [figure.set(t=t)[1]["eigenvectors"] for t in (0.25, 0.5, 1.0)]
    assert torch.allclose(torch.tensor(vectors[0]), torch.tensor(vectors[2]))
    assert torch.allclose(torch.tensor(vectors[1]), torch.tensor(vectors[2]))
