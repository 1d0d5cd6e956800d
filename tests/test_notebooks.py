"""The notebooks as files: what a machine can tell without running them. The rest is for eyes."""

import json
from itertools import groupby

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output
from nbformat.v4.rwbase import rejoin_lines
from nbformat.validator import iter_validate

from execute import METADATA, code_cells, find_notebooks, find_path, read_text, write_notebook
from links import setup_cell, top_line

MAX_KILOBYTES = 700
# Nothing else shows everywhere: JupyterLab and GitHub strip svg, iframe and scripts from outputs they do not trust.
OUTPUT_KINDS = {"text/plain", "image/png"}


def lint(path):
    """Return a line for each thing that is wrong with the notebook file ``path``."""
    text = path.read_text(encoding="utf-8")
    # Not nbformat.read, which mends missing ids as it reads.
    notebook = rejoin_lines(nbformat.from_dict(json.loads(text)))
    complaints = [complaint for check in CHECKS for complaint in check(notebook)]
    if len(text.encode()) > MAX_KILOBYTES * 1000:
        complaints.append(f"it has {len(text.encode()) // 1000} kB; {MAX_KILOBYTES} are enough")
    return complaints + check_links(notebook, path.stem)


def check_format(notebook):
    return [f"no valid notebook: {error.message}" for error in iter_validate(notebook)]


def check_ids(notebook):
    ids = [cell.get("id") for cell in notebook.cells]
    twice = sorted({name for name in ids if name and ids.count(name) > 1})
    missing = [f"cell {number} has no id" for number, name in enumerate(ids, 1) if not name]
    return missing + [f"two cells have the id {name}" for name in twice]


def check_kernel(notebook):
    name = notebook.metadata.get("kernelspec", {}).get("name")
    return [] if name == "python3" else [f"its kernel is {name!r}, not 'python3'"]


def check_widgets(notebook):
    return ["it holds the state of widgets"] if "widgets" in notebook.metadata else []


def check_execution(notebook):
    counts = [cell.execution_count for cell in code_cells(notebook) if cell.source.strip()]
    if counts == list(range(1, len(counts) + 1)):
        return []
    return [f"execution counts are not those of one run from top to bottom: {counts}"]


def check_outputs(notebook):
    complaints = []
    for number, cell in enumerate(notebook.cells, 1):
        for output in cell.get("outputs", []):
            kinds = set(output.get("data", {}))
            if output.output_type == "error":
                complaints.append(f"cell {number} ends with an error")
            if output.get("name") == "stderr":
                complaints.append(f"cell {number} writes to stderr")
            if others := kinds - OUTPUT_KINDS:
                complaints.append(f"cell {number} has an output that does not show everywhere: {', '.join(others)}")
            if "image/png" in kinds and not output.metadata.get("image/png", {}).get("alt"):
                complaints.append(f"cell {number} shows a picture without alt text")
    return complaints


def check_rhythm(notebook):
    runs = [len(list(cells)) for kind, cells in groupby(cell.cell_type for cell in notebook.cells) if kind == "code"]
    return [f"{run} code cells in a row with no word between" for run in runs if run > 2]


def check_paths(notebook):
    complaints = []
    for number, cell in enumerate(notebook.cells, 1):
        for text in [cell.source, *map(read_text, cell.get("outputs", []))]:
            if path := find_path(text):
                complaints.append(f"cell {number} names a path of somebody's machine: {path}")
    return complaints


def check_links(notebook, name):
    complaints = []
    title, *lines = notebook.cells[0].source.splitlines()
    if notebook.cells[0].cell_type != "markdown" or not title.startswith("# ") or lines[:1] != [top_line(name)]:
        complaints.append("the first cell is not a # title with the badges below: run `make links`")
    setup = [cell.source for cell in code_cells(notebook) if "setup" in cell.metadata.get("tags", [])]
    if setup != [setup_cell()]:
        complaints.append("there is not one cell tagged setup with the common code: run `make links`")
    return complaints


CHECKS = [
    check_format, check_ids, check_kernel, check_widgets, check_execution, check_outputs, check_rhythm, check_paths,
]  # fmt: skip


@pytest.mark.parametrize("path", find_notebooks(), ids=lambda path: path.stem)
def test_notebook(path):
    assert lint(path) == []


# The lint can fail: each change to a good notebook below brings the one complaint that it should.


def make_notebook():
    figure = {"image/png": "iVBORw0KGgo=", "text/plain": "A line."}
    return new_notebook(
        metadata=METADATA,
        cells=[
            new_markdown_cell(f"# Draw a line\n{top_line('00_good')}\n\nIt is straight."),
            new_code_cell(setup_cell(), execution_count=1, metadata={"tags": ["setup"]}),
            new_markdown_cell("Say, compute:"),
            new_code_cell("print(1)", execution_count=2, outputs=[new_output("stream", name="stdout", text="1\n")]),
            new_code_cell(
                "line",
                execution_count=3,
                outputs=[new_output("display_data", data=figure, metadata={"image/png": {"alt": "A line."}})],
            ),
        ],
    )


def put_output(output_type, **content):
    return lambda notebook: notebook.cells[3].outputs.append(new_output(output_type, **content))


def put_source(cell, source):
    return lambda notebook: notebook.cells[cell].update(source=source)


DOCTORED = {
    "not a valid notebook": (lambda notebook: notebook.cells[3].update(colour="red"), "no valid notebook"),
    "id twice": (lambda notebook: notebook.cells[3].update(id=notebook.cells[4].id), "two cells have the id"),
    "another kernel": (lambda notebook: notebook.metadata.kernelspec.update(name="conda"), "its kernel is 'conda'"),
    "widgets": (lambda notebook: notebook.metadata.update(widgets={}), "state of widgets"),
    "out of order": (lambda notebook: notebook.cells[4].update(execution_count=7), "[1, 2, 7]"),
    "not run": (lambda notebook: notebook.cells[4].update(execution_count=None), "[1, 2, None]"),
    "error": (put_output("error", ename="E", evalue="", traceback=[]), "cell 4 ends with an error"),
    "stderr": (put_output("stream", name="stderr", text="!"), "cell 4 writes to stderr"),
    "svg": (put_output("display_data", data={"image/svg+xml": "<svg/>"}), "everywhere: image/svg+xml"),
    "html": (put_output("display_data", data={"text/html": "<iframe/>"}), "everywhere: text/html"),
    "no alt text": (lambda notebook: notebook.cells[4].outputs[0].update(metadata={}), "cell 5 shows a picture"),
    "three in a row": (lambda notebook: notebook.cells.append(new_code_cell("")), "3 code cells in a row"),
    "too large": (put_output("stream", name="stdout", text="x" * 700_000), "kB; 700 are enough"),
    "path in an output": (put_output("stream", name="stdout", text="in /home/ada/lenet"), "cell 4 names a path"),
    "path in a source": (put_source(3, r"open('C:\\Users\\ada')"), "cell 4 names a path"),
    "no title": (put_source(0, f"Draw\n{top_line('00_good')}"), "the first cell is not a # title"),
    "other badges": (put_source(0, f"# Draw\n{top_line('01_other')}"), "the first cell is not a # title"),
    "other setup": (put_source(1, "import sys"), "there is not one cell tagged setup"),
    "no setup": (lambda notebook: notebook.cells[1].update(metadata={}), "there is not one cell tagged setup"),
}


def test_lint_passes_a_good_notebook(tmp_path):
    write_notebook(make_notebook(), tmp_path / "00_good.ipynb")
    assert lint(tmp_path / "00_good.ipynb") == []


@pytest.mark.parametrize("name", DOCTORED)
def test_lint_finds(name, tmp_path):
    change, expected = DOCTORED[name]
    notebook = make_notebook()
    change(notebook)
    # As JSON and no more, since nbformat would mend some of it.
    (tmp_path / "00_good.ipynb").write_text(json.dumps(notebook), encoding="utf-8")
    (complaint,) = lint(tmp_path / "00_good.ipynb")
    assert expected in complaint


def test_lint_finds_a_missing_id(tmp_path):
    notebook = make_notebook()
    del notebook.cells[2]["id"]
    (tmp_path / "00_good.ipynb").write_text(json.dumps(notebook), encoding="utf-8")
    assert "cell 3 has no id" in lint(tmp_path / "00_good.ipynb")
