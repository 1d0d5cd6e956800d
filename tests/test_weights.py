"""The committed weights are those of their card, and reach what it says."""

import hashlib
import json

import pytest

from lenet_utils.checkpoints import load_weights
from lenet_utils.data import ASSETS
from lenet_utils.evaluation import evaluate
from lenet_utils.experiments.recipes import BETTER
from lenet_utils.models import LeNet5

FOLDER = ASSETS / "weights"
(CARD,) = json.loads((FOLDER / "cards.json").read_text(encoding="utf-8"))


def test_the_card_describes_the_file_and_the_recipe():
    assert hashlib.sha256((FOLDER / CARD["file"]).read_bytes()).hexdigest() == CARD["sha256"]
    assert CARD["recipe"] == BETTER
    assert {file.name for file in FOLDER.glob("*.pt")} == {CARD["file"]}


def test_the_weights_reach_the_recorded_accuracy(mnist):
    model = load_weights(LeNet5(), FOLDER / CARD["file"])
    assert evaluate(model, mnist.test)[1] == pytest.approx(CARD["test_accuracy"], abs=0.0005)
