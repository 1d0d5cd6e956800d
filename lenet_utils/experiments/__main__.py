"""Run an experiment: ``python -m lenet_utils.experiments NAME`` measures what assets/results/NAME.json lacks."""

import argparse
import importlib
import pkgutil

import lenet_utils.experiments as package
from lenet_utils.device import pick_device
from lenet_utils.experiments.records import measure_missing

parser = argparse.ArgumentParser(prog="python -m lenet_utils.experiments", description=__doc__)
names = sorted(module.name for module in pkgutil.iter_modules(package.__path__))
parser.add_argument("name", choices=[name for name in names if name not in ("__main__", "records", "recipes")])
experiment = importlib.import_module(f"{package.__name__}.{parser.parse_args().name}")
measure_missing(experiment, pick_device())
