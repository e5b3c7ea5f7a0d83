# ---
# jupyter:
#   attack:
#     tries: Puts half of a character, which no encoding can write, into its output, its errors and its answer.
# ---

# %%
print("\ud800 half a character")
get_ipython().display_pub.publish({"text/html": "\udfff", "text/plain": "\ud800"})

# %%
raise ValueError("\ud800\udc00\ud800")


# %% answer="total"
def total(x):
    raise type("\ud800".encode("utf-8", "surrogatepass").decode("latin-1"), (Exception,), {})("\ud800")
