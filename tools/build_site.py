"""Turn the executed notebooks into a static site: build/site, to be opened from disk or served under any path."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import nbformat

import playground
import readme
from execute import ROOT, code_cells, find_notebooks, write_notebook

SOURCE, TARGET = Path("build") / "site-source", Path("build") / "site"


def prepare_notebook(notebook):
    """Return ``notebook`` for the site: without setup cell and badges, its alt texts where myst-nb looks for them."""
    notebook.cells[0].source = re.sub(r"(?m)^\[!\[Open in Colab\].*\n+", "", notebook.cells[0].source)
    for cell in code_cells(notebook):
        if "setup" in cell.metadata.get("tags", []):
            cell.metadata.tags.append("remove-cell")
        for output in cell.outputs:
            if alt := output.get("metadata", {}).get("image/png", {}).get("alt"):
                cell.metadata["mystnb"] = {"image": {"alt": alt}}
    for cell in notebook.cells:
        if cell.cell_type == "markdown":
            # What lies outside of the site keeps its name only.
            cell.source = re.sub(r"\[([^\]]+)\]\(\.\./[^)]*\)", r"\1", cell.source)
    return notebook


def prepare(source):
    """Write what Sphinx reads to the folder ``source``."""
    shutil.rmtree(source, ignore_errors=True)
    (source / "notebooks").mkdir(parents=True)
    (source / "_static").mkdir()
    names = []
    for path in find_notebooks():
        write_notebook(prepare_notebook(nbformat.read(path, as_version=4)), source / "notebooks" / path.name)
        names.append(f"notebooks/{path.stem}")
    for file in ("conf.py", "favicon.svg", "playground.md"):
        shutil.copy(ROOT / "site" / file, source)
    shutil.copy(ROOT / "site" / "course.css", source / "_static")
    index = (ROOT / "site" / "index.md").read_text(encoding="utf-8")
    (source / "index.md").write_text(index.replace("{{notebooks}}", "\n".join(names)), encoding="utf-8")
    results = f"# Results\n{readme.results_table()}\n## Speed\n{readme.speed_text()}"
    (source / "results.md").write_text(results, encoding="utf-8")
    shutil.copy(ROOT / "TEACHING.md", source / "teaching.md")
    (source / "assets").mkdir()
    for picture in (ROOT / "assets").glob("*.svg"):
        shutil.copy(picture, source / "assets")
    playground.main(source / "extra" / "playground")


def main():
    prepare(SOURCE)
    shutil.rmtree(TARGET, ignore_errors=True)
    command = [sys.executable, "-m", "sphinx", "-q", "-W", "--keep-going", "-b", "html", str(SOURCE), str(TARGET)]
    code = subprocess.run(command).returncode
    if code == 0:
        print(f"The site: {TARGET / 'index.html'}")
    return code


if __name__ == "__main__":
    sys.exit(main())
