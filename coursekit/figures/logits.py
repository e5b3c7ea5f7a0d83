"""Logits, the probabilities they become, and what the loss then asks of them."""

import traitlets

from .figure import Figure


class Logits(Figure):
    """What is a logit?

    A score without limits: the network's last layer gives each class k one number z_k, and softmax turns them into
    probabilities p_k = exp(z_k / T) / Σ_j exp(z_j / T). Only differences count: z + c gives the same p. With the
    one-hot target y the loss is the cross-entropy L = −log p_true, and

        ∂L/∂z = (p − y) / T,

    the gap between what is said and what is so; it adds up to zero over the classes. Left the logits with the step
    −∂L/∂z, in the middle p and y, right L over the lead m = z_true / T − log Σ_{k ≠ true} exp(z_k / T) of the true
    class over the rest: p_true = σ(m) and L = log(1 + exp(−m)), and for two classes m is the difference of the logits,
    divided by T.
    """

    logits = traitlets.List(traitlets.Float(), [3.0, 0.5, -1.0], help="z, (3,), one for each of cat, dog, fox").tag(
        sync=True
    )
    temperature = traitlets.Float(1.0, help="T > 0: large makes p even, small makes it sharp").tag(sync=True)
    true = traitlets.Int(1, help="the class the picture shows: 0 cat, 1 dog, 2 fox").tag(sync=True)
    two = traitlets.Bool(False, help="whether the last class that is not the true one is left out").tag(sync=True)
    added = traitlets.Int(0, help="how often 1 was added to all logits since one was dragged").tag(sync=True)
