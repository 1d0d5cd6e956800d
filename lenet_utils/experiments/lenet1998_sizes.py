"""How the error falls with the number of training images (the paper's Fig. 6), measured on the validation split."""

from lenet_utils.data import load_mnist, split_validation
from lenet_utils.evaluation import evaluate
from lenet_utils.experiments.recipes import PAPER, make_loss, train
from lenet_utils.models import LeNet1998

SEEDS = range(3)
SIZES = (1_000, 2_000, 4_000, 8_000, 15_000, 30_000, 55_000)
# As many steps for each: with fewer images there are more passes.
SETTINGS = {f"{size} images": PAPER | {"images": size, "epochs": round(3 * SIZES[-1] / size)} for size in SIZES}


def measure(recipe, seed, device):
    """Train on the first images of the training split; return the errors on the 5,000 held out and on themselves."""
    training, validation = split_validation(load_mnist(device, scaling=recipe["scaling"]).train)
    few = training.subset(slice(recipe["images"]))
    model, _ = train(LeNet1998, recipe, few, seed, device)
    errors = [1 - evaluate(model, data, make_loss(recipe))[1] for data in (validation, few)]
    return dict(zip(("validation_error", "train_error"), errors, strict=True))
