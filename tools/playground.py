"""Write the playground's page for each trained network: build/playground/NAME.html, to be opened in any browser."""

from functools import partial
from pathlib import Path

from lenet_utils.checkpoints import load_weights
from lenet_utils.data import ASSETS
from lenet_utils.models import FashionLeNet, LeNet5, LeNet1998
from lenet_utils.playground import playground

NETWORKS = {"lenet5": LeNet5, "lenet1998": LeNet1998, "fashion_lenet": partial(FashionLeNet, "relu", everywhere=True)}


def main(folder):
    """Write the pages to ``folder``."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, make_model in NETWORKS.items():
        page = folder / f"{name}.html"
        playground(load_weights(make_model(), ASSETS / "weights" / f"{name}.pt")).save(page)
        print(f"{page}: {page.stat().st_size // 1000} kB")


if __name__ == "__main__":
    main(Path("build") / "playground")
