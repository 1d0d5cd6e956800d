"""Run the whole course without a browser: ``python tools/run_course.py``.

Each notebook runs in a clean kernel; the executed copies and pages to read go to build/, the notebooks themselves stay
as they are. At the end stands a table of what was reached. A notebook says so in its closing cells, by printing
lines that start with "Reached: ". One that fails is reported, the rest still run, and the exit code is 1.
"""

import sys

from jinja2 import DictLoader
from nbconvert import HTMLExporter

from execute import ROOT, code_cells, find_notebooks, run_notebook, write_notebook

BUILD = ROOT / "build"
REACHED = "Reached: "

# nbconvert's page, but for three things. It would load require.js (for widgets, which the course has none of) and the
# drawing library Mermaid from the web, and it forgets the pictures' alt texts. What it still loads from the web is
# MathJax, which sets the formulas; with no network they show as TeX.
PAGE = """{% extends "lab/index.html.j2" %}
{% block html_head_js %}{% endblock %}
{% block html_head_js_mermaidjs %}{% endblock %}
{% block data_png scoped %}
<div class="jp-RenderedImage jp-OutputArea-output {{ extra_class }}">
<img src="data:image/png;base64,{{ output.data["image/png"] | escape_html }}"
alt="{{ (output | get_metadata("alt", "image/png") or "") | escape_html }}">
</div>
{% endblock %}
"""


def find_reached(notebook):
    """Return what the notebook's outputs say was reached, a string for each line that starts with "Reached: "."""
    streams = [
        output.text for cell in code_cells(notebook) for output in cell.outputs if output.get("name") == "stdout"
    ]
    lines = "\n".join(streams).splitlines()
    return [line.removeprefix(REACHED).strip() for line in lines if line.startswith(REACHED)]


def write_page(notebook, name, folder):
    """Write the notebook ``name`` as one HTML file that holds its pictures and its style."""
    exporter = HTMLExporter(extra_loaders=[DictLoader({"page.html.j2": PAGE})], template_file="page.html.j2")
    page, _ = exporter.from_notebook_node(notebook, resources={"metadata": {"name": name}})
    (folder / f"{name}.html").write_text(page, encoding="utf-8", newline="\n")


def print_table(rows):
    """Print a line for each thing reached: ``rows`` are (notebook, seconds, [what was reached])."""
    width = max(len(name) for name, _, _ in rows)
    print(f"\n{'notebook':<{width}}  seconds  reached")
    for name, seconds, reached in rows:
        first, *rest = reached or ["-"]
        print(f"{name:<{width}}  {seconds:7.1f}  {first}")
        for line in rest:
            print(" " * (width + 11) + line)
    print(f"{'all':<{width}}  {sum(seconds for _, seconds, _ in rows):7.1f}")


def main(paths, folder=BUILD):
    if not paths:
        print("There are no notebooks to run.")
        return 1
    folder.mkdir(exist_ok=True)
    rows, failed = [], 0
    for number, path in enumerate(paths, 1):
        print(f"[{number}/{len(paths)}] {path.stem}: ", end="", flush=True)
        notebook, seconds, error = run_notebook(path)
        reached = find_reached(notebook)
        if error:
            failed += 1
            reached.append(f"FAILED in {error}")
        print(reached[-1] if error else f"done in {seconds:.1f} s", flush=True)
        write_notebook(notebook, folder / path.name)
        write_page(notebook, path.stem, folder)
        rows.append((path.stem, seconds, reached))
    print_table(rows)
    print(f"\nThe executed notebooks, to read: {folder.name}/*.html")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.stdout.reconfigure(errors="replace")  # a Windows console may know no × or ≈
    sys.exit(main(find_notebooks()))
