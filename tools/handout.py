"""Write copies of the notebooks for a class, without the solutions: build/handout/NAME.ipynb."""

import sys
from pathlib import Path

import nbformat

from execute import find_notebooks, write_notebook

FOLDER = Path("build") / "handout"
POINTER = "Solutions are at the end. "  # above the exercises


def remove_solutions(notebook):
    """Return ``notebook`` without its last cell, the solutions, and without the words that point there."""
    kept = [cell for cell in notebook.cells if not cell.source.startswith("## Solutions")]
    if len(kept) != len(notebook.cells) - 1 or kept != notebook.cells[:-1]:
        raise SystemExit("a notebook's solutions are its last cell, and begin with ## Solutions")
    for cell in kept:
        cell.source = cell.source.replace(POINTER, "")
    notebook.cells = kept
    return notebook


def main(folder=FOLDER):
    folder.mkdir(parents=True, exist_ok=True)
    for path in find_notebooks():
        write_notebook(remove_solutions(nbformat.read(path, as_version=4)), folder / path.name)
        print(folder / path.name)


if __name__ == "__main__":
    sys.exit(main())
