"""What pytest needs to know before it collects anything."""

from pathlib import Path


def pytest_configure(config):
    """Give nbval the sanitiser by its absolute path: in a settings file it would depend on where pytest is started."""
    if config.option.nbval_sanitize_with is None:
        config.option.nbval_sanitize_with = str(Path(__file__).parent / "tests" / "nbval_sanitize.cfg")
