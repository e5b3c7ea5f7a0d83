# ---
# jupyter:
#   attack:
#     tries: Displays an SVG with a script as a picture, pictures that are none, and pictures of other places.
#     attacked: []
#     page: true
# ---

# %%
from IPython.display import SVG, Image, display

svg = '<svg xmlns="http://www.w3.org/2000/svg" onload="window.attacked=1"><script>window.attacked=1</script><image href="https://attack.example/i"/></svg>'
display(SVG(svg))
get_ipython().display_pub.publish(
    {"image/png": svg.encode(), "image/jpeg": b"\xff\xd8\xff<script>window.attacked=1</script>"}
)
get_ipython().display_pub.publish({"image/png": '"><script>window.attacked = 1</script>'})
display(Image(url="https://attack.example/i.png"))
