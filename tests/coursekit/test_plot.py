"""One look for every figure: judged by what is drawn."""

import base64
import io

import matplotlib
import matplotlib.pyplot as plt
import nbclient
import nbformat
import numpy as np
import pytest
import torch
from matplotlib.colors import to_rgb

from coursekit import data, plot


@pytest.fixture(autouse=True)
def style():
    matplotlib.use("agg")
    with matplotlib.rc_context():
        plot.use()
        yield
        plt.close("all")


def pixels(figure):
    """The figure as drawn: (height, width, 3) in 0…1, the first row on top."""
    figure.canvas.draw()
    return np.asarray(figure.canvas.buffer_rgba())[..., :3] / 255


def pixel(ax, x, y):
    drawn = pixels(ax.figure)
    column, row = ax.transData.transform((x, y))
    return drawn[int(drawn.shape[0] - row), int(column)]


def legend(ax):
    return [text.get_text() for text in ax.get_legend().get_texts()]


def test_type_is_legible_on_a_phone():
    figure, ax = plt.subplots()
    ax.set(title="T", xlabel="x", ylabel="y")
    ax.plot([0, 1], label="a line")
    texts = [
        ax.text(0, 0, "a note"),
        *ax.legend().get_texts(),
        ax.title,
        ax.xaxis.label,
        ax.yaxis.label,
        *ax.get_xticklabels(),
        *ax.get_yticklabels(),
    ]
    phone = 350 / (figure.get_figwidth() * 72)  # a column of 350 CSS pixels, a point being 1/72 inch
    assert min(text.get_fontsize() for text in texts) * phone >= 10


def test_the_background_is_white_throughout():
    """A page in dark mode inverts it; were it transparent, black type would stand on black in other viewers."""
    _, ax = plt.subplots()
    assert (pixel(ax, 0.5, 0.5) == 1).all()
    assert (pixels(ax.figure)[0, 0] == 1).all()
    assert np.asarray(ax.figure.canvas.buffer_rgba())[..., 3].min() == 255  # and nowhere transparent


def test_nothing_is_cut_off():
    figure, axes = plt.subplots(2, 2)
    for ax in axes.flat:
        ax.set(title="A title", xlabel="a label", ylabel="a label")
    edges = pixels(figure)
    for border in (edges[0], edges[-1], edges[:, 0], edges[:, -1]):
        assert (border == 1).all()


def test_colors_are_those_of_okabe_and_ito():
    assert plot.COLORS["vermilion"] == "#D55E00"
    assert len(set(plot.COLORS.values())) == len(plot.COLORS) == 9
    with pytest.raises(TypeError):
        plot.COLORS["blue"] = "red"


def test_the_first_classes_differ_for_the_color_blind():
    """Colors as a deuteranope sees them (Viénot, Brettel & Mollon 1999), by their distance in linear RGB."""
    sees = np.array([[0.29275, 0.70725, 0], [0.29275, 0.70725, 0], [-0.02234, 0.02234, 1]])
    linear = np.array([to_rgb(plot.color(k)) for k in range(4)]) ** 2.2
    seen = linear @ sees.T
    apart = [np.linalg.norm(seen[i] - seen[j]) for i in range(4) for j in range(i)]
    assert min(apart) > 0.15


def test_each_class_has_its_color_and_its_marker():
    _, ax = plt.subplots()
    plot.points(ax, np.arange(20.0).reshape(10, 2), np.arange(10))
    looks = {(tuple(c.get_facecolor()[0]), c.get_paths()[0].vertices.tobytes()) for c in ax.collections}
    assert len(ax.collections) == len(looks) == 10


@pytest.mark.parametrize("labels", [(-1.0, 1.0), (0, 1), (True, False)])
def test_the_positive_class_is_blue_however_it_is_called(labels):
    _, ax = plt.subplots()
    high, low = max(labels), min(labels)
    plot.points(ax, torch.tensor([[0.0, 0], [1, 1]]), torch.tensor([high, low]), names=["no", "yes"])
    np.testing.assert_allclose(pixel(ax, 0, 0), to_rgb(plot.COLORS["blue"]), atol=0.01)
    np.testing.assert_allclose(pixel(ax, 1, 1), to_rgb(plot.COLORS["vermilion"]), atol=0.01)
    assert legend(ax) == ["no", "yes"]


def test_a_class_keeps_its_look_when_it_is_alone():
    _, ax = plt.subplots()
    plot.points(ax, [[0.0, 0.0]], [1], names=["no", "yes"])
    np.testing.assert_allclose(pixel(ax, 0, 0), to_rgb(plot.COLORS["blue"]), atol=0.01)
    assert legend(ax) == ["yes"]


def test_tensors_with_a_gradient_are_drawn():
    _, ax = plt.subplots()
    plot.points(ax, torch.zeros(1, 2, requires_grad=True), torch.ones(1), s=80)
    plot.boundary(ax, torch.ones(2, requires_grad=True), torch.zeros((), requires_grad=True))
    plot.images(plt.figure(), torch.zeros(2, 4, 4, requires_grad=True))


@pytest.mark.parametrize(
    ("x", "y", "sentence"),
    [
        (np.zeros((3, 3)), np.zeros(3), r"must be \(n, 2\), not \(3, 3\)"),
        (np.zeros((3, 2)), np.zeros((3, 1)), r"y must be \(3,\), not \(3, 1\)"),
        (np.zeros((1, 2)), [0.5], "0.5 is no class"),
        (np.zeros((1, 2)), [-2], "-2 is no class"),
    ],
)
def test_points_says_what_it_cannot_draw(x, y, sentence):
    with pytest.raises(ValueError, match=sentence):
        plot.points(plt.subplots()[1], x, y)


def with_limits(x=(-2, 2), y=(-1, 3)):
    _, ax = plt.subplots()
    ax.set(xlim=x, ylim=y)
    return ax


def test_a_boundary_parts_the_plane_where_the_score_changes_its_sign():
    ax = with_limits()
    w, b = np.array([1.0, -2.0]), 0.5
    plot.boundary(ax, w, b)
    assert ax.get_xlim() == (-2, 2)
    assert ax.get_ylim() == (-1, 3)
    for point in np.random.default_rng(0).uniform((-1.9, -0.9), (1.9, 2.9), (40, 2)):
        score = point @ w + b
        red, _, blue = pixel(ax, *point)
        if abs(score) > 0.15:  # off the drawn line
            assert (blue > red) == (score > 0), point
    np.testing.assert_allclose(pixel(ax, 0.5, 0.5), 0, atol=0.2)  # on it: black


def test_a_boundary_keeps_the_points_in_view():
    _, ax = plt.subplots()
    plot.points(ax, [[0.0, 0.0], [1.0, 2.0]], [0, 1])
    before = ax.get_xlim(), ax.get_ylim()
    plot.boundary(ax, [1.0, 1.0], -1.0)
    ax.figure.canvas.draw()
    assert (ax.get_xlim(), ax.get_ylim()) == before


@pytest.mark.parametrize("w", [(1.0, 0.0), (0.0, -3.0)])
def test_a_boundary_may_be_upright_or_level(w):
    ax = with_limits()
    plot.boundary(ax, w, 0.0)
    side = np.array(w) / np.linalg.norm(w) * 0.5
    assert pixel(ax, *side)[2] > pixel(ax, *side)[0]
    assert pixel(ax, *-side)[2] < pixel(ax, *-side)[0]


@pytest.mark.parametrize(("b", "bluish"), [(0.0, True), (1.0, True), (-1.0, False)])
def test_without_weights_there_is_no_line_and_one_side(b, bluish):
    ax = with_limits()
    assert plot.boundary(ax, [0.0, 0.0], b, normal=True) is None
    red, _, blue = pixel(ax, 1, 1)
    assert (blue > red) == bluish
    assert ax.get_xlim() == (-2, 2)


def test_the_normal_stands_at_a_right_angle_with_length_one_on_the_line():
    ax = with_limits(x=(-5, 5), y=(-1, 3))
    w, b = np.array([3.0, 4.0]), -2.0
    plot.boundary(ax, w, b, normal=True)
    ax.figure.canvas.draw()
    (arrow,) = ax.texts
    start, end = np.array(arrow.xyann), np.array(arrow.xy)
    assert start @ w + b == pytest.approx(0)
    assert end - start == pytest.approx(w / 5)
    along = ax.transData.transform([[0, 0.5], [4, -2.5]])  # two points of the line
    line, normal = np.diff(along, axis=0)[0], np.diff(ax.transData.transform([start, end]), axis=0)[0]
    assert line @ normal == pytest.approx(0, abs=1e-6 * np.linalg.norm(line) * np.linalg.norm(normal))


def test_a_boundary_needs_a_plane():
    with pytest.raises(ValueError, match=r"w must be \(2,\), not \(3,\)"):
        plot.boundary(plt.subplots()[1], np.ones(3), 0)


def test_shading_can_be_left_out():
    ax = with_limits()
    line = plot.boundary(ax, [1.0, 0.0], 0, shade=False, linestyle="--", color="red")
    assert line.get_linestyle() == "--"
    assert line.get_color() == "red"
    assert (pixel(ax, 1, 1) == 1).all()


def test_images_share_one_gray_scale():
    figure = plt.figure()
    x = torch.zeros(3, 1, 4, 4)
    x[1], x[2] = 0.5, 1
    axes = plot.images(figure, x, titles=[7, 8, 9])
    assert len(axes) == 3
    assert [ax.get_title() for ax in axes] == ["7", "8", "9"]
    drawn = [pixel(ax, 1, 1) for ax in axes]
    assert drawn[0].mean() == 1  # no ink
    assert 0.3 < drawn[1].mean() < 0.7
    assert drawn[2].mean() == 0


def test_images_stand_in_rows_without_axes():
    figure = plt.figure()
    axes = plot.images(figure, data.load("digits").x[:10], columns=4)
    assert len(axes) == 10
    assert len(figure.axes) == 12
    assert not any(ax.axison for ax in figure.axes)
    assert axes[4].get_position().y1 < axes[0].get_position().y0


def test_images_in_color_keep_their_channels():
    (ax,) = plot.images(plt.figure(), torch.tensor([1.0, 0.5, 0.0]).reshape(1, 3, 1, 1).expand(1, 3, 2, 2))
    np.testing.assert_allclose(pixel(ax, 0, 0), [1, 0.5, 0], atol=0.01)


@pytest.mark.parametrize(
    ("x", "titles", "sentence"),
    [
        (np.zeros((2, 2, 4, 4)), None, "1 or 3"),
        (np.zeros((4, 4)), None, r"\(n, height, width\)"),
        (np.zeros((2, 4, 4)), ["one"], "2 images need 2 titles, not 1"),
    ],
)
def test_images_says_what_it_cannot_draw(x, titles, sentence):
    with pytest.raises(ValueError, match=sentence):
        plot.images(plt.figure(), x, titles)


def test_a_figure_in_a_notebook_is_drawn_at_twice_its_size():
    """Sharp on a dense screen, and as wide on the page as it says."""
    cell = "import matplotlib.pyplot as plt\nfrom coursekit import plot\nplot.use()\nplt.subplots();"
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell)])
    nbclient.execute(notebook, timeout=60)
    (output,) = notebook.cells[0].outputs
    image = plt.imread(io.BytesIO(base64.b64decode(output.data["image/png"])))
    assert image.shape[1] == pytest.approx(2 * output.metadata["image/png"]["width"], abs=2)
    assert 480 <= output.metadata["image/png"]["width"] <= 540


def test_a_picture_of_an_unwritten_function_names_it(capsys):
    def neuron():
        raise NotImplementedError

    with plot.drawing():
        neuron()
    assert capsys.readouterr().out == "Write `neuron` first.\n"
    with pytest.raises(ZeroDivisionError), plot.drawing():
        print(1 / 0)


def test_a_picture_that_fails_in_a_notebook_is_shown_as_an_error_and_does_not_end_run_all():
    cell = nbformat.v4.new_code_cell("from coursekit import plot\nwith plot.drawing():\n    print(1 / 0)")
    notebook = nbformat.v4.new_notebook(cells=[cell])
    nbclient.execute(notebook, timeout=60)  # would raise what the cell raises
    (output,) = notebook.cells[0].outputs
    assert output.ename == "ZeroDivisionError"
