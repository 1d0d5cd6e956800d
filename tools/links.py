"""Put the repository's address and tag into every link: ``python tools/links.py [--repo owner/name] [--tag v1.0]``.

Both stand in pyproject.toml alone. From there this writes the launch badges of README and notebooks, the notebooks'
setup cells and CITATION.cff; a test fails where one differs. With options it changes pyproject.toml first.
"""

import argparse
import re
import sys
import tomllib

import nbformat

from execute import ROOT, code_cells, find_notebooks, write_notebook

PYPROJECT = ROOT / "pyproject.toml"
README = ROOT / "README.md"
CITATION = ROOT / "CITATION.cff"
FIRST = "01_architecture"  # the notebook that README's badges open
GITHUB = "https://github.com/"
README_BADGES = re.compile(r"(<!-- badges -->\n).*?(<!-- /badges -->)", re.DOTALL)

# What a learner sees at the top of every notebook. It prints nothing when all is well, and never touches torch.
# A clone's own code comes first on the path, whatever is installed.
SETUP = """\
# Find the course's package: in a clone it lies above this notebook; where the notebook is alone (Colab), fetch it once.
import sys
from importlib.util import find_spec
from pathlib import Path

clone, address = Path("lenet-course").resolve(), "{address}"
clone = next((folder for folder in Path.cwd().parents if (folder / "lenet_utils").is_dir()), clone)
if not clone.is_dir() and not find_spec("lenet_utils"):
{stop}    !pip install --quiet --no-deps torchinfo
    !git -c advice.detachedHead=false clone --quiet --depth 1 --branch {tag} {{address}} lenet-course
    if not clone.is_dir():
        raise RuntimeError(f"Could not fetch the course from {{address}}; the lines above say why.")
sys.path.insert(0, str(clone))"""
# Stands there until there is an address; GitHub allows no underscore in an owner's name.
STOP = """\
    if "_" in address.split("/")[3]:
        raise RuntimeError("The course's address is not set yet: open this notebook in a clone of the course.")
"""


def read_address():
    """Return the repository as "owner/name", and the tag, from pyproject.toml."""
    project = tomllib.loads(PYPROJECT.read_text(encoding="utf-8"))
    return project["project"]["urls"]["Repository"].removeprefix(GITHUB), project["tool"]["lenet"]["tag"]


def setup_cell():
    """Return the source of the code cell tagged ``setup``, the same in every notebook."""
    repo, tag = read_address()
    return SETUP.format(address=GITHUB + repo, tag=tag, stop=STOP if "_" in repo.split("/")[0] else "")


def badges(notebook_name):
    """Return the line of badges that open the notebook, e.g. "01_architecture", on Colab and Binder."""
    repo, tag = read_address()
    colab = f"https://colab.research.google.com/github/{repo}/blob/{tag}/notebooks/{notebook_name}.ipynb"
    binder = f"https://mybinder.org/v2/gh/{repo}/{tag}?urlpath=lab/tree/notebooks/{notebook_name}.ipynb"
    return (
        f"[![Open in Colab](https://colab.research.google.com/assets/colab-badge.svg)]({colab}) "
        f"[![Launch on Binder](https://mybinder.org/badge_logo.svg)]({binder})"
    )


def top_line(notebook_name):
    """Return the line below a notebook's title: the badges, and the way to the Chinese edition."""
    return f"{badges(notebook_name)} [简体中文](zh/{notebook_name}.ipynb)"


def write_address(repo, tag):
    """Change the repository, the tag or both in pyproject.toml; what is None stays."""
    text = PYPROJECT.read_text(encoding="utf-8")
    if repo:
        text = re.sub(r'(?m)^Repository = ".*"$', f'Repository = "{GITHUB}{repo}"', text)
    if tag:
        text = re.sub(r'(?m)^tag = ".*"$', f'tag = "{tag}"', text)
    PYPROJECT.write_text(text, encoding="utf-8", newline="\n")


def link_notebook(notebook, name):
    """Put badges below the title in the first cell, and the setup code into the cell tagged ``setup``."""
    setup = [cell for cell in code_cells(notebook) if "setup" in cell.metadata.get("tags", [])]
    title, *lines = notebook.cells[0].source.splitlines() or [""]
    if len(setup) != 1 or notebook.cells[0].cell_type != "markdown" or not title.startswith("# "):
        raise SystemExit(f"{name}: it needs a Markdown cell with a # title first, and one code cell tagged setup")
    setup[0].source = setup_cell()
    if lines and lines[0].startswith("[![Open in Colab]"):
        lines = lines[1:]
    if lines and lines[0]:
        lines = ["", *lines]  # or the text would go on in the badges' line
    notebook.cells[0].source = "\n".join([title, top_line(name), *lines])


def link_readme(text):
    """Return README's text with the badges between their two markers."""
    if not README_BADGES.search(text):
        raise SystemExit("README.md: the badges' place is missing, the lines <!-- badges --> and <!-- /badges -->")
    return README_BADGES.sub(lambda found: f"{found[1]}{badges(FIRST)}\n{found[2]}", text)


def link_citation(text):
    """Return CITATION.cff's text with the repository's address."""
    return re.sub(r"(?m)^repository-code: .*$", f"repository-code: {GITHUB}{read_address()[0]}", text)


def parse_arguments(arguments):
    def repository(value):
        # GitHub: letters, digits and hyphens for an owner; also dots and underscores for a repository.
        if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9-]*/[A-Za-z0-9._-]+", value):
            raise argparse.ArgumentTypeError(f"{value!r} is not owner/name of a GitHub repository")
        return value

    def revision(value):
        if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._-]*", value):
            raise argparse.ArgumentTypeError(f"{value!r} is not a plain tag such as v1.0")
        return value

    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--repo", type=repository, help="the repository on GitHub, as owner/name")
    parser.add_argument("--tag", type=revision, help="the tag that Colab and Binder fetch")
    return parser.parse_args(arguments)


def main(arguments):
    options = parse_arguments(arguments)
    write_address(options.repo, options.tag)
    changed = 0
    for path in find_notebooks():
        before = nbformat.read(path, as_version=4)
        notebook = nbformat.read(path, as_version=4)
        link_notebook(notebook, path.stem)
        if notebook != before:  # else the file stays as it is, to the byte
            write_notebook(notebook, path)
            changed += 1
    text = README.read_text(encoding="utf-8")
    README.write_text(link_readme(text), encoding="utf-8", newline="\n")
    text = CITATION.read_text(encoding="utf-8")
    CITATION.write_text(link_citation(text), encoding="utf-8", newline="\n")
    repo, tag = read_address()
    print(f"Links lead to {GITHUB}{repo} at {tag}; {changed} notebooks changed")


if __name__ == "__main__":
    main(sys.argv[1:])
