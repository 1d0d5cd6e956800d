"""Charts of data, trainings and results, in the style of ``plots``."""

from statistics import mean, median

import matplotlib as mpl
import numpy as np

from lenet_utils.plots import BLACK, BLUE, GREEN, ORANGE, PURPLE, RED, SKY, Figure, label_ends, styled, to_array

COLORS = (BLUE, RED, GREEN, ORANGE, SKY, BLACK, PURPLE)
MARKERS = ("o", "s", "^", "D", "v", "P", "X")


@styled
def plot_counts(counts, classes, *, label="images", alt="A bar for each class, with its count."):
    """Draw how many images each of the ``classes`` has: ``counts`` (C,)."""
    figure = Figure(7, 2.6, alt)
    axes = figure.subplots()
    axes.bar_label(axes.bar(classes, to_array(counts), color=SKY), fmt="{:,.0f}", fontsize=9, padding=2)
    axes.set(xlabel="class", ylabel=label)
    return figure


@styled
def plot_losses(histories, *, window=50, alt="The loss of each training step, falling, with its running mean."):
    """Draw each step's loss for each label in the dict ``histories``: faint, and its mean over ``window`` steps."""
    figure = Figure(8, 3.2, alt)
    axes = figure.subplots()
    ends = []
    for (label, history), color in zip(histories.items(), COLORS, strict=False):
        losses = np.array(history.step_loss)
        axes.plot(losses, color=color, alpha=0.15, lw=0.6)
        smooth = np.convolve(losses, np.ones(window) / window, mode="valid")
        steps = np.arange(window - 1, len(losses))
        axes.plot(steps, smooth, color=color, lw=1.8)
        ends.append((smooth[-1], label, color))
    axes.set(xlabel="step", ylabel="loss (nats)")
    use_log_scale(axes)
    label_ends(axes, ends)
    return figure


@styled
def plot_curves(curves, *, ylabel, log=False, alt="Curves over the epochs of training."):
    """Draw ``curves`` {label: [[a value per epoch], one list per seed]}: the mean as a line, the seeds as dots."""
    figure = Figure(6.6, 3.2, alt)
    axes = figure.subplots()
    ends = []
    for (label, runs), color, marker in zip(curves.items(), COLORS, MARKERS, strict=False):
        epochs = np.arange(1, len(runs[0]) + 1)
        for run in runs:
            axes.plot(epochs, run, marker, color=color, alpha=0.5, ms=4)
        average = [mean(values) for values in zip(*runs, strict=True)]
        axes.plot(epochs, average, "-", marker=marker, color=color, ms=5)
        ends.append((average[-1], label, color))
    axes.set(xlabel="epoch", ylabel=ylabel, xticks=epochs)
    if log:
        use_log_scale(axes)
    label_ends(axes, ends)
    return figure


@styled
def plot_sizes(curves, *, xlabel, ylabel, alt="Curves that fall with the number of examples, on logarithmic scales."):
    """Draw ``curves`` {label: {size: [a value per random seed]}} on two logarithmic axes: the mean, and dots."""
    figure = Figure(6.6, 3.4, alt)
    axes = figure.subplots()
    ends = []
    for (label, values), color, marker in zip(curves.items(), COLORS, MARKERS, strict=False):
        averages = [mean(runs) for runs in values.values()]
        for size, runs in values.items():
            axes.plot([size] * len(runs), runs, marker, color=color, alpha=0.5, ms=4)
        axes.plot(list(values), averages, "-", color=color)
        ends.append((averages[-1], label, color))
    axes.set(xlabel=xlabel, ylabel=ylabel, xscale="log")
    axes.set_xticks(list(values), [f"{size:,}" for size in values], fontsize=8.5)
    axes.minorticks_off()
    use_log_scale(axes)
    label_ends(axes, ends)
    return figure


def use_log_scale(axes):
    """Make the vertical axis logarithmic, with plain numbers: 0.05, not 5×10⁻²."""
    axes.set_yscale("log")
    axes.yaxis.set_major_locator(mpl.ticker.LogLocator(subs=(1, 2, 5)))
    axes.yaxis.set_major_formatter("{x:g}")
    axes.yaxis.set_minor_locator(mpl.ticker.NullLocator())


@styled
def plot_rates(history, *, alt="The learning rate over the steps: it rises, then falls to zero."):
    """Draw the learning rate of every step of a ``history``."""
    figure = Figure(6.6, 2.4, alt)
    axes = figure.subplots()
    axes.plot(history.lr, color=BLUE, lw=2)
    axes.set(xlabel="step", ylabel="learning rate")
    return figure


@styled
def plot_settings(values, *, xlabel, alt="A row for each setting: a dot for each random seed, a bar at their mean."):
    """Draw results as a row of dots for each setting: ``values`` {setting: [a fraction per random seed]}."""
    figure = Figure(7.2, 0.5 * len(values) + 0.9, alt)
    axes = figure.subplots()
    for row, fractions in enumerate(values.values()):
        color = COLORS[row % len(COLORS)]
        axes.plot(fractions, [row] * len(fractions), "o", color=color, alpha=0.6, ms=7)
        axes.plot([mean(fractions)] * 2, [row - 0.3, row + 0.3], color=color, lw=2.5)
        axes.annotate(
            f"{mean(fractions):.2%}",
            (mean(fractions), row - 0.3),
            (0, 2),
            textcoords="offset points",
            ha="center",
            fontsize=9,
        )
    axes.set(yticks=range(len(values)), yticklabels=values, xlabel=xlabel, ylim=(len(values) - 0.4, -0.75))
    axes.xaxis.set_major_formatter(mpl.ticker.PercentFormatter(1))
    axes.tick_params(axis="y", length=0)
    return figure


@styled
def plot_groups(groups, *, ylabel, decimals=1, alt="Groups of bars, one bar for each network."):
    """Draw ``groups`` {group: {label: [a fraction per random seed]}} as bars, with dots for several seeds."""
    figure = Figure(8, 3.4, alt)
    axes = figure.subplots()
    labels = list(next(iter(groups.values())))
    width = 0.8 / len(labels)
    for index, (label, color, hatch) in enumerate(zip(labels, COLORS, ("", "//", ".."), strict=False)):
        places = np.arange(len(groups)) + (index - (len(labels) - 1) / 2) * width
        values = [group[label] for group in groups.values()]
        bars = axes.bar(
            places, [mean(v) for v in values], width * 0.92, color=color, alpha=0.75, hatch=hatch, label=label
        )
        axes.bar_label(bars, fmt=lambda value: f"{value:.{decimals}%}", fontsize=9, padding=3)
        for place, fractions in zip(places, values, strict=True):
            if len(fractions) > 1:
                axes.plot([place] * len(fractions), fractions, "o", color=BLACK, ms=3)
    axes.set(xticks=range(len(groups)), xticklabels=groups, ylabel=ylabel)
    axes.yaxis.set_major_formatter(mpl.ticker.PercentFormatter(1))
    axes.legend(loc="upper left", bbox_to_anchor=(1, 1))
    return figure


@styled
def plot_confusion(
    confusion, classes, *, alt="A square table: a row for each true class, a column for each prediction."
):
    """Draw a ``confusion_matrix``; the colour shows the mistakes only, for the diagonal would drown them."""
    counts = to_array(confusion)
    mistakes = counts * (1 - np.eye(len(counts), dtype=int))
    figure = Figure(5.6, 4.8, alt)
    axes = figure.subplots()
    drawn = axes.imshow(mistakes, cmap="Oranges", vmin=0)
    for (row, column), count in np.ndenumerate(counts):
        if count:
            color = "0.55" if row == column else "white" if count > 0.7 * mistakes.max() else "black"
            axes.text(column, row, f"{count}", ha="center", va="center", color=color, fontsize=8)
    axes.set(xlabel="predicted class", ylabel="true class", xticks=range(len(classes)), yticks=range(len(classes)))
    axes.set_xticklabels(classes, rotation=0 if max(map(len, classes)) < 3 else 60)
    axes.set_yticklabels(classes)
    axes.spines[:].set_visible(False)
    figure.colorbar(drawn, label="mistakes (images)")
    return figure


@styled
def plot_layers(values, *, ylabel, alt="A line for each network over its layers, on a logarithmic scale."):
    """Draw a measure of every layer on a logarithmic scale: ``values`` {network: {layer: a positive number}}."""
    figure = Figure(6.6, 3.0, alt)
    axes = figure.subplots()
    ends = []
    for (label, layers), color, marker in zip(values.items(), COLORS, MARKERS, strict=False):
        heights = list(layers.values())
        axes.plot([name.upper() if len(name) == 2 else name for name in layers], heights, marker=marker, color=color)
        ends.append((heights[-1], label, color))
    axes.set(ylabel=ylabel)
    use_log_scale(axes)
    label_ends(axes, ends)
    return figure


@styled
def plot_stacks(stacks, *, xlabel, unit=1, alt="A horizontal bar for each row, made of parts laid end to end."):
    """Draw ``stacks`` {row: {part: a value in 1/``unit`` of the axis' units}}; every row has the same parts."""
    figure = Figure(8, 0.42 * len(stacks) + 1.4, alt)
    axes = figure.subplots()
    ends = np.zeros(len(stacks))
    hatches = ("", "//", "..", "xx", "--")
    for part, color, hatch in zip(next(iter(stacks.values())), COLORS, hatches, strict=False):
        widths = np.array([parts[part] for parts in stacks.values()]) / unit
        axes.barh(list(stacks), widths, left=ends, color=color, alpha=0.75, hatch=hatch, label=part)
        ends += widths
    for row, end in enumerate(ends):
        axes.annotate(f"{end:.2f}", (end, row), (4, 0), textcoords="offset points", va="center", fontsize=9)
    axes.set(xlabel=xlabel)
    axes.invert_yaxis()
    figure.legend(loc="outside upper center", ncols=len(next(iter(stacks.values()))), fontsize=9)
    return figure


@styled
def plot_panels(
    panels, *, ylabel, limits=(0, 1.05), claims=None, alt="Panels side by side, each with curves over an amount."
):
    """Draw ``panels`` {label of the horizontal axis: (amounts, {label: a value for each amount})} side by side.

    ``claims``: {label of the horizontal axis: [amounts to mark with a dashed line]}.
    """
    figure = Figure(3 * len(panels) + 0.9, 3.0, alt)
    grid = figure.subplots(1, len(panels), sharey=True, squeeze=False)[0]
    for axes, (xlabel, (amounts, curves)) in zip(grid, panels.items(), strict=True):
        for (label, values), color, marker in zip(curves.items(), COLORS, MARKERS, strict=False):
            axes.plot(amounts, to_array(values), marker=marker, color=color, ms=4, label=label)
        axes.set(xlabel=xlabel, ylim=limits)
        for amount in (claims or {}).get(xlabel, ()):
            axes.axvline(amount, color=RED, ls="--", lw=1)
        if len(amounts) <= 6 and all(amount == int(amount) for amount in amounts):
            axes.set_xticks(amounts)
        if amounts[0] > amounts[-1]:
            axes.invert_xaxis()
    grid[0].set(ylabel=ylabel)
    if len(curves) > 1:
        grid[-1].legend(loc="upper left", bbox_to_anchor=(1, 1))
    return figure


@styled
def plot_speed(bench, *, alt="Left: a bar for each way to train, seconds per epoch. Right: time per image over batch."):
    """Draw what assets/results/bench.json holds: seconds per epoch of each way, and time per image over batch size."""
    figure = Figure(9.4, 3.1, alt)
    left, right = figure.subplots(1, 2, width_ratios=(1.15, 1))
    rounds = {
        "conventional loop,\nno workers": bench["seconds"]["DataLoader, no workers"],
        "conventional loop,\n2 workers": bench["seconds"]["DataLoader, 2 workers"],
        "fit": bench["close"]["fit"],
        "one batch, again\nand again": bench["close"]["one resident batch"],
    }
    rounds["multiply-adds at full\nmatrix speed"] = [bench["arithmetic"]["seconds"]]
    for row, (values, color) in enumerate(zip(rounds.values(), (RED, ORANGE, BLUE, SKY, BLACK), strict=True)):
        left.barh(row, median(values), color=color, alpha=0.75)
        left.plot(values, [row] * len(values), "o", color=BLACK, ms=3)
        left.annotate(f"{median(values):.1f}", (max(values), row), (5, 0), textcoords="offset points", va="center")
    left.set(xlabel=f"seconds per epoch of {bench['images']:,} images", yticks=range(len(rounds)), yticklabels=rounds)
    left.tick_params(axis="y", length=0)
    left.invert_yaxis()
    ends = []
    for (threads, by_size), color, marker in zip(bench["by_threads_and_batch"].items(), COLORS, MARKERS, strict=False):
        costs = [median(values) / bench["images_by_batch"] * 1e6 for values in by_size.values()]
        right.plot([int(size) for size in by_size], costs, marker=marker, color=color)
        ends.append((costs[-1], "1 thread" if threads == "1" else f"{threads} threads", color))
    right.set(xlabel="batch size", ylabel="µs per image", ylim=(0, None), xscale="log")
    right.set_xticks([int(size) for size in by_size], list(by_size))
    right.minorticks_off()
    label_ends(right, ends)
    return figure


@styled
def plot_connections(connections, *, alt="A table with a cross where a map of C3 sees a map of S2."):
    """Draw which maps of S2 (rows) feed each map of C3 (columns), as Table I of the paper: bool (out, in)."""
    table = to_array(connections).T
    figure = Figure(6.4, 2.7, alt)
    axes = figure.subplots()
    axes.imshow(table, cmap="Blues", vmin=0, vmax=2.5, aspect="auto")
    for row, column in np.argwhere(table):
        axes.text(column, row, "×", ha="center", va="center", fontsize=11)
    axes.set(xlabel="map of C3", ylabel="map of S2", xticks=range(table.shape[1]), yticks=range(table.shape[0]))
    axes.spines[:].set_visible(False)
    axes.tick_params(length=0)
    return figure


@styled
def plot_methods(errors, ours, *, xlabel, alt="A horizontal bar for each method, the smallest error at the bottom."):
    """Draw ``errors`` {method: an error in percent} as horizontal bars, the largest on top; ``ours`` in colour."""
    ordered = sorted({**errors, **ours}.items(), key=lambda item: -item[1])
    figure = Figure(7.6, 0.24 * len(ordered) + 0.8, alt)
    axes = figure.subplots()
    colors = [BLUE if name in ours else "0.75" for name, _ in ordered]
    bars = axes.barh([name for name, _ in ordered], [error for _, error in ordered], color=colors)
    axes.bar_label(bars, fmt="{:.3g}", fontsize=9, padding=3)
    axes.set(xlabel=xlabel)
    axes.tick_params(axis="y", length=0)
    axes.invert_yaxis()
    return figure


@styled
def plot_reading(image, scores, *, alt="A row of digits; below it, a table of colours: a row per class over position."):
    """Draw a wide ``image`` (32, W) and, under it, what networks say over position, as in Figs. 25 and 26 of the paper.

    ``scores``: {label: probabilities (positions, classes)}; each position is drawn below the middle of its window. A
    dot marks the best class at each position; an eleventh class is the blank.
    """
    image = to_array(image)
    width = image.shape[1]
    strip = 7.5 * 32 / width  # inches: so the digits keep their proportions
    figure = Figure(8.6, strip + 0.6 + 2.3 * len(scores), alt)
    top, *panels = figure.subplots(1 + len(scores), 1, height_ratios=[strip] + [2] * len(scores), sharex=True)
    top.imshow(image, cmap="gray", aspect="auto", extent=(0, width, 32, 0))
    top.set(yticks=[])
    for axes, (label, values) in zip(panels, scores.items(), strict=True):
        values = to_array(values)
        names = [*map(str, range(10)), "blank"][: values.shape[1]]
        places = 16 + 4 * np.arange(len(values))
        drawn = axes.imshow(
            values.T, cmap="Blues", vmin=0, vmax=1, aspect="auto", interpolation="nearest",
            extent=(places[0] - 2, places[-1] + 2, len(names) - 0.5, -0.5),
        )  # fmt: skip
        best = values.argmax(1)
        axes.plot(places[best < 10], best[best < 10], "o", color=RED, ms=4)
        axes.set(yticks=range(len(names)), yticklabels=names, title=label, xlim=(0, width))
        axes.tick_params(axis="y", labelsize=8, length=0)
        figure.colorbar(drawn, ax=axes, label="probability", pad=0.01)
    panels[-1].set(xlabel="middle of the window (pixels)")
    return figure
