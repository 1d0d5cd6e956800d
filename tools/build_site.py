"""Turn the executed notebooks into a static site: build/site, to be opened from disk or served under any path."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import nbformat

import playground
import readme
import translations
from execute import ROOT, code_cells, find_notebooks, write_notebook
from phrases import say_in_chinese

SOURCE, TARGET = Path("build") / "site-source", Path("build") / "site"
# Where a page's other language lies, from the page; and what the link to it says.
ENGLISH = {"notebooks": find_notebooks, "site": ROOT / "site", "switch": "简体中文", "up": "../zh/"}
CHINESE = {
    "notebooks": lambda: [translations.FOLDER / path.name for path in find_notebooks()],
    "site": ROOT / "site" / "zh", "switch": "English", "up": "../../",
}  # fmt: skip


def prepare_notebook(notebook, name, edition):
    """Return ``notebook`` for the site: without setup cell and badges, its alt texts where myst-nb looks for them."""
    link = f'<a href="{edition["up"]}notebooks/{name}.html">{edition["switch"]}</a>'
    notebook.cells[0].source = re.sub(r"(?m)^\[!\[Open in Colab\].*$", link, notebook.cells[0].source)
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


def prepare(source, edition):
    """Write what Sphinx reads for one edition to the folder ``source``."""
    shutil.rmtree(source, ignore_errors=True)
    (source / "notebooks").mkdir(parents=True)
    (source / "_static").mkdir()
    (source / "extra").mkdir()
    names = []
    for path in edition["notebooks"]():
        notebook = prepare_notebook(nbformat.read(path, as_version=4), path.stem, edition)
        write_notebook(notebook, source / "notebooks" / path.name)
        names.append(f"notebooks/{path.stem}")
    for file in ("conf.py", "favicon.svg"):
        shutil.copy(ROOT / "site" / file, source)
    shutil.copy(ROOT / "site" / "course.css", source / "_static")
    shutil.copy(edition["site"] / "playground.md", source)
    index = (edition["site"] / "index.md").read_text(encoding="utf-8")
    (source / "index.md").write_text(index.replace("{{notebooks}}", "\n".join(names)), encoding="utf-8")
    (source / "assets").mkdir()
    for picture in (ROOT / "assets").glob("*.svg"):
        shutil.copy(picture, source / "assets")


def build(source, target, language, title):
    """Let Sphinx build one edition; a warning is an error."""
    command = [sys.executable, "-m", "sphinx", "-q", "-W", "--keep-going", "-b", "html"]
    settings = ["-D", f"language={language}", "-D", f"html_title={title}"]
    subprocess.run([*command, *settings, str(source), str(target)], check=True)


def main():
    shutil.rmtree(TARGET, ignore_errors=True)
    prepare(SOURCE / "en", ENGLISH)
    results = '# Results\n\n<a href="zh/results.html">简体中文</a>\n'
    results += f"{readme.results_table()}\n## Speed\n{readme.speed_text()}"
    (SOURCE / "en" / "results.md").write_text(results, encoding="utf-8")
    shutil.copy(ROOT / "TEACHING.md", SOURCE / "en" / "teaching.md")
    playground.main(SOURCE / "en" / "extra" / "playground")
    build(SOURCE / "en", TARGET, "en", "LeNet-5, layer by layer")
    prepare(SOURCE / "zh", CHINESE)
    results = '# 结果\n\n<a href="../results.html">English</a>\n'
    results += f"{readme.results_table()}\n## 速度\n{readme.speed_text()}"
    (SOURCE / "zh" / "results.md").write_text(say_in_chinese(results), encoding="utf-8")
    build(SOURCE / "zh", TARGET / "zh", "zh_CN", "一层一层读懂LeNet-5")
    print(f"The site: {TARGET / 'index.html'}")


if __name__ == "__main__":
    main()
