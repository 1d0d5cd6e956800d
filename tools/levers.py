"""Measure what each change to the training step gains, tried one at a time: part of ``make bench``, two minutes.

Every variant trains LeNet-5 on one resident batch of 64, a few steps at a time, in turn. A gain is the ratio of two
variants' times within a round, and the median over the rounds. Writes assets/results/levers.json.
"""

import json
import shutil
import time
from contextlib import nullcontext
from statistics import median

import torch
from torch import nn
from torch.nn.functional import cross_entropy

from lenet_utils.data import load_mnist
from lenet_utils.device import pick_device, seed_everything
from lenet_utils.experiments.records import describe_run
from lenet_utils.models import LeNet5
from lenet_utils.results import RESULTS

ROUNDS, STEPS, BATCH_SIZE = 40, 10, 64
FILE = RESULTS / "levers.json"


class PoolByReshape(nn.Module):
    """The mean over two axes of a view (N, C, H/2, 2, W/2, 2)."""

    def forward(self, maps):
        count, channels, height, width = maps.shape
        return maps.view(count, channels, height // 2, 2, width // 2, 2).mean((3, 5))


class PoolByProducts(nn.Module):
    """Averaging is linear: rows times maps times columns, with a matrix that averages neighbours."""

    def __init__(self, size):
        super().__init__()
        self.register_buffer("pairs", torch.eye(size // 2).repeat_interleave(2, dim=1) / 2)

    def forward(self, maps):
        return self.pairs @ maps @ self.pairs.T


class ConvolutionByProduct(nn.Conv2d):
    """All patches side by side, then one matrix product for each image."""

    def forward(self, maps):
        count, _, height, width = maps.shape
        rows, columns = height - self.kernel_size[0] + 1, width - self.kernel_size[1] + 1
        patches = maps.unfold(2, rows, 1).unfold(3, columns, 1).reshape(count, -1, rows * columns)
        weight = self.weight.flatten(1).expand(count, -1, -1)
        return torch.baddbmm(self.bias[None, :, None], weight, patches).view(count, -1, rows, columns)


def use_torchs_pooling(model):
    model.s2, model.s4 = nn.AvgPool2d(2), nn.AvgPool2d(2)


def use_torchs_c5(model):
    model.c5 = replace(model.c5, nn.Conv2d)


def use_torchs_layers(model):
    use_torchs_pooling(model)
    use_torchs_c5(model)


def use_reshaped_pooling(model):
    model.s2, model.s4 = PoolByReshape(), PoolByReshape()


def use_pooling_by_products(model):
    model.s2, model.s4 = PoolByProducts(28).to(model.c1.weight.device), PoolByProducts(10).to(model.c1.weight.device)


def use_products_for_c1(model):
    model.c1 = replace(model.c1, ConvolutionByProduct)


def replace(convolution, kind):
    """Return a layer of another ``kind`` with the weights of ``convolution``."""
    new = kind(convolution.in_channels, convolution.out_channels, convolution.kernel_size)
    new.load_state_dict(convolution.state_dict())
    return new.to(convolution.weight.device)


def make_step(data, *, prepare=None, fused=True, optimizer=torch.optim.Adam, batch_size=BATCH_SIZE, last=False,
              compiled=False, native=False, bfloat16=False, threads=None):  # fmt: skip
    """Return a function that takes one training step of a variant and returns its loss."""
    images, labels = data[:batch_size]
    seed_everything(0)
    model = LeNet5().to(images.device)
    if prepare:
        prepare(model)
    if last:
        model, images = model.to(memory_format=torch.channels_last), images.to(memory_format=torch.channels_last)
    rule = optimizer(model.parameters(), lr=1e-3, fused=fused)
    network = torch.compile(model) if compiled else model
    usual = torch.get_num_threads()

    def step():
        if threads:
            torch.set_num_threads(threads)
        torch.backends.mkldnn.enabled = not native  # mkldnn is oneDNN's former name
        with torch.autocast(images.device.type, torch.bfloat16) if bfloat16 else nullcontext():
            loss = cross_entropy(network(images), labels)
        rule.zero_grad()
        loss.backward()
        rule.step()
        torch.backends.mkldnn.enabled = True
        if threads:
            torch.set_num_threads(usual)
        return loss.item()

    return step


OWN = {"prepare": use_torchs_layers, "fused": False}  # torch's own layers and a plain Adam
BEFORE, COURSE = "torch's own layers, plain Adam", "these three together, as the course has them"
# name: (the variant, what it is compared with); what is compared with COURSE was not kept
LEVERS = {
    BEFORE: (OWN, None),
    "Adam with fused=True": ({"prepare": use_torchs_layers}, BEFORE),
    "C5 as a matrix product": ({"prepare": use_torchs_pooling, "fused": False}, BEFORE),
    "pooling by slices, with its own gradient": ({"prepare": use_torchs_c5, "fused": False}, BEFORE),
    COURSE: ({}, BEFORE),
    "pooling as two matrix products": ({"prepare": use_pooling_by_products}, COURSE),
    "pooling by reshape and mean": ({"prepare": use_reshaped_pooling}, COURSE),
    "C1 as matrix products of patches": ({"prepare": use_products_for_c1}, COURSE),
    "memory layout: channels last": ({"last": True}, COURSE),
    "torch's native convolutions, without oneDNN": ({"native": True}, COURSE),
    "SGD, also fused": ({"optimizer": torch.optim.SGD}, COURSE),
    "one thread": ({"threads": 1}, COURSE),
    "torch.compile": ({"compiled": True}, COURSE),
    "bfloat16": ({"bfloat16": True}, COURSE),
    "batches of 128, per image": ({"batch_size": 128}, COURSE),
}


def find_missing(device):
    """Return the levers that this machine lacks: torch.compile needs a C++ compiler, bfloat16 a processor with it."""
    missing = []
    if device.type == "cpu" and not shutil.which("g++"):
        missing.append("torch.compile")
    if device.type == "cpu" and not torch.cpu.get_capabilities().get("avx512_bf16"):
        missing.append("bfloat16")
    return missing


def main():
    device = pick_device()
    data = load_mnist(device).train
    missing = find_missing(device)
    steps = {name: make_step(data, **options) for name, (options, _) in LEVERS.items() if name not in missing}
    seconds = {name: [] for name in steps}
    for step in steps.values():
        for _ in range(STEPS):
            step()  # warm up
    for _ in range(ROUNDS):
        for name, step in steps.items():
            start = time.perf_counter()
            for _ in range(STEPS):
                step()
            images = LEVERS[name][0].get("batch_size", BATCH_SIZE)
            seconds[name].append((time.perf_counter() - start) / STEPS / images)
    records = []
    for name, (_, base) in LEVERS.items():
        record = {"lever": name, "compared_with": base, "gain": None}  # None: this machine lacks it
        if name in seconds:
            pairs = zip(seconds[base or name], seconds[name], strict=True)
            record["gain"] = median(a / b for a, b in pairs)
            record["microseconds_per_image"] = median(seconds[name]) * 1e6
            print(f"{name:<45} × {record['gain']:.2f}")
        records.append(record)
    result = {"rounds": ROUNDS, "steps": STEPS, "batch_size": BATCH_SIZE, "levers": records, **describe_run(device)}
    part = FILE.with_suffix(".part")
    part.write_text(json.dumps(result, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    part.replace(FILE)


if __name__ == "__main__":
    main()
