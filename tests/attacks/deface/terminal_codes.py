# ---
# jupyter:
#   attack:
#     tries: Prints terminal codes that hide, link, retitle and clear, and raises them.
#     page: true
# ---

# %%
print(
    "\x1b[2J\x1b[H\x1b[31mred\x1b[0m \x1b]0;title\x07 \x1b]8;;https://attack.example\x07link\x1b]8;;\x07 \x1bP+q\x1b\\ \x9b31m \x07\x08\x00\x7f"
)
raise ValueError("\x1b]52;c;YXR0YWNr\x07\x1b[8mhidden\x1b[0m\r\rover")


# %% answer="total"
def total(x):
    raise ValueError("\x1b[2J\x1b[8mhidden\x00\r\x0b")
