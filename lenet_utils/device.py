"""Where the tensors live, how many threads work on them, and from which random numbers they start."""

import math
import os
import random
from pathlib import Path

import torch


def pick_device(*, quiet=False):
    """Return the best device this machine has, as a ``torch.device``: cuda, else xpu, else mps, else cpu.

    On a CPU the number of threads is capped at what the machine (or the container's quota) really grants.
    Prints one line that names the choice, unless ``quiet``.
    """
    if torch.cuda.is_available():
        device, name = torch.device("cuda"), torch.cuda.get_device_name()
    elif torch.xpu.is_available():
        device, name = torch.device("xpu"), torch.xpu.get_device_name()
    elif torch.backends.mps.is_available():
        device, name = torch.device("mps"), "Apple GPU"
    else:
        device, name = torch.device("cpu"), count_threads(cap_threads())
    if not quiet:
        print(f"Device: {device.type} ({name})")
    return device


def cap_threads():
    """Let torch use no more threads than there are CPUs for this process; return the number."""
    torch.set_num_threads(min(torch.get_num_threads(), available_cpus()))
    return torch.get_num_threads()


def count_threads(number):
    """Return ``number`` in words: "1 thread", "2 threads"."""
    return f"{number} thread" if number == 1 else f"{number} threads"


def available_cpus(cgroup=Path("/sys/fs/cgroup")):
    """Return the number of CPUs this process may use: its affinity, capped by the container's quota.

    A container may see all cores of its host and be granted two. Threads beyond the quota only get in each
    other's way. Reads cgroup v2 (``cpu.max``) and v1 (``cpu.cfs_quota_us``); other systems have neither.
    """
    if hasattr(os, "sched_getaffinity"):
        cpus = len(os.sched_getaffinity(0))
    else:
        cpus = os.cpu_count() or 1
    if (cgroup / "cpu.max").is_file():
        quota, period = (cgroup / "cpu.max").read_text().split()
    elif (cgroup / "cpu/cpu.cfs_quota_us").is_file():
        quota = (cgroup / "cpu/cpu.cfs_quota_us").read_text().strip()
        period = (cgroup / "cpu/cpu.cfs_period_us").read_text().strip()
    else:
        return cpus
    if quota in ("max", "-1"):
        return cpus
    return max(1, min(cpus, math.ceil(int(quota) / int(period))))


def seed_everything(seed):
    """Seed every generator that a model's initial weights may come from: Python's and torch's, on all devices."""
    random.seed(seed)
    torch.manual_seed(seed)
