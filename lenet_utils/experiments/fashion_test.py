"""The final recipes on Fashion-MNIST: trained on all 60,000 images, met by the test set once per random seed."""

from functools import partial

from lenet_utils.data import load_fashion_mnist
from lenet_utils.evaluation import evaluate
from lenet_utils.experiments.recipes import FASHION_BETTER, FASHION_SIGMOID, SEEDS, train
from lenet_utils.models import FashionLeNet

__all__ = ["SEEDS"]
SETTINGS = {"sigmoid": FASHION_SIGMOID, "better": FASHION_BETTER}


def measure(recipe, seed, device):
    """Train; return the accuracy on the 10,000 test images."""
    fashion = load_fashion_mnist(device)
    make_model = partial(FashionLeNet, recipe["activation"], everywhere=recipe["everywhere"])
    model, _ = train(make_model, recipe, fashion.train, seed, device)
    return {"test_accuracy": evaluate(model, fashion.test)[1]}
