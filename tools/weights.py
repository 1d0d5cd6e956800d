"""Train the networks whose weights the course carries: assets/weights/NAME.pt, and a card that says what they are.

Usage: python tools/weights.py [file…], e.g. lenet5.pt; without a name it trains all of them.
"""

import argparse
import hashlib
import json
from functools import partial

from lenet_utils.checkpoints import load_weights, save_weights
from lenet_utils.data import ASSETS, load_dataset
from lenet_utils.device import pick_device
from lenet_utils.evaluation import evaluate
from lenet_utils.experiments.reading_strings import STRINGS, read_test, train_reader
from lenet_utils.experiments.recipes import BETTER, FASHION_BETTER, PAPER_DISTORTED, train
from lenet_utils.experiments.records import describe_run
from lenet_utils.models import FashionLeNet, LeNet5, LeNet1998, WideLeNet5

SEED = 0
FOLDER = ASSETS / "weights"
CARDS = FOLDER / "cards.json"
# file: (data set, size of its images, network as a reader writes it, how to make it, recipe)
NETWORKS = {
    "lenet5.pt": ("mnist", 32, "LeNet5()", LeNet5, BETTER),
    "lenet1998.pt": ("mnist", 32, "LeNet1998()", LeNet1998, PAPER_DISTORTED),
    "lenet5_strings.pt": ("mnist", 32, "WideLeNet5(classes=11)", partial(WideLeNet5, classes=11), STRINGS),
    "fashion_lenet.pt": (
        "fashion_mnist", 28, 'FashionLeNet("relu", everywhere=True)',
        partial(FashionLeNet, "relu", everywhere=True), FASHION_BETTER,
    ),
}  # fmt: skip


def load_classifiers():
    """Return {file: (model, data set, scaling)} of the trained networks that read one image at a time."""
    return {
        file: (load_weights(make_model(), FOLDER / file), name, recipe.get("scaling", "standard"))
        for file, (name, _, _, make_model, recipe) in NETWORKS.items()
        if "labels" not in recipe
    }


def make_weights(file, device):
    """Train the network of ``file``, write its weights, and return its card."""
    name, size, network, make_model, recipe = NETWORKS[file]
    scaling = recipe.get("scaling", "standard")
    data = load_dataset(name, device, size=size, scaling=scaling)
    if "labels" in recipe:
        model = train_reader(recipe, data.train, SEED, device)
    else:
        model, _ = train(make_model, recipe, data.train, SEED, device)
    save_weights(model.cpu(), FOLDER / file)
    return {
        "file": file,
        "network": network,
        "input": f"load_{name}(size={size}, scaling='{scaling}')",
        "command": "make weights",
        "seed": SEED,
        "recipe": recipe,
        "test_accuracy": measure_accuracy(model.to(device), recipe, data.test),
        "sha256": hashlib.sha256((FOLDER / file).read_bytes()).hexdigest(),
        **describe_run(device),
    }


def measure_accuracy(model, recipe, test):
    """Return the fraction of the ``test`` images that are recognised; of a reader, of the digits in test strings."""
    return read_test(model, test)[0] if "labels" in recipe else evaluate(model, test)[1]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("files", nargs="*", metavar="file", help=", ".join(NETWORKS))
    files = parser.parse_args().files or list(NETWORKS)
    if unknown := [file for file in files if file not in NETWORKS]:
        parser.error(f"there is no {', '.join(unknown)}; choose from {', '.join(NETWORKS)}")
    device = pick_device()
    cards = {card["file"]: card for card in json.loads(CARDS.read_text(encoding="utf-8"))} if CARDS.is_file() else {}
    for file in files:
        cards[file] = make_weights(file, device)
        ordered = [cards[name] for name in NETWORKS if name in cards]
        CARDS.write_text(json.dumps(ordered, indent=2) + "\n", encoding="utf-8")
        print(f"{file}: {cards[file]['test_accuracy']:.2%} of the test {'digits' if 'strings' in file else 'images'}")
    print("Now `make readme` writes their card, assets/weights/README.md")


if __name__ == "__main__":
    main()
