"""The tools that run notebooks: what they keep, what they refuse, what they report."""

import json
from pathlib import Path

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

import execute
import run_course

COUNT = "print('Parameters:', 61706)\nprint('Reached: 61,706 parameters')"
PICTURE = """from IPython.display import display
display({"image/png": "iVBORw0KGgo="}, raw=True, metadata={"image/png": {"alt": 'A "red" dot.'}})"""
STALE = [new_output("stream", name="stdout", text="Reached: something long ago\n")]


def write(path, *sources):
    """Write a notebook as an editor leaves it: with old outputs and counts, and notes of its own."""
    cells = [
        new_code_cell(source, execution_count=9, outputs=STALE, metadata={"tags": ["a"], "scrolled": True})
        for source in sources
    ]
    metadata = {
        "kernelspec": {"name": "conda", "display_name": "conda"},
        "language_info": {"name": "python", "version": "3.8"},
    }
    execute.write_notebook(new_notebook(cells=[new_markdown_cell("# Run"), *cells], metadata=metadata), path)
    return path


def test_execute_keeps_outputs_of_a_clean_run(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(execute, "find_machine", lambda: "a machine")
    path = write(tmp_path / "01_run.ipynb", COUNT, "import os; os.path.basename(os.getcwd())", "")
    ids = [cell.id for cell in nbformat.read(path, as_version=4).cells]
    times = tmp_path / "times.json"
    times.write_text('{"00_before": {}}', encoding="utf-8")

    assert execute.main([path], times) == 0
    notebook = nbformat.read(path, as_version=4)
    assert notebook.metadata == execute.METADATA
    assert [cell.id for cell in notebook.cells] == ids
    assert [cell.metadata for cell in notebook.cells] == [{}, *3 * [{"tags": ["a"]}]]
    count, folder, empty = notebook.cells[1:]
    assert [count.execution_count, folder.execution_count, empty.execution_count] == [1, 2, None]
    assert [output.text for output in count.outputs] == ["Parameters: 61706\nReached: 61,706 parameters\n"]
    assert folder.outputs[0].data == {"text/plain": repr(tmp_path.name)}  # a notebook runs in its own folder
    record = json.loads(times.read_text(encoding="utf-8"))
    assert list(record) == ["00_before", "01_run"]
    assert record["01_run"]["machine"] == "a machine"
    assert 0 < record["01_run"]["seconds"] < 60
    assert capsys.readouterr().out.startswith("01_run.ipynb: ")


def test_a_live_page_leaves_its_picture_alone_and_html_without_one_stays():
    pictures = [{"text/html": "<iframe>", "image/png": "iVBORw0KGgo=", "text/plain": "a"}, {"text/html": "<b>"}]
    outputs = [new_output("display_data", data=data) for data in pictures]
    notebook = new_notebook(cells=[new_code_cell("1", outputs=outputs)])
    execute.normalise(notebook)
    assert [set(output.data) for output in notebook.cells[0].outputs] == [{"image/png", "text/plain"}, {"text/html"}]


def test_execute_leaves_a_notebook_that_fails(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(execute, "find_machine", lambda: "a machine")
    faults = {
        "1 / 0": "cell [2]: ZeroDivisionError: division by zero",
        f"import sys; print('Careful\\nnow', file=sys.stderr); print({str(execute.ROOT / 'assets')!r})": (
            f"cell [2] shows a path of this machine: {execute.ROOT}\n  cell [2] writes to stderr: Careful"
        ),
        "import os; os._exit(1)": "cell [2]: Kernel died",
    }
    paths = [write(tmp_path / f"{number}.ipynb", "1", source) for number, source in enumerate(faults)]
    before = [path.read_bytes() for path in paths]
    assert execute.main(paths, tmp_path / "times.json") == 1
    assert [path.read_bytes() for path in paths] == before
    assert not (tmp_path / "times.json").exists()
    said = capsys.readouterr().out
    for path, fault in zip(paths, faults.values(), strict=True):
        assert f"{path.name}: left as it was, because\n  {fault}" in said


@pytest.mark.parametrize(
    ("text", "path"),
    [
        ("see /home/ada/lenet/data.py", "/home/ada/lenet/data.py"),
        ("'/Users/ada/x' is missing", "/Users/ada/x"),
        ("file:///tmp/x", "/tmp/x"),
        ("in /private/var/folders/xy/T", "/private/var/folders/xy/T"),
        (r"C:\Users\ada", r"C:\Users"),
        (repr("C:\\Users\\ada"), r"C:\\Users"),
        (str(execute.ROOT / "assets"), str(execute.ROOT)),
        (str(Path.home()), str(Path.home())),
        ("https://example.org/home/ada, ../tmp/x, and/or, ~/tmp/x, assets/datasets", None),
    ],
)
def test_find_path(text, path):
    assert execute.find_path(text) == path


def test_run_course_reports_what_was_reached_and_what_failed(tmp_path, capsys):
    good = write(tmp_path / "01_good.ipynb", COUNT, PICTURE, "print('Reached: 98 %')")
    bad = write(tmp_path / "02_bad.ipynb", "print('Reached: half')", "raise ValueError('a\\nb')", COUNT)
    before = good.read_bytes(), bad.read_bytes()
    (tmp_path / "build").mkdir()
    assert run_course.main([bad, good], tmp_path / "build") == 1
    assert (good.read_bytes(), bad.read_bytes()) == before

    progress, table, closing = capsys.readouterr().out.strip().split("\n\n")
    first, second = progress.splitlines()
    assert first == "[1/2] 02_bad: FAILED in cell [2]: b"
    assert second.startswith("[2/2] 01_good: done in ")
    reached = [line.split(maxsplit=2)[2] if line[0] != " " else line.strip() for line in table.splitlines()[1:-1]]
    assert reached == ["half", "FAILED in cell [2]: b", "61,706 parameters", "98 %"]
    assert closing == "The executed notebooks, to read: build/*.html"

    page = (tmp_path / "build" / "01_good.html").read_text(encoding="utf-8")
    assert "Reached: 98 %" in page
    assert "long ago" not in page
    scripts = [line for line in page.splitlines() if "<script" in line and "src=" in line]
    assert [line for line in scripts if "mathjax" not in line.lower()] == []
    assert "import(" not in page
    assert "alt='A \"red\" dot.'" in page
    executed = nbformat.read(tmp_path / "build" / "02_bad.ipynb", as_version=4)
    assert executed.cells[2].outputs[0].ename == "ValueError"
    assert executed.cells[3].outputs == []


def test_table(capsys):
    run_course.print_table([("01_first", 5.04, ["61,706 parameters", "98 %"]), ("02_quiet", 120, [])])
    assert capsys.readouterr().out == (
        "\n"
        "notebook  seconds  reached\n"
        "01_first      5.0  61,706 parameters\n"
        "                   98 %\n"
        "02_quiet    120.0  -\n"
        "all         125.0\n"
    )


def test_run_course_without_notebooks_fails(capsys):
    assert run_course.main([]) == 1
    assert capsys.readouterr().out == "There are no notebooks to run.\n"
