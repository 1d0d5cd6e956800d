"""Fill the measured figures between the markers of README.md and of the notebooks: ``python tools/readme.py``.

It also writes assets/weights/README.md, the readable form of the weights' cards. No measured figure is typed by hand:
all come from assets/results and cards.json. A test fails where one differs.
"""

import json
import re
from statistics import median

import nbformat

from execute import ROOT, TIMES, find_notebooks, write_notebook
from lenet_utils.charts import plot_speed
from lenet_utils.diagrams import to_svg
from lenet_utils.experiments.recipes import REFERENCE
from lenet_utils.results import collect, compare_rounds, describe, read_results

README = ROOT / "README.md"
TEACHING = ROOT / "TEACHING.md"
SPEED = ROOT / "assets" / "speed.svg"
SPEED_ALT = (
    "Left, seconds per epoch: the conventional loop takes longest, with or without workers, fit a fraction of it, "
    "hardly more than the network alone. Right: the time per image falls as batches grow to 512, and with two threads."
)
CARDS = ROOT / "assets" / "weights" / "cards.json"


def fill(text, marker, content):
    """Return ``text`` with ``content`` between ``<!-- marker -->`` and ``<!-- /marker -->``."""
    pattern = re.compile(f"(<!-- {marker} -->).*?(<!-- /{marker} -->)", re.DOTALL)
    if not pattern.search(text):
        raise SystemExit(f"the markers <!-- {marker} --> and <!-- /{marker} --> are missing")
    return pattern.sub(lambda found: found[1] + content + found[2], text)


def read_time(name, times=TIMES):
    """Return how long the notebook ``name`` took when it was last executed, in words."""
    entry = json.loads(times.read_text(encoding="utf-8"))[name]
    seconds = entry["seconds"]
    amount = f"{seconds:.0f} seconds" if seconds < 100 else f"{seconds / 60:.1f} minutes"
    return f"{amount} ({entry['machine']})"


def notebook_table():
    """Return README's table of notebooks: title, goal and time."""
    lines = ["| notebook | you will | time to run |", "| :-- | :-- | :-- |"]
    for path in find_notebooks():
        opening = nbformat.read(path, as_version=4).cells[:2]
        title = opening[0].source.splitlines()[0].removeprefix("# ")
        goals = re.findall(r"^> - (.*)$", opening[1].source, re.MULTILINE)
        number = path.name[:2]
        lines.append(
            f"| {number} [{title}](notebooks/{path.name}) | {goals[0]}; … | {read_time(path.stem).split(' (')[0]} |"
        )
    return "\n" + "\n".join(lines) + "\n"


def lessons_table():
    """Return TEACHING.md's table of notebooks: what each needs, how long it runs, how long one reads."""
    lines = ["| notebook | needs | runs | to read and try |", "| :-- | :-- | --: | :-- |"]
    for path in find_notebooks():
        opening = nbformat.read(path, as_version=4).cells[:2]
        title = opening[0].source.splitlines()[0].removeprefix("# ")
        needs = re.search(r"\*\*You need\*\* (.*)", opening[1].source)[1]
        numbers = sorted(set(re.findall(r"\[(\d\d)\]", needs)))
        reading = re.search(r"<!-- /time --> to run; (.*?)(?: to read and try)?\.$", opening[1].source, re.MULTILINE)[1]
        runs = read_time(path.stem).split(" (")[0]
        lines.append(
            f"| {path.name[:2]} [{title}](notebooks/{path.name}) | {', '.join(numbers)} | {runs} | {reading} |"
        )
    return "\n" + "\n".join(lines) + "\n"


def results_table():
    """Return README's table of results: 1998, the references, people, here."""
    mnist, fashion = collect("mnist_test", "test_accuracy"), collect("fashion_test", "test_accuracy")

    digits, rows = collect("reading_strings", "digits"), collect("reading_strings", "strings")

    def accuracies(setting):
        return [1 - error for error in collect("lenet1998_test", "test_error")[setting]]

    lines = [
        "| MNIST | epochs | test accuracy |",
        "| :-- | --: | --: |",
        "| LeNet-5 as published in 1998 | 20 | 99.05 % |",
        "| the same, with distortions | 20 | 99.2 % |",
        "| the reference log | 5 | 98.34 % |",
        f"| here, the reference recipe | 5 | {describe(mnist['reference'])} |",
        f"| here, a better recipe | 5 | **{describe(mnist['better'])}** |",
        f"| here, a faster recipe | 4 | {describe(mnist['fast'])} |",
        f"| here, the shortest recipe | 1 | {describe(mnist['shortest'])} |",
        f"| here, the network as published in 1998 | 10 | {describe(accuracies('without distortions'))} |",
        f"| the same, with distortions | 20 | **{describe(accuracies('with distortions'))}** |",
        "",
        "| Fashion-MNIST | epochs | test accuracy |",
        "| :-- | --: | --: |",
        "| people without expertise in fashion | | 83.5 % |",
        "| the reference Fashion-MNIST network: sigmoid, 61,706 parameters | 200 | 87.3 % |",
        f"| here, the same network; other first weights, schedule and decay | 20 | {describe(fashion['sigmoid'])} |",
        f"| here, with ReLU, also between the linear layers: 61,706 | 20 | **{describe(fashion['better'])}** |",
        "",
        "| 2,000 strings of 3 to 5 test digits, without noise | digits read | whole strings read |",
        "| :-- | --: | --: |",
        *(
            f"| here, trained on {setting} | {describe(digits[setting])} | {describe(rows[setting])} |"
            for setting in digits
        ),
        "",
        f"Mean ± standard deviation over five random seeds; {read_results('mnist_test')[0]['machine']}.",
    ]
    return "\n" + "\n".join(lines) + "\n"


def speed_text():
    """Return what README says about speed: the ratios of bench.json, and how they were measured."""
    bench, accuracy = read_results("bench"), collect("mnist_test", "test_accuracy")
    seconds = {way: median(values) for way, values in bench["seconds"].items()}
    times = {way: compare_rounds(bench["seconds"], way, "fit") for way in seconds}
    close = {way: compare_rounds(bench["close"], way, "fit") for way in bench["close"]}
    spread = [a / b - 1 for a, b in zip(bench["close"]["fit"], bench["close"]["one resident batch"])]
    epochs = REFERENCE["epochs"]
    gain = epochs * compare_rounds(bench["seconds"], "DataLoader, no workers", "shortest")
    lines = [
        f"![{SPEED_ALT}](assets/speed.svg)",
        "",
        f"An epoch of `fit` takes {median(bench['close']['fit']):.1f} seconds. The conventional loop "
        f"(torchvision's `MNIST` in a `DataLoader`) takes {times['DataLoader, no workers']:.1f} times as long without "
        "worker processes and "
        f"{times['DataLoader, 2 workers']:.1f} times as long with two: same network, same optimizer, same batches of "
        f"{bench['batch_size']}. `fit` itself takes {1 / close['one resident batch'] - 1:.1%} longer than the same "
        f"steps on one batch that never changes (single rounds from {min(spread):+.0%} to "
        f"{max(spread):+.0%}). Random distortions of every image add "
        f"{close['fit, distorted'] - 1:.0%}. The whole process, with all of MNIST in it, needs "
        f"{bench['memory_mb']['fit']:.0f} MB at most.",
        "",
        "| to reach | by | seconds of training | test accuracy, five seeds |",
        "| :-- | :-- | --: | --: |",
        f"| 98.34 %, the reference log | the reference recipe in the conventional loop, {epochs} epochs "
        f"| {epochs * seconds['DataLoader, no workers']:.0f} | {describe(accuracy['reference'])} |",
        f"| | the shortest recipe, 1 epoch | **{seconds['shortest']:.1f}** | {describe(accuracy['shortest'])} |",
        f"| 99.05 %, LeNet-5 in 1998 | a faster recipe, 4 epochs "
        f"| **{seconds['fast']:.0f}** | {describe(accuracy['fast'])} |",
        "",
        f"So the reference log's accuracy is reached {gain:.0f} times as fast. Medians of "
        f"{len(bench['seconds']['fit'])} rounds in which the ways took turns ({len(bench['close']['fit'])} for `fit` "
        "beside one batch, and with distortions); ratios formed within each round; "
        f"all ways have the course's own layers and optimizer. {bench['machine']}. `make bench` measures again: a "
        "quarter of an hour on a quiet machine.",
    ]
    return "\n" + "\n".join(lines) + "\n"


def weights_card():
    """Return assets/weights/README.md, the readable form of cards.json."""
    lines = [
        "# Trained weights",
        "",
        "Each file holds the parameters of one network, written by `save_weights`. Load it so:",
        "",
        "```python",
        "from lenet_utils.checkpoints import load_weights",
        "from lenet_utils.data import ASSETS",
        "from lenet_utils.models import LeNet5",
        "",
        'model = load_weights(LeNet5(), ASSETS / "weights" / "lenet5.pt")',
        "```",
        "",
        "`make weights` trains them again. A test recomputes their test accuracy. They are for the notebooks and for",
        "learning: they know digits prepared like MNIST's and clothes photographed like Fashion-MNIST's, nothing else.",
        "Their licence is [the course's](../../LICENSE). The data they learnt from has its own: see",
        "[assets/datasets](../datasets/README.md).",
    ]
    for card in json.loads(CARDS.read_text(encoding="utf-8")):
        recipe = ", ".join(f"{name} {value}" for name, value in card["recipe"].items())
        versions = ", ".join(f"{name} {version}" for name, version in card["versions"].items())
        accuracy = "digits read in strings of test digits" if "labels" in card["recipe"] else "test accuracy"
        lines += [
            "",
            f"## {card['file']}",
            "",
            "| | |",
            "| :-- | :-- |",
            f"| network | `{card['network']}` |",
            f"| images | `{card['input']}`, all 60,000 of the training set |",
            f"| recipe | {recipe} |",
            f"| random seed | {card['seed']} |",
            f"| {accuracy} | {card['test_accuracy']:.2%} |",
            f"| SHA-256 | `{card['sha256']}` |",
            f"| trained | {card['date']}, {card['machine']}, {versions} |",
        ]
    return "\n".join(lines) + "\n"


def fill_readme(text):
    """Return README's ``text`` with all that was measured."""
    for marker, content in (("notebooks", notebook_table()), ("results", results_table()), ("speed", speed_text())):
        text = fill(text, marker, content)
    return text


def main():
    for path in find_notebooks():
        notebook = nbformat.read(path, as_version=4)
        box = notebook.cells[1]
        filled = fill(box.source, "time", read_time(path.stem))
        if filled != box.source:
            box.source = filled
            write_notebook(notebook, path)
    README.write_text(fill_readme(README.read_text(encoding="utf-8")), encoding="utf-8", newline="\n")
    teaching = fill(TEACHING.read_text(encoding="utf-8"), "lessons", lessons_table())
    TEACHING.write_text(teaching, encoding="utf-8", newline="\n")
    figure = plot_speed(read_results("bench"), alt=SPEED_ALT)
    SPEED.write_text(to_svg(figure, "What an epoch of LeNet-5 costs"), encoding="utf-8", newline="\n")
    (CARDS.parent / "README.md").write_text(weights_card(), encoding="utf-8", newline="\n")


if __name__ == "__main__":
    main()
