"""Recipes as plain dicts, and the one function that follows them."""

from functools import partial

import torch

from lenet_utils.augmentation import random_affine
from lenet_utils.device import seed_everything
from lenet_utils.training import fit, one_cycle

SEEDS = range(5)

# The reference log shows 5 epochs of 938 steps, so batches of 64. Adam with 1e-3 is our choice.
REFERENCE = {"epochs": 5, "batch_size": 64, "optimizer": "Adam", "lr": 1e-3, "schedule": None, "distortions": None}
ONE_CYCLE = REFERENCE | {"lr": 3e-3, "schedule": "one_cycle"}
NESTEROV = ONE_CYCLE | {"optimizer": "SGD", "lr": 0.1, "momentum": 0.9, "nesterov": True}
BETTER = NESTEROV | {"distortions": {"degrees": 5.0, "shift": 0.5, "scale": 0.05, "shear": 0.05}}


def train(make_model, recipe, data, seed, device, validation=None):
    """Make a model, train it by ``recipe`` on the ``ImageSet`` ``data``; return it with its ``History``."""
    seed_everything(seed)
    model = make_model().to(device)
    options = {key: recipe[key] for key in ("lr", "momentum", "nesterov") if key in recipe}
    history = fit(
        model, data, epochs=recipe["epochs"], batch_size=recipe["batch_size"], seed=seed, log=None,
        validation=validation,
        optimizer=getattr(torch.optim, recipe["optimizer"])(model.parameters(), **options),
        schedule=one_cycle if recipe["schedule"] else None,
        augment=partial(random_affine, **recipe["distortions"]) if recipe["distortions"] else None,
    )  # fmt: skip
    return model, history
