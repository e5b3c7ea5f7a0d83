"""Convolutional networks: what a unit sees, two classic designs, and the boxes of a detector.

Images are (n, channels, height, width). A box is (x1, y1, x2, y2): two opposite corners, x1 < x2 and y1 < y2.
"""

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn
from torch.nn import functional as F


def receptive_field(layers: list[tuple[int, int, int]]) -> tuple[int, int]:
    """How many inputs one unit sees, and how many inputs apart two neighboring units look, along one axis.

        size ← size + d (k − 1) · jump,   then   jump ← jump · s,   layer by layer from size = jump = 1

    A layer's own stride moves apart what comes after it: it changes the jump, not the size of this layer.
    Araujo, Norris & Sim (2019), equation 2 (there with d = 1).

    >>> receptive_field([(3, 1, 1), (2, 2, 1), (3, 1, 1)])
    (8, 2)
    """
    size, jump = 1, 1
    for kernel, stride, dilation in layers:
        size += dilation * (kernel - 1) * jump
        jump *= stride
    return size, jump


def iou(a: Float[Tensor, "n 4"], b: Float[Tensor, "m 4"]) -> Float[Tensor, "n m"]:
    """How well two boxes agree: the area that both cover over the area that at least one covers; each with each.

        IoU = |A ∩ B| / |A ∪ B|,   |A ∪ B| = |A| + |B| − |A ∩ B|

    Where boxes lie apart, right minus left is negative: clamp both sides at 0 before they are multiplied.
    Everingham et al. (2010), section 4.2.

    >>> iou(torch.tensor([[0.0, 0.0, 2.0, 2.0]]), torch.tensor([[1.0, 0.0, 3.0, 2.0], [5.0, 5.0, 6.0, 6.0]]))
    tensor([[0.3333, 0.0000]])
    """
    low = torch.maximum(a[:, None, :2], b[:, :2])  # (n, m, 2)
    high = torch.minimum(a[:, None, 2:], b[:, 2:])
    both = (high - low).clamp(min=0).prod(dim=-1)  # (n, m)
    area_a, area_b = (a[:, 2:] - a[:, :2]).prod(dim=-1), (b[:, 2:] - b[:, :2]).prod(dim=-1)
    return both / (area_a[:, None] + area_b - both)


def non_maximum_suppression(
    boxes: Float[Tensor, "n 4"], scores: Float[Tensor, "n"], classes: Int[Tensor, "n"], threshold: float
) -> Int[Tensor, "k"]:
    """Of many boxes around one object keep the one with the highest score. → the places of those kept, best first.

        by falling score, keep box i   unless   IoU(i, j) > threshold for a kept box j of the same class

    Only kept boxes suppress: of a chain of boxes, each on the next, every second one may stay.
    Girshick, Donahue, Darrell & Malik (2014), section 2.2.

    >>> boxes = torch.tensor([[0.0, 0.0, 4.0, 4.0], [0.0, 0.0, 4.0, 5.0]])
    >>> non_maximum_suppression(boxes, torch.tensor([0.6, 0.9]), torch.tensor([7, 7]), 0.5)
    tensor([1])
    """
    clash = (iou(boxes, boxes) > threshold) & (classes[:, None] == classes)  # (n, n)
    kept = []
    for i in scores.argsort(descending=True).tolist():
        if not any(clash[i, j] for j in kept):
            kept.append(i)
    return torch.tensor(kept, dtype=torch.int64, device=boxes.device)


class LeNet(nn.Module):
    """Conv–pool–conv–pool–dense, the plan of 1998 with today's parts: ReLU, max pooling, logits.

        (c, s, s) → 6 maps → half → 16 maps → half → 120 → 84 → logits;   kernels of 5×5, no padding

    On 32×32 pixels 48,120 of its 61,706 numbers stand in the first dense layer, and only 2,572 in convolutions.
    LeCun, Bottou, Bengio & Haffner (1998), section II.B (with tanh, learned averages and radial basis functions).

    >>> LeNet(channels=1, classes=10, size=32)(torch.zeros(7, 1, 32, 32)).shape
    torch.Size([7, 10])
    """

    def __init__(self, channels: int, classes: int, size: int):
        super().__init__()
        side = ((size - 4) // 2 - 4) // 2
        self.conv1, self.conv2 = nn.Conv2d(channels, 6, 5), nn.Conv2d(6, 16, 5)
        self.dense1, self.dense2 = nn.Linear(16 * side * side, 120), nn.Linear(120, 84)
        self.dense3 = nn.Linear(84, classes)

    def forward(self, x: Float[Tensor, "n channels size size"]) -> Float[Tensor, "n classes"]:
        x = F.max_pool2d(F.relu(self.conv1(x)), 2)  # (n, 6, (size - 4) / 2, …)
        x = F.max_pool2d(F.relu(self.conv2(x)), 2).flatten(1)  # (n, 16 · side · side)
        return self.dense3(F.relu(self.dense2(F.relu(self.dense1(x)))))


class ResidualBlock(nn.Module):
    """Two convolutions that learn what to add to their input; where its shape changes, a 1×1 convolution fits it.

        y = relu(F(x) + S(x)),   F = conv3–BN–relu–conv3–BN,   S = identity, or conv1–BN where the shapes differ

    The sum comes before the last ReLU: after it, a block could only ever add, never take away.
    He, Zhang, Ren & Sun (2016), equations 1 and 2; the projection is their option B.

    >>> ResidualBlock(2, 3, stride=2)(torch.zeros(1, 2, 8, 8)).shape
    torch.Size([1, 3, 4, 4])
    """

    def __init__(self, channels_in: int, channels_out: int, stride: int = 1):
        super().__init__()
        self.conv1 = nn.Conv2d(channels_in, channels_out, 3, stride, padding=1, bias=False)
        self.conv2 = nn.Conv2d(channels_out, channels_out, 3, padding=1, bias=False)
        self.bn1, self.bn2, self.shortcut = nn.BatchNorm2d(channels_out), nn.BatchNorm2d(channels_out), nn.Identity()
        if stride != 1 or channels_in != channels_out:
            project = nn.Conv2d(channels_in, channels_out, 1, stride, bias=False)
            self.shortcut = nn.Sequential(project, nn.BatchNorm2d(channels_out))

    def forward(self, x: Float[Tensor, "n c h w"]) -> Float[Tensor, "n c_out h_out w_out"]:
        out = self.bn2(self.conv2(F.relu(self.bn1(self.conv1(x)))))
        return F.relu(out + self.shortcut(x))


def match_detections(
    boxes: Float[Tensor, "n 4"], scores: Float[Tensor, "n"], truth: Float[Tensor, "m 4"], threshold: float
) -> Int[Tensor, "n"]:
    """Which of the true boxes each detection finds; −1 for a false alarm.

        by falling score: the free true box with the largest IoU, if that is ≥ threshold, is found, and no longer free

    Five detections of one object are one hit and four false alarms; or a detector would gain by repeating itself.
    Everingham et al. (2010), section 4.2 (where a detection whose best box is taken may not have the second best).

    >>> boxes, scores = torch.tensor([[0.0, 0, 2, 2], [0.0, 0, 2, 3]]), torch.tensor([0.4, 0.9])
    >>> match_detections(boxes, scores, truth=torch.tensor([[0.0, 0, 2, 3]]), threshold=0.5)
    tensor([-1,  0])
    """
    overlap = iou(boxes, truth)  # (n, m)
    found = torch.full((len(boxes),), -1, device=boxes.device)
    for i in scores.argsort(descending=True).tolist():
        best, k = overlap[i].max(dim=0)
        if best >= threshold:
            found[i] = k
            overlap[:, k] = -1  # taken
    return found


def train_cnn(x: Float[Tensor, "n 1 8 8"], y: Int[Tensor, "n"]) -> nn.Module:
    """A small convolutional network that reads digits: two convolutions, one pooling, one dense layer.

        min_w E[cross_entropy(model_w(x), y)],   8 maps → 16 maps → half → 10 logits;   3×3 kernels, padding 1

    2,570 of its 3,818 numbers stand in the dense layer; as that is linear, one can see what each cell says for a digit.
    LeCun et al. (1998), section II, in small.
    """
    first, second = nn.Conv2d(1, 8, 3, padding=1), nn.Conv2d(8, 16, 3, padding=1)
    dense = nn.Linear(256, 10)
    model = nn.Sequential(first, nn.ReLU(), second, nn.ReLU(), nn.MaxPool2d(2), nn.Flatten(), dense)
    optimizer = torch.optim.Adam(model.parameters(), lr=0.01)
    for _ in range(8):
        for batch in torch.randperm(len(x)).split(50):
            optimizer.zero_grad()
            F.cross_entropy(model(x[batch]), y[batch]).backward()
            optimizer.step()
    return model


def maximize_activation(
    network: nn.Module, x: Float[Tensor, "1 c h w"], unit: int, steps: int, lr: float
) -> Float[Tensor, "1 c h w"]:
    """Climb from an image to one that a unit likes better: gradient ascent, in the pixels, with the weights held.

        x ← clip(x + lr · g/‖g‖, 0, 1),   g = ∂ network(x)[0, unit] / ∂x

    Without the length of g taken out, a step would be tiny where the unit hardly answers, and huge where it does.
    Erhan, Bengio, Courville & Vincent (2009), section 3; Simonyan, Vedaldi & Zisserman (2014), section 2.

    >>> maximize_activation(nn.Flatten(), torch.zeros(1, 1, 1, 2), unit=1, steps=3, lr=0.25)
    tensor([[[[0.0000, 0.7500]]]])
    """
    for _ in range(steps):
        x = x.detach().requires_grad_()
        (slope,) = torch.autograd.grad(network(x)[0, unit], x)
        x = (x + lr * slope / slope.norm()).clamp(0, 1)
    return x.detach()
