"""README and the notebooks' boxes say what was measured, and README's links lead somewhere."""

import re

import nbformat
import pytest

import readme
from execute import ROOT, find_notebooks

TEXT = (ROOT / "README.md").read_text(encoding="utf-8")


def test_readme_holds_the_measured_figures():
    assert readme.fill_readme(TEXT) == TEXT


def test_the_teachers_page_holds_the_measured_times():
    text = readme.TEACHING.read_text(encoding="utf-8")
    assert readme.fill(text, "lessons", readme.lessons_table()) == text


@pytest.mark.parametrize("path", find_notebooks(), ids=lambda path: path.stem)
def test_each_box_holds_the_measured_time(path):
    box = nbformat.read(path, as_version=4).cells[1].source
    assert readme.fill(box, "time", readme.read_time(path.stem)) == box
    assert all(f"**{word}**" in box for word in ("You will", "You need", "Time", "Paper"))


def test_a_figure_changed_by_hand_is_found():
    changed = re.sub(r"\*\*99\.\d\d", "**99.99", TEXT)
    assert changed != TEXT and readme.fill_readme(changed) == TEXT


def test_the_weights_card_is_that_of_their_records():
    assert (ROOT / "assets" / "weights" / "README.md").read_text(encoding="utf-8") == readme.weights_card()


def test_missing_markers_are_named():
    with pytest.raises(SystemExit, match="<!-- results -->"):
        readme.fill("no markers here", "results", "x")


def test_readmes_links_into_the_repository_lead_somewhere():
    targets = [target for target in re.findall(r"\]\(([^)]+)\)", TEXT) if not target.startswith("http")]
    assert targets and [target for target in targets if not (ROOT / target).exists()] == []


def test_readme_names_the_targets_of_make():
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    targets = re.findall(r"(?m)(?:`|^)make (\w+)", TEXT)
    assert len(set(targets)) >= 5 and [target for target in targets if f"\n{target}:" not in makefile] == []
