"""How much memory notebooks need, sampled while the tests run them, against what Binder gives."""

import threading

import psutil

BINDER_MEGABYTES = 2048  # of a machine there
LAB_MEGABYTES = 250  # JupyterLab without its kernels; a test measures that it stays below


def measure_pss(process):
    """Return the memory of a ``psutil.Process`` in megabytes; what it shares with others counts in part (Linux)."""
    return process.memory_full_info().pss / 1e6


class KernelWatch(threading.Thread):
    """Samples the memory of each kernel that this process started every few ``seconds``, and keeps the peak."""

    def __init__(self, seconds=1.0):
        super().__init__(daemon=True)
        self.seconds, self.peak, self.stop = seconds, 0.0, threading.Event()

    def run(self):
        while not self.stop.wait(self.seconds):
            for process in psutil.Process().children():
                try:
                    if any("ipykernel" in word for word in process.cmdline()):
                        self.peak = max(self.peak, measure_pss(process))
                except psutil.Error:  # it has just ended
                    continue

    def finish(self):
        """Stop sampling; return what a kernel and JupyterLab need together, or 0 if no kernel ran."""
        self.stop.set()
        self.join()
        return self.peak + LAB_MEGABYTES if self.peak else 0.0
