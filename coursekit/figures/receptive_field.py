"""What one unit of a stack of convolutions sees of the input."""

import traitlets

from .figure import Figure


class ReceptiveField(Figure):
    """How far does one unit see?

    A stack of layers over 48 inputs, each unit above the middle of what it sees. Below, the weight of each input in
    the chosen unit where every kernel is uniform (1/3, 1/3, 1/3 for conv 3, averages for pool 2) and nothing is
    rectified: the derivative of the unit by the input. Its outermost inputs bound the receptive field; most of its
    weight lies on far fewer, the effective receptive field, and where many layers follow each other it nears a bell
    (W. Luo, Y. Li, R. Urtasun, R. Zemel, Understanding the Effective Receptive Field in Deep Convolutional Neural
    Networks, 2016).

    Kinds of layers: "conv 3", "conv 5", "strided" (conv 3 at every second place), "pool 2", "dilated" (conv 3 on every
    second input). Convolutions pad with zeros so that without a stride the length stays.
    """

    layers = traitlets.List(
        traitlets.Unicode(), ["conv 3", "conv 3", "pool 2"], help="kinds of the layers, from the input up; 1 to 7"
    ).tag(sync=True)
    place = traitlets.Float(24.5, help="the chosen top unit is the one nearest to this place, in inputs").tag(sync=True)
