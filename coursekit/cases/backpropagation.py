"""How the exercises on backpropagation are observed and judged where "call it and compare" does not do.

*When*: `expression` (a class is tried by computing something with it), `all_names`. *Then*: `held_out`.
"""

from ..exercise import Verdict


def expression(Node, code, inputs):
    """*When*: make a Node of every input, run the code, which computes y from them (and perhaps z), and let y, then z, run
    backward. → {"value": y's data, "grad of a": a's grad, …}"""
    space = {name: Node(number) for name, number in inputs.items()}
    exec(code, {}, space)
    for output in ("y", "z"):
        if output in space:
            space[output].backward()
    return {"value": space["y"].data, **{f"grad of {name}": space[name].grad for name in inputs}}


def all_names(activations, names, z):
    """*When*: every activation in turn. → {name: (value, slope)}"""
    return {name: activations(name, z) for name in names}


def held_out(observed, case, exercise):
    """*Then*: the trained network is right on the points (n, d) with the labels (n, 1), both from `case.kept`, in at least
    the share `case.kept[2]` of them."""
    import torch

    x, y, wanted = case.kept
    W1, b1, W2, b2 = (torch.as_tensor(w).double() for w in observed[0])
    scores = torch.relu(x.double() @ W1.T + b1) @ W2.T + b2  # (n, 1)
    right = ((scores > 0) == (y > 0.5)).double().mean().item()
    if right >= wanted:
        return Verdict(True, reading=1)
    problem = f"Your network is right on {right:.1%} of the points it has not seen; it should reach {wanted:.0%}."
    return Verdict(False, problem, reading=0)
