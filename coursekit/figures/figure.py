"""What all figures have in common: state that is shared with the view, and a picture for pages without Python."""

import html
import json
from functools import cache
from pathlib import Path
from types import MappingProxyType

import anywidget
import traitlets

BUILT = Path(__file__).parent / "built"
CSS = Path(__file__).parent / "kit/figures.css"


class Figure(anywidget.AnyWidget):
    """A figure a reader can move.

    Its state is in traits: set one and the view moves; move the view and read the trait. `readout` holds the numbers
    that the view computed from the state.

    A subclass may let the reader's own functions drive it: it names them in `drivers`, each with the method that calls
    the function with arrays and turns what it returns into plain numbers.
    """

    readout = traitlets.Dict(help="Numbers that the view computed.").tag(sync=True)
    driven = traitlets.List(traitlets.Unicode(), help="Names of the functions that the reader gave.").tag(sync=True)
    drivers = MappingProxyType({})  # {name of a function: name of the method that calls it}

    def __init__(self, **state):
        self._functions = {name: state.pop(name) for name in self.drivers if state.get(name) is not None}
        for name in state:
            if name not in self.state_names() and not self.has_trait(name):
                known = ", ".join([*self.state_names(), *self.drivers])
                raise TypeError(f"{type(self).__name__} has no {name}; it has {known}")
        super().__init__(driven=list(self._functions), **state)
        self.on_msg(self._call)

    @classmethod
    def name(cls) -> str:
        """`perceptron` for `Perceptron`: the name of its files."""
        return cls.__module__.rpartition(".")[2]

    @classmethod
    def state_names(cls) -> list[str]:
        """The traits that make its state."""
        own = set(cls.class_trait_names(sync=True)) - set(anywidget.AnyWidget.class_trait_names())
        return sorted(name for name in own - {"driven"} if not name.startswith("_"))

    @property
    def _esm(self):
        return _module(self.name())

    @property
    def _css(self):
        return CSS.read_text(encoding="utf-8")

    def _repr_mimebundle_(self, **kwargs):
        bundle = super()._repr_mimebundle_(**kwargs)
        data, metadata = bundle if isinstance(bundle, tuple) else (bundle, {})
        return {**data, "text/html": self.page()}, metadata

    def page(self, picture=None) -> str:
        """What a page of the book holds: the figure's picture in its first state, and the state for its script."""
        state = {name: getattr(self, name) for name in self.state_names()}
        values = html.escape(json.dumps(state, ensure_ascii=False, separators=(",", ":")))
        return (
            f'<div class="course-figure" id="fig-{self.name()}" data-figure="{self.name()}" data-state="{values}">'
            f"{_picture(self.name()) if picture is None else picture}</div>"
        )

    def _call(self, _, message, buffers):
        """The view asks for a function of the reader's."""
        if not isinstance(message, dict) or message.get("call") not in self._functions:
            return
        answer = {"answer": message["id"]}
        try:
            method = getattr(self, self.drivers[message["call"]])
            answer["value"] = method(self._functions[message["call"]], *message["values"])
        except Exception as error:  # the reader's function: its error is shown in the figure
            answer["error"] = f"Your {message['call']} stopped with {type(error).__name__}: {error}"
        self.send(answer)


@cache
def _module(name):
    """The figure's scripts as one ES module."""
    parts = [(BUILT / f"{part}.js").read_text(encoding="utf-8") for part in ("kit", name)]
    return "\n".join([*parts, f'export default courseFigures.widget("{name}");'])


@cache
def _picture(name):
    """The figure as it first looks; `make figures` takes it from a browser."""
    return (BUILT / f"{name}.html").read_text(encoding="utf-8")
