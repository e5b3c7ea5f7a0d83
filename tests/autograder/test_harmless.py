"""What students wrote can be looked at: as text, as HTML, as Markdown, in pages and in the formgrader."""

import base64
import io
import warnings

import pytest
from nbconvert.filters.markdown_mistune import markdown2html_mistune
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook
from PIL import Image

from autograder import harmless, results
from autograder.nbgrader import complete
from autograder.report import Report

HOSTILE = "<script>window.attacked = 1</script><img src=x onerror='window.attacked = 1'>"


def picture(kind="PNG", size=(1, 1)):
    data = io.BytesIO()
    Image.new("1" if kind == "PNG" else "L", size).save(data, kind)
    return base64.b64encode(data.getvalue()).decode()


def shown(data, output_type="display_data", **more):
    return harmless.outputs([{"output_type": output_type, "data": data, "metadata": {"isolated": True}, **more}])


def test_what_acts_unseen_is_written_out():
    assert harmless.text("\u202eevil\u2069 \x07\x7f\x9b") == "\\u202eevil\\u2069 \\x07\\x7f\\x9b"
    assert harmless.text("\x1b[31mred\x1b[0m\r\n\tkept") == "red\n\tkept"
    assert harmless.html("<p>a\u202eb&#8238;&#x7f;</p>") == "<p>a\\u202eb\\u202e\\x7f</p>"


@pytest.mark.parametrize("endless", ["x" * 10**6, "x\n" * 10_000])
def test_endless_text_is_cut(endless):
    cut = harmless.text(endless)
    assert len(cut) < 21_000
    assert cut.count("\n") <= 501
    assert cut.endswith("left out]")
    assert harmless.text(cut) == cut


def test_an_output_keeps_text_tables_and_pixels_and_nothing_else():
    kinds = ["image/svg+xml", "application/javascript", "text/markdown", "text/latex", "<script>", "text/html"]
    (output,) = shown(dict.fromkeys(kinds, HOSTILE) | {"text/plain": HOSTILE, "image/png": HOSTILE})
    assert output == {"output_type": "display_data", "data": {"text/plain": HOSTILE}, "metadata": {}}
    (output,) = shown({"text/html": f"{HOSTILE}<td colspan=2 style='x'>kept</td>", "image/png": picture()})
    assert output["data"] == {"text/html": "kept", "image/png": picture()}
    (output,) = shown({"image/jpeg": picture("JPEG")}, "execute_result", execution_count="<script>")
    assert output["data"] == {"image/jpeg": picture("JPEG")}
    assert output["execution_count"] is None
    assert shown({"application/javascript": "alert(1)"}) == []
    assert harmless.outputs([{"output_type": "<script>"}, {}]) == shown(3) == []


def test_an_error_is_text():
    error = {"output_type": "error", "ename": "\x1b[2J<b>", "evalue": None, "traceback": ["\x1b[31m1\n2", 3]}
    assert harmless.outputs([error]) == [
        {"output_type": "error", "ename": "<b>", "evalue": "", "traceback": ["1", "2", "3"]}
    ]


def test_a_picture_is_small_enough_to_look_at():
    assert harmless.picture(picture(), "image/png")
    assert harmless.picture(picture("JPEG"), "image/png") is None
    assert harmless.picture("\udc80", "image/png") is None
    assert harmless.picture(picture(size=(5001, 5000)), "image/png") is None
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        assert harmless.picture(picture(size=(32_000, 32_000)), "image/png") is None


def test_a_cell_shows_no_more_than_a_hundred_outputs():
    one = {"output_type": "display_data", "data": {"text/plain": "x"}, "metadata": {}}
    cut = harmless.outputs([one] * 1000)
    assert len(cut) == 101
    assert "left out" in cut[-1]["text"]
    assert harmless.outputs(cut) == cut
    assert len(harmless.outputs([one] * 100)) == 100


@pytest.mark.parametrize(
    "source",
    [
        HOSTILE,
        "![image](https://attack.example/i.png) !![image](https://attack.example/i.png) ![image][i]\n\n"
        "[i]: https://attack.example/i.png",
        "<\nimg src=https://attack.example/i.png> <https://attack.example> <!-- --><?php ?>",
        "&#8238;&#60;script>&#x3c;img src=https://attack.example/i.png>",
        "```mermaid\n</pre><script>window.attacked = 1</script>\n```",
        '```"><script>window.attacked = 1</script>\nx\n```',
        "$<script>window.attacked = 1</script>$\n\n$$\n<img src=https://attack.example/i.png>\n$$",
        "[link](javascript:alert(1)) [link](javascript&colon;alert(1)) [a](<javascript:alert(1)>)\n\n[a]: javascript:alert(1)",
        "[link](javascript\\:alert(1)) [link](java&#10;script:alert(1)) [link][b] [b]\n\n[b]: <javascript:alert(1)>",
    ],
)
def test_markdown_renders_to_nothing_that_acts(source):
    """As the formgrader renders it."""
    rendered = markdown2html_mistune(harmless.markdown(source)).lower()
    for tag in ("\u202e", "<script", "<img", "<iframe", "<!--", "<?", 'href="java', 'href="%20'):
        assert tag not in rendered, rendered
    assert harmless.markdown(harmless.markdown(source)) == harmless.markdown(source)


def test_markdown_without_tags_stays_as_it_is():
    source = "# Why\n\n- $a < b$ and *a* < *b*, `x[1]`, https://example.org &lt;\n\n| a | b |\n|---|---|\n"
    assert harmless.markdown(source) == source


def test_a_notebook_is_of_a_size_that_a_page_can_show():
    """For the formgrader: long cells are cut, and of very many the rest is left out; what is graded stays."""
    code = [new_code_cell("x = 1\n" * 100_000), *(new_code_cell("1") for _ in range(5000))]
    graded = new_code_cell("check()", metadata={"nbgrader": {"grade_id": "toy-f", "grade": True}})
    nb = new_notebook(cells=[*code, new_markdown_cell("*x* " * 100_000), graded])
    complete(nb, "key", results.Result(Report("toy", "seed")))
    assert len(nb.cells) == harmless.CELLS_LIMIT + 1
    assert nb.cells[-1] is graded
    assert nb.cells[0].source.endswith("# " + harmless.LEFT_OUT)
    assert max(len(cell.source) for cell in nb.cells) < harmless.SOURCE_LIMIT + 100
    few = new_notebook(cells=[new_code_cell("x"), new_markdown_cell("*x* " * 100_000)])
    complete(few, "key", results.Result(Report("toy", "seed")))
    assert few.cells[0].source == "x"
    assert len(few.cells[1].source) <= harmless.SOURCE_LIMIT
