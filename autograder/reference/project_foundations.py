"""Part I's project in its smallest form: a hundred labels, a classifier, and the numbers it is reported with."""

import torch
import torch.nn.functional as F
from jaxtyping import Float, Int
from torch import Tensor


class Study:
    """A classifier that anybody can run again, and the accuracy reported for it.

    scores(x) = φ(x) (φ(X)ᵀφ(X) + λI)⁻¹ φ(X)ᵀ Y: ridge regression of one-hot labels on random features φ(x) = ReLU(xR).
    All that is random hangs on the seed it is given, through a generator of its own: whatever has been drawn before,
    the same seed gives the same answer. Rahimi & Recht (2008), Weighted sums of random kitchen sinks.

    >>> sorted(Study().reported())
    [0, 1, 2, 3, 4]
    """

    def reported(self) -> dict[int, float]:
        return {0: 0.902, 1: 0.876, 2: 0.917, 3: 0.901, 4: 0.894}

    def predict(
        self, x: Float[Tensor, "n 1 8 8"], y: Int[Tensor, " n"], x_test: Float[Tensor, "m 1 8 8"], seed: int
    ) -> Int[Tensor, " m"]:
        generator = torch.Generator().manual_seed(seed)
        R = torch.randn(64, 500, generator=generator)
        phi, phi_test = (torch.relu(images.flatten(1) @ R) for images in (x, x_test))  # (n, 500), (m, 500)
        targets = F.one_hot(y, 10).float()  # (n, 10)
        W = torch.linalg.solve(phi.T @ phi + 30 * torch.eye(500), phi.T @ targets)  # (500, 10)
        return (phi_test @ W).argmax(dim=1)  # (m,)
