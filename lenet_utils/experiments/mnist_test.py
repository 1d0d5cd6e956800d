"""The final recipes on MNIST: trained on all 60,000 images, met by the test set once per random seed."""

from lenet_utils.data import load_mnist
from lenet_utils.evaluation import evaluate
from lenet_utils.experiments.recipes import BETTER, FAST, REFERENCE, SEEDS, SHORTEST, train
from lenet_utils.models import LeNet5

__all__ = ["SEEDS"]
SETTINGS = {"reference": REFERENCE, "better": BETTER, "fast": FAST, "shortest": SHORTEST}


def measure(recipe, seed, device):
    """Train; return the accuracy on the 10,000 test images."""
    mnist = load_mnist(device)
    model, _ = train(LeNet5, recipe, mnist.train, seed, device)
    return {"test_accuracy": evaluate(model, mnist.test)[1]}
