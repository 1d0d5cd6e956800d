"""From the reference recipe to a better one, one change at a time, on the validation split."""

from lenet_utils.data import load_mnist, split_validation
from lenet_utils.experiments.recipes import BETTER, NESTEROV, ONE_CYCLE, REFERENCE, SEEDS, train
from lenet_utils.models import LeNet5

__all__ = ["SEEDS"]
SETTINGS = {"reference": REFERENCE, "one-cycle": ONE_CYCLE, "Nesterov": NESTEROV, "distortions": BETTER}


def measure(recipe, seed, device):
    """Train on 55,000 images; return the accuracy on the 5,000 held out, and the losses epoch by epoch."""
    training, validation = split_validation(load_mnist(device).train)
    _, history = train(LeNet5, recipe, training, seed, device, validation)
    return {
        "validation_accuracy": history.validation_accuracy[-1],
        "loss_by_epoch": history.loss,
        "validation_loss_by_epoch": history.validation_loss,
    }
