"""What `make bench` measures is what it says, and what it measured keeps the course's promises."""

import json
from statistics import median

import pytest
import torch

import bench
import levers
from lenet_utils.experiments.recipes import REFERENCE
from lenet_utils.results import compare_rounds, read_results

SLOW = "DataLoader, no workers"


@pytest.fixture(scope="module")
def measured():
    return read_results("bench")


def test_an_epoch_is_fast_beside_the_conventional_loop_and_beside_its_own_network(measured):
    assert compare_rounds(measured["seconds"], SLOW, "fit") >= 2.5
    assert compare_rounds(measured["close"], "fit", "one resident batch") <= 1.06
    assert compare_rounds(measured["close"], "fit, distorted", "fit") <= 1.30


def test_accuracy_comes_soon(measured):
    assert REFERENCE["epochs"] * compare_rounds(measured["seconds"], SLOW, "shortest") >= 10
    assert median(measured["seconds"]["fast"]) <= 60


def test_all_of_mnist_fits_into_900_mb(measured):
    assert measured["memory_mb"]["fit"] < 900


def test_more_threads_larger_batches_and_more_images_are_all_on_file(measured):
    assert list(measured["by_images"]) == [str(size) for size in bench.SIZES]
    for by_batch in measured["by_threads_and_batch"].values():
        assert list(by_batch) == [str(size) for size in bench.BATCH_SIZES]


def test_ways_take_turns():
    calls = []
    ways = {name: lambda name=name: calls.append(name) for name in "ab"}
    seconds = bench.measure(ways, 3)
    assert calls == list("abbaab")
    assert [len(values) for values in seconds.values()] == [3, 3]


def test_a_run_writes_the_file_that_is_read(tmp_path, monkeypatch, measured):
    def pretend(ways, rounds):
        return {name: [1.0] * rounds for name in ways}

    threads = {1: {size: [1.0] for size in bench.BATCH_SIZES}}
    monkeypatch.setattr(bench, "measure", pretend)
    monkeypatch.setattr(bench, "measure_threads", lambda data, rounds: threads)
    monkeypatch.setattr(bench, "measure_memory", lambda way: 500.0)
    monkeypatch.setattr(bench, "FILE", tmp_path / "bench.json")
    monkeypatch.setattr("sys.argv", ["bench.py", "--rounds", "2"])
    bench.main()
    written = json.loads((tmp_path / "bench.json").read_text())
    assert {key: list(written[key]) for key in ("seconds", "close", "by_images")} == {
        key: list(measured[key]) for key in ("seconds", "close", "by_images")
    }
    assert set(written) == set(measured)
    assert len(written["seconds"]["fit"]) == 2


def test_the_floor_takes_as_many_steps_as_it_is_told(digits, monkeypatch):
    model, optimizer = bench.make_model(torch.device("cpu"))
    steps = []
    monkeypatch.setattr(optimizer, "step", lambda: steps.append(1))
    monkeypatch.setattr(bench, "make_model", lambda device: (model, optimizer))
    bench.make_floor(digits, 7)()
    assert len(steps) == 7


def test_the_conventional_loop_trains_on_enlarged_scaled_digits(monkeypatch):
    seen = []
    model, optimizer = bench.make_model(torch.device("cpu"))
    monkeypatch.setattr(bench, "make_model", lambda device: (model, optimizer))

    def stop(*_):
        raise KeyboardInterrupt

    model.register_forward_pre_hook(lambda _, inputs: seen.append(inputs[0]))
    monkeypatch.setattr(optimizer, "step", stop)
    with pytest.raises(KeyboardInterrupt):
        bench.make_conventional(torch.device("cpu"), 0)()
    assert seen[0].shape == (64, 1, 32, 32)
    assert abs(seen[0].mean()) < 0.1 and abs(seen[0].std() - 1) < 0.1


@pytest.mark.parametrize("name", [name for name in levers.LEVERS if name not in ("torch.compile", "bfloat16")])
def test_every_variant_of_the_step_trains_the_same_network(name, mnist):
    options, _ = levers.LEVERS[name]
    options = {key: value for key, value in options.items() if key not in ("optimizer", "batch_size")}
    loss, right = (levers.make_step(mnist.train, **chosen)() for chosen in (options, {}))
    assert loss == pytest.approx(right, rel=1e-4)


def test_each_lever_is_compared_with_one_that_is_there():
    recorded = {lever["lever"]: lever["compared_with"] for lever in read_results("levers")["levers"]}
    assert recorded == {name: base for name, (_, base) in levers.LEVERS.items()}
    kept = [lever for lever in read_results("levers")["levers"] if lever["compared_with"] == levers.BEFORE]
    assert all(lever["gain"] >= 1.05 for lever in kept)
