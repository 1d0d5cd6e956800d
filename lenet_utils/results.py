"""Measured results, read from assets/results, where ``lenet_utils.experiments`` and ``make bench`` put them."""

import json
from statistics import mean, median, stdev

from lenet_utils.data import ASSETS

RESULTS = ASSETS / "results"


def read_results(name):
    """Return the records of the experiment ``name``: dicts with setting, seed, recipe, result, machine and date.

    "bench" and "levers", which ``make bench`` writes, are a dict each.
    """
    path = RESULTS / f"{name}.json"
    if not path.is_file():
        known = ", ".join(sorted(file.stem for file in RESULTS.glob("*.json")))
        raise FileNotFoundError(
            f"no results called {name!r}; there are {known}. To measure: python -m lenet_utils.experiments {name}"
        )
    return json.loads(path.read_text(encoding="utf-8"))


def collect(name, key):
    """Return {setting: [the result called ``key``, one for each random seed]} of the experiment ``name``.

    Settings for which ``key`` was not measured are left out.
    """
    values = {}
    for record in sorted(read_results(name), key=lambda record: record["seed"]):
        if key in record["result"]:
            values.setdefault(record["setting"], []).append(record["result"][key])
    if not values:
        raise KeyError(f"no record of {name} has a result called {key!r}")
    return values


def compare_rounds(seconds, way, other):
    """Return how many times as long ``way`` took as ``other``: the median of the ratios round by round.

    ``seconds``: {way: [seconds of each round]}.
    """
    pairs = zip(seconds[way], seconds[other], strict=True)
    return median(a / b for a, b in pairs)


def describe(fractions):
    """Return the mean ± the standard deviation of some fractions, in percent, e.g. "99.10 ± 0.04 %"."""
    return f"{mean(fractions):.2%} ± {stdev(fractions) * 100:.2f}".replace("%", "") + " %"
