"""What a network is made of, counted from the real model: shapes, parameters, receptive fields."""

from collections import namedtuple

import torch
from torch import nn

from lenet_utils.models import count_parameters

# field: the side of the square of input pixels that one unit sees; step: how far the squares of two neighbouring
# units lie apart; start: the first row and column of the first unit's square (negative: in the padding). Pixels.
Layer = namedtuple("Layer", "name kind shape parameters field step start")


def summarize(model):
    """Return one ``Layer`` for each layer of ``model`` that has a name of its own, in the order of the forward pass.

    ``shape`` is the output's, without the batch. A linear layer sees the whole input.
    """
    outputs = {}

    def remember(name):
        def hook(module, inputs, output):
            outputs[name] = tuple(output.shape[1:])

        return hook

    layers = {name: layer for name, layer in model.named_children() if isinstance(layer, (*WINDOWED, nn.Linear))}
    hooks = [layer.register_forward_hook(remember(name)) for name, layer in layers.items()]
    try:
        with torch.no_grad():
            model(torch.zeros(1, *model.input_shape, device=next(model.parameters()).device))
    finally:
        for hook in hooks:
            hook.remove()

    rows, field, step, start = [], 1, 1, 0
    for name, shape in outputs.items():
        layer = layers[name]
        if isinstance(layer, WINDOWED):
            kernel, stride, padding = window(layer)
            start -= padding * step
            field += (kernel - 1) * step
            step *= stride
        else:
            field, step, start = model.input_shape[-1], 0, 0
        rows.append(Layer(name, type(layer).__name__, shape, count_parameters(layer), field, step, start))
    return rows


WINDOWED = (nn.Conv2d, nn.AvgPool2d)


def window(layer):
    """Return (kernel, stride, padding) of a square convolution or pooling layer, in units of its input."""
    sizes = (layer.kernel_size, layer.stride, layer.padding)
    return tuple(size if isinstance(size, int) else size[0] for size in sizes)


def print_summary(model):
    """Print ``summarize(model)`` as a table with its total."""
    print(f"{'layer':<8}{'kind':<11}{'output':<14}{'parameters':>10}{'sees':>9}")
    for row in summarize(model):
        shape = "×".join(map(str, row.shape))
        print(f"{row.name:<8}{row.kind:<11}{shape:<14}{row.parameters:>10,}{f'{row.field}×{row.field}':>9}")
    print(f"{'total':<33}{count_parameters(model):>10,}")
