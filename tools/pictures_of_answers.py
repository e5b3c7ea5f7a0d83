"""Show the student what a right answer draws: `python tools/pictures_of_answers.py perceptron`.

Runs solutions/<stem>/<stem>.ipynb and attaches what the cell `<id>-picture` draws to the prose cell `<id>`, wherever
that says `![…](attachment:<id>.png)`. Then release the chapter.
"""

import base64
import io
import os
import sys
import tempfile

import nbformat
from nbclient import NotebookClient
from PIL import Image


def attach(path):
    nb, ran = nbformat.read(path, as_version=4), nbformat.read(path, as_version=4)
    NotebookClient(ran, timeout=600, resources={"metadata": {"path": path.rpartition("/")[0]}}).execute()
    drawn = {cell.id: picture(cell) for cell in ran.cells if cell.cell_type == "code"}
    for cell in nb.cells:
        name = f"{cell.id}.png"
        if f"(attachment:{name})" in cell.source:
            if not drawn.get(f"{cell.id}-picture"):
                sys.exit(f"{path}: the cell {cell.id}-picture draws nothing")
            cell.attachments = {name: {"image/png": drawn[f"{cell.id}-picture"]}}
            print(f"{name}: {len(cell.attachments[name]['image/png']) // 1000} kB")
    nbformat.write(nb, path)


def picture(cell):
    """The last picture of a cell, in 64 colors and at most 900 pixels wide, as base64; "" if there is none."""
    pngs = [o.data["image/png"] for o in cell.outputs if "image/png" in o.get("data", {})]
    if not pngs:
        return ""
    image = Image.open(io.BytesIO(base64.b64decode(pngs[-1]))).convert("RGB")
    image.thumbnail((900, 900))
    small = io.BytesIO()
    image.quantize(64).save(small, "PNG", optimize=True)
    return base64.b64encode(small.getvalue()).decode()


os.environ.pop("MPLBACKEND", None)  # the kernel's own shows pictures
with tempfile.TemporaryDirectory() as folder:
    os.environ["COURSEKIT_PROGRESS"] = f"{folder}/progress.json"  # the author's checks are nobody's progress
    for stem in sys.argv[1:]:
        attach(f"solutions/{stem}/{stem}.ipynb")
