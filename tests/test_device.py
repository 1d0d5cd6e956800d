import random
import re

import pytest
import torch

from lenet_utils import device
from lenet_utils.device import available_cpus, cap_threads, pick_device, seed_everything
from lenet_utils.models import LeNet5


@pytest.fixture
def hardware(monkeypatch):
    """Return a function that makes torch find these kinds of accelerators and no others."""

    def pretend(*kinds):
        for name, module in [("cuda", torch.cuda), ("xpu", torch.xpu), ("mps", torch.backends.mps)]:
            monkeypatch.setattr(module, "is_available", lambda name=name: name in kinds)
        monkeypatch.setattr(torch.cuda, "get_device_name", lambda: "Some CUDA GPU")
        monkeypatch.setattr(torch.xpu, "get_device_name", lambda: "Some Intel GPU")

    return pretend


@pytest.fixture
def ten_cpus(monkeypatch):
    """Let the operating system grant this process ten CPUs."""
    monkeypatch.setattr(device.os, "sched_getaffinity", lambda pid: set(range(10)), raising=False)


@pytest.mark.parametrize(
    ("kinds", "line"),
    [
        (("cuda", "xpu", "mps"), "Device: cuda (Some CUDA GPU)"),
        (("cuda",), "Device: cuda (Some CUDA GPU)"),
        (("xpu", "mps"), "Device: xpu (Some Intel GPU)"),
        (("mps",), "Device: mps (Apple GPU)"),
    ],
)
def test_pick_device_prefers_cuda_then_xpu_then_mps(kinds, line, hardware, capsys):
    hardware(*kinds)
    assert pick_device() == torch.device(kinds[0])
    assert capsys.readouterr().out == line + "\n"


def test_pick_device_falls_back_to_the_cpu_and_prints_its_threads(hardware, capsys):
    hardware()
    assert pick_device() == torch.device("cpu")
    assert re.fullmatch(rf"Device: cpu \({torch.get_num_threads()} threads?\)\n", capsys.readouterr().out)


def test_a_quiet_pick_device_prints_nothing(hardware, capsys):
    hardware("cuda")
    assert pick_device(quiet=True) == torch.device("cuda")
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize(("granted", "threads"), [(2, 2), (8, 3)])
def test_cap_threads_lowers_the_number_and_never_raises_it(granted, threads, monkeypatch):
    monkeypatch.setattr(device, "available_cpus", lambda: granted)
    torch.set_num_threads(3)
    try:
        assert cap_threads() == torch.get_num_threads() == threads
    finally:
        torch.set_num_threads(1)


@pytest.mark.parametrize(
    ("cpu_max", "cpus"),
    [
        ("200000 100000\n", 2),
        ("150000 100000\n", 2),
        ("50000 100000\n", 1),
        ("1000 100000\n", 1),
        ("9900000 100000\n", 10),
        ("max 100000\n", 10),
    ],
)
def test_a_cgroup_v2_quota_caps_the_cpus(cpu_max, cpus, tmp_path, ten_cpus):
    (tmp_path / "cpu.max").write_text(cpu_max)
    assert available_cpus(tmp_path) == cpus


@pytest.mark.parametrize(("quota", "cpus"), [("300000\n", 3), ("50000\n", 1), ("-1\n", 10)])
def test_a_cgroup_v1_quota_caps_the_cpus(quota, cpus, tmp_path, ten_cpus):
    (tmp_path / "cpu").mkdir()
    (tmp_path / "cpu/cpu.cfs_quota_us").write_text(quota)
    (tmp_path / "cpu/cpu.cfs_period_us").write_text("100000\n")
    assert available_cpus(tmp_path) == cpus


def test_without_a_quota_the_affinity_counts(tmp_path, ten_cpus):
    assert available_cpus(tmp_path) == 10


def test_without_affinity_all_cpus_count(tmp_path, monkeypatch):
    monkeypatch.delattr(device.os, "sched_getaffinity", raising=False)
    monkeypatch.setattr(device.os, "cpu_count", lambda: 7)
    assert available_cpus(tmp_path) == 7


def test_the_random_seed_decides_the_initial_weights():
    def weights(seed):
        seed_everything(seed)
        return LeNet5().c1.weight

    assert torch.equal(weights(3), weights(3))
    assert not torch.equal(weights(3), weights(4))


def test_the_random_seed_decides_the_random_numbers_of_python():
    def number(seed):
        seed_everything(seed)
        return random.random()

    assert number(3) == number(3) != number(4)
