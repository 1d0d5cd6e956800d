"""What a network is made of and what it costs, counted from the real model."""

from collections import namedtuple
from math import prod

import torch
from torch import nn

from lenet_utils.layers import RBF, PartialConv2d, Subsampling
from lenet_utils.models import count_parameters

# connections: the values that come in at all units together, the bias counted as one, as in the paper's Section II-B.
# multiply_adds: the same without the biases. memory: bytes of the outputs for one image, as 32-bit floats.
# field: the side of the square of input pixels that one unit sees; step: how far the squares of two neighbouring
# units lie apart; start: the first row and column of the first unit's square (negative: in the padding). Pixels.
Layer = namedtuple("Layer", "name kind shape parameters connections multiply_adds memory field step start")

WINDOWED = (nn.Conv2d, nn.AvgPool2d, PartialConv2d, Subsampling)
COUNTED = (*WINDOWED, nn.Linear, RBF)


def summarize(model):
    """Return one ``Layer`` for each layer of ``model`` that has a name of its own, in the order of the forward pass.

    ``shape`` is the output's, without the batch. A linear layer sees the whole input.
    """
    names = {layer: name for name, layer in model.named_children() if isinstance(layer, COUNTED)}
    rows, field, step, start = [], 1, 1, 0
    for layer, shape in trace(model):
        if layer not in names:
            continue
        if isinstance(layer, WINDOWED):
            kernel, stride, padding = window(layer)
            start -= padding * step
            field += (kernel - 1) * step
            step *= stride
        else:
            field, step, start = model.input_shape[-1], 0, 0
        units, products = prod(shape), count_products(layer, shape)
        biases = units if getattr(layer, "bias", None) is not None else 0
        costs = (count_parameters(layer), products + biases, products, 4 * units)
        rows.append(Layer(names[layer], type(layer).__name__, shape, *costs, field, step, start))
    return rows


def trace(model):
    """Return (layer, shape of its output without the batch) for each call of an innermost layer, in order."""
    image = torch.zeros(1, *model.input_shape, device=next(model.parameters()).device)
    return [(layer, tuple(output.shape[1:])) for layer, _, output in record_calls(model, image)]


def record_calls(model, images):
    """Return (layer, its input, its output) for each call of an innermost layer while ``images`` pass, in order."""
    calls = []

    def remember(layer, inputs, output):
        calls.append((layer, inputs[0], output))

    layers = [layer for layer in model.modules() if not list(layer.children())]
    hooks = [layer.register_forward_hook(remember) for layer in layers]
    try:
        with torch.no_grad():
            model(images)
    finally:
        for hook in hooks:
            hook.remove()
    return calls


def window(layer):
    """Return (kernel, stride, padding) of a square convolution or pooling layer, in units of its input."""
    sizes = (layer.kernel_size, layer.stride, layer.padding)
    return tuple(size if isinstance(size, int) else size[0] for size in sizes)


def count_products(layer, shape):
    """Return how many values the units of ``layer`` take in together; those in the padding count too."""
    if isinstance(layer, nn.Linear):
        return prod(shape) * layer.in_features
    if isinstance(layer, RBF):
        return layer.centers.numel()
    if isinstance(layer, PartialConv2d):
        return layer.weight.numel() * prod(shape[1:])
    return prod(shape) * window(layer)[0] ** 2 * (layer.in_channels if isinstance(layer, nn.Conv2d) else 1)


def count_multiply_adds(model, images):
    """Return the multiply-adds of a forward pass of ``images`` (1, 1, H, W), counted as in ``summarize``."""
    return sum(
        count_products(layer, tuple(output.shape[1:]))
        for layer, _, output in record_calls(model, images)
        if isinstance(layer, COUNTED)
    )


def print_summary(model):
    """Print ``summarize(model)`` as a table with its total: shapes, parameters and receptive fields."""
    rows = summarize(model)
    print(f"{start_line(rows)}{'parameters':>10}{'sees':>9}")
    for row in rows:
        print(f"{start_line(rows, row)}{row.parameters:>10,}{f'{row.field}×{row.field}':>9}")
    print(f"{'total':<{len(start_line(rows))}}{count_parameters(model):>10,}")


def print_costs(model):
    """Print ``summarize(model)`` as a table with its totals: parameters, connections, multiply-adds and memory."""
    rows = summarize(model)
    totals = [sum(row[column] for row in rows) for column in range(3, 7)]
    start = start_line(rows)
    print(f"{start}{'parameters':>10}{'connections':>13}{'multiply-adds':>15}{'bytes':>9}")
    lines = [*((start_line(rows, row), row[3:7]) for row in rows), (f"{'total':<{len(start)}}", totals)]
    for line, counts in lines:
        print("{}{:>10,}{:>13,}{:>15,}{:>9,}".format(line, *counts))


def start_line(rows, row=None):
    """Return the first three columns of ``row``'s line, or their heads, as wide as the longest of ``rows`` needs."""
    width = max(11, *(len(each.kind) + 2 for each in rows))
    name, kind, shape = (row.name, row.kind, "×".join(map(str, row.shape))) if row else ("layer", "kind", "output")
    return f"{name:<8}{kind:<{width}}{shape:<14}"


def print_classic_table(model):
    """Print the table that many READMEs show, in the style of the package torchsummary, with its four sizes.

    Its sizes are those of one image, in units of 1024² bytes. The forward/backward pass counts the output of every
    row twice, once for its gradient; a row that computes in place would have none of its own.
    """
    line = "-" * 64
    print(f"{line}\n{'Layer (type)':>20}{'Output Shape':>27}{'Param #':>16}\n{line}")
    calls = trace(model)
    for number, (layer, shape) in enumerate(calls, start=1):
        name = f"{type(layer).__name__}-{number}"
        print(f"{name:>20}{[-1, *shape]!s:>27}{count_parameters(layer):>16,}")
    total = sum(parameter.numel() for parameter in model.parameters())
    trainable = count_parameters(model)
    counts = {"Total params": total, "Trainable params": trainable, "Non-trainable params": total - trainable}
    values = [prod(model.input_shape), 2 * sum(prod(shape) for _, shape in calls), total]
    sizes = [4 * count / 1024**2 for count in (*values, sum(values))]
    names = ["Input size (MB)", "Forward/backward pass size (MB)", "Params size (MB)", "Estimated Total Size (MB)"]
    print(line)
    for name, count in counts.items():
        print(f"        {name:<36}{count:,}")
    print(line)
    for name, size in zip(names, sizes, strict=True):
        print(f"        {name:<36}{size:.2f}")
    print(line)


def measure_saved(model, images):
    """Return the bytes that a forward pass of ``images`` keeps for the backward pass, parameters not counted."""
    own = {parameter.data_ptr() for parameter in model.parameters()}
    saved = {}

    def keep(tensor):
        if tensor.data_ptr() not in own:
            saved[tensor.data_ptr()] = tensor  # the same values in another shape count once
        return tensor

    with torch.autograd.graph.saved_tensors_hooks(keep, lambda tensor: tensor):
        model(images)
    return sum(tensor.nbytes for tensor in saved.values())
