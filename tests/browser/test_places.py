"""The playground where notebooks are read: in JupyterLab, and in a notebook's HTML export."""

import os
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import nbformat
import psutil
import pytest
from nbclient import NotebookClient
from nbconvert import HTMLExporter
from test_page import SEVEN, draw

from memory import LAB_MEGABYTES, measure_pss

ROOT = Path(__file__).resolve().parents[2]
CODE = """\
from lenet_utils.checkpoints import load_weights
from lenet_utils.data import ASSETS
from lenet_utils.models import LeNet5
from lenet_utils.playground import playground

playground(load_weights(LeNet5(), ASSETS / "weights" / "lenet5.pt"))"""


def make_notebook():
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(CODE)])
    notebook.metadata.kernelspec = {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"}
    return notebook


def draw_in_frame(page):
    """Draw a seven inside the playground's frame by pointer events; return the answer."""
    frame = page.frame_locator("iframe[sandbox]")
    frame.get_by_role("button", name="Clear").click()
    draw(page, SEVEN, frame)
    return frame.locator("#digit").inner_text()


def test_in_the_html_export(open_page, tmp_path):
    notebook = make_notebook()
    NotebookClient(notebook, kernel_name="python3", resources={"metadata": {"path": str(ROOT)}}).execute()
    # MathJax and the rest of the template come from the web: not what is tested here
    text, _ = HTMLExporter(template_name="basic").from_notebook_node(notebook)
    (tmp_path / "notebook.html").write_text(text, encoding="utf-8")
    page = open_page((tmp_path / "notebook.html").as_uri(), viewport={"width": 1200, "height": 1000})
    assert draw_in_frame(page) == "7"


@pytest.fixture
def lab(tmp_path):
    """The address of a JupyterLab whose folder holds one notebook with the playground."""
    nbformat.write(make_notebook(), tmp_path / "play.ipynb")
    with socket.socket() as free:
        free.bind(("localhost", 0))
        port = free.getsockname()[1]
    command = [
        sys.executable, "-m", "jupyterlab", "--no-browser", f"--port={port}", "--IdentityProvider.token=",
        "--allow-root", f"--ServerApp.root_dir={tmp_path}", "--LabApp.news_url=None",
        "--LabApp.check_for_updates_class=jupyterlab.NeverCheckForUpdate",
    ]  # fmt: skip
    folders = {"JUPYTER_CONFIG_DIR": str(tmp_path / "config"), "PYTHONPATH": str(ROOT)}
    server = subprocess.Popen(
        command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=os.environ | folders, cwd=tmp_path
    )
    address = f"http://localhost:{port}/lab/tree/play.ipynb"
    for _ in range(120):
        try:
            with urllib.request.urlopen(f"http://localhost:{port}/api"):
                break
        except OSError:
            time.sleep(0.5)
    yield address, psutil.Process(server.pid)
    server.terminate()
    server.wait()


def test_in_jupyterlab(browser, lab):
    address, server = lab
    page = browser.new_page(viewport={"width": 1400, "height": 1200})
    page.goto(address)
    page.locator(".jp-Notebook .jp-CodeCell").first.click(timeout=60_000)
    page.keyboard.press("Control+Enter")
    page.locator("iframe[sandbox]").wait_for(timeout=120_000)
    assert draw_in_frame(page) == "7"
    assert measure_pss(server) < LAB_MEGABYTES
    page.close()
