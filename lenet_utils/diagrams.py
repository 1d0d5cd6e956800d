"""The networks drawn, in the spirit of Fig. 2 of the 1998 paper; ``python -m lenet_utils.diagrams`` saves them."""

import io
from collections import namedtuple

import torch
from matplotlib.colors import to_rgba
from matplotlib.patches import Circle, Polygon, Rectangle
from torch import nn

from lenet_utils.data import ASSETS, load_fashion_mnist, load_mnist
from lenet_utils.models import FashionLeNet, LeNet5, count_parameters
from lenet_utils.plots import BLACK, BLUE, GREEN, RED, Figure, styled, to_array
from lenet_utils.summary import summarize, window

KINDS = {
    "Conv2d": (BLUE, "convolution"), "PartialConv2d": (BLUE, "Table I"), "AvgPool2d": (RED, "average"),
    "Subsampling": (RED, "subsampling"), "Linear": (GREEN, "linear"), "RBF": (GREEN, "distances"),
}  # fmt: skip
GREY = "#666666"
# All lengths are in pixels at 100 dpi; heights count from below.
WIDTH, HEIGHT, MARGIN = 980, 436, 16
TITLE, NAMES, MIDDLE, SHAPES, RAIL, COUNTS, CAPTION = 416, 380, 266, 148, 124, 60, 18  # the rows' heights
CENTRES = (80, 238, 370, 486, 602, 702, 796, 866)  # of the input and the seven layers
UNIT = 4  # the side of a map's unit, and the step from one map of a stack to the next

# rows and columns count the units of one map, or of the single column that a vector is drawn as.
Stage = namedtuple("Stage", "name layer colour text shape rows columns activation")


@styled
def draw_network(model, title=None, image=None, classes=None, label=None):
    """Draw ``model``, a LeNet5, FashionLeNet or LeNet1998, from its input to its outputs.

    ``image``: (28, 28) or (32, 32), shown in the input. ``classes``: the names of the outputs. ``label``: the number
    of the one output whose connections are drawn; without it, those of all are.
    """
    stages, total, name = read_stages(model), count_parameters(model), type(model).__name__
    path = ", ".join(f"{stage.name} {write_shape(stage.shape)}" for stage in stages)
    alt = f"{name} from left to right: {path}. Below, its layers' parameters add up to {total:,}."
    figure = Figure(WIDTH / 100, HEIGHT / 100, alt)
    figure.set_layout_engine("none")
    axes = figure.add_axes((0, 0, 1, 1), xlim=(0, WIDTH), ylim=(0, HEIGHT))
    axes.set_axis_off()
    write(axes, MARGIN, TITLE, title or f"{name}: {total:,} parameters", size=12, ha="left")
    padding = window(stages[1].layer)[2]
    parts = [draw_units(axes, stage, centre) for stage, centre in zip(stages, CENTRES, strict=True)]
    draw_input(axes, stages[0], parts[0], padding, image)
    for i, stage in enumerate(stages[1:]):
        row = label if stage is stages[-1] else round(stage.rows * (0.3 if stage.colour == RED else 0.68))
        seen, unit = aim(stages[i], stage, row)
        draw_view(axes, parts[i](*seen), parts[i + 1](*unit), stage.colour, stages[i].columns > 1, row is not None)
    for row, text in enumerate(classes or ()):
        left, bottom, width, height = parts[-1](row, 0, 1, 1)
        write(axes, left + width + 7, bottom + height / 2, text, ha="left")
    write_rows(axes, stages, total)
    write_caption(axes, stages)
    return figure


def read_stages(model):
    """Return the input and the layers of ``model`` in the order in which an image passes them."""
    calls = []
    with nn.modules.module.register_module_forward_hook(lambda module, *_: calls.append(module)):
        rows = summarize(model)
    stages = [Stage("input", None, GREY, "", model.input_shape, *model.input_shape[1:], None)]
    for row in rows:
        layer, (colour, text) = getattr(model, row.name), KINDS[row.kind]
        if row.kind == "RBF":
            text += "\n{1} → {0}".format(*layer.centers.shape)
        elif row.kind == "Linear":
            text = f"flatten, {text}" if stages[-1].columns > 1 else text
            text += f"\n{layer.in_features} → {layer.out_features}"
        else:
            kernel, _, padding = window(layer)
            text += f"\n{kernel}×{kernel}, padding {padding}" if padding else f"\n{kernel}×{kernel}"
        name = row.name.upper() if len(row.name) == 2 else row.name
        grid = row.shape[1:] if row.shape[1:] not in ((), (1, 1)) else (row.shape[0], 1)
        activation = model.activation if calls[calls.index(layer) + 1] is model.activation else None
        stages.append(Stage(name, layer, colour, text, row.shape, *grid, activation))
    return stages


def aim(before, stage, row):
    """Return what is seen of the stage ``before`` by a unit of ``stage``, and the unit: row, column, rows, columns."""
    if stage.columns > 1:
        column = stage.columns // 2
        kernel, stride, padding = window(stage.layer)
        return (row * stride - padding, column * stride - padding, kernel, kernel), (row, column, 1, 1)
    return (0, 0, before.rows, before.columns), ((0, 0, stage.rows, 1) if row is None else (int(row), 0, 1, 1))


def draw_units(axes, stage, centre):
    """Draw the stack of maps, or the column of units, around ``centre``; return a function that finds parts of it."""
    count, is_map = stage.shape[0], stage.columns > 1
    depth = (count - 1) * UNIT if is_map else 0  # of the stack, to the right and down
    width, height = (UNIT, UNIT) if is_map else (16, 14.4) if count <= 10 else (10, 1.6)
    left, top = centre - (stage.columns * width - depth) / 2, MIDDLE + (stage.rows * height - depth) / 2

    def part(row, column, rows, columns):  # of the map in front: left, bottom, width, height
        return left + column * width, top - (row + rows) * height, columns * width, rows * height

    boxes = [part(row, 0, 1, 1) for row in range(count)]
    if is_map:
        boxes = [part(-i, -i, stage.rows, stage.columns) for i in reversed(range(count))]
    tint = [1 - 0.14 * (1 - share) for share in to_rgba(stage.colour)[:3]] if stage.layer else "none"
    for box in boxes:
        draw_box(axes, box, stage.colour, tint, linewidth=0.8 if is_map or count <= 10 else 0.25)
    return part


def draw_input(axes, stage, part, padding, image):
    """Draw the image, and around it the frame of zeros that the first convolution may add."""
    if padding:
        side = stage.rows + 2 * padding
        draw_box(axes, part(-padding, -padding, side, side), GREY, linestyle=(0, (3, 3)))
    if image is not None:
        pixels = to_array(image).squeeze()
        inset = (stage.rows - len(pixels)) // 2  # an image smaller than the input stands in its middle
        left, bottom, width, height = part(inset, inset, *pixels.shape)
        axes.imshow(pixels, cmap="gray_r", extent=(left, left + width, bottom, bottom + height))


def draw_view(axes, seen, unit, colour, has_window=True, has_unit=True):
    """Draw the lines from the units ``seen`` to the ``unit`` that sees them, and, where wanted, the two themselves."""
    (left, bottom, width, height), (end, low, _, size) = seen, unit
    corners = [(left + width, bottom), (end, low), (end, low + size), (left + width, bottom + height)]
    axes.add_patch(Polygon(corners, facecolor=to_rgba(colour, 0.13), edgecolor=colour, linewidth=0.7, zorder=3))
    if has_window:
        draw_box(axes, seen, colour, to_rgba(colour, 0.3), zorder=4)
    if has_unit:
        draw_box(axes, unit, colour, colour, zorder=4)


def write_rows(axes, stages, total):
    """Write each stage's name and shape, and between two stages the operation and its parameters."""
    for stage, x in zip(stages, CENTRES):
        write(axes, x, NAMES, stage.name, size=11, weight="bold")
        write(axes, x, SHAPES, write_shape(stage.shape))
        draw_node(axes, x, RAIL, stage.activation)
    for stage, start, end in zip(stages[1:], CENTRES, CENTRES[1:]):
        axes.plot([start, end], [RAIL, RAIL], color=stage.colour, linewidth=4, zorder=1)
        write(axes, (start + end) / 2, RAIL - 30, stage.text)
        write(axes, (start + end) / 2, COUNTS, f"{count_parameters(stage.layer):,}", size=10, weight="bold")
        write(axes, start, COUNTS, "parameters" if start == CENTRES[0] else "+")
    write(axes, WIDTH - MARGIN, COUNTS, f"= {total:,}", ha="right", size=10, weight="bold")


def write_caption(axes, stages):
    """Explain the signs: where the activation stands, how shapes are written, what the windows show."""
    active = [stage for stage in stages if stage.activation]
    where = "every layer but the last" if active == stages[1:-1] else " and ".join(stage.name for stage in active)
    draw_node(axes, MARGIN + 9, CAPTION, active[0].activation)
    write(axes, MARGIN + 25, CAPTION, f"{type(active[0].activation).__name__} after {where}", ha="left")
    count, rows, columns = shape = stages[1].shape
    write(axes, 472, CAPTION, f"{write_shape(shape)} = {count} feature maps of {rows}×{columns} units")
    draw_view(axes, (670, CAPTION - 10, 20, 20), (714, CAPTION - 2, 4, 4), GREY)
    write(axes, WIDTH - MARGIN, CAPTION, "what one unit of the next layer sees", ha="right")


def draw_node(axes, x, y, activation):
    """Draw a mark on the rail, with the curve of the activation if there is one."""
    axes.add_patch(Circle((x, y), 9 if activation else 4, facecolor="white", edgecolor=BLACK, zorder=4))
    if activation:
        inputs = torch.linspace(-3.5, 3.5, 41)
        outputs = activation(inputs)
        outputs = (outputs - outputs.min()) / (outputs.max() - outputs.min()) - 0.5
        axes.plot(x + inputs * 1.7, y + outputs * 9, color=BLACK, linewidth=1.2, zorder=5)


def draw_box(axes, box, edge, face="none", linewidth=0.8, **options):
    axes.add_artist(Rectangle(box[:2], *box[2:], edgecolor=edge, facecolor=face, linewidth=linewidth, **options))


def write(axes, x, y, text, *, size=9, ha="center", **options):
    axes.text(x, y, text, fontsize=size, color=BLACK, ha=ha, va="center_baseline", **options)


def write_shape(shape):
    """Write a shape as the paper does: (6, 28, 28) as "6 @ 28×28", (84,) as "84"."""
    return "{} @ {}×{}".format(*shape) if len(shape) == 3 else str(*shape)


@styled
def to_svg(figure, title):
    """Return ``figure`` as SVG, always the same text, with its ``title`` and alt text for screen readers."""
    svg = io.StringIO()
    figure.savefig(svg, format="svg", dpi=200, metadata={"Title": title, "Date": None, "Creator": None})
    text = svg.getvalue().replace("<svg ", '<svg role="img" ', 1)
    return text.replace("</title>", f"</title>\n <desc>{figure.alt}</desc>", 1)


def main():
    """Draw both networks into assets/, each with the first image of its test set."""
    for model, data, file, title in (
        (LeNet5(), load_mnist(), "lenet5.svg", "LeNet-5 as it is taught today"),
        (FashionLeNet(), load_fashion_mnist(), "fashion_lenet.svg", "The reference Fashion-MNIST network"),
    ):
        figure = draw_network(model, title, data.test.images[0], data.test.classes, data.test.labels[0])
        (ASSETS / file).write_text(to_svg(figure, title), encoding="utf-8", newline="\n")


if __name__ == "__main__":
    main()
