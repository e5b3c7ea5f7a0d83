"""Runs a notebook's cells as a kernel would, without the kernel: IPython's shell, outputs in nbformat's shape."""

import builtins
import io
import sys

from IPython.core.displayhook import DisplayHook
from IPython.core.displaypub import DisplayPublisher
from IPython.core.interactiveshell import InteractiveShell

from coursekit.observe import OverTime, limit

OUTPUT_LIMIT = 1_000_000  # characters a notebook may show in all
OUTPUTS = 200  # that one cell may show


class Outputs(list):
    """The outputs of the running cell; past the limit a sentence, then nothing."""

    left = OUTPUT_LIMIT

    def add(self, size, output):
        if self.left <= 0:
            return
        self.left -= size
        if len(self) >= OUTPUTS - 1 and output["output_type"] != "stream":
            self.left = 0
        if self.left <= 0:
            output = {
                "output_type": "stream",
                "name": "stderr",
                "text": "[The output is too long: the rest is left out.]\n",
            }
        last = self[-1] if self else {}
        if output["output_type"] == "stream" and last.get("name") == output["name"]:
            last["text"] += output["text"]
        else:
            self.append(output)


class Stream(io.TextIOBase):
    """Stands in for stdout or stderr."""

    def __init__(self, name, outputs):
        self.name, self.outputs = name, outputs

    def writable(self):
        return True

    def write(self, text):
        text = str(text)
        if text:
            self.outputs.add(len(text), {"output_type": "stream", "name": self.name, "text": text})
        return len(text)


class _Publisher(DisplayPublisher):
    def publish(self, data, metadata=None, *args, **kwargs):
        output = {"output_type": "display_data", "data": _plain(data), "metadata": {}}
        self.shell.outputs.add(_size(data), output)

    def clear_output(self, wait=False):
        self.shell.outputs.clear()


class _Hook(DisplayHook):
    def write_output_prompt(self):
        pass

    def write_format_data(self, format_dict, md_dict=None):
        output = {
            "output_type": "execute_result",
            "data": _plain(format_dict),
            "metadata": {},
            "execution_count": self.shell.execution_count,
        }
        self.shell.outputs.add(_size(format_dict), output)

    def finish_displayhook(self):
        pass


class NotebookShell(InteractiveShell):
    """`run(source, seconds)` gives a cell's outputs. Magics, `await` and figures work; asking for input does not."""

    def __init__(self):
        self.outputs = Outputs()
        super().__init__(display_pub_class=_Publisher, displayhook_class=_Hook)
        builtins.input = _no_input
        sys.stdin = io.StringIO()

    def init_history(self):
        from traitlets.config import Config

        self.config.merge(Config({"HistoryManager": {"enabled": False}}))
        super().init_history()

    def reset_counters(self):
        """As if nothing had been run or shown."""
        self.outputs.clear()
        self.outputs.left = OUTPUT_LIMIT
        self.execution_count = 1

    def run(self, source, seconds, draw=True):
        """Run one cell; returns its outputs. A cell over its time ends with an error output, like any error.
        Without `draw`, what it shows is kept as plain text: no pictures."""
        self.outputs.clear()
        formatter = self.display_formatter
        formatter.active_types = formatter.format_types if draw else ["text/plain"]
        stdout, stderr = sys.stdout, sys.stderr
        sys.stdout, sys.stderr = Stream("stdout", self.outputs), Stream("stderr", self.outputs)
        try:
            with limit(seconds, wall=2 * seconds):
                self.run_cell(source, store_history=True)
        except OverTime:
            self._error("OverTime", f"This cell ran for more than {seconds:g} seconds and was stopped.")
        except SystemExit:
            self._error("SystemExit", "The cell tried to end the notebook's process.")
        finally:
            sys.stdout, sys.stderr = stdout, stderr
        return list(self.outputs)

    def showtraceback(self, exc_tuple=None, *args, **kwargs):
        """An error becomes an output. Being over time is passed on to `run`."""
        value = (exc_tuple or sys.exc_info())[1]
        if isinstance(value, OverTime):
            self._error("OverTime", "This cell ran for too long and was stopped.")
            return
        super().showtraceback(exc_tuple, *args, **kwargs)

    def _showtraceback(self, etype, evalue, stb):
        self._error(etype.__name__, str(evalue), [str(line) for line in stb])

    def ask_exit(self):
        pass

    def enable_gui(self, gui=None):
        """There is no window to draw in: figures are outputs."""

    def _error(self, name, text, traceback=()):
        lines = list(traceback) or [f"{name}: {text}"]
        output = {"output_type": "error", "ename": name, "evalue": text[:1000], "traceback": lines}
        self.outputs.add(sum(map(len, lines)), output)


def _no_input(prompt=""):
    raise RuntimeError("input() has nobody to ask here: give the value in the code instead.")


def _plain(data):
    """MIME data as text: bytes (a PNG) in base64, as notebooks store them."""
    import base64

    return {
        k: base64.b64encode(v).decode() if isinstance(v, bytes) else v for k, v in data.items() if isinstance(k, str)
    }


def _size(data):
    return sum(len(v) if isinstance(v, str | bytes) else 100 for v in data.values())
