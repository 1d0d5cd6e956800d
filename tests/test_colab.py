"""A notebook alone in a folder, as Colab opens it: it fetches the course and runs, or says why it cannot."""

import os
import shutil
import subprocess

import nbformat
import pytest
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError

import links
from execute import ROOT, find_faults

pytestmark = pytest.mark.skipif(os.name == "nt", reason="the stand-in for pip is a shell script")
# Colab has no lenet_utils; here it is installed, and must not be found.
FORGET = """
import sys
from pathlib import Path
sys.path = [folder for folder in sys.path if not (Path(folder) / "lenet_utils").is_dir()]
sys.meta_path = [finder for finder in sys.meta_path if "editable" not in str(finder)]
"""


@pytest.fixture
def run_alone(tmp_path, monkeypatch):
    """Return a function that runs notebook 04, alone in a folder, with the course fetched from a given address."""
    startup = tmp_path / "ipython" / "profile_default" / "startup"
    startup.mkdir(parents=True)
    (startup / "forget.py").write_text(FORGET, encoding="utf-8")
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / "pip").write_text("#!/bin/sh\n", encoding="utf-8")
    (tmp_path / "bin" / "pip").chmod(0o755)
    monkeypatch.setenv("IPYTHONDIR", str(tmp_path / "ipython"))
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.delenv("PYTHONPATH", raising=False)
    alone = tmp_path / "content"
    alone.mkdir()

    def run(address):
        shutil.copy(ROOT / "notebooks" / "04_parameter_summary.ipynb", alone)
        notebook = nbformat.read(alone / "04_parameter_summary.ipynb", as_version=4)
        setup = next(cell for cell in notebook.cells if "setup" in cell.metadata.get("tags", []))
        setup.source = links.SETUP.format(address=address, tag=links.read_address()[1], stop="")
        client = NotebookClient(
            notebook, kernel_name="python3", timeout=600, resources={"metadata": {"path": str(alone)}},
            extra_arguments=["--IPKernelApp.log_level=ERROR"],
        )  # fmt: skip
        client.execute()
        return notebook

    return run


def test_a_notebook_alone_fetches_the_course_and_runs_through(run_alone, tmp_path):
    bare = tmp_path / "course.git"
    subprocess.run(["git", "clone", "--quiet", "--bare", str(ROOT), str(bare)], check=True)
    subprocess.run(["git", "-C", str(bare), "tag", "--force", links.read_address()[1]], check=True)
    notebook = run_alone(f"file://{bare}")
    assert (tmp_path / "content" / "lenet-course" / "lenet_utils").is_dir()
    assert [fault for fault in find_faults(notebook) if "path of this machine" not in fault] == []
    assert all(cell.execution_count for cell in notebook.cells if cell.cell_type == "code" and cell.source)


def test_without_a_network_it_ends_with_one_clear_sentence(run_alone):
    address = "http://localhost:9/ada/lenet-course"  # nothing answers there
    with pytest.raises(CellExecutionError) as caught:
        run_alone(address)
    assert caught.value.evalue == f"Could not fetch the course from {address}; the lines above say why."
