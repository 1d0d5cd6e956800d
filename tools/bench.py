"""Measure what training costs, side by side: ``make bench``, a quarter of an hour on two quiet cores.

The ways take turns, round by round: a machine that gets busy slows down all of them. Ratios are formed within a round,
and their median is reported. Writes assets/results/bench.json; `make readme` carries it into README.
"""

import argparse
import json
import subprocess
import sys
import time
from pathlib import Path
from statistics import median

import torch
from torch.nn.functional import cross_entropy
from torch.utils.data import DataLoader

from lenet_utils.augmentation import random_affine
from lenet_utils.data import PIXEL_STATISTICS, load_mnist, torchvision_root
from lenet_utils.device import pick_device, seed_everything
from lenet_utils.experiments.recipes import FAST, REFERENCE, SHORTEST, train
from lenet_utils.experiments.records import describe_run
from lenet_utils.models import LeNet5
from lenet_utils.results import RESULTS
from lenet_utils.summary import summarize
from lenet_utils.training import fit

BATCH_SIZE = REFERENCE["batch_size"]
SIZES = (15_000, 30_000, 60_000)
BATCH_SIZES = (16, 32, 64, 128, 256, 512, 1024)
FILE = RESULTS / "bench.json"


def make_conventional(device, workers):
    """Return a function that trains for one epoch as nearly all tutorials do; called again, it goes on."""
    from torchvision import datasets, transforms

    mean, deviation = PIXEL_STATISTICS["mnist"]
    transform = transforms.Compose(
        [transforms.Resize((32, 32)), transforms.ToTensor(), transforms.Normalize((mean,), (deviation,))]
    )
    dataset = datasets.MNIST(torchvision_root("mnist"), train=True, transform=transform)
    loader = DataLoader(dataset, batch_size=BATCH_SIZE, shuffle=True, num_workers=workers)
    model, optimizer = make_model(device)

    def train_epoch():
        for images, labels in loader:
            images, labels = images.to(device), labels.to(device)
            loss = cross_entropy(model(images), labels)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            loss.item()  # for a running mean

    return train_epoch


def make_floor(data, steps):
    """Return a function that does an epoch's steps on one batch that is there already: the network and nothing else."""
    images, labels = data[:BATCH_SIZE]
    model, optimizer = make_model(images.device)

    def train_epoch():
        for _ in range(steps):
            loss = cross_entropy(model(images), labels)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()

    return train_epoch


def make_model(device):
    """Return a new LeNet-5 and the optimizer that ``fit`` gives it, so that all ways do the same arithmetic."""
    seed_everything(0)
    model = LeNet5().to(device)
    return model, torch.optim.Adam(model.parameters(), lr=REFERENCE["lr"], fused=True)


def fit_once(data, **options):
    """Train a new network for one epoch by ``fit``, as a user calls it but for the log."""
    seed_everything(0)
    fit(LeNet5().to(data.labels.device), data, epochs=1, log=None, **options)


def measure(ways, rounds):
    """Let the functions of the dict ``ways`` take turns; return {name: [seconds of each round]}.

    Every second round goes backwards: what comes later in a round does not always meet a warmer or busier machine.
    """
    seconds = {name: [] for name in ways}
    for number in range(rounds):
        for name, way in list(ways.items())[:: 1 if number % 2 == 0 else -1]:
            seconds[name].append(clock(way))
            print(f"round {number + 1}, {name}: {seconds[name][-1]:.2f} s", flush=True)
    return seconds


def clock(function):
    """Return how many seconds ``function`` takes, all work of a GPU included."""
    synchronize()
    start = time.perf_counter()
    function()
    synchronize()
    return time.perf_counter() - start


def synchronize():
    if torch.accelerator.is_available():
        torch.accelerator.synchronize()


def measure_threads(data, rounds):
    """Return {threads: {batch size: [seconds]}} of one epoch of ``data``."""
    usual = torch.get_num_threads()
    seconds = {threads: {size: [] for size in BATCH_SIZES} for threads in sorted({1, usual})}
    for _ in range(rounds):
        for threads, by_size in seconds.items():
            torch.set_num_threads(threads)
            for size, values in by_size.items():
                values.append(clock(lambda size=size: fit_once(data, batch_size=size)))
                print(f"{threads} threads, batch {size}: {values[-1]:.2f} s", flush=True)
    torch.set_num_threads(usual)
    return seconds


def measure_arithmetic(device):
    """Return the seconds that an epoch's multiply-adds would take at the rate of a large matrix product.

    Backward, each layer costs its forward pass twice: once for the weights, once for its input. C1's input, the image,
    needs no gradient.
    """
    layers = summarize(LeNet5())
    passes = 3 * sum(layer.multiply_adds for layer in layers) - layers[0].multiply_adds
    a, b = torch.rand(2, 1024, 1024, device=device)
    rate = 1024**3 / median(clock(lambda: a @ b) for _ in range(30))
    return {"multiply_adds_per_image": passes, "rate": rate, "seconds": SIZES[-1] * passes / rate}


def measure_memory(way):
    """Return the peak of resident memory (MB) of a process that trains one epoch in this way; None outside Linux."""
    command = [sys.executable, __file__, "--peak", way]
    return json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout.splitlines()[-1])


def print_peak(way):
    device = pick_device(quiet=True)
    if way == "fit":
        fit_once(load_mnist(device).train)
    else:
        make_conventional(device, 0)()
    status = Path("/proc/self/status")
    lines = status.read_text().splitlines() if status.is_file() else []
    peaks = [int(line.split()[1]) / 1000 for line in lines if line.startswith("VmHWM")]
    print(json.dumps(peaks[0] if peaks else None))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=5, help="of the long measurements (5)")
    parser.add_argument("--peak", choices=["fit", "DataLoader"], help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.peak:
        print_peak(arguments.peak)
        return
    device = pick_device()
    data = load_mnist(device).train
    few = {size: data.subset(slice(size)) for size in SIZES}
    ways = {
        "DataLoader, no workers": make_conventional(device, 0),
        "fit": lambda: fit_once(data),
        "DataLoader, 2 workers": make_conventional(device, 2),
        "shortest": lambda: train(LeNet5, SHORTEST, data, 0, device),
        "fast": lambda: train(LeNet5, FAST, data, 0, device),
    }
    close_ways = {
        "fit": ways["fit"],
        "one resident batch": make_floor(data, -(-len(data) // BATCH_SIZE)),
        "fit, distorted": lambda: fit_once(data, augment=random_affine),
    }
    measure(close_ways, 1)  # once, and forgotten: the first steps of a process are slower
    result = {
        "memory_mb": {way: measure_memory(way) for way in ("fit", "DataLoader")},
        "seconds": measure(ways, arguments.rounds),
        "close": measure(close_ways, arguments.rounds + 2),
        "by_images": measure({size: lambda size=size: fit_once(few[size]) for size in SIZES}, 3),
        "by_threads_and_batch": measure_threads(few[SIZES[0]], 3),
        "arithmetic": measure_arithmetic(device),
        "images": len(data),
        "images_by_batch": SIZES[0],
        "batch_size": BATCH_SIZE,
        **describe_run(device),
    }
    part = FILE.with_suffix(".part")
    part.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")
    part.replace(FILE)
    print(f"Written: {FILE.name}. Now `make readme` carries it into README")


if __name__ == "__main__":
    main()
