"""What each choice of 1998 is worth: one change at a time, measured on the validation split."""

import torch
from torch import nn

from lenet_utils.data import load_mnist, split_validation
from lenet_utils.experiments.recipes import PAPER, train
from lenet_utils.layers import TABLE_I, AvgPool2d, Subsampling
from lenet_utils.models import LeNet1998

SEEDS = range(3)
CHOICES = {
    "connections": "Table I", "subsampling": "trainable", "activation": "scaled tanh", "output": "RBF",
    "weights": "1998",
}  # fmt: skip
SETTINGS = {
    "as published": PAPER | CHOICES,
    "C3 sees all maps": PAPER | CHOICES | {"connections": "all"},
    "C3 sees 60 random pairs": PAPER | CHOICES | {"connections": "random"},
    "plain average pooling": PAPER | CHOICES | {"subsampling": "plain"},
    "plain tanh": PAPER | CHOICES | {"activation": "tanh"},
    # The cross-entropy of ten logits bends otherwise than eq. 9: the best of four rates, by the validation split.
    "softmax, cross-entropy": PAPER | CHOICES | {"output": "softmax", "loss": "cross-entropy", "lr": 0.1},
    "today's first weights": PAPER | CHOICES | {"weights": "today"},
}


def make_model(recipe):
    """Return a ``LeNet1998`` with the choices of ``recipe``."""
    connections = {"Table I": lambda: TABLE_I, "all": lambda: torch.ones_like(TABLE_I), "random": shuffle_connections}
    return LeNet1998(
        connections=connections[recipe["connections"]](),
        subsampling=Subsampling if recipe["subsampling"] == "trainable" else lambda maps: AvgPool2d(2),
        activation=nn.Tanh() if recipe["activation"] == "tanh" else None,
        output=nn.Linear(84, 10) if recipe["output"] == "softmax" else None,
        paper_weights=recipe["weights"] == "1998",
    )


def shuffle_connections():
    """Return 60 connections drawn at random from torch's generator; each map of C3 sees as many as in Table I."""
    rows = [row[torch.randperm(len(row))] for row in TABLE_I]
    return torch.stack(rows)


def measure(recipe, seed, device):
    """Train on 55,000 images; return the errors on the 5,000 held out and, while learning, on the 55,000, by pass."""
    training, validation = split_validation(load_mnist(device, scaling=recipe["scaling"]).train)
    _, history = train(lambda: make_model(recipe), recipe, training, seed, device, validation)
    return {
        "validation_error": 1 - history.validation_accuracy[-1],
        "validation_error_by_pass": [1 - accuracy for accuracy in history.validation_accuracy],
        "train_error_by_pass": [1 - accuracy for accuracy in history.accuracy],
    }
