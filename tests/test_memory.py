"""The watch over the kernels' memory sees a kernel, and its peak."""

from pathlib import Path

import pytest
from jupyter_client.manager import start_new_kernel

import memory


@pytest.mark.skipif(not Path("/proc/self/smaps_rollup").exists(), reason="only Linux says what a process shares")
def test_a_kernels_peak_is_seen():
    watch = memory.KernelWatch(seconds=0.05)
    watch.start()
    manager, client = start_new_kernel(kernel_name="python3", extra_arguments=["--IPKernelApp.log_level=ERROR"])
    client.execute_interactive("block = b'x' * 300_000_000", store_history=False)
    client.stop_channels()
    manager.shutdown_kernel(now=True)
    assert 300 < watch.finish() - memory.LAB_MEGABYTES < 600


def test_without_a_kernel_there_is_nothing_to_say():
    watch = memory.KernelWatch()
    watch.start()
    assert watch.finish() == 0
