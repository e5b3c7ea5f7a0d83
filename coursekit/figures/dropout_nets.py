"""Dropout: the many networks in one, and the one that stands for their mean."""

import traitlets

from .figure import Figure


class DropoutNets(Figure):
    """How many networks are in one?

    A network of two hidden layers of 6 ReLU units fits y = 1.2 + 0.9 sin(2.2 x) + 0.25 x (roughly: it was trained with
    a quarter of its units dropped). A mask keeps each of the 12 units with probability 1 − p; each of the
    2¹² = 4,096 masks is a network of its own, and all share their weights. With rescaling, as in PyTorch, kept units
    are multiplied by 1/(1 − p) during training, and the whole network is used as it is afterwards. Its answer is then
    near the mean over all masks: exactly that mean for one hidden layer and a linear output, about so for more. After
    Srivastava, Hinton, Krizhevsky, Sutskever and Salakhutdinov, Dropout: a simple way to prevent neural networks from
    overfitting (2014), who instead shrink the weights by 1 − p afterwards.
    """

    x = traitlets.Float(0.75, help="the input for which outputs are collected").tag(sync=True)
    p = traitlets.Float(0.5, help="probability with which a unit is dropped").tag(sync=True)
    rescale = traitlets.Bool(False, help="whether kept units are multiplied by 1/(1 − p)").tag(sync=True)
    draws = traitlets.Int(1, help="how many masks were drawn; the last one is shown").tag(sync=True)
    seed = traitlets.Int(17, help="draws the masks").tag(sync=True)
    w1 = traitlets.List([-0.29, 0.39, -1.58, -0.55, -1.65, -1.76], help="first layer's weights, (6,)").tag(sync=True)
    b1 = traitlets.List([0.56, 0.64, 0.5, 0.99, 0.03, 0.3], help="and biases, (6,)").tag(sync=True)
    w2 = traitlets.List(
        [
            [0.31, -0.06, -0.49, 0.92, -0.5, -0.46],
            [0.12, -2.1, 0.08, 0.07, 0.12, 0.08],
            [0.26, -0.03, -0.54, 0.18, -0.97, -0.57],
            [0.19, -0.07, -0.67, 0.29, -1.14, -0.76],
            [0.21, 0.0, -0.49, 0.17, -1.01, -0.56],
            [0.34, 0.02, -1.07, 0.19, -1.45, -1.53],
        ],
        help="second layer's weights, (6, 6): a row for each of its units",
    ).tag(sync=True)
    b2 = traitlets.List([-0.96, -0.56, 0.51, 0.39, 0.69, 0.19], help="and biases, (6,)").tag(sync=True)
    w3 = traitlets.List([-1.18, 0.68, 0.38, 0.48, 0.38, 0.7], help="the output's weights, (6,)").tag(sync=True)
    b3 = traitlets.Float(0.67, help="and bias").tag(sync=True)
