"""Copies for a class: everything but the solutions."""

import nbformat
import pytest

import handout
from execute import find_notebooks


def test_a_handout_has_the_exercises_but_not_their_solutions(tmp_path):
    handout.main(tmp_path)
    assert [path.name for path in sorted(tmp_path.iterdir())] == [path.name for path in find_notebooks()]
    for path in find_notebooks():
        whole, copy = (nbformat.read(folder / path.name, as_version=4) for folder in (path.parent, tmp_path))
        text = "\n".join(cell.source for cell in copy.cells)
        assert "## Exercises" in text and "Solution" not in text and "<details>" not in text
        assert len(copy.cells) == len(whole.cells) - 1


def test_a_notebook_without_solutions_at_its_end_is_refused():
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_markdown_cell("# Title")])
    with pytest.raises(SystemExit, match="## Solutions"):
        handout.remove_solutions(notebook)
