# ---
# jupyter:
#   attack:
#     tries: 'Has objects whose representations are scripts: `_repr_html_`, `_repr_javascript_`, `_repr_svg_`, `_repr_markdown_`,
#       `_repr_mimebundle_`.'
#     attacked: []
#     page: true
# ---

# %%
class Hostile:
    script = "<script>window.attacked = 1</script><img src=x onerror='window.attacked = 1'>"

    def __repr__(self):
        return self.script

    _repr_html_ = _repr_markdown_ = _repr_svg_ = __repr__

    def _repr_javascript_(self):
        return "window.attacked = 1"

    def _repr_latex_(self):
        return r"$\href{javascript:window.attacked=1}{x}$"

    def _repr_mimebundle_(self, **kwargs):
        data = dict.fromkeys(
            ["text/html", "text/plain", "image/svg+xml", "application/javascript", "<script>"], self.script
        )
        return {**data, "image/png": self.script, "application/vnd.jupyter.widget-view+json": {"model_id": self.script}}


Hostile()
