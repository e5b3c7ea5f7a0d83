"""When to stop: training and validation loss, patience, and the best weights."""

import traitlets

from .figure import Figure


class EarlyStopping(Figure):
    """When is enough enough?

    24 noisy points of y = 0.8 sin(2.5 x) + 0.6 sin(10 x + 0.5) are fitted with w·φ(x), where
    φ_k(x) = cos(k π (x + 1)/2) / (1 + k/4)² for k = 0 … 27, by stochastic gradient descent on the squared error (batches
    of 2, learning rate 0.1, from w = 0): what changes slowly along x is learned first, noise last. After each epoch the
    loss on 16 validation points is measured. Early stopping ends training when it has not fallen below its best for as
    many epochs as `patience` says; what is kept then are the weights of the best epoch, not the last ones (Prechelt,
    Early stopping – but when?, 1998).
    """

    epoch = traitlets.Int(15, help="how long training went on, 1 to 200 epochs").tag(sync=True)
    patience = traitlets.Int(3, help="epochs without a better validation loss after which the rule stops").tag(
        sync=True
    )
    restore = traitlets.Bool(False, help="whether the best weights so far are shown, or the last ones").tag(sync=True)
    seed = traitlets.Int(23, help="draws the points, the noise and the batches").tag(sync=True)
    noise = traitlets.Float(0.3, help="standard deviation of the noise on y").tag(sync=True)
