"""Run notebooks and keep their outputs: ``python tools/execute.py [notebooks…]``; all of them if none is named.

Each runs in a clean kernel. It is written back only if every cell ran, nothing was written to stderr, and no output
shows a path of this machine; otherwise the file stays as it was and the exit code is 1. How long each took goes to
assets/results/times.json.
"""

import datetime
import json
import re
import sys
import time
from pathlib import Path

import nbformat
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError

ROOT = Path(__file__).resolve().parent.parent
TIMES = ROOT / "assets" / "results" / "times.json"

# Where people's files lie on Linux, macOS and Windows. A web address such as https://a.org/home/ is none.
MACHINE_PATH = re.compile(
    r"(?<![\w.~-])/(?:home|Users|root|tmp|private/tmp|(?:private/)?var/folders)/[^\s'\"]*|\b[A-Za-z]:\\+Users\b"
)

METADATA = {
    "kernelspec": {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"},
    "language_info": {"name": "python"},  # no version: it would differ from machine to machine
}
KEPT_CELL_METADATA = ("tags", "jupyter")  # the rest is an editor's memory


def find_notebooks():
    """Return the paths of the course's notebooks in order."""
    return sorted((ROOT / "notebooks").glob("*.ipynb"))


def run_notebook(path):
    """Run all cells of the notebook ``path`` in a clean kernel, in its own folder, up to the first error.

    Return the notebook with its new outputs only, the seconds it took, and None or the error in a line.
    """
    notebook = nbformat.read(path, as_version=4)
    for cell in code_cells(notebook):
        cell.outputs, cell.execution_count = [], None
    started, error = [], None
    client = NotebookClient(
        notebook,
        kernel_name="python3",
        timeout=2000,  # seconds for a cell, as nbval allows: a training may take its time
        record_timing=False,
        coalesce_streams=True,
        resources={"metadata": {"path": str(Path(path).resolve().parent)}},
        extra_arguments=["--IPKernelApp.log_level=ERROR"],  # no remark about encryption within one machine
        on_cell_execute=lambda **cell: started.append(cell),
    )
    start = time.perf_counter()
    try:
        client.execute()
    except (CellExecutionError, RuntimeError, TimeoutError) as exception:  # a dead kernel is a RuntimeError
        if isinstance(exception, CellExecutionError):
            exception = f"{exception.ename}: {exception.evalue}"
        error = f"cell [{len(started)}]: {str(exception).strip().splitlines()[-1]}"
    return notebook, time.perf_counter() - start, error


def code_cells(notebook):
    return [cell for cell in notebook.cells if cell.cell_type == "code"]


def find_faults(notebook):
    """Return a line for each output that must not be kept: errors, stderr, and paths of this machine."""
    faults = []
    for cell in code_cells(notebook):
        where = f"cell [{cell.execution_count}]"
        for output in cell.outputs:
            text = read_text(output).strip()
            line = text.split("\n")[0]
            if output.output_type == "error":
                faults.append(f"{where} ends with an error: {output.ename}")
            elif output.get("name") == "stderr":
                faults.append(f"{where} writes to stderr: {line}")
            elif path := find_path(text):
                faults.append(f"{where} shows a path of this machine: {path}")
    return faults


def read_text(output):
    """Return all that an output says in words: a stream's text, every text format, and the alt texts."""
    if output.output_type == "stream":
        return output.text
    texts = [text for kind, text in output.get("data", {}).items() if not kind.startswith("image/")]
    return "\n".join(map(str, [*texts, output.get("metadata", "")]))


def find_path(text):
    """Return the first path in ``text`` that exists on no reader's machine, or None."""
    own = "|".join(re.escape(str(folder)) for folder in (ROOT, Path.home()) if folder.name)
    found = re.search(rf"(?:{own})(?![\w-])", text) or MACHINE_PATH.search(text)
    return found and found[0]


def normalise(notebook):
    """Strip what says nothing about the course, so that a diff shows only what changed.

    A live page, which GitHub and a JupyterLab that does not trust the file would not show, leaves its picture.
    """
    notebook.metadata = nbformat.from_dict(METADATA)
    for cell in notebook.cells:
        cell.metadata = {key: cell.metadata[key] for key in KEPT_CELL_METADATA if cell.metadata.get(key)}
        for output in cell.get("outputs", []):
            if "image/png" in output.get("data", {}):
                output.data.pop("text/html", None)


def write_notebook(notebook, path):
    path.write_text(nbformat.writes(notebook) + "\n", encoding="utf-8", newline="\n")


def record_time(name, seconds, machine, file):
    """Put the wall time of the notebook ``name`` into ``file``; leave the others there as they are."""
    times = json.loads(file.read_text(encoding="utf-8")) if file.is_file() else {}
    times[name] = {"seconds": round(seconds, 1), "machine": machine, "date": datetime.date.today().isoformat()}
    text = json.dumps(times, indent=2, sort_keys=True, ensure_ascii=False) + "\n"
    file.write_text(text, encoding="utf-8", newline="\n")


def find_machine():
    """Return the machine in words, the same as the experiments' records have."""
    sys.path.insert(0, str(ROOT))  # this clone's package, wherever one may be installed from
    from lenet_utils.device import pick_device
    from lenet_utils.experiments.records import describe_machine

    return describe_machine(pick_device(quiet=True))


def main(paths, times=TIMES):
    machine = find_machine()
    failed = 0
    for path in paths:
        notebook, seconds, error = run_notebook(path)
        faults = [error] if error else find_faults(notebook)
        if faults:
            failed += 1
            print(f"{path.name}: left as it was, because", *faults, sep="\n  ", flush=True)
            continue
        normalise(notebook)
        write_notebook(notebook, path)
        record_time(path.stem, seconds, machine, times)
        print(f"{path.name}: {seconds:.1f} s", flush=True)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main([Path(name) for name in sys.argv[1:]] or find_notebooks()))
