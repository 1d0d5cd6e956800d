"""A page on which a trained network reads what you draw: one file with its weights and its forward pass inside."""

import base64
import html
import json
from pathlib import Path

import numpy as np
import torch
from torch import nn

from lenet_utils.data import load_fashion_mnist, load_mnist
from lenet_utils.layers import RBF, PartialConv2d, ScaledTanh, Subsampling
from lenet_utils.models import FashionLeNet, LeNet1998, WideLeNet5, count_parameters
from lenet_utils.plots import GREEN, Figure, styled, to_array
from lenet_utils.summary import record_calls, summarize

TEMPLATE = Path(__file__).with_suffix(".html")
ACTIVATIONS = {
    nn.Tanh: "tanh", ScaledTanh: "scaled_tanh", nn.Sigmoid: "sigmoid", nn.ReLU: "relu", nn.LeakyReLU: "leaky_relu",
    nn.GELU: "gelu",
}  # fmt: skip
HEIGHT = 900  # pixels of the frame in a notebook


class Playground:
    """What ``playground`` returns: a notebook shows it as a live page, and where nothing runs as a picture of it."""

    def __init__(self, page, still):
        self.page, self.still = page, still

    def save(self, path):
        """Write the page to the file ``path``; any browser opens it, with no network."""
        Path(path).write_text(self.page, encoding="utf-8")

    def _repr_mimebundle_(self, include=None, exclude=None):
        data, metadata = self.still._repr_mimebundle_()
        frame = (
            f'<iframe title="{html.escape(self.still.alt)}" sandbox="allow-scripts" width="100%" height="{HEIGHT}" '
            f'style="border:0" srcdoc="{html.escape(self.page)}"></iframe>'
        )
        return data | {"text/html": frame}, metadata


def playground(model, data=None):
    """Return a ``Playground`` of ``model``: draw, and see every layer of it answer.

    ``model``: a ``LeNet5``, ``FashionLeNet`` or ``LeNet1998``; or another chain of such layers, each called once.
    ``data``: the ``ImageSet`` whose scaling, classes and first images the page uses; the test set that the model is
    for, if left out. A model that the page cannot run is a ``ValueError`` that says why.
    """
    if data is None:
        if isinstance(model, FashionLeNet):
            data = load_fashion_mnist().test
        else:
            data = load_mnist(scaling="paper" if isinstance(model, LeNet1998) else "standard").test
    layers, weights = export_layers(model)
    samples = [(data.labels == label).nonzero()[0].item() for label in range(len(data.classes))]
    name = type(model).__name__
    contents = {
        "layers": layers,
        "weights": encode(np.concatenate(weights, dtype="<f4")),
        "side": model.input_shape[-1],
        "paper": data.shift,
        "ink": data.shift + 255 * data.factor,
        "classes": data.classes,
        "digits": data.name == "mnist",
        "distances": getattr(model, "smaller_is_better", False),
        "parameters": count_parameters(model),
        "samples": encode(to_array(data.images[samples])),
        "first": 7 % len(samples),
    }
    page = TEMPLATE.read_text(encoding="utf-8").replace("__NAME__", html.escape(name))
    page = page.replace("__MODEL__", json.dumps(contents, separators=(",", ":")).replace("<", "\\u003c"))
    return Playground(page, draw_still(model, data, samples[contents["first"]]))


def encode(values):
    """Return the bytes of an array as base64 text."""
    return base64.b64encode(values.tobytes()).decode()


def export_layers(model):
    """Return the layers of ``model`` as the page's JavaScript wants them, and their weights as flat arrays, in order.

    Raise a ``ValueError`` where the page could not compute what ``model`` computes.
    """
    if isinstance(model, WideLeNet5):
        raise ValueError("a WideLeNet5 reads rows of digits; the page shows one image at a time: give it a LeNet5")
    shape = getattr(model, "input_shape", None)
    if shape not in ((1, 28, 28), (1, 32, 32)):
        raise ValueError(
            f"the page draws images of 28×28 or 32×32 pixels, so model.input_shape is one of them: {shape}"
        )
    generator = torch.Generator().manual_seed(0)
    image = torch.randn(1, *shape, generator=generator).to(next(model.parameters()).device)
    was_training = model.training
    calls = record_calls(model.eval(), image)
    with torch.no_grad():
        final = model(image)
    model.train(was_training)
    rows = {row.name: row for row in summarize(model)}
    names = {layer: name for name, layer in model.named_children()}
    layers, weights, latest = [], [], image
    for layer, entering, leaving in calls:
        if not torch.equal(entering.flatten(), latest.flatten()):
            raise ValueError(f"the page runs layers one after another, but {name_layer(layer)} takes something else in")
        latest = leaving
        if isinstance(layer, nn.Flatten):
            continue
        if type(layer) in ACTIVATIONS and layers and "activation" not in layers[-1]:
            layers[-1]["activation"] = ACTIVATIONS[type(layer)]
            continue
        description, values = describe_layer(layer)
        row, start = rows[names[layer]], sum(map(len, weights))
        for key, array in zip(("weight", "bias"), values):
            flat = to_array(array).ravel()
            if not np.isfinite(flat).all():
                raise ValueError(f"{row.name} has weights that are no numbers: train the model anew")
            description[key] = [start, len(flat)]
            weights.append(flat)
            start += len(flat)
        before = layers[-1]["title"] if layers else "the input"
        title = row.name.upper() if len(row.name) == 2 else row.name
        layers.append(
            {"name": row.name, "title": title, "before": before, "shape": drop_ones(row.shape), "field": row.field}
            | {"step": row.step, "start": row.start}
            | description
        )
    if not torch.equal(latest.flatten(), final.flatten()) or final.shape != (1, 10):
        raise ValueError(f"the page shows ten outputs of the last layer, not {tuple(final.shape[1:])}")
    return layers, weights


def drop_ones(shape):
    """Return the shape of a layer's output for one image, 120 instead of 120×1×1."""
    return [shape[0]] if shape[1:] == (1, 1) else list(shape)


def describe_layer(layer):
    """Return what the page needs to know of ``layer``, and its weights and biases."""
    square = getattr(layer, "kernel_size", None)
    if isinstance(layer, PartialConv2d):
        weight = layer.dense_weight()
        return {"kind": "conv", "size": weight.shape[:3], "padding": 0}, (weight, layer.bias)
    if isinstance(layer, nn.Conv2d):
        plain = layer.stride == (1, 1) and layer.dilation == (1, 1) and layer.groups == 1 and layer.bias is not None
        padding = layer.padding
        if plain and square[0] == square[1] and padding[0] == padding[1] and layer.padding_mode == "zeros":
            return {"kind": "conv", "size": layer.weight.shape[:3], "padding": padding[0]}, (layer.weight, layer.bias)
    elif isinstance(layer, nn.AvgPool2d) and (square, layer.stride, layer.padding) == (2, 2, 0):
        return {"kind": "pool"}, ()
    elif isinstance(layer, Subsampling):
        return {"kind": "pool"}, (layer.coefficient, layer.bias)
    elif isinstance(layer, nn.Linear) and layer.bias is not None:
        return {"kind": "linear", "size": layer.weight.shape}, (layer.weight, layer.bias)
    elif isinstance(layer, RBF):
        return {"kind": "rbf", "size": layer.centers.shape}, (layer.centers,)
    raise ValueError(
        f"the page cannot run {name_layer(layer)}: it knows square convolutions with stride 1, average pooling of 2×2, "
        f"linear layers, the layers of 1998, and after each at most one of {', '.join(sorted(ACTIVATIONS.values()))}"
    )


def name_layer(layer):
    return f"the layer {layer!r}"


@styled
def draw_still(model, data, index):
    """Draw what the page shows first: the image ``index`` of ``data``, maps of the model, and its answer."""
    with torch.no_grad():
        pixels = data[index : index + 1][0].to(next(model.parameters()).device)
        calls = record_calls(model, pixels)
        outputs = model(pixels)[0]
    shares = (-outputs if getattr(model, "smaller_is_better", False) else outputs).softmax(0)
    maps = [output[0] for layer, _, output in calls if isinstance(layer, (nn.Conv2d, PartialConv2d))][:2]
    name = type(model).__name__
    alt = f"A still of the page: an image, six maps of C1, sixteen of C3, and ten bars of what {name} answers."
    figure = Figure(8.6, 3.1, alt)
    left, middle, right = figure.subfigures(1, 3, width_ratios=(1, 1.7, 1.2))
    axes = left.subplots()
    axes.imshow(to_array(pixels)[0, 0], cmap="gray")
    axes.set(xticks=[], yticks=[], title="draw here")
    grid = middle.subplots(4, 6)
    for panel in grid.flat:
        panel.axis("off")
    tiles = [*zip(grid[0], to_array(maps[0])), *zip(grid[1:].flat, to_array(maps[1]))]
    for panel, values in tiles:
        panel.imshow(values, cmap="viridis")
    bars = right.subplots()
    bars.barh(data.classes, to_array(shares), color=GREEN)
    bars.set(xlim=(0, 1), xlabel="probability")
    bars.invert_yaxis()
    figure.suptitle(f"{name}, live: run this cell, or open the page", fontsize=11)
    return figure
