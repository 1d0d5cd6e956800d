import subprocess
import sys
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parent.parent


def test_imports_load_nothing_that_they_do_not_need():
    code = """
import sys
import lenet_utils
assert not {"torch", "torchvision", "matplotlib"} & sys.modules.keys()
import lenet_utils.data, lenet_utils.models, lenet_utils.training, lenet_utils.evaluation, lenet_utils.device
assert "torch" in sys.modules
assert not {"torchvision", "matplotlib"} & sys.modules.keys()
"""
    result = subprocess.run([sys.executable, "-c", code], cwd=REPOSITORY, capture_output=True, text=True)
    assert result.returncode == 0, result.stderr
