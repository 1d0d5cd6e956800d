"""That `pytest --nbval` sees what it should in a notebook's outputs, and only that."""

import os
import subprocess
import sys
from xml.etree import ElementTree

import pytest
from nbformat.v4 import new_code_cell, new_notebook, new_output
from nbval.plugin import get_sanitize_patterns

from execute import METADATA, ROOT, write_notebook

SANITIZER = ROOT / "tests" / "nbval_sanitize.cfg"
TABLE = "layer  shape    parameters\nC1     6×28×28         156\nS2     6×14×14          12"
LOSS = "Epoch [1/5], Step [100/938], Loss: 0.3957"
ACCURACY = "Test Accuracy of the model on the 10000 test images: 98.34%"

# what: (what a cell prints now, what is committed, whether nbval lets it pass)
CASES = {
    "all as it was": (f"{TABLE}\n{LOSS}\n{ACCURACY}", f"{TABLE}\n{LOSS}\n{ACCURACY}", True),
    "a count": ("Parameters: 61,706", "Parameters: 61,707", False),
    "a shape": ("torch.Size([1, 6, 28, 28])", "torch.Size([1, 6, 28, 27])", False),
    "a table row": (TABLE, TABLE.replace("12", "0"), False),
    "a row too few": (TABLE, TABLE[: TABLE.index("S2")], False),
    "nothing printed": ("", "Done", False),
    "rounded numbers": ("≈ 98.3 % in ≈ 1,204 s, ≈ -1.2e-07", "≈ 8 % in ≈ 99.5 s, ≈ 3.4e+11", True),
    "rounded and aligned": ("≈   9.5 %|", "≈ 100.0 %|", True),
    "the unit": ("≈ 98.3 ms", "≈ 98.3 s", False),
    "the number beside": ("10 of 100 ≈ 9.9 %", "11 of 100 ≈ 9.9 %", False),
    "no number": ("≈ nan", "≈ 0.5", False),
    "a loss": (LOSS, LOSS.replace("0.3957", "12.0001"), True),
    "a step": (LOSS, LOSS.replace("100/", "200/"), False),
    "another loss": ("Loss: 0.3957", "Loss: 0.3958", False),
    "the accuracy": (ACCURACY, ACCURACY.replace("98.34", "100.00"), True),
    "the images": (ACCURACY, ACCURACY.replace("10000", "5000"), False),
    "the device": ("Device: cpu (2 threads)", "Device: cuda (NVIDIA H100)", True),
    "a device elsewhere": ("The Device: cpu", "The Device: cuda", False),
}


def test_sanitizer_has_four_rules():
    assert len(get_sanitize_patterns(SANITIZER.read_text(encoding="ascii"))) == 4


@pytest.fixture(scope="module")
def outcomes(tmp_path_factory):
    """Run nbval, with the settings of this project's conftest, on a notebook that has one cell for each case."""
    folder = tmp_path_factory.mktemp("nbval")
    cells = [
        new_code_cell(
            f"print({now!r}, end='')",
            execution_count=number,
            outputs=[new_output("stream", name="stdout", text=committed)],
        )
        for number, (now, committed, _) in enumerate(CASES.values(), 1)
    ]
    write_notebook(new_notebook(cells=cells, metadata=METADATA), folder / "cases.ipynb")
    command = [sys.executable, "-m", "pytest", "-p", "conftest", "--nbval", "--junit-xml=report.xml", "-q"]
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(map(str, (ROOT, ROOT / "tools")))}
    subprocess.run(command, cwd=folder, env=environment, check=False, capture_output=True)
    tests = ElementTree.parse(folder / "report.xml").iter("testcase")
    return {case: test.find("failure") is None for case, test in zip(CASES, tests, strict=True)}


@pytest.mark.parametrize("case", CASES)
def test_nbval(case, outcomes):
    assert outcomes[case] == CASES[case][2]
