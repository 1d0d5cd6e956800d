"""How the error falls with the number of training images (the paper's Fig. 6), met by the test set once each."""

from lenet_utils.data import load_mnist
from lenet_utils.evaluation import evaluate
from lenet_utils.experiments.recipes import PAPER, make_loss, train
from lenet_utils.models import LeNet1998

SEEDS = range(3)
SIZES = (1_000, 2_000, 4_000, 8_000, 15_000, 30_000, 60_000)
# As many steps for each: with fewer images there are more passes.
SETTINGS = {
    f"{size} images": PAPER | {"images": size, "epochs": round(PAPER["epochs"] * SIZES[-1] / size)} for size in SIZES
}


def measure(recipe, seed, device):
    """Train on the first images of the training set; return the errors on the test images and on those learnt."""
    mnist = load_mnist(device, scaling=recipe["scaling"])
    few = mnist.train.subset(slice(recipe["images"]))
    model, _ = train(LeNet1998, recipe, few, seed, device)
    errors = [1 - evaluate(model, data, make_loss(recipe))[1] for data in (mnist.test, few)]
    return dict(zip(("test_error", "train_error"), errors, strict=True))
