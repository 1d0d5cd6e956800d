"""The same recipe on three networks, on digits as they are and with their pixels shuffled: what convolution is for."""

import torch
from torch import nn

from lenet_utils.data import ImageSet, load_mnist, split_validation
from lenet_utils.evaluation import evaluate
from lenet_utils.experiments.recipes import NESTEROV, train
from lenet_utils.models import LeNet5, count_parameters

SEEDS = range(3)
# The border of 2 pixels never varies: a network that sees it can only waste weights on it, so the first two crop it.
NETWORKS = {
    "784-10": lambda: nn.Sequential(nn.ZeroPad2d(-2), nn.Flatten(), nn.Linear(784, 10)),
    "784-77-10": lambda: nn.Sequential(
        nn.ZeroPad2d(-2), nn.Flatten(), nn.Linear(784, 77), nn.Tanh(), nn.Linear(77, 10)
    ),
    "LeNet-5": LeNet5,
}
LABELS = {"linear": "784-10", "fully connected": "784-77-10", "LeNet-5": "LeNet-5"}
SETTINGS = {
    f"{label}, {pixels}": NESTEROV | {"network": network, "pixels": pixels}
    for label, network in LABELS.items()
    for pixels in ("in order", "shuffled")
}


def measure(recipe, seed, device):
    """Train on 55,000 images; return the accuracy on the 5,000 held out, also shifted by 2 pixels."""
    training, validation = split_validation(load_mnist(device).train)
    if recipe["pixels"] == "shuffled":
        training, validation = shuffle_pixels(training), shuffle_pixels(validation)
    model, _ = train(NETWORKS[recipe["network"]], recipe, training, seed, device)
    result = {"validation_accuracy": evaluate(model, validation)[1], "parameters": count_parameters(model)}
    if recipe["pixels"] == "in order":  # a shift of shuffled pixels would be another shuffle
        result["shifted_accuracy"] = shifted_accuracy(model, validation)
    return result


def shuffle_pixels(data):
    """Return ``data`` with the 784 pixels of every image in the same random order, one order for ever."""
    order = torch.randperm(28 * 28, generator=torch.Generator().manual_seed(0))
    images = data.images.flatten(1)[:, order].view(-1, 28, 28)
    return ImageSet(data.name, images, data.labels, size=data.size, scaling=data.scaling)


@torch.inference_mode()
def shifted_accuracy(model, data):
    """Return the accuracy over all images moved by 2 pixels in the 8 directions.

    The border of 2 makes the room; the networks that crop it lose the edge of a few digits.
    """
    images, labels = data[:]
    moves = [(down, right) for down in (-2, 0, 2) for right in (-2, 0, 2) if down or right]
    correct = sum((model(images.roll(move, (2, 3))).argmax(1) == labels).sum().item() for move in moves)
    return correct / (len(moves) * len(labels))
