"""A first result: train LeNet-5 for one epoch, print how good it is, draw what it reads: ``make first``."""

from pathlib import Path

from lenet_utils.data import load_mnist, split_validation
from lenet_utils.device import pick_device
from lenet_utils.evaluation import compute_logits, evaluate
from lenet_utils.experiments.recipes import SHORTEST, train
from lenet_utils.models import LeNet5
from lenet_utils.plots import show_images

PICTURE = Path("build") / "first_result.png"

device = pick_device()
training, validation = split_validation(load_mnist(device).train)
print("Training for one epoch, some seconds ...", flush=True)
model, history = train(LeNet5, SHORTEST, training, 0, device)

accuracy = evaluate(model, validation)[1]
print(f"One epoch, {history.seconds[0]:.0f} seconds: {accuracy:.1%} of 5,000 unseen digits are right")
some = validation.subset(slice(40))
read = compute_logits(model, some).argmax(1)
pairs = zip(some.labels, read, strict=True)
titles = [f"{label} ✓" if label == said else f"{label} read as {said}" for label, said in pairs]
PICTURE.parent.mkdir(exist_ok=True)
show_images(some.images, titles, columns=10).savefig(PICTURE)
print(f"Forty of them, with what it read: {PICTURE}")
