"""Keep notebooks/zh in step with notebooks: ``python tools/translations.py [--done NOTEBOOK/CELL …]``.

Code cells and outputs are copied from the English edition; its Markdown is translated by people, in the Chinese
notebooks themselves. Each translated cell remembers a hash of its English source. This lists every cell whose
translation is missing or whose English has changed since, and fails if there is one. When a translation has been
brought up to date, ``--done 01_architecture/CELL-ID`` says so.
"""

import argparse
import copy
import hashlib
import re
import sys

import nbformat

import readme
from execute import METADATA, ROOT, find_notebooks, write_notebook
from links import FIRST, badges
from phrases import say_in_chinese

FOLDER = ROOT / "notebooks" / "zh"
README = ROOT / "README.zh-CN.md"
# What a tool writes into a cell, and no translator touches: the line below the title, and the measured time.
WRITTEN = re.compile(r"(?m)^\[!\[Open in Colab\].*$|<!-- time -->.*?<!-- /time -->")


def digest(source):
    """Return a hash of an English cell's ``source`` that tools' own changes leave alone."""
    return hashlib.sha256(WRITTEN.sub("", source).encode()).hexdigest()[:16]


def write_top(name):
    """Return the line below a Chinese notebook's title: the badges, and the way to the English edition."""
    return f"{badges(f'zh/{name}')} [English](../{name}.ipynb)"


def write_time(name):
    """Return how long the notebook ``name`` took, as ``readme.read_time``, in Chinese."""
    amount, unit, machine = re.fullmatch(r"([\d.]+) (seconds|minutes) \((.*)\)", readme.read_time(name)).groups()
    return f"{amount}{'秒' if unit == 'seconds' else '分钟'}（{machine}）"


def translate(english, chinese, name):
    """Return the Chinese notebook for ``english``, and a line for each cell that is missing or stale.

    ``chinese``: the notebook that was there before, or None.
    """
    before = {cell.id: cell for cell in chinese.cells if cell.cell_type == "markdown"} if chinese else {}
    cells, complaints = [], []
    for cell in copy.deepcopy(english.cells):
        if cell.cell_type == "markdown":
            known = before.get(cell.id)
            if known is None or "translation" not in known.metadata:
                complaints.append(f"{name}/{cell.id}: not translated yet")
            else:
                if known.metadata.translation.of != digest(cell.source):
                    complaints.append(f"{name}/{cell.id}: its English has changed")
                cell.source, cell.metadata["translation"] = known.source, known.metadata.translation
        cells.append(cell)
    cells[0].source = re.sub(r"(?m)^\[!\[Open in Colab\].*$", lambda _: write_top(name), cells[0].source)
    cells[1].source = readme.fill(cells[1].source, "time", write_time(name))
    return nbformat.v4.new_notebook(cells=cells, metadata=METADATA), complaints


def notebook_table():
    """Return the Chinese README's table of notebooks: title, goal and time."""
    lines = ["| 笔记本 | 你将 | 运行用时 |", "| :-- | :-- | :-- |"]
    for path in find_notebooks():
        opening = nbformat.read(FOLDER / path.name, as_version=4).cells[:2]
        title = opening[0].source.splitlines()[0].removeprefix("# ")
        goals = re.findall(r"^> - (.*)$", opening[1].source, re.MULTILINE)
        link = f"{path.name[:2]} [{title}](notebooks/zh/{path.name})"
        lines.append(f"| {link} | {goals[0].rstrip('；。')}…… | {write_time(path.stem).split('（')[0]} |")
    return "\n" + "\n".join(lines) + "\n"


def fill_readme(text):
    """Return the Chinese README's ``text`` with all that was measured."""
    parts = {
        "badges": f"\n{badges(f'zh/{FIRST}')}\n",
        "notebooks": notebook_table(),
        "results": say_in_chinese(readme.results_table()),
        "speed": say_in_chinese(readme.speed_text()),
    }
    for marker, content in parts.items():
        text = readme.fill(text, marker, content)
    return text


def accept(name, cell_id):
    """Remember that the Chinese cell is a translation of what the English one says now."""
    path = FOLDER / f"{name}.ipynb"
    english = nbformat.read(ROOT / "notebooks" / f"{name}.ipynb", as_version=4)
    chinese = nbformat.read(path, as_version=4)
    sources = {cell.id: cell.source for cell in english.cells if cell.cell_type == "markdown"}
    for cell in chinese.cells:
        if cell.id == cell_id and cell_id in sources:
            cell.metadata["translation"] = {"of": digest(sources[cell_id])}
            write_notebook(chinese, path)
            return
    raise SystemExit(f"{name} has no Markdown cell {cell_id}; run this without --done for the list")


def main(arguments):
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(
        "--done", nargs="*", default=[], metavar="NOTEBOOK/CELL", help="translations brought up to date"
    )
    for done in parser.parse_args(arguments).done:
        accept(*done.split("/", 1))
    FOLDER.mkdir(exist_ok=True)
    complaints = []
    for path in find_notebooks():
        target = FOLDER / path.name
        chinese = nbformat.read(target, as_version=4) if target.is_file() else None
        notebook, lines = translate(nbformat.read(path, as_version=4), chinese, path.stem)
        write_notebook(notebook, target)
        complaints += lines
    README.write_text(fill_readme(README.read_text(encoding="utf-8")), encoding="utf-8", newline="\n")
    print("\n".join(complaints) or "The Chinese edition is in step with the English one")
    return 1 if complaints else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
