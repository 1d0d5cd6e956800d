"""Reading strings of test digits: trained window by window, on whole strings, and on strings with noise."""

import torch

from lenet_utils.data import load_mnist
from lenet_utils.device import seed_everything
from lenet_utils.models import WideLeNet5
from lenet_utils.reading import fit_reader, position_loss, read, score_reading, string_loss, write_labels
from lenet_utils.strings import label_positions, make_strings

SEEDS = range(5)
STRINGS = {"labels": "strings", "steps": 1500, "batch_size": 64, "lr": 0.1, "noise": 0.0}
SETTINGS = {
    "windows": STRINGS | {"labels": "windows"},
    "strings": STRINGS,
    "strings, 10 % noise": STRINGS | {"noise": 0.1},
}
COUNT = 2000  # test strings of each kind
GAPS = range(-1, 5)
NOISE = (0.0, 0.02, 0.05, 0.1, 0.15, 0.2)


def train_reader(recipe, digits, seed, device):
    """Make a network with a class for blanks and train it by ``recipe`` on strings of ``digits``."""
    seed_everything(seed)
    model = WideLeNet5(classes=11).to(device)
    by_window = recipe["labels"] == "windows"

    def make_batch(generator):
        strings = make_strings(digits, recipe["batch_size"], generator, noise=recipe["noise"])
        return strings.images, label_positions(strings) if by_window else strings.labels

    loss_function = position_loss if by_window else string_loss
    fit_reader(
        model, make_batch, steps=recipe["steps"], lr=recipe["lr"], loss_function=loss_function, seed=seed, log=False
    )
    return model


def read_test(model, digits, **options):
    """Return the fractions of digits and of whole strings read, and both texts, of strings with these ``options``.

    The same strings for every network: drawn from ``digits`` with a fixed random seed.
    """
    strings = make_strings(digits, COUNT, torch.Generator().manual_seed(1998), **options)
    texts, truths = read(model, strings.images), write_labels(strings.labels)
    return *score_reading(texts, truths), texts, truths


def measure(recipe, seed, device):
    """Train on all 60,000 digits; return the fractions of test digits and test strings read, by length, gap, noise."""
    mnist = load_mnist(device)
    model = train_reader(recipe, mnist.train, seed, device)
    digits, strings, texts, truths = read_test(model, mnist.test)
    by_length = {}
    for length in sorted({len(truth) for truth in truths}):
        pairs = [pair for pair in zip(texts, truths, strict=True) if len(pair[1]) == length]
        by_length[length] = score_reading(*zip(*pairs, strict=True))
    return {
        "digits": digits,
        "strings": strings,
        "by_length": by_length,
        "by_gap": {gap: read_test(model, mnist.test, gaps=(gap, gap))[:2] for gap in GAPS},
        "by_noise": {noise: read_test(model, mnist.test, noise=noise)[:2] for noise in NOISE},
    }
