"""What pytest needs to know before it collects anything, and what it watches while notebooks run."""

import os
import threading
from pathlib import Path

import psutil

BINDER_MEGABYTES = 2048  # what a session there gets
LAB_MEGABYTES = 200  # JupyterLab itself; a test measures it


def pytest_configure(config):
    """Give nbval the sanitiser by its absolute path: in a settings file it would depend on where pytest is started."""
    if config.option.nbval_sanitize_with is None:
        config.option.nbval_sanitize_with = str(Path(__file__).parent / "tests" / "nbval_sanitize.cfg")
    if hasattr(os, "fork") and Path("/proc/self/smaps_rollup").exists():
        config.kernels = KernelWatch()
        config.kernels.start()


def pytest_sessionfinish(session):
    """Fail the run where a notebook's kernel, with JupyterLab beside it, needs more than Binder has."""
    watch = getattr(session.config, "kernels", None)
    if watch:
        watch.stop.set()
        watch.join()
        if watch.peak + LAB_MEGABYTES > BINDER_MEGABYTES:
            session.exitstatus = 1


def pytest_terminal_summary(terminalreporter, config):
    watch = getattr(config, "kernels", None)
    if watch and watch.peak:
        need = watch.peak + LAB_MEGABYTES
        verdict = "within" if need <= BINDER_MEGABYTES else "MORE THAN"
        terminalreporter.write_line(
            f"A kernel and JupyterLab need {need:.0f} MB at most, {verdict} the {BINDER_MEGABYTES} MB of Binder"
        )


class KernelWatch(threading.Thread):
    """Samples the memory (PSS, in megabytes) of the kernels that this process started, and keeps the peak."""

    def __init__(self):
        super().__init__(daemon=True)
        self.peak, self.stop = 0.0, threading.Event()

    def run(self):
        while not self.stop.wait(1.0):
            for process in psutil.Process().children():
                try:
                    if any("ipykernel" in word for word in process.cmdline()):
                        self.peak = max(self.peak, process.memory_full_info().pss / 1e6)
                except psutil.Error:  # it has just ended
                    continue
