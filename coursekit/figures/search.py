"""Grid search and random search with the same number of trials."""

import traitlets

from .figure import Figure


class Search(Figure):
    """Why random rather than a grid?

    Two hyper-parameters a and b, each scaled to 0 … 1, and the score (1 − w) g(a − a*) + w g(b − b*) with
    g(d) = exp(−d²/(2 · 0.1²)): for w = 0 only a matters, and nobody knows which one it will be. A grid of n trials
    tries √n values of a, random search n. In each task the peak (a*, b*) and the random trials are drawn anew. After
    Bergstra and Bengio, Random search for hyper-parameter optimization (2012).
    """

    weight = traitlets.Float(0.0, help="w, how much the second parameter matters, 0 to 1").tag(sync=True)
    trials = traitlets.Int(9, help="n, trials of each search: 4, 9, 16 or 25").tag(sync=True)
    task = traitlets.Int(1, help="the task that is shown; the tally is over it and all before it, at most 2000").tag(
        sync=True
    )
    peak = traitlets.List(
        traitlets.Float(), [0.68, 0.32], help="a* and b*, here moved to where one likes; not in the tally"
    ).tag(sync=True)
    seed = traitlets.Int(0, help="draws the tasks").tag(sync=True)
