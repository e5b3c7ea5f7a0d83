"""What student code and students wrote, made harmless to look at: in our pages, in the formgrader, in a terminal.

Text has no terminal codes and no characters that act unseen; HTML keeps tables and words; pictures are made of pixels;
Markdown holds no HTML, no pictures and no links.
"""

import base64
import io
import re
import warnings

import nh3
from markupsafe import Markup

ANSI = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)?|[@-_])")
UNSEEN = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")  # control, and the direction of text
TEXT_LIMIT = 20_000  # characters of one output
LINES_LIMIT = 500
OUTPUTS_LIMIT = 100  # of one cell
SOURCE_LIMIT = 100_000  # characters of a cell
CELLS_LIMIT = 2_000  # of a notebook, beside those that the release knows
IMAGE_LIMIT = 2_000_000  # bytes
PIXELS_LIMIT = 25_000_000
IMAGES = {"image/png": "PNG", "image/jpeg": "JPEG"}
TAGS = set(
    "b blockquote br caption code dd details div dl dt em h1 h2 h3 h4 h5 h6 hr i kbd li ol p pre s small span strong "
    "sub summary sup table tbody td tfoot th thead tr u ul".split()
)
ATTRIBUTES = {"td": {"colspan", "rowspan"}, "th": {"colspan", "rowspan", "scope"}}  # no style, no class, no id
LEFT_OUT = "[… the rest is left out]"


def visible(text):
    """The text with what acts unseen written out: `\\x07`, `\\u202e`."""
    return UNSEEN.sub(lambda m: f"\\x{ord(m[0]):02x}" if m[0] < "\u0100" else f"\\u{ord(m[0]):04x}", text)


def text(value):
    """Plain text of bounded length."""
    whole = visible(ANSI.sub("", _joined(value).replace("\r\n", "\n").replace("\r", "\n")))
    cut = "\n".join(whole[:TEXT_LIMIT].split("\n")[:LINES_LIMIT])
    return cut if cut == whole else f"{cut}\n{LEFT_OUT}"


def html(value):
    """HTML without scripts, styles, pictures, links and SVG, of bounded length."""
    cut, dropped = _joined(value)[:TEXT_LIMIT], {"script", "style", "svg", "math"}
    return Markup(visible(nh3.clean(cut, tags=TAGS, attributes=ATTRIBUTES, clean_content_tags=dropped)))


def source(text):
    """A cell's code, of a length that a page can show."""
    return text if len(text) <= SOURCE_LIMIT else f"{text[:SOURCE_LIMIT]}\n# {LEFT_OUT}"


def markdown(source):
    """Markdown without tags, pictures and links. A space stands where one could begin, in code and formulas too: after
    a `<` or `&`, before an address. No parser is asked where that is: the reader may have another one."""
    source = visible(source[:SOURCE_LIMIT].replace("\r\n", "\n").replace("\r", "\n"))
    return re.sub(r"<(?=[A-Za-z/!?])|&(?=#)|\](?=[(:])", r"\g<0> ", source)


def picture(value, kind):
    """The base64 of a PNG or JPEG; None if it is none, or too large to look at."""
    from PIL import Image

    try:
        data = base64.b64decode(_joined(value))
        if not data or len(data) > IMAGE_LIMIT:
            return None
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            width, height = Image.open(io.BytesIO(data), formats=[IMAGES[kind]]).size
    except Exception:  # whatever hostile bytes provoke
        return None
    return base64.b64encode(data).decode() if width * height <= PIXELS_LIMIT else None


def outputs(cell):
    """The outputs of a cell, as a notebook may hold them: text, cleaned HTML and pictures, and not too many."""
    found = [_output(o) for o in cell[:OUTPUTS_LIMIT]]
    found = [o for o in found if o is not None]
    if len(cell) > OUTPUTS_LIMIT:
        found.append({"output_type": "stream", "name": "stderr", "text": "[… the other outputs are left out]\n"})
    return found


def _output(output):
    match output.get("output_type"):
        case "stream":
            name = "stderr" if output.get("name") == "stderr" else "stdout"
            return {"output_type": "stream", "name": name, "text": text(output.get("text"))}
        case "error":
            name, message = text(output.get("ename")), text(output.get("evalue"))
            lines = text("\n".join(map(str, output.get("traceback") or [f"{name}: {message}"])))
            return {"output_type": "error", "ename": name, "evalue": message, "traceback": lines.split("\n")}
        case "display_data":
            return _shown("display_data", output.get("data"))
        case "execute_result":
            count = output.get("execution_count")
            shown = _shown("execute_result", output.get("data"))
            return shown and shown | {"execution_count": count if type(count) is int else None}
    return None


def _shown(output_type, data):
    """An output of these data, without metadata; None if nothing remains."""
    data = data if isinstance(data, dict) else {}
    kept = {kind: picture(data[kind], kind) for kind in IMAGES if kind in data}
    kept["text/html"] = str(html(data.get("text/html")))
    kept["text/plain"] = text(data.get("text/plain"))
    kept = {kind: value for kind, value in kept.items() if value}
    return {"output_type": output_type, "data": kept, "metadata": {}} if kept else None


def _joined(value):
    return "".join(map(str, value)) if isinstance(value, list) else str("" if value is None else value)
