"""The network of 1998 on all 60,000 images, without and with distortions, met by the test set once per random seed."""

from lenet_utils.data import load_mnist
from lenet_utils.evaluation import evaluate
from lenet_utils.experiments.recipes import PAPER, PAPER_DISTORTED, SEEDS, make_loss, train
from lenet_utils.models import LeNet1998

__all__ = ["SEEDS"]
SETTINGS = {"without distortions": PAPER, "with distortions": PAPER_DISTORTED}


def measure(recipe, seed, device):
    """Train; return the error on the test images, and the training error of the last pass, while it learnt."""
    mnist = load_mnist(device, scaling=recipe["scaling"])
    model, history = train(LeNet1998, recipe, mnist.train, seed, device)
    test_error = 1 - evaluate(model, mnist.test, make_loss(recipe))[1]
    return {"test_error": test_error, "train_error": 1 - history.accuracy[-1], "loss_by_epoch": history.loss}
