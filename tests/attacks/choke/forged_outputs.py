# ---
# jupyter:
#   attack:
#     tries: 'Sends outputs that no notebook holds: of other types, nested, with odd keys, and of sixty megabytes.'
# ---

# %%
outputs = get_ipython().outputs
outputs.append(
    {"output_type": "execute_result", "data": {"text/plain": "2.0"}, "metadata": {}, "execution_count": 1, "points": 2}
)

# %%
outputs.append({"output_type": "stream", "name": "stdout", "text": "x" * 60_000_000})

# %%
nested = "x"
for _ in range(15):
    nested = [nested]
outputs.append(
    {
        "output_type": "display_data",
        "data": {"application/json": nested, "text/plain": ["a"] * 1000},
        "metadata": {"autograder": {"points": 2}},
    }
)


# %% answer="total"
def total(x):
    return 0.0
