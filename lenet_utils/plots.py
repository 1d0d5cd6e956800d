"""The course's figures, in one style. They take arrays, tensors or a history, and return a ``Figure`` to show."""

import base64
import io

import matplotlib as mpl
import numpy as np
import torch
from matplotlib.figure import Figure as MatplotlibFigure
from PIL import Image

# Okabe and Ito's eight colours, told apart by colour-blind readers too.
BLACK, ORANGE, SKY, GREEN, YELLOW, BLUE, RED, PURPLE = (
    "#000000", "#E69F00", "#56B4E9", "#009E73", "#F0E442", "#0072B2", "#D55E00", "#CC79A7",
)  # fmt: skip
STYLE = {
    "figure.facecolor": "white",
    "figure.dpi": 100,
    "savefig.dpi": 100,
    "font.size": 10,
    "axes.titlesize": 10.5,
    "axes.labelsize": 10,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": False,
    "axes.prop_cycle": mpl.cycler(color=[BLUE, RED, GREEN, ORANGE, PURPLE, SKY]),
    "legend.frameon": False,
    "svg.hashsalt": "lenet",  # the same drawing gives the same bytes
}


class Figure(MatplotlibFigure):
    """A figure that a notebook shows as the last value of a cell: a PNG with its alt text.

    ``alt`` says in a sentence what can be seen. It names nothing that training decides, for it is also the
    output's text, which the tests compare.
    """

    def __init__(self, width, height, alt):
        super().__init__(figsize=(width, height), layout="constrained")
        self.alt = alt

    def _repr_mimebundle_(self, include=None, exclude=None):
        buffer = io.BytesIO()
        with mpl.rc_context(STYLE):
            self.savefig(buffer, format="png")
        small = io.BytesIO()  # 256 colours are enough for the eye, and half the bytes
        Image.open(buffer).convert("RGB").quantize(256, dither=Image.Dither.NONE).save(small, "png", optimize=True)
        data = {"image/png": base64.b64encode(small.getvalue()).decode(), "text/plain": self.alt}
        return data, {"image/png": {"alt": self.alt}}


def styled(function):
    """Let a plot function draw in the course's style, whatever matplotlib's settings are."""
    return mpl.rc_context(STYLE)(function)


def to_array(values):
    """Return a tensor or anything like an array as a NumPy array on the CPU."""
    return values.detach().cpu().numpy() if isinstance(values, torch.Tensor) else np.asarray(values)


@styled
def show_images(images, titles=None, *, columns=10, scale=1.0, align="center", alt="A grid of images."):
    """Draw grey ``images`` (N, H, W) or (N, 1, H, W) in rows of ``columns``, all with the same limits.

    ``scale``: inches per image. ``align``: of the titles, "left" where one stands for a whole row.
    """
    images = to_array(images).reshape(len(images), *images.shape[-2:])
    columns = min(columns, len(images))
    rows = -(-len(images) // columns)
    height = scale * images.shape[1] / images.shape[2]
    figure = Figure(columns * scale, rows * height + 0.25 * count_titled(titles or [""], columns), alt)
    limits = {"vmin": images.min(), "vmax": images.max()}
    for index, axes in enumerate(figure.subplots(rows, columns, squeeze=False).flat):
        axes.axis("off")
        if index < len(images):
            axes.imshow(images[index], cmap="gray", **limits)
            if titles:
                axes.set_title(titles[index], fontsize=9, loc=align)
    return figure


def count_titled(titles, columns):
    """Return how many rows of ``columns`` panels have a title to make room for."""
    return sum(any(str(title) for title in titles[start : start + columns]) for start in range(0, len(titles), columns))


@styled
def show_numbers(
    arrays, titles, *, signs=(), frames=(), bound=None, decimals=1, scale=0.42, cmap="gray", alt="Tables of numbers."
):
    """Draw small matrices side by side, each cell with its number in it.

    ``signs`` stand between them. ``frames``: (which matrix, row, column, side) of squares to mark. ``bound``: the
    value of the strongest colour, each matrix's own if left out.
    """
    arrays = [to_array(array).astype(float) for array in arrays]
    width = sum(array.shape[1] for array in arrays) * scale + 0.75 * len(arrays)
    figure = Figure(width, max(array.shape[0] for array in arrays) * scale + 0.5, alt)
    panels = figure.subplots(1, len(arrays), width_ratios=[array.shape[1] for array in arrays], squeeze=False)[0]
    for axes, array, title in zip(panels, arrays, titles, strict=True):
        draw_numbers(axes, array, bound or abs(array).max() or 1, decimals, cmap)
        axes.set(title=title, anchor="N")
    for axes, sign in zip(panels, signs):
        where = {"xy": (1, 0.5), "xytext": (16, 0), "xycoords": "axes fraction", "textcoords": "offset points"}
        axes.annotate(sign, fontsize=14, va="center", ha="center", **where)
    for index, row, column, side in frames:
        draw_frame(panels[index], row, column, side)
    return figure


def draw_numbers(axes, array, bound, decimals, cmap):
    """Draw one matrix of ``show_numbers``; its numbers are dark on light and light on dark."""
    whole = (array % 1 == 0).all()
    low = 0 if cmap == "gray" else -bound
    axes.imshow(array, cmap=cmap, vmin=low, vmax=bound)
    for (row, column), value in np.ndenumerate(array):
        share = (value - low) / (bound - low)
        dark = share < 0.5 if cmap == "gray" else abs(share - 0.5) > 0.3
        text = f"{value:.0f}" if whole or value == 0 else f"{value:.{decimals}f}"
        axes.text(column, row, text, ha="center", va="center", color="white" if dark else "black", fontsize=9)
    axes.set(xticks=[], yticks=[])
    axes.spines[:].set_visible(False)


def draw_frame(axes, row, column, side):
    """Mark the square of ``side`` pixels whose first row and column are given."""
    corner = (column - 0.5, row - 0.5)
    axes.add_patch(mpl.patches.Rectangle(corner, side, side, fill=False, color=ORANGE, lw=2.5, clip_on=False))


@styled
def show_patch(image, row, column, side, *, alt="A digit with a small square marked, and the numbers in that square."):
    """Draw ``image`` (H, W) with a frame, and beside it the numbers that the frame holds."""
    figure = Figure(6.4, 3.1, alt)
    left, right = figure.subplots(1, 2)
    left.imshow(to_array(image), cmap="gray")
    left.axis("off")
    draw_frame(left, row, column, side)
    draw_numbers(right, to_array(image)[row : row + side, column : column + side].astype(float), 1, 1, "gray")
    draw_frame(right, 0, 0, side)
    return figure


@styled
def show_maps(
    maps, *, title="", titles=None, columns=8, scale=1.2, limits=(-1, 1), cmap="viridis", alt="Feature maps."
):
    """Draw feature maps (C, H, W), numbered or under ``titles``, in one colour scale.

    ``limits``: of the scale; None takes the largest value and its negative.
    """
    maps = to_array(maps)
    bound = float(abs(maps).max())
    low, high = limits or (-bound, bound)
    columns = min(columns, len(maps))
    rows = -(-len(maps) // columns)
    titles = titles or range(len(maps))
    height = rows * scale * maps.shape[1] / maps.shape[2] + 0.2 * count_titled(titles, columns) + 0.3
    figure = Figure(columns * scale + 0.8, height, alt)
    grid = figure.subplots(rows, columns, squeeze=False)
    for index, axes in enumerate(grid.flat):
        axes.axis("off")
        if index < len(maps):
            drawn = axes.imshow(maps[index], cmap=cmap, vmin=low, vmax=high)
            axes.set_title(titles[index], fontsize=9)
    figure.colorbar(drawn, ax=grid, shrink=0.9, label="value", pad=0.02)
    if title:
        figure.suptitle(title, fontsize=11)
    return figure


@styled
def plot_frames(image, centers):
    """Draw a 32×32 ``image``, the frames of 28×28 and 20×20, and dots at ``centers`` (K,) on both axes, in pixels."""
    figure = Figure(7.9, 4.2, "A 32 by 32 digit with square frames and a grid of dots over the inner 20 by 20 pixels.")
    axes = figure.subplots()
    axes.imshow(to_array(image).reshape(32, 32), cmap="gray")
    axes.scatter(*np.meshgrid(centers, centers), s=9, color=ORANGE)
    for side, color, line, label in (
        (28, SKY, "--", "28×28: the MNIST field"),
        (20, GREEN, "-", "20×20: the character's box"),
    ):
        edge = (32 - side) / 2 - 0.5
        axes.add_patch(
            mpl.patches.Rectangle((edge, edge), side, side, fill=False, color=color, lw=2, ls=line, label=label)
        )
    axes.scatter([], [], s=9, color=ORANGE, label="centres of what C3's\nunits see, 10×10")
    axes.set(xlabel="column (pixels)", ylabel="row (pixels)", xticks=[0, 10, 20, 31], yticks=[0, 10, 20, 31])
    axes.legend(loc="upper left", bbox_to_anchor=(1.02, 1), labelspacing=1.2)
    return figure


@styled
def plot_receptive_fields(image, rows, positions):
    """Draw the square of input pixels that one unit of each layer sees.

    ``image`` (H, W); ``rows``: ``Layer`` tuples of ``summarize``; ``positions``: (row, column) of each layer's unit.
    """
    figure = Figure(
        2.0 * len(rows),
        2.4,
        "The same digit once per layer, with the square that one unit sees, from small to the whole.",
    )
    for axes, layer, (row, column) in zip(figure.subplots(1, len(rows)), rows, positions, strict=True):
        axes.imshow(to_array(image), cmap="gray")
        draw_frame(axes, layer.start + row * layer.step, layer.start + column * layer.step, layer.field)
        axes.set(title=f"{layer.name.upper()}: {layer.field}×{layer.field}", xticks=[], yticks=[])
    return figure


@styled
def plot_function(x, curves, *, xlabel="a", ylabel="f(a)", markers=(), alt="Curves of functions."):
    """Draw ``curves``, a dict from label to values over ``x``, each labelled at its end; ``markers``: (x, y, text)."""
    figure = Figure(5.4, 3.0, alt)
    axes = figure.subplots()
    axes.axhline(0, color="0.8", lw=0.8)
    axes.axvline(0, color="0.8", lw=0.8)
    ends = []
    for (label, values), line in zip(curves.items(), ("-", "--", ":", "-."), strict=False):
        (drawn,) = axes.plot(to_array(x), to_array(values), line, lw=2)
        ends.append((to_array(values)[-1], label, drawn.get_color()))
    label_ends(axes, ends)
    for where, value, text in markers:
        axes.plot(where, value, "o", color=BLACK, ms=5)
        axes.annotate(text, (where, value), (6, -12), textcoords="offset points", fontsize=9)
    axes.set(xlabel=xlabel, ylabel=ylabel)
    return figure


def label_ends(axes, ends):
    """Write the labels of curves beside their right ends, ``ends`` [(y, label, colour)], far enough apart to read."""
    to_axes = axes.transData + axes.transAxes.inverted()
    height = -1.0
    for y, label, color in sorted(ends):
        height = max(to_axes.transform((axes.get_xlim()[0], y))[1], height + 0.09)
        axes.text(1.01, height, label, transform=axes.transAxes, color=color, va="center")


@styled
def plot_probabilities(
    image, bars, classes, *, alt="An image, and bars of the probabilities that networks give to its classes."
):
    """Draw ``image`` and, for each label in the dict ``bars``, ten horizontal bars of probability (10,)."""
    figure = Figure(3.2 + 3.2 * len(bars), 2.9, alt)
    left, *panels = figure.subplots(1, 1 + len(bars), width_ratios=[0.9] + [1] * len(bars))
    left.imshow(to_array(image).squeeze(), cmap="gray")
    left.axis("off")
    for axes, (label, values), color in zip(panels, bars.items(), (SKY, BLUE, GREEN), strict=False):
        axes.barh(range(len(classes)), to_array(values), color=color)
        axes.axvline(1 / len(classes), color=RED, ls="--", lw=1)
        axes.set(title=label, xlim=(0, 1), xlabel="probability", yticks=range(len(classes)), yticklabels=classes)
        axes.invert_yaxis()
    panels[0].annotate("1/10", (0.1, 9.4), (6, 0), textcoords="offset points", color=RED, fontsize=9, va="center")
    return figure


@styled
def plot_space(points, images, *, xlabel, ylabel, size=0.045, alt="Small digits scattered over a plane."):
    """Draw each of the ``images`` (N, H, W), dark on white, at its point in ``points`` (N, 2).

    ``size``: of an image, as a fraction of the figure.
    """
    points, images = to_array(points), to_array(images).astype(float)
    figure = Figure(7.6, 6.4, alt)
    axes = figure.subplots()
    low, high = points.min(0), points.max(0)
    half = size * (high - low).max() / 2
    ink = (images - images.min()) / (images.max() - images.min())
    for (x, y), alpha in zip(points, ink, strict=True):
        axes.imshow(
            np.zeros_like(alpha),
            cmap="gray",
            vmin=0,
            vmax=1,
            alpha=alpha,
            extent=(x - half, x + half, y - half, y + half),
        )
    axes.set(
        xlabel=xlabel,
        ylabel=ylabel,
        xlim=(low[0] - half, high[0] + half),
        ylim=(low[1] - half, high[1] + half),
        aspect="equal",
    )
    return figure


@styled
def plot_evidence(rows, titles, *, scale=1.9, alt="Images, and beside each the pixels that matter."):
    """Draw one line for each (image, map, map) in ``rows``, all (H, W), under the three ``titles``.

    The maps are drawn over the image's outline, each in its own scale with white at 0.
    """
    figure = Figure(3 * scale + 1.6, len(rows) * scale + 0.3, alt)
    for index, (panels, arrays) in enumerate(zip(figure.subplots(len(rows), 3, squeeze=False), rows, strict=True)):
        image, *maps = (to_array(array) for array in arrays)
        panels[0].imshow(image, cmap="gray")
        for axes, values in zip(panels[1:], maps, strict=True):
            bound = abs(values).max()
            drawn = axes.imshow(values, cmap="PuOr", vmin=-bound, vmax=bound)
            axes.contour(
                image,
                levels=[0.85 * image.min() + 0.15 * image.max()],
                colors=BLACK,
                linewidths=0.7,
                linestyles="solid",
            )
            figure.colorbar(drawn, ax=axes, shrink=0.9)
        for axes, title in zip(panels, titles, strict=True):
            axes.set(xticks=[], yticks=[], title=title if index == 0 else "")
            axes.spines[:].set_visible(False)
    return figure
