"""The Chinese edition is the English one, cell for cell; its Markdown is translated, and none of it out of date."""

import copy
import re

import nbformat
import pytest

import translations
from execute import ROOT, find_notebooks

PATHS = pytest.mark.parametrize("path", find_notebooks(), ids=lambda path: path.stem)
# What stands in both editions as it is.
FENCE = re.compile(r"^```.*?^```$", re.DOTALL | re.MULTILINE)
CHINESE = re.compile(r"[\u4e00-\u9fff]")


def read(path):
    return nbformat.read(path, as_version=4)


@PATHS
def test_code_outputs_and_order_are_those_of_the_english_edition(path):
    english, chinese = read(path), read(translations.FOLDER / path.name)
    assert [(cell.cell_type, cell.id) for cell in chinese.cells] == [
        (cell.cell_type, cell.id) for cell in english.cells
    ]
    for one, other in zip(english.cells, chinese.cells, strict=True):
        if one.cell_type == "code":
            assert one == other, f"{one.id}: run `make translations`"


@PATHS
def test_every_cell_is_translated_and_up_to_date(path):
    english, chinese = read(path), read(translations.FOLDER / path.name)
    notebook, complaints = translations.translate(english, chinese, path.stem)
    assert complaints == []
    assert notebook.cells == chinese.cells, "run `make translations`"
    for cell in chinese.cells:
        assert cell.cell_type == "code" or CHINESE.search(cell.source), cell.id


@PATHS
def test_code_formulas_and_links_are_kept(path):
    english, chinese = read(path), read(translations.FOLDER / path.name)
    lost = []
    for one, other in zip(english.cells[1:], chinese.cells[1:], strict=True):
        for pattern in (FENCE, re.compile(r"\]\(([^)\s]+)\)"), re.compile(r"\$\$.*?\$\$", re.DOTALL)):
            lost += [(one.id, found) for found in pattern.findall(one.source) if found not in other.source]
    assert not lost


@PATHS
def test_each_edition_leads_to_the_other(path):
    assert f"(zh/{path.name})" in read(path).cells[0].source
    assert f"(../{path.name})" in read(translations.FOLDER / path.name).cells[0].source


def test_readme_exists_in_both_languages_and_leads_to_the_other():
    english, chinese = ((ROOT / name).read_text(encoding="utf-8") for name in ("README.md", "README.zh-CN.md"))
    assert "(README.zh-CN.md)" in english and "(README.md)" in chinese
    assert english.count("\n## ") == chinese.count("\n## ")


def test_the_chinese_readme_holds_the_measured_figures_and_no_english_sentence():
    text = translations.README.read_text(encoding="utf-8")
    assert translations.fill_readme(text) == text, "run `make translations`"
    for marker in ("results", "speed"):
        part = re.search(f"<!-- {marker} -->(.*?)<!-- /{marker} -->", text, re.DOTALL)[1]
        part = re.sub(r"\d+ × Intel.*?cpu|\([^)]*\)|`[^`]*`", "", part)
        assert not re.search(r"[a-z]{2,} [a-z]{2,}", part)


def make_pair():
    english = read(find_notebooks()[0])
    return english, read(translations.FOLDER / find_notebooks()[0].name)


def test_a_changed_english_cell_is_listed_a_measured_time_is_not():
    english, chinese = make_pair()
    english.cells[1].source = re.sub(r"(<!-- time -->)\d+", r"\g<1>99", english.cells[1].source)
    assert translations.translate(english, chinese, "01_architecture")[1] == []
    english.cells[4].source += " More."
    changed = next(cell for cell in english.cells if cell.source.endswith(" More."))
    lines = translations.translate(english, chinese, "01_architecture")[1]
    wanted = [f"01_architecture/{changed.id}: its English has changed"] if changed.cell_type == "markdown" else []
    assert lines == wanted


def test_a_new_cell_is_listed_and_an_edited_output_mended():
    english, chinese = make_pair()
    new = nbformat.v4.new_markdown_cell("A new thought.", id="new-thought")
    english.cells.insert(3, new)
    spoilt = copy.deepcopy(chinese)
    code = next(cell for cell in spoilt.cells if cell.cell_type == "code" and cell.outputs)
    code.source = "print(1)"
    notebook, lines = translations.translate(english, spoilt, "01_architecture")
    assert lines == ["01_architecture/new-thought: not translated yet"]
    assert next(cell for cell in notebook.cells if cell.id == code.id).source != "print(1)"


def test_a_cell_that_is_not_there_cannot_be_done():
    with pytest.raises(SystemExit, match="no Markdown cell"):
        translations.accept("01_architecture", "nowhere")
