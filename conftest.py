"""What pytest needs to know before it collects anything, and what it watches while notebooks run."""

from pathlib import Path

from memory import BINDER_MEGABYTES, KernelWatch

# Cell for cell the code and the outputs of the English edition, as a test sees to: one run is enough.
collect_ignore = ["notebooks/zh"]


def pytest_configure(config):
    """Give nbval the sanitiser by its absolute path: in a settings file it would depend on where pytest is started."""
    if config.option.nbval_sanitize_with is None:
        config.option.nbval_sanitize_with = str(Path(__file__).parent / "tests" / "nbval_sanitize.cfg")
    if Path("/proc/self/smaps_rollup").exists():
        config.kernel_watch = KernelWatch()
        config.kernel_watch.start()


def pytest_sessionfinish(session):
    """Fail the run where a notebook's kernel and JupyterLab together need more than Binder has."""
    watch = getattr(session.config, "kernel_watch", None)
    session.config.megabytes = watch.finish() if watch else 0.0
    if session.config.megabytes > BINDER_MEGABYTES:
        session.exitstatus = 1


def pytest_terminal_summary(terminalreporter, config):
    if config.megabytes:
        verdict = "within" if config.megabytes <= BINDER_MEGABYTES else "MORE THAN"
        terminalreporter.write_line(
            f"A notebook's kernel and JupyterLab need {config.megabytes:.0f} MB at most, {verdict} Binder's "
            f"{BINDER_MEGABYTES} MB"
        )
