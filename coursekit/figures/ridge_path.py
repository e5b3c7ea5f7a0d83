"""The paths of ridge regression and of the lasso."""

from functools import cache

import traitlets

from .figure import Figure

_TRAINING, _SEED = 40, 7


@cache
def _moments():
    """The figure needs of the data only these: XᵀX/n, Xᵀy/n and yᵀy/n of the training and of the validation part."""
    import numpy as np
    from sklearn.datasets import load_diabetes

    data = load_diabetes(scaled=False)
    order = np.random.default_rng(_SEED).permutation(len(data.target))
    train, valid = order[:_TRAINING], order[_TRAINING:]
    center, spread = data.data[train].mean(0), data.data[train].std(0)
    middle, deviation = data.target[train].mean(), data.target[train].std()
    parts = {}
    for name, rows in (("train", train), ("valid", valid)):
        x, y = (data.data[rows] - center) / spread, (data.target[rows] - middle) / deviation
        moments = x.T @ x / len(rows), x.T @ y / len(rows), y @ y / len(rows)
        parts[name] = [moment.round(5).tolist() for moment in moments]
    return parts


class RidgePath(Figure):
    """What does λ take away?

    Linear regression of the progress of diabetes on ten measurements (442 patients; Efron, Hastie, Johnstone and
    Tibshirani (2004), "Least Angle Regression"), from 40 patients drawn at random, the other 402 for validation; all is
    standardized by the mean and standard deviation of the 40. The coefficients minimize

        ridge   ‖y − Xw‖² / 2n + λ ‖w‖² / 2, so (XᵀX/n + λI) w = Xᵀy/n
        lasso   ‖y − Xw‖² / 2n + λ Σ|w|, by coordinate descent, then exactly on the weights that are not 0

    Hoerl and Kennard (1970), "Ridge Regression"; Tibshirani (1996), "Regression Shrinkage and Selection via the Lasso".
    How much λ gains depends on the draw: much with these 40, less with most others, little with many patients.
    """

    penalty = traitlets.Enum(["ridge", "lasso"], "ridge", help="what is added to the loss").tag(sync=True)
    strength = traitlets.Float(0.001, help="λ, 0.001 … 10").tag(sync=True)
    names = traitlets.List(
        traitlets.Unicode(),
        ["age", "sex", "body mass", "blood pr.", "total chol.", "LDL", "HDL", "total/HDL", "triglyc.", "glucose"],
        help="of the ten measurements",
    ).tag(sync=True)
    gram = traitlets.List(help="XᵀX/n of the training part, (10, 10)").tag(sync=True)
    xy = traitlets.List(help="Xᵀy/n of the training part, (10,)").tag(sync=True)
    valid_gram = traitlets.List(help="XᵀX/n of the validation part, (10, 10)").tag(sync=True)
    valid_xy = traitlets.List(help="Xᵀy/n of the validation part, (10,)").tag(sync=True)
    valid_yy = traitlets.Float(help="yᵀy/n of the validation part; it is 1 for the training part").tag(sync=True)

    @traitlets.default("gram")
    def _gram(self):
        return _moments()["train"][0]

    @traitlets.default("xy")
    def _xy(self):
        return _moments()["train"][1]

    @traitlets.default("valid_gram")
    def _valid_gram(self):
        return _moments()["valid"][0]

    @traitlets.default("valid_xy")
    def _valid_xy(self):
        return _moments()["valid"][1]

    @traitlets.default("valid_yy")
    def _valid_yy(self):
        return _moments()["valid"][2]
