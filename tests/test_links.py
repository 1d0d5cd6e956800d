"""Badges and setup cells: one address for all, and a setup cell that works wherever a notebook is opened."""

import os
import subprocess
import sys

import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

import links

LENET = "ada/lenet-course"
# Run a cell as a notebook does, "!" lines included; then say where the package is found.
RUN_CELL = """
import sys
from pathlib import Path
from IPython.core.interactiveshell import InteractiveShell
sys.path = [folder for folder in sys.path if folder and not (Path(folder) / "lenet_utils").is_dir()]
sys.meta_path = [finder for finder in sys.meta_path if "editable" not in str(finder)]
error = InteractiveShell(colors="nocolor").run_cell(Path("cell.py").read_text(encoding="utf-8")).error_in_exec
if error is None:
    import lenet_utils
    print(lenet_utils.__file__)
"""


@pytest.fixture
def project(tmp_path, monkeypatch):
    """Let the tool work on a small project of its own."""
    (tmp_path / "pyproject.toml").write_text(
        '[project.urls]\nRepository = "https://github.com/owner_not_set/lenet-course"\n[tool.lenet]\ntag = "v0"\n',
        encoding="utf-8",
    )
    (tmp_path / "README.md").write_text("# Course\n\n<!-- badges -->\n<!-- /badges -->\n\nText.\n", encoding="utf-8")
    (tmp_path / "01.ipynb").write_text("", encoding="utf-8")
    links.write_notebook(make_notebook(), tmp_path / "01.ipynb")
    (tmp_path / "CITATION.cff").write_text("title: x\nrepository-code: nowhere\nyear: 1998\n", encoding="utf-8")
    monkeypatch.setattr(links, "PYPROJECT", tmp_path / "pyproject.toml")
    monkeypatch.setattr(links, "CITATION", tmp_path / "CITATION.cff")
    monkeypatch.setattr(links, "README", tmp_path / "README.md")
    monkeypatch.setattr(links, "find_notebooks", lambda: sorted(tmp_path.glob("*.ipynb")))
    return tmp_path


def make_notebook(title="# Learn\nText."):
    return new_notebook(cells=[new_markdown_cell(title), new_code_cell("", metadata={"tags": ["setup"]})])


def test_readme_has_its_badges():
    text = links.README.read_text(encoding="utf-8")
    assert links.link_readme(text) == text, "run `make links`"


def test_the_citation_has_the_address():
    text = links.CITATION.read_text(encoding="utf-8")
    assert links.link_citation(text) == text, "run `make links`"


def test_main_writes_every_link(project):
    links.main(["--repo", LENET, "--tag", "v1.0"])
    notebook = links.nbformat.read(project / "01.ipynb", as_version=4)
    title, badges, *rest = notebook.cells[0].source.splitlines()
    assert (title, badges, rest) == ("# Learn", links.top_line("01"), ["", "Text."])
    assert f"(https://colab.research.google.com/github/{LENET}/blob/v1.0/notebooks/01.ipynb)" in badges
    assert f"(https://mybinder.org/v2/gh/{LENET}/v1.0?urlpath=lab/tree/notebooks/01.ipynb)" in badges
    assert notebook.cells[1].source == links.setup_cell()
    assert f'"https://github.com/{LENET}"' in notebook.cells[1].source
    assert "--branch v1.0 " in notebook.cells[1].source
    assert links.badges(links.FIRST) in (project / "README.md").read_text(encoding="utf-8")
    assert (project / "CITATION.cff").read_text() == f"title: x\nrepository-code: {links.GITHUB}{LENET}\nyear: 1998\n"
    assert links.read_address() == (LENET, "v1.0")


def test_main_twice_changes_nothing(project):
    links.main(["--repo", LENET, "--tag", "v1.0"])
    before = {path: path.read_bytes() for path in project.iterdir()}
    links.main([])
    assert {path: path.read_bytes() for path in project.iterdir()} == before


def test_new_address_replaces_the_old_one(project):
    links.main(["--repo", LENET])
    links.main(["--repo", "grace/course", "--tag", "v2"])
    text = "".join(path.read_text(encoding="utf-8") for path in project.iterdir())
    assert "grace/course" in text
    assert LENET not in text
    assert "v0" not in text


@pytest.mark.parametrize(
    "arguments", [["--repo", "lenet"], ["--repo", "a_b/lenet"], ["--tag", "a/b"], ["--tag", "a b"]]
)
def test_addresses_that_cannot_be_are_refused(arguments, capsys):
    with pytest.raises(SystemExit):
        links.parse_arguments(arguments)
    assert repr(arguments[1]) in capsys.readouterr().err


@pytest.mark.parametrize("notebook", [make_notebook("No title"), new_notebook(cells=[new_markdown_cell("# Title")])])
def test_notebook_without_a_place_for_links_is_named(notebook):
    with pytest.raises(SystemExit, match=r"^02: it needs a Markdown cell with a # title first, and one code cell"):
        links.link_notebook(notebook, "02")


def test_readme_without_a_place_for_badges_is_named():
    with pytest.raises(SystemExit, match=r"README\.md: the badges' place is missing"):
        links.link_readme("# Course\n")


def test_setup_cell_is_short(project):
    assert len(links.setup_cell().splitlines()) == 15
    links.main(["--repo", LENET])
    assert len(links.setup_cell().splitlines()) == 13


# The setup cell, run in a folder like each of those that it meets.


def run_setup(folder, cell, path=None):
    """Run ``cell`` in ``folder`` with no lenet_utils installed; return all that it says."""
    (folder / "cell.py").write_text(cell, encoding="utf-8")
    environment = os.environ | {"IPYTHONDIR": str(folder / "ipython"), "PYTHONUTF8": "1"}
    if path:
        environment["PATH"] = path
    done = subprocess.run(
        [sys.executable, "-c", RUN_CELL], cwd=folder, env=environment, capture_output=True, encoding="utf-8", check=True
    )
    return (done.stdout + done.stderr).strip()


def make_package(folder):
    (folder / "lenet_utils").mkdir(parents=True)
    (folder / "lenet_utils" / "__init__.py").write_text("", encoding="utf-8")
    return folder / "lenet_utils" / "__init__.py"


def test_setup_in_a_clone_uses_the_clone_and_says_nothing(tmp_path):
    package = make_package(tmp_path / "my 课程")
    (tmp_path / "my 课程" / "notebooks").mkdir()
    assert run_setup(tmp_path / "my 课程" / "notebooks", links.setup_cell()) == str(package.resolve())


def test_setup_alone_without_an_address_says_so(project):
    said = run_setup(project, links.setup_cell())
    assert said.endswith("The course's address is not set yet: open this notebook in a clone of the course.")


@pytest.mark.skipif(os.name == "nt", reason="the stand-in for pip is a shell script")
def test_setup_alone_fetches_the_tag_once(project):
    origin = project / "origin"
    make_package(origin)
    git = ["git", "-C", str(origin), "-c", "user.name=Ada", "-c", "user.email=ada@example.org"]
    for arguments in (["init", "-q"], ["add", "."], ["commit", "-q", "-m", "Start"], ["tag", "v0"]):
        subprocess.run([*git, *arguments], check=True)
    (project / "bin").mkdir()
    (project / "bin" / "pip").write_text(f'#!/bin/sh\necho "$@" >> "{project}/pip.log"\n', encoding="utf-8")
    (project / "bin" / "pip").chmod(0o755)
    (project / "alone").mkdir()
    links.main(["--repo", LENET])
    cell = links.setup_cell().replace(f"https://github.com/{LENET}", f"file://{origin}")
    for _ in range(2):  # the second time it is there
        said = run_setup(project / "alone", cell, f"{project}/bin{os.pathsep}{os.environ['PATH']}")
        assert said == str((project / "alone/lenet-course/lenet_utils/__init__.py").resolve())
    assert (project / "pip.log").read_text(encoding="utf-8") == "install --quiet --no-deps torchinfo\n"

    (project / "elsewhere").mkdir()
    said = run_setup(project / "elsewhere", cell.replace("v0", "v9"), f"{project}/bin{os.pathsep}{os.environ['PATH']}")
    assert "v9" in said  # git's own words
    assert said.endswith(f"Could not fetch the course from file://{origin}; the lines above say why.")
