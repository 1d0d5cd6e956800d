"""A page on which a trained network reads what you draw: one file with its weights and its forward pass inside."""

import base64
import html
import json
from pathlib import Path

import numpy as np
import torch
from torch import nn

from lenet_utils.data import load_fashion_mnist, load_mnist
from lenet_utils.inspection import capture_maps
from lenet_utils.layers import RBF, PartialConv2d, ScaledTanh, Subsampling
from lenet_utils.models import FashionLeNet, LeNet1998, WideLeNet5, count_parameters
from lenet_utils.plots import GREEN, Figure, styled, to_array
from lenet_utils.summary import record_calls, summarize

TEMPLATE = Path(__file__).with_suffix(".html")
ACTIVATIONS = {
    nn.Tanh: "tanh", ScaledTanh: "scaled_tanh", nn.Sigmoid: "sigmoid", nn.ReLU: "relu", nn.LeakyReLU: "leaky_relu",
    nn.GELU: "gelu",
}  # fmt: skip
NAMED = ["c1", "s2", "c3", "s4", "c5", "f6", "output"]
NAMES = {"LeNet5": "LeNet-5", "LeNet1998": "The LeNet-5 of 1998", "FashionLeNet": "The Fashion-MNIST LeNet"}
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

    ``model``: a ``LeNet5``, ``FashionLeNet`` or ``LeNet1998``, or one that differs from them in its activation or in
    the sizes of C1 to C5.
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
    name = NAMES.get(type(model).__name__, type(model).__name__)
    maps = [layer["title"] for layer in layers if len(layer["shape"]) == 3]
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
    page = page.replace("__MAPS__", f"{maps[0]} to {maps[-1]}")
    page = page.replace("__MODEL__", json.dumps(contents, separators=(",", ":")).replace("<", "\\u003c"))
    return Playground(page, draw_still(model, data, samples[contents["first"]], name))


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
    shapes = {layer["name"]: layer["shape"] for layer in layers}
    if list(shapes) != NAMED or shapes["f6"] != [84]:
        raise ValueError(f"the page shows {', '.join(NAMED)}, with 84 units in f6; this model has {shapes}")
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
def draw_still(model, data, index, name):
    """Draw what the page shows first: the image ``index`` of ``data``, what layers make of it, and the answer."""
    with torch.no_grad():
        pixels = data[index : index + 1][0].to(next(model.parameters()).device)
        outputs = model(pixels)[0]
    shares = (-outputs if getattr(model, "smaller_is_better", False) else outputs).softmax(0)
    layers = capture_maps(model, pixels)
    alt = f"A still of the page: an image, six maps of C1, sixteen of C3, F6, and bars of what {name} answers."
    figure = Figure(8.6, 3.3, alt)
    left, middle, right = figure.subfigures(1, 3, width_ratios=(1, 1.9, 1.2))
    axes = left.subplots()
    axes.imshow(to_array(pixels)[0, 0], cmap="gray")
    axes.set(xticks=[], yticks=[], title="an image")
    grid = middle.subplots(4, 8)
    for panel in grid.flat:
        panel.axis("off")
    rows = {"C1": (grid[0], layers["c1"]), "C3": (grid[1:3].flat, layers["c3"])}
    rows["F6"] = (grid[3], layers["f6"].view(1, 1, 12, 7))
    for title, (panels, values) in rows.items():
        values = to_array(values)[0]
        panels[0].set_title(title, loc="left", fontsize=9)
        for panel, one in zip(panels, values):
            panel.imshow(one, cmap="viridis", vmin=values.min(), vmax=values.max())
    bars = right.subplots()
    bars.barh(data.classes, to_array(shares), color=GREEN)
    bars.set(xlim=(0, 1), xlabel="probability")
    bars.invert_yaxis()
    figure.suptitle(f"{name}: a still. Run the cell to draw.", fontsize=11)
    return figure
