"""Train the networks whose weights the course carries: assets/weights/NAME.pt, and a card that says what they are.

Usage: python tools/weights.py
"""

import hashlib
import json

from lenet_utils.checkpoints import save_weights
from lenet_utils.data import ASSETS, load_mnist
from lenet_utils.device import pick_device
from lenet_utils.evaluation import evaluate
from lenet_utils.experiments.recipes import BETTER, train
from lenet_utils.experiments.records import describe_run
from lenet_utils.models import LeNet5

SEED = 0
FOLDER = ASSETS / "weights"


def main():
    device = pick_device()
    mnist = load_mnist(device)
    model, _ = train(LeNet5, BETTER, mnist.train, SEED, device)
    path = FOLDER / "lenet5.pt"
    save_weights(model.cpu(), path)
    card = {
        "file": path.name,
        "network": "LeNet5()",
        "input": "load_mnist(size=32, scaling='standard')",
        "command": "make weights",
        "seed": SEED,
        "recipe": BETTER,
        "test_accuracy": evaluate(model.to(device), mnist.test)[1],
        "sha256": hashlib.sha256(path.read_bytes()).hexdigest(),
        **describe_run(device),
    }
    (FOLDER / "cards.json").write_text(json.dumps([card], indent=2) + "\n", encoding="utf-8")
    print(f"{path.name}: {card['test_accuracy']:.2%} of the test digits")


if __name__ == "__main__":
    main()
