"""From the reference Fashion-MNIST network to a better one, step by step, on the validation split."""

from functools import partial

from lenet_utils.data import load_fashion_mnist, split_validation
from lenet_utils.evaluation import evaluate
from lenet_utils.experiments import recipes
from lenet_utils.models import FashionLeNet

SEEDS = range(3)
SETTINGS = {
    "reference": recipes.FASHION_REFERENCE,
    "Xavier": recipes.FASHION_XAVIER,
    "one-cycle": recipes.FASHION_ONE_CYCLE,
    "ReLU": recipes.FASHION_RELU,
    "everywhere": recipes.FASHION_EVERYWHERE,
    "mirrors": recipes.FASHION_MIRRORS,
    "weight decay": recipes.FASHION_BETTER,
}


def measure(recipe, seed, device):
    """Train on 55,000 images; return the accuracy on them and on the 5,000 held out, also epoch by epoch."""
    training, validation = split_validation(load_fashion_mnist(device).train)
    make_model = partial(FashionLeNet, recipe["activation"], everywhere=recipe["everywhere"])
    model, history = recipes.train(make_model, recipe, training, seed, device, validation)
    return {
        "validation_accuracy": history.validation_accuracy[-1],
        "training_accuracy": evaluate(model, training)[1],
        "validation_accuracy_by_epoch": history.validation_accuracy,
    }
