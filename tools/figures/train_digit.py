"""Trains the small network of the figure `digit` on scikit-learn's digits and writes coursekit/figures/data/digit.json.

    python tools/figures/train_digit.py     about a minute on two cores

The file holds the weights in hundredths, how many held-out digits the network gets right with exactly these rounded
weights, and a dozen of those held-out digits: one of each class that it gets right, and two that it misreads.
"""

import json
from pathlib import Path

import torch
import torch.nn.functional as F
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split
from torch import nn

FILE = Path(__file__).parent.parent.parent / "coursekit/figures/data/digit.json"
SEED, EPOCHS, BATCH, HELD_OUT = 0, 60, 96, 360
SIZES = ["8×1×3×3", "8", "16×8×3×3", "16", "10×256", "10"]  # of the weights in the file, each as one flat list


def network():
    """1×8×8 (pixels 0 … 1) → 8 maps of 8×8 → 16 maps of 8×8 → 16 maps of 4×4 → 10 scores."""
    return nn.Sequential(
        nn.Conv2d(1, 8, 3, padding=1),
        nn.ReLU(),
        nn.Conv2d(8, 16, 3, padding=1),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Flatten(),
        nn.Linear(256, 10),
    )


def data():
    """Pixels (n, 1, 8, 8) in 0 … 1 and classes, of the training and of the held-out digits."""
    digits = load_digits()
    rows, held = train_test_split(
        range(len(digits.target)), test_size=HELD_OUT, random_state=SEED, stratify=digits.target
    )
    x = torch.tensor(digits.images / 16, dtype=torch.float32)[:, None]
    y = torch.tensor(digits.target)
    return x[rows], y[rows], x[held], y[held]


def written_anew(x, generator):
    """The digits as other hands might have written them: turned, slanted, stretched, shifted, bent, thin or thick.

    The data set counted the black pixels of 32×32 drawings in blocks of 4×4; so we go back to about 32×32, bend that,
    cut it into black and white at a random level (a low one gives thick strokes), and count again.
    """
    n = len(x)

    def between(low, high):
        return torch.rand(n, generator=generator) * (high - low) + low

    turn, slant, shift = (
        between(-0.2, 0.2),
        between(-0.25, 0.25),
        torch.stack([between(-0.12, 0.12), between(-0.06, 0.06)], 1),
    )
    wide, tall = between(0.85, 1.2), between(0.92, 1.12)
    cos, sin = turn.cos(), turn.sin()
    rows = [wide * cos, wide * (slant * cos - sin), shift[:, 0], tall * sin, tall * (slant * sin + cos), shift[:, 1]]
    grid = F.affine_grid(torch.stack(rows, 1).reshape(n, 2, 3), (n, 1, 32, 32), align_corners=False)
    bend = 0.07 * torch.randn(n, 2, 4, 4, generator=generator)
    grid = grid + F.interpolate(bend, size=(32, 32), mode="bicubic").permute(0, 2, 3, 1)
    large = F.grid_sample(F.interpolate(x, scale_factor=4, mode="bicubic"), grid, align_corners=False)
    ink = torch.sigmoid(14 * (large - between(0.3, 0.65).reshape(n, 1, 1, 1)))
    return (16 * F.avg_pool2d(ink, 4)).round() / 16


def train(x, y):
    torch.manual_seed(SEED)
    generator = torch.Generator().manual_seed(SEED)
    model = network()
    steps = len(x) // BATCH
    optimizer = torch.optim.AdamW(model.parameters(), lr=0.008, weight_decay=1e-3)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, 0.008, total_steps=EPOCHS * steps)
    for _ in range(EPOCHS):
        order = torch.randperm(len(x), generator=generator)
        changed = written_anew(x[order], generator)
        same = torch.rand(len(x), generator=generator) < 0.25
        changed[same] = x[order][same]
        for i in range(0, steps * BATCH, BATCH):
            features = F.dropout(model[:6](changed[i : i + BATCH]), 0.2)
            loss = F.cross_entropy(model[6](features), y[order][i : i + BATCH], label_smoothing=0.02)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            schedule.step()
    return model


def main():
    x, y, held_x, held_y = data()
    model = train(x, y)
    hundredths = [(100 * p.detach()).round().to(torch.int64) for p in model.parameters()]
    with torch.no_grad():
        for p, h in zip(model.parameters(), hundredths):
            p.copy_(h / 100)
        said = model(held_x).softmax(1)
    right = said.argmax(1) == held_y
    order = torch.arange(HELD_OUT)
    chosen = [int(order[right & (held_y == k)][0]) for k in range(10)] + order[~right][:2].tolist()
    text = ["".join("0123456789abcdefg"[int(16 * v)] for v in held_x[i].flatten()) for i in chosen]
    result = {
        "about": f"Made by tools/figures/train_digit.py. Weights in hundredths: {', '.join(SIZES)}.",
        "heldOut": HELD_OUT,
        "right": int(right.sum()),
        "samples": [{"label": int(held_y[i]), "pixels": pixels} for i, pixels in zip(chosen, text)],
        "weights": [h.flatten().tolist() for h in hundredths],
    }
    FILE.parent.mkdir(exist_ok=True)
    lines = ",\n".join(f" {json.dumps(k)}: {json.dumps(v, separators=(',', ':'))}" for k, v in result.items())
    FILE.write_text(f"{{\n{lines}\n}}\n", encoding="utf-8")
    print(
        f"{right.sum()} of {HELD_OUT} held-out digits right ({right.float().mean():.1%}); {FILE.stat().st_size} bytes"
    )


if __name__ == "__main__":
    main()
