"""The solutions at the end of each notebook: there are three, and each runs by itself."""

import re
import time

import nbformat
import pytest
import torch
from nbformat.v4 import new_markdown_cell, new_notebook

from execute import find_notebooks

SECONDS = 5  # what a learner waits on two idle cores
# A blank line after </summary>, or Markdown shows the code as plain text.
SOLUTION = re.compile(
    r"<details>\s*<summary>Solution (?P<number>\d+)</summary>\n\n(?P<body>.*?)\n</details>", re.DOTALL
)
CODE = re.compile(r"^```python\n(.*?)^```$", re.DOTALL | re.MULTILINE)


def find_solutions(notebook):
    """Return [(its number, [its blocks of Python])] for each folded solution of the notebook."""
    text = "\n\n".join(cell.source for cell in notebook.cells if cell.cell_type == "markdown")
    return [(int(found["number"]), CODE.findall(found["body"])) for found in SOLUTION.finditer(text)]


def check_solutions(notebook):
    """Return a line for each thing that is wrong with how the solutions are written."""
    solutions = find_solutions(notebook)
    numbers = [number for number, _ in solutions]
    complaints = [] if numbers == [1, 2, 3] else [f"there should be solutions 1, 2 and 3; found: {numbers}"]
    return complaints + [f"solution {number} has no ```python block" for number, blocks in solutions if not blocks]


def run_code(code, name):
    """Run ``code`` with nothing but Python's own names; return the seconds it kept each of torch's threads busy.

    That is how long it takes on an idle machine. The wall time here may be twice that, if others work here too.
    """
    start = time.process_time()
    exec(compile(code, name, "exec"), {"__name__": "__main__"})
    return (time.process_time() - start) / torch.get_num_threads()


def read_solutions():
    """Return a pytest parameter for each block of Python in the solutions of all notebooks."""
    return [
        pytest.param(path, block, id=f"{path.stem}-{number}")
        for path in find_notebooks()
        for number, blocks in find_solutions(nbformat.read(path, as_version=4))
        for block in blocks
    ]


@pytest.fixture(scope="module")
def imported():
    """Import what takes seconds, once, so that it does not count as the first solution's time."""
    import torchvision

    import lenet_utils.plots

    return torchvision, lenet_utils.plots


@pytest.mark.parametrize("path", find_notebooks(), ids=lambda path: path.stem)
def test_notebook_has_three_solutions(path):
    assert check_solutions(nbformat.read(path, as_version=4)) == []


@pytest.mark.usefixtures("imported")
@pytest.mark.parametrize(("path", "code"), read_solutions())
def test_solution_runs(path, code, monkeypatch):
    monkeypatch.chdir(path.parent)
    assert run_code(code, f"a solution of {path.name}") < SECONDS


def make_notebook(*solutions):
    text = "\n\n".join(
        f"<details>\n<summary>Solution {number}</summary>\n\n{body}\n\n</details>"
        for number, body in enumerate(solutions, 1)
    )
    return new_notebook(cells=[new_markdown_cell("## Solutions"), new_markdown_cell(text)])


BLOCK = "Think:\n\n```python\nfor i in range(2):\n    print(i)\n```\n\nSo it is."


def test_solutions_are_found():
    notebook = make_notebook(BLOCK, BLOCK, BLOCK)
    assert check_solutions(notebook) == []
    assert find_solutions(notebook)[1] == (2, ["for i in range(2):\n    print(i)\n"])


@pytest.mark.parametrize(
    ("notebook", "complaint"),
    [
        (make_notebook(BLOCK, BLOCK), "found: [1, 2]"),
        (make_notebook(BLOCK, BLOCK, BLOCK, BLOCK), "found: [1, 2, 3, 4]"),
        (make_notebook(BLOCK, "It is 7.", BLOCK), "solution 2 has no ```python block"),
    ],
)
def test_wrong_solutions_are_found(notebook, complaint):
    (found,) = check_solutions(notebook)
    assert complaint in found


def test_missing_blank_line_is_found():
    notebook = make_notebook(BLOCK, BLOCK, BLOCK)
    notebook.cells[1].source = notebook.cells[1].source.replace("2</summary>\n\n", "2</summary>\n")
    assert check_solutions(notebook) == ["there should be solutions 1, 2 and 3; found: [1, 3]"]


def test_solution_knows_no_names_of_others():
    run_code("answer = 42", "first")
    with pytest.raises(NameError):
        run_code("print(answer)", "second")
