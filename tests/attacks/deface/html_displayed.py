# ---
# jupyter:
#   attack:
#     tries: Displays HTML with scripts, handlers, styles, frames, forms, a refresh, SVG and a link that runs code.
#     attacked: []
#     page: true
# ---

# %%
from IPython.display import HTML, display

display(
    HTML("""<script>window.attacked = 1</script><img src="x" onerror="window.attacked = 1">
<svg onload="window.attacked = 1"><script>window.attacked = 1</script></svg><body onload="window.attacked = 1">
<style>h1 { display: none } body { background: url(https://attack.example/css) }</style>
<meta http-equiv="refresh" content="0; url=https://attack.example/"><base href="https://attack.example/">
<iframe src="https://attack.example/frame" srcdoc="<script>parent.attacked = 1</script>"></iframe>
<object data="https://attack.example/o"></object><embed src="https://attack.example/e"><link rel="stylesheet" href="https://attack.example/l">
<form action="https://attack.example/f"><input autofocus onfocus="window.attacked = 1"><button>Submit</button></form>
<a href="javascript:window.attacked = 1" id="link">a</a><video src="https://attack.example/v" onerror="window.attacked = 1"></video>
<details open ontoggle="window.attacked = 1"><summary>s</summary></details><math><mtext></table><img src=x onerror="window.attacked=1"></math>
<div style="position: fixed; inset: 0; background: white; z-index: 9999">Total: 9 / 9 points</div>""")
)

# %%
display(
    HTML('<noscript><p title="</noscript><img src=x onerror=window.attacked=1>">'),
    HTML("<template><script>window.attacked=1</script></template>"),
)
