"""Part II's project in its smallest form: a failure that an image shows by itself, a classifier that has been repaired
there, and the numbers it is reported with."""

import torch
import torch.nn.functional as F
from jaxtyping import Bool, Float, Int
from torch import Tensor


class Study:
    """A classifier that anybody can run again, a group of images, and the accuracies reported inside it and outside.

    scores(x) = φ(x) (φ(X)ᵀφ(X) + λI)⁻¹ φ(X)ᵀ Y: ridge regression of one-hot labels on features φ(x), the largest
    response of each random filter in each of sixteen places. X holds every image as it is and once with less ink, for
    pale images are the group. Whether an image belongs hangs on the image alone, not on its neighbors in the list.
    Rahimi & Recht (2008), Weighted sums of random kitchen sinks.

    >>> Study().group(torch.tensor([0.1, 0.9])[:, None, None, None].expand(2, 1, 8, 8))
    tensor([ True, False])
    """

    def group(self, x: Float[Tensor, "m 1 8 8"]) -> Bool[Tensor, " m"]:
        return x.amax(dim=(1, 2, 3)) < 0.7

    def reported(self) -> dict[int, tuple[float, float]]:
        return {0: (0.907, 0.756), 1: (0.887, 0.743), 2: (0.909, 0.73), 3: (0.921, 0.721), 4: (0.918, 0.734)}

    def predict(
        self, x: Float[Tensor, "n 1 8 8"], y: Int[Tensor, " n"], x_test: Float[Tensor, "m 1 8 8"], seed: int
    ) -> Int[Tensor, " m"]:
        filters = torch.randn(24, 1, 3, 3, generator=torch.Generator().manual_seed(seed))

        def features(images):  # (n, 1, 8, 8) → (n, 384)
            return F.max_pool2d(F.conv2d(images, filters, padding=1), 2).flatten(1)

        phi, targets = features(torch.cat([x, 0.4 * x])), F.one_hot(y, 10).float().repeat(2, 1)  # (2n, 384), (2n, 10)
        W = torch.linalg.solve(phi.T @ phi + 30 * torch.eye(384), phi.T @ targets)  # (384, 10)
        return (features(x_test) @ W).argmax(dim=1)  # (m,)
