"""Recipes as plain dicts, and the one function that follows them."""

from functools import partial

import torch
from torch.nn.functional import cross_entropy

from lenet_utils.augmentation import random_affine, random_flip
from lenet_utils.device import seed_everything
from lenet_utils.losses import competitive_loss
from lenet_utils.models import initialize_xavier
from lenet_utils.training import fit, one_cycle

SEEDS = range(5)

# The reference log shows 5 epochs of 938 steps, so batches of 64. Adam with 1e-3 is our choice.
REFERENCE = {"epochs": 5, "batch_size": 64, "optimizer": "Adam", "lr": 1e-3, "schedule": None, "distortions": None}
ONE_CYCLE = REFERENCE | {"lr": 3e-3, "schedule": "one_cycle"}
NESTEROV = ONE_CYCLE | {"optimizer": "SGD", "lr": 0.1, "momentum": 0.9, "nesterov": True}
BETTER = NESTEROV | {"distortions": {"degrees": 5.0, "shift": 0.5, "scale": 0.05, "shear": 0.05}}
# Larger batches need fewer steps: the shortest ways to the reference log's accuracy, and to that of 1998.
FAST = BETTER | {"epochs": 4, "batch_size": 128, "lr": 0.2}
SHORTEST = FAST | {"epochs": 1, "weights": "Xavier", "distortions": None}

# How the reference Fashion-MNIST network was trained is not stated either: the same choice, for 20 epochs.
FASHION_REFERENCE = REFERENCE | {"epochs": 20, "activation": "sigmoid", "everywhere": False}
FASHION_XAVIER = FASHION_REFERENCE | {"weights": "Xavier"}
FASHION_ONE_CYCLE = FASHION_XAVIER | {
    "optimizer": "SGD", "lr": 0.3, "momentum": 0.9, "nesterov": True, "schedule": "one_cycle",
}  # fmt: skip
FASHION_SIGMOID = FASHION_ONE_CYCLE | {"weight_decay": 1e-4}  # the reference architecture at its best
FASHION_RELU = FASHION_ONE_CYCLE | {"activation": "relu", "lr": 0.1}
FASHION_EVERYWHERE = FASHION_RELU | {"everywhere": True}
FASHION_MIRRORS = FASHION_EVERYWHERE | {"flip": True}
FASHION_BETTER = FASHION_MIRRORS | {"weight_decay": 5e-4}

# The network of 1998, trained in mini-batches. The paper does not state the constant j of eq. 9.
PAPER = NESTEROV | {"epochs": 10, "batch_size": 128, "lr": 0.01, "scaling": "paper", "loss": "eq. 9", "j": 10.0}
PAPER_DISTORTED = PAPER | {
    "epochs": 20, "lr": 7e-3, "distortions": {"degrees": 10.0, "shift": 1.0, "scale": 0.1, "shear": 0.1},
}  # fmt: skip


def train(make_model, recipe, data, seed, device, validation=None):
    """Make a model, train it by ``recipe`` on the ``ImageSet`` ``data``; return it with its ``History``."""
    seed_everything(seed)
    model = make_model()
    if recipe.get("weights") == "Xavier":
        initialize_xavier(model)
    model.to(device)
    options = {key: recipe[key] for key in ("lr", "momentum", "nesterov", "weight_decay") if key in recipe}
    augment = partial(random_affine, **recipe["distortions"]) if recipe["distortions"] else None
    if recipe.get("flip"):
        augment = random_flip
    history = fit(
        model, data, epochs=recipe["epochs"], batch_size=recipe["batch_size"], seed=seed, log=None,
        validation=validation,
        optimizer=getattr(torch.optim, recipe["optimizer"])(model.parameters(), fused=True, **options),
        schedule=one_cycle if recipe["schedule"] else None,
        augment=augment,
        loss_function=make_loss(recipe),
    )  # fmt: skip
    return model, history


def make_loss(recipe):
    """Return the loss function that ``recipe`` names: eq. 9 of the paper, else the cross-entropy."""
    if recipe.get("loss") == "eq. 9":
        return partial(competitive_loss, j=recipe["j"])
    return cross_entropy
