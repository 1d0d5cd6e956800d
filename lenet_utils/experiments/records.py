"""One record for each (setting, random seed) of an experiment, kept in assets/results."""

import datetime
import json
import platform
from pathlib import Path

import torch
import torchvision

from lenet_utils.device import available_cpus, count_threads
from lenet_utils.results import RESULTS


def measure_missing(experiment, device, folder=RESULTS):
    """Measure every (setting, seed) of ``experiment`` that its file lacks or holds with another recipe.

    ``experiment``: a module with SETTINGS (a dict from name to recipe), SEEDS, and measure(recipe, seed, device),
    which returns a dict of results. The file is written whole after each record: an interrupted run goes on.
    """
    path = folder / f"{experiment.__name__.split('.')[-1]}.json"
    records = json.loads(path.read_text(encoding="utf-8")) if path.is_file() else []
    records = [record for record in records if experiment.SETTINGS.get(record["setting"]) == record["recipe"]]
    done = {(record["setting"], record["seed"]) for record in records}
    missing = [(name, seed) for seed in experiment.SEEDS for name in experiment.SETTINGS if (name, seed) not in done]
    print(f"{path.name}: {len(done)} records there, {len(missing)} to measure")
    for name, seed in missing:
        recipe = experiment.SETTINGS[name]
        result = experiment.measure(recipe, seed, device)
        records.append({"setting": name, "seed": seed, "recipe": recipe, "result": result, **describe_run(device)})
        write_records(path, records)
        print(f"{name}, seed {seed}: {result}", flush=True)


def describe_run(device):
    """Return where, with what and when a record was measured; no host's name and no path."""
    return {
        "machine": describe_machine(device),
        "versions": {
            "python": platform.python_version(),
            "torch": torch.__version__,
            "torchvision": torchvision.__version__,
        },
        "date": datetime.date.today().isoformat(),
    }


def describe_machine(device):
    """Return the machine in words, e.g. "2 × Intel Xeon, 2 threads, cpu"."""
    processor = platform.processor() or platform.machine()
    info = Path("/proc/cpuinfo")
    if info.is_file():
        lines = [line for line in info.read_text().splitlines() if line.startswith("model name")]
        processor = lines[0].split(":")[1].strip() if lines else processor
    name = "cpu" if device.type == "cpu" else torch.get_device_module(device).get_device_name()
    return f"{available_cpus()} × {processor}, {count_threads(torch.get_num_threads())}, {name}"


def write_records(path, records):
    """Write ``records`` as JSON with one record a line, whole or not at all."""
    lines = ",\n".join(json.dumps(record, ensure_ascii=False) for record in records)
    part = path.with_suffix(".part")
    part.write_text(f"[\n{lines}\n]\n", encoding="utf-8")
    part.replace(path)
