"""The training protocol of 1998 itself: one pattern at a time, a step of its own for each weight, 20 passes.

Section III-B and Appendix C: stochastic diagonal Levenberg-Marquardt. 1.2 million steps on single images are what
neither PyTorch nor a GPU is made for; so the forward and the backward pass are written out in NumPy, about ten times
as fast here. A test holds them against autograd.
"""

import time

import numpy as np
import torch
from numpy.lib.stride_tricks import sliding_window_view

from lenet_utils.curvature import estimate_curvature
from lenet_utils.data import load_mnist
from lenet_utils.device import seed_everything
from lenet_utils.evaluation import evaluate
from lenet_utils.experiments.recipes import PAPER, make_loss
from lenet_utils.models import LeNet1998

RATES = [5e-4] * 2 + [2e-4] * 3 + [1e-4] * 3 + [5e-5] * 4 + [1e-5] * 8  # by pass
# The rates go with a scale of the loss that the paper does not state: with the plain sum of eq. 7 it diverges at once.
PROTOCOL = {
    "rates": RATES, "mu": 0.02, "curvature_patterns": 500, "batch_size": 1, "loss": "eq. 9", "j": PAPER["j"],
    "loss_scale": 0.1,
}  # fmt: skip
SETTINGS = {"paper's protocol": PROTOCOL}
SEEDS = range(1)
A, S = 1.7159, 2 / 3
# Which unit of S2 lies under each weight of C3's kernels, at each of their 10·10 positions.
UNDER_C3 = sliding_window_view(np.arange(6 * 14 * 14).reshape(6, 14, 14), (10, 10), (1, 2)).ravel()


def measure(recipe, seed, device):
    """Train on the CPU; return the test error, and after every pass both errors, and the CPU minutes it took."""
    seed_everything(seed)
    mnist = load_mnist(scaling="paper")
    model = LeNet1998()
    loss_function = make_loss(recipe)
    generator = torch.Generator().manual_seed(seed)
    order = torch.randperm(len(mnist.train), generator=generator)  # random, but the same in every pass
    images, labels = mnist.train[order]
    images, labels = images.numpy()[:, 0], labels.numpy()
    start, curves = time.process_time(), {"train_error_by_pass": [], "test_error_by_pass": []}
    for rate in recipe["rates"]:
        chosen = torch.randperm(len(mnist.train), generator=generator)[: recipe["curvature_patterns"]]
        curvature = to_arrays(estimate_curvature(model, *mnist.train[chosen], loss_function), model)
        scale, weights = recipe["loss_scale"], to_arrays(dict(model.named_parameters()), model)
        steps = {name: rate * scale / (recipe["mu"] + scale * h) for name, h in curvature.items()}
        for image, label in zip(images, labels):
            update(weights, steps, backward(weights, forward(weights, image), label, recipe["j"]))
        load_arrays(model, weights)
        curves["train_error_by_pass"].append(1 - evaluate(model, mnist.train, loss_function)[1])
        curves["test_error_by_pass"].append(1 - evaluate(model, mnist.test, loss_function)[1])
        print(f"pass {len(curves['test_error_by_pass'])}: {curves['test_error_by_pass'][-1]:.2%}", flush=True)
    minutes = (time.process_time() - start) / 60
    return {"test_error": curves["test_error_by_pass"][-1], **curves, "cpu_minutes": minutes}


def to_arrays(values, model):
    """Return parameters, or what has their shapes, as NumPy matrices; C3 dense, 0 where Table I has nothing."""
    values = {name: value.detach() for name, value in values.items()}
    dense = values["c3.weight"].new_zeros(16, 6, 5, 5)
    values["c3.weight"] = dense.masked_scatter(model.c3.connections[:, :, None, None], values["c3.weight"])
    arrays = {name: value.reshape(len(value), -1).numpy().astype(np.float32) for name, value in values.items()}
    arrays["centers"] = model.output.centers.numpy()
    arrays["connected"] = model.c3.connections.repeat_interleave(25, dim=1).numpy().astype(np.float32)
    return arrays


def load_arrays(model, weights):
    """Write the matrices of ``to_arrays`` back into ``model``."""
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            value = torch.from_numpy(weights[name])
            if name == "c3.weight":
                value = value.view(16, 6, 5, 5)[model.c3.connections]
            parameter.copy_(value.reshape(parameter.shape))


def squash(sums):
    return A * np.tanh(S * sums)


def slope(squashed):
    """Return the derivative of the squashing function, from its value."""
    return (S / A) * (A - squashed) * (A + squashed)


def add_squares(maps):
    """Return the sums of the 2×2 squares of ``maps`` (C, H, W)."""
    pairs = maps[:, ::2] + maps[:, 1::2]
    return pairs[:, :, ::2] + pairs[:, :, 1::2]


def spread_squares(values):
    """Return ``values`` (C, H, W) with each repeated over a 2×2 square."""
    return values.repeat(2, axis=1).repeat(2, axis=2)


def forward(weights, image):
    """Return what each layer says about one ``image`` (32, 32), by name, and the patches that the kernels lay on."""
    said = {"p1": sliding_window_view(image, (28, 28)).reshape(25, 784)}
    said["c1"] = squash(weights["c1.weight"] @ said["p1"] + weights["c1.bias"]).reshape(6, 28, 28)
    said["sum2"] = add_squares(said["c1"]).reshape(6, 196)
    said["s2"] = squash(weights["s2.coefficient"] * said["sum2"] + weights["s2.bias"]).reshape(6, 14, 14)
    said["p3"] = sliding_window_view(said["s2"], (10, 10), (1, 2)).reshape(150, 100)
    said["c3"] = squash(weights["c3.weight"] @ said["p3"] + weights["c3.bias"]).reshape(16, 10, 10)
    said["sum4"] = add_squares(said["c3"]).reshape(16, 25)
    said["s4"] = squash(weights["s4.coefficient"] * said["sum4"] + weights["s4.bias"]).reshape(400, 1)
    said["c5"] = squash(weights["c5.weight"] @ said["s4"] + weights["c5.bias"])
    said["f6"] = squash(weights["f6.weight"] @ said["c5"] + weights["f6.bias"])
    said["distances"] = ((said["f6"].T - weights["centers"]) ** 2).sum(1)
    return said


def backward(weights, said, label, j):
    """Return the gradient of eq. 9 by every weight, for one image."""
    constant = np.float32(np.inf if j is None else j)
    least = min(said["distances"].min(), constant)  # taken off all exponents, so that none overflows
    rest = np.exp(least - said["distances"])
    by_distance = -rest / (rest.sum() + np.exp(least - constant))
    by_distance[label] += 1
    gradient = {}
    by_f6 = 2 * (by_distance.sum() * said["f6"][:, 0] - by_distance @ weights["centers"])[:, None]
    back = by_f6 * slope(said["f6"])
    gradient["f6.weight"], gradient["f6.bias"] = back * said["c5"].T, back
    back = (weights["f6.weight"].T @ back) * slope(said["c5"])
    gradient["c5.weight"], gradient["c5.bias"] = back * said["s4"].T, back
    back = ((weights["c5.weight"].T @ back) * slope(said["s4"])).reshape(16, 25)
    gradient["s4.coefficient"] = (back * said["sum4"]).sum(1, keepdims=True)
    gradient["s4.bias"] = back.sum(1, keepdims=True)
    back = spread_squares((weights["s4.coefficient"] * back).reshape(16, 5, 5)) * slope(said["c3"])
    back = back.reshape(16, 100)
    gradient["c3.weight"] = back @ said["p3"].T * weights["connected"]
    gradient["c3.bias"] = back.sum(1, keepdims=True)
    patches = weights["c3.weight"].T @ back
    below = np.bincount(UNDER_C3, patches.ravel(), 6 * 14 * 14).astype(np.float32)  # a unit of S2 lies in many patches
    back = below.reshape(6, 196) * slope(said["s2"]).reshape(6, 196)
    gradient["s2.coefficient"] = (back * said["sum2"]).sum(1, keepdims=True)
    gradient["s2.bias"] = back.sum(1, keepdims=True)
    back = spread_squares((weights["s2.coefficient"] * back).reshape(6, 14, 14)) * slope(said["c1"])
    back = back.reshape(6, 784)
    gradient["c1.weight"], gradient["c1.bias"] = back @ said["p1"].T, back.sum(1, keepdims=True)
    return gradient


def update(weights, steps, gradient):
    """Take one step: each weight's own rate times its gradient."""
    for name, value in gradient.items():
        value *= steps[name]
        weights[name] -= value
