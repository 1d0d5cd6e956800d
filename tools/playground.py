"""Write the playground's page for each trained network: build/playground/NAME.html, to be opened in any browser."""

from pathlib import Path

from lenet_utils.playground import playground
from weights import load_classifiers


def main(folder):
    """Write the pages to ``folder``."""
    folder.mkdir(parents=True, exist_ok=True)
    for file, (model, _, _) in load_classifiers().items():
        page = folder / Path(file).with_suffix(".html")
        playground(model).save(page)
        print(f"{page}: {page.stat().st_size // 1000} kB")


if __name__ == "__main__":
    main(Path("build") / "playground")
