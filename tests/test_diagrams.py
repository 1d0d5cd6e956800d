"""The diagrams show the real model's shapes and counts, legibly, and their files are what a browser can read."""

from itertools import combinations
from xml.etree import ElementTree

import pytest
import torch
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.colors import to_rgba
from matplotlib.patches import Rectangle
from matplotlib.text import Text
from torch import nn

from lenet_utils.data import ASSETS, CLASSES
from lenet_utils.diagrams import draw_network, to_svg
from lenet_utils.models import FashionLeNet, LeNet5, count_parameters
from lenet_utils.plots import GREEN

MAPS = ["6 @ 28×28", "6 @ 14×14", "16 @ 10×10", "16 @ 5×5"]
SHAPES = {
    "lenet5": ["1 @ 32×32", *MAPS, "120 @ 1×1", "84", "10"],
    "fashion_lenet": ["1 @ 28×28", *MAPS, "120", "84", "10"],
}
COUNTS = ["156", "0", "2,416", "0", "48,120", "10,164", "850"]
SVG = "{http://www.w3.org/2000/svg}"
IMAGE = torch.arange(28 * 28).view(28, 28)
LABEL = 7


@pytest.fixture(scope="module")
def figures():
    """Both pictures, as they are drawn for assets/, but with an image that no data set has."""
    return {
        "lenet5": draw_network(LeNet5(), image=IMAGE, classes=CLASSES["mnist"], label=LABEL),
        "fashion_lenet": draw_network(FashionLeNet(), image=IMAGE, classes=CLASSES["fashion_mnist"], label=LABEL),
    }


@pytest.fixture(params=SHAPES)
def name(request):
    return request.param


@pytest.fixture
def figure(figures, name):
    return figures[name]


def written(figure):
    """Return the texts in ``figure``, row by row from the top, each row from left to right."""
    texts = [text for text in figure.findobj(Text) if text.get_text()]
    texts.sort(key=lambda text: (-text.get_position()[1], text.get_position()[0]))
    return [text.get_text() for text in texts]


def contains(whole, part):
    """Return whether the list ``part`` stands in the list ``whole`` in one piece."""
    return any(whole[i : i + len(part)] == part for i in range(len(whole)))


def test_every_shape_and_count_is_shown(figure, name):
    assert contains(written(figure), ["input", "C1", "S2", "C3", "S4", "C5", "F6", "output"])
    assert contains(written(figure), SHAPES[name])
    model = LeNet5() if name == "lenet5" else FashionLeNet()
    layers = (model.c1, model.s2, model.c3, model.s4, model.c5, model.f6, model.output)
    assert [f"{count_parameters(layer):,}" for layer in layers] == COUNTS
    first, *others = COUNTS
    total = [text for count in others for text in ("+", count)]
    assert contains(written(figure), ["parameters", first, *total, f"= {count_parameters(model):,}"])
    assert count_parameters(model) == 61_706


def test_operations_are_those_of_the_modules(figures):
    operations = {key: [text for text in written(figure) if "\n" in text] for key, figure in figures.items()}
    maps = ["convolution\n5×5", "average\n2×2", "convolution\n5×5", "average\n2×2"]
    last = ["linear\n120 → 84", "linear\n84 → 10"]
    assert operations["lenet5"] == [*maps, "convolution\n5×5", *last]
    assert operations["fashion_lenet"] == [
        "convolution\n5×5, padding 2", *maps[1:], "flatten, linear\n400 → 120", *last,
    ]  # fmt: skip


def test_another_network_gives_another_picture():
    model = LeNet5("relu")
    model.c1, model.c3, model.c5 = nn.Conv2d(1, 8, 5), nn.Conv2d(8, 12, 5), nn.Conv2d(12, 120, 5)
    texts = written(draw_network(model))
    assert contains(texts, ["1 @ 32×32", "8 @ 28×28", "8 @ 14×14", "12 @ 10×10", "12 @ 5×5", "120 @ 1×1", "84", "10"])
    assert {"208", "2,412", "36,120", f"= {count_parameters(model):,}"} <= set(texts)
    assert "ReLU after every layer but the last" in texts


def test_the_caption_says_where_the_activation_stands(figures):
    assert "Tanh after every layer but the last" in written(figures["lenet5"])
    assert "Sigmoid after C1 and C3" in written(figures["fashion_lenet"])


def test_texts_are_large_enough_whole_and_apart(figure):
    renderer = FigureCanvasAgg(figure).get_renderer()
    texts = [text for text in figure.findobj(Text) if text.get_text()]
    assert min(text.get_fontsize() for text in texts) >= 9
    # A text's box has some air above and below its letters.
    boxes = [(text.get_text(), text.get_window_extent(renderer).padded(0, -1.5)) for text in texts]
    width, height = figure.get_size_inches() * figure.dpi
    assert not [text for text, box in boxes if min(box.x0, box.y0, width - box.x1, height - box.y1) < 5]
    assert not [(a, b) for (a, box), (b, other) in combinations(boxes, 2) if box.overlaps(other)]


def test_the_image_stands_in_the_middle_of_the_input(figure):
    image = figure.axes[0].images[0]
    assert (image.get_array() == IMAGE.numpy()).all()
    left, right, bottom, top = image.get_extent()
    assert (right - left, top - bottom) == (4 * 28, 4 * 28)
    assert ((left + right) / 2, (bottom + top) / 2) == (80, 266)


def test_the_label_decides_which_output_is_marked(figure):
    column = [box for box in figure.axes[0].patches if isinstance(box, Rectangle) and box.get_width() == 16]
    (marked,) = (box for box in column if box.get_facecolor() == to_rgba(GREEN))
    heights = sorted({box.get_y() for box in column}, reverse=True)
    assert len(heights) == 10 and heights.index(marked.get_y()) == LABEL


def test_the_alt_text_tells_the_same(figure, name):
    assert all(shape in figure.alt for shape in [*SHAPES[name], "61,706"])


def test_drawing_leaves_no_trace_in_the_model():
    model = LeNet5().train()
    before = {key: value.clone() for key, value in model.state_dict().items()}
    draw_network(model)
    assert model.training and all(torch.equal(value, before[key]) for key, value in model.state_dict().items())
    assert not any(module._forward_hooks for module in model.modules())
    assert not nn.modules.module._global_forward_hooks


def check_svg(text, name):
    root = ElementTree.fromstring(text)
    assert root.get("role") == "img" and root.find(f"{SVG}title").text
    assert all(shape in root.find(f"{SVG}desc").text for shape in [*SHAPES[name], "61,706"])
    assert not list(root.iter(f"{SVG}text"))  # letters are paths: the same everywhere
    assert len(list(root.iter(f"{SVG}image"))) == 1  # the digit or garment
    width, height = root.get("viewBox").split()[2:]
    background = next(root.iter(f"{SVG}path"))
    assert background.get("style") == "fill: #ffffff"
    assert background.get("d").split() == f"M 0 {height} L {width} {height} L {width} 0 L 0 0 z".split()


def test_the_same_drawing_gives_the_same_bytes(figure, name):
    model, data = (LeNet5(), "mnist") if name == "lenet5" else (FashionLeNet(), "fashion_mnist")
    again = draw_network(model, image=IMAGE, classes=CLASSES[data], label=LABEL)
    svg = to_svg(figure, "A network")
    assert svg == to_svg(again, "A network")
    check_svg(svg, name)


def test_the_committed_pictures_are_whole(name):
    file = ASSETS / f"{name}.svg"
    assert file.stat().st_size < 250_000
    check_svg(file.read_text(encoding="utf-8"), name)
