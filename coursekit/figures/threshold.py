"""A threshold over scores: what it gets right and wrong, and the two curves it runs along."""

import traitlets

from .figure import Figure


class Threshold(Figure):
    """Where do you put the threshold?

    A model gives everyone a score; who scores above the threshold t is called positive. The scores are normal with
    standard deviation 1, around 0 for the negatives and around d for the positives, which are a share π of all. So the
    areas are known: recall (true positive rate) Φ(d − t), false positive rate Φ(−t), and with them, of all,

        TP = π Φ(d − t),  FN = π − TP,  FP = (1 − π) Φ(−t),  TN = 1 − π − FP,

    precision TP / (TP + FP) and accuracy TP + TN. The ROC curve (recall over false positive rate) does not know π; the
    precision–recall curve does. The area under the ROC curve is Φ(d / √2), and accuracy is highest at
    t = d / 2 + log((1 − π) / π) / d. Upward are the positives, downward the negatives; an area is a number of people.
    """

    threshold = traitlets.Float(1.0, help="t: who scores above it is called positive").tag(sync=True)
    share = traitlets.Float(0.5, help="π, the share of positives, 0.01 to 0.5").tag(sync=True)
    apart = traitlets.Float(2.0, help="d, how far the classes' means are apart, in standard deviations").tag(sync=True)
