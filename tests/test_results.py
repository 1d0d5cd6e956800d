"""What the experiments recorded is what the code, the notebooks and README say."""

import importlib
import json
import types
from statistics import mean, median

import nbformat
import pytest
import torch

from lenet_utils.data import ASSETS
from lenet_utils.experiments import reading_strings, recipes
from lenet_utils.experiments.records import measure_missing
from lenet_utils.results import collect, describe, read_results

EXPERIMENTS = [
    "mnist_steps", "mnist_test", "why_convolution", "fashion_steps", "fashion_test",
    "lenet1998_test", "lenet1998_protocol", "lenet1998_choices", "lenet1998_sizes", "reading_strings",
]  # fmt: skip


@pytest.mark.parametrize("name", EXPERIMENTS)
def test_every_setting_and_seed_is_on_file_with_the_codes_recipe(name):
    experiment = importlib.import_module(f"lenet_utils.experiments.{name}")
    on_file = {(record["setting"], record["seed"]): record["recipe"] for record in read_results(name)}
    wanted = {(name, seed): recipe for name, recipe in experiment.SETTINGS.items() for seed in experiment.SEEDS}
    assert on_file == wanted


def test_notebook_02_uses_the_recorded_recipes():
    notebook = nbformat.read(ASSETS.parent / "notebooks" / "02_mnist_training.ipynb", 4)
    source = next(cell.source for cell in notebook.cells if cell.source.startswith("SEED ="))
    names = {}
    exec(source, names)
    for recipe in (recipes.REFERENCE, recipes.BETTER):
        assert (names["EPOCHS"], names["BATCH_SIZE"]) == (recipe["epochs"], recipe["batch_size"])
    assert names["LR"] == recipes.REFERENCE["lr"]
    assert (names["PEAK_LR"], names["MOMENTUM"]) == (recipes.BETTER["lr"], recipes.BETTER["momentum"])
    assert names["DISTORTIONS"] == recipes.BETTER["distortions"]


def test_notebook_03_uses_the_recorded_recipe():
    notebook = nbformat.read(ASSETS.parent / "notebooks" / "03_fashion_mnist.ipynb", 4)
    source = next(cell.source for cell in notebook.cells if "\nSEED =" in cell.source)
    names = {}
    exec("\n".join(line for line in source.splitlines() if line.split(" ")[0].strip(",").isupper()), names)
    recipe = recipes.FASHION_BETTER
    assert (names["EPOCHS"], names["BATCH_SIZE"]) == (recipe["epochs"], recipe["batch_size"])
    assert (names["PEAK_LR"], names["MOMENTUM"]) == (recipe["lr"], recipe["momentum"])
    assert names["WEIGHT_DECAY"] == recipe["weight_decay"]


def test_notebook_07_uses_the_recorded_recipe():
    notebook = nbformat.read(ASSETS.parent / "notebooks" / "07_reading_numbers.ipynb", 4)
    source = next(cell.source for cell in notebook.cells if "\nSTEPS, BATCH_SIZE, LR =" in cell.source)
    line = next(line for line in source.splitlines() if line.startswith("STEPS"))
    recipe = reading_strings.STRINGS
    assert line == f"STEPS, BATCH_SIZE, LR = {recipe['steps']}, {recipe['batch_size']}, {recipe['lr']}"


def test_the_course_reaches_what_it_promises():
    accuracy = {setting: mean(values) for setting, values in collect("mnist_test", "test_accuracy").items()}
    assert accuracy["reference"] >= 0.986
    assert accuracy["better"] >= 0.9905  # LeNet-5 in 1998
    assert accuracy["shortest"] >= 0.9834  # the reference log
    assert median(collect("mnist_test", "test_accuracy")["fast"]) >= 0.9905
    fashion = {setting: mean(values) for setting, values in collect("fashion_test", "test_accuracy").items()}
    assert fashion["sigmoid"] >= 0.903  # the reference network reached 0.873
    assert fashion["better"] >= 0.913


def test_notebook_06_uses_the_recorded_recipe():
    notebook = nbformat.read(ASSETS.parent / "notebooks" / "06_lenet5_1998.ipynb", 4)
    source = next(cell.source for cell in notebook.cells if cell.source.startswith("SEED ="))
    names = {}
    exec(source, names)
    recipe = recipes.PAPER
    assert (names["BATCH_SIZE"], names["PEAK_LR"], names["MOMENTUM"], names["J"]) == (
        recipe["batch_size"], recipe["lr"], recipe["momentum"], recipe["j"],
    )  # fmt: skip


def test_the_network_of_1998_is_at_least_as_good_as_it_was_then():
    errors = {setting: mean(values) for setting, values in collect("lenet1998_test", "test_error").items()}
    assert errors["without distortions"] <= 0.0095
    assert errors["with distortions"] <= 0.0070


def test_rows_of_digits_are_read():
    digits, rows = (mean(collect("reading_strings", key)["strings"]) for key in ("digits", "strings"))
    assert digits >= 0.975 and rows >= 0.90


def test_the_recipes_of_the_record_are_followed(monkeypatch):
    seen = {}
    monkeypatch.setattr(recipes, "fit", lambda model, data, **options: seen.update(options))
    recipes.train(lambda: torch.nn.Linear(2, 2), recipes.BETTER, "data", 3, torch.device("cpu"))
    group = seen["optimizer"].param_groups[0]
    assert isinstance(seen["optimizer"], torch.optim.SGD)
    assert (group["lr"], group["momentum"], group["nesterov"]) == (0.1, 0.9, True)
    assert (seen["epochs"], seen["batch_size"], seen["seed"]) == (5, 64, 3)
    assert seen["augment"].keywords == recipes.BETTER["distortions"] and seen["schedule"] is recipes.one_cycle
    model, _ = recipes.train(lambda: torch.nn.Linear(2, 2), recipes.FASHION_BETTER, "data", 3, torch.device("cpu"))
    assert not model.bias.any()  # Xavier
    assert seen["optimizer"].param_groups[0]["weight_decay"] == 5e-4 and seen["augment"] is recipes.random_flip


def make_experiment(settings, seeds=(0, 1), stop_at=None):
    calls = []

    def measure(recipe, seed, device):
        calls.append((recipe["lr"], seed))
        if len(calls) == stop_at:
            raise KeyboardInterrupt
        return {"loss": recipe["lr"] * seed}

    return types.SimpleNamespace(__name__="x.toy", SETTINGS=settings, SEEDS=seeds, measure=measure), calls


def test_only_what_is_missing_or_stale_is_measured(tmp_path):
    experiment, calls = make_experiment({"a": {"lr": 1}, "b": {"lr": 2}})
    measure_missing(experiment, torch.device("cpu"), tmp_path)
    assert len(calls) == 4
    measure_missing(experiment, torch.device("cpu"), tmp_path)
    assert len(calls) == 4

    experiment.SETTINGS["b"] = {"lr": 3}
    measure_missing(experiment, torch.device("cpu"), tmp_path)
    assert calls[4:] == [(3, 0), (3, 1)]
    records = json.loads((tmp_path / "toy.json").read_text())
    assert {(r["setting"], r["seed"], r["recipe"]["lr"]) for r in records} == {
        ("a", 0, 1), ("a", 1, 1), ("b", 0, 3), ("b", 1, 3),
    }  # fmt: skip
    assert all(record["machine"] and record["versions"]["torch"] and record["date"] for record in records)


def test_an_interrupted_experiment_keeps_what_it_has(tmp_path):
    experiment, calls = make_experiment({"a": {"lr": 1}, "b": {"lr": 2}}, stop_at=3)
    with pytest.raises(KeyboardInterrupt):
        measure_missing(experiment, torch.device("cpu"), tmp_path)
    assert len(json.loads((tmp_path / "toy.json").read_text())) == 2
    measure_missing(experiment, torch.device("cpu"), tmp_path)
    assert calls == [(1, 0), (2, 0), (1, 1), (1, 1), (2, 1)]  # the third one is made up for, nothing is made twice


def test_spread_in_percent():
    assert describe([0.99, 0.992]) == "99.10 ± 0.14 %"


def test_an_unknown_result_names_the_known_ones():
    with pytest.raises(FileNotFoundError, match="mnist_test"):
        read_results("mnist_tset")
