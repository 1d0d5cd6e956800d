"""The diagrams show the real model's shapes and counts, legibly, and their files are what a browser can read."""

from itertools import combinations
from xml.etree import ElementTree

import pytest
import torch
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.colors import to_rgba
from matplotlib.text import Text
from torch import nn

from lenet_utils.data import ASSETS, CLASSES
from lenet_utils.diagrams import draw_network, to_svg
from lenet_utils.models import ACTIVATIONS, FashionLeNet, LeNet5, count_parameters
from lenet_utils.plots import GREEN

MODELS = {"lenet5": (LeNet5, "mnist"), "fashion_lenet": (FashionLeNet, "fashion_mnist")}
MAPS = ["6 @ 28×28", "6 @ 14×14", "16 @ 10×10", "16 @ 5×5"]
SHAPES = {
    "lenet5": ["1 @ 32×32", *MAPS, "120 @ 1×1", "84", "10"],
    "fashion_lenet": ["1 @ 28×28", *MAPS, "120", "84", "10"],
}
COUNTS = ["156", "0", "2,416", "0", "48,120", "10,164", "850"]
SVG = "{http://www.w3.org/2000/svg}"


@pytest.fixture(params=MODELS)
def name(request):
    return request.param


def texts(figure):
    """Return what is written in ``figure``, from left to right in rows from top to bottom."""
    written = [text for text in figure.findobj(Text) if text.get_text()]
    written.sort(key=lambda text: (-text.get_position()[1], text.get_position()[0]))
    return [text.get_text() for text in written]


def find(part, whole):
    """Return whether the list ``part`` stands in ``whole`` in one piece."""
    return any(whole[i : i + len(part)] == part for i in range(len(whole)))


def test_every_shape_and_count_is_shown_under_its_layer(name):
    model = MODELS[name][0]()
    written = texts(draw_network(model))
    assert find(["input", "C1", "S2", "C3", "S4", "C5", "F6", "output"], written)
    assert find(SHAPES[name], written)
    layers = (model.c1, model.s2, model.c3, model.s4, model.c5, model.f6, model.output)
    assert [f"{count_parameters(layer):,}" for layer in layers] == COUNTS
    sums = [text for count in COUNTS for text in ("+", count)][1:]
    assert find(["parameters", *sums, "= 61,706"], written)


def test_operations_are_those_of_the_modules():
    def operations(model):
        return [text.split("\n") for text in texts(draw_network(model)) if "\n" in text]

    first = [["convolution", "5×5"], ["average", "2×2"], ["convolution", "5×5"], ["average", "2×2"]]
    last = [["linear", "120 → 84"], ["linear", "84 → 10"]]
    assert operations(LeNet5()) == [*first, ["convolution", "5×5"], *last]
    padded = ["convolution", "5×5, padding 2"]
    assert operations(FashionLeNet()) == [padded, *first[1:], ["flatten, linear", "400 → 120"], *last]


def test_another_model_gives_another_picture():
    model = LeNet5()
    model.c1, model.c3 = nn.Conv2d(1, 8, 5), nn.Conv2d(8, 12, 5)
    model.c5 = nn.Conv2d(12, 120, 5)
    written = texts(draw_network(model))
    assert find(["1 @ 32×32", "8 @ 28×28", "8 @ 14×14", "12 @ 10×10", "12 @ 5×5", "120 @ 1×1", "84", "10"], written)
    assert {"208", "2,412", "36,120", f"= {count_parameters(model):,}"} <= set(written)


def test_the_caption_says_where_the_activation_stands():
    assert "Tanh after every layer but the last" in texts(draw_network(LeNet5()))
    assert "ReLU after every layer but the last" in texts(draw_network(LeNet5("relu")))
    assert "Sigmoid after C1 and C3" in texts(draw_network(FashionLeNet()))


@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_texts_are_large_whole_and_apart(name, activation):
    model, data = MODELS[name]
    figure = draw_network(model(activation), classes=CLASSES[data])
    renderer = FigureCanvasAgg(figure).get_renderer()
    written = [text for text in figure.findobj(Text) if text.get_text()]
    assert min(text.get_fontsize() for text in written) >= 9
    boxes = {text: text.get_window_extent(renderer) for text in written}
    width, height = figure.get_size_inches() * figure.dpi
    for text, box in boxes.items():
        assert box.x0 >= 0 and box.y0 >= 0 and box.x1 <= width and box.y1 <= height, text
    # The boxes of the outputs' names, line under line, may touch; letters do not.
    assert not [(a, b) for a, b in combinations(boxes, 2) if boxes[a].padded(-1.5).overlaps(boxes[b].padded(-1.5))]


def test_the_image_and_the_label_are_drawn():
    image = torch.rand(28, 28)
    for model, side in ((LeNet5(), 28), (FashionLeNet(), 28)):
        axes = draw_network(model, image=image, label=torch.tensor(7)).axes[0]
        left, right, bottom, top = axes.images[0].get_extent()
        assert torch.equal(torch.tensor(axes.images[0].get_array()), image)
        assert right - left == top - bottom == 4 * side and (left + right) / 2 == 80
        full = [patch for patch in axes.patches if patch.get_facecolor() == to_rgba(GREEN) and patch.get_width() == 16]
        cells = sorted({patch.get_y() for patch in axes.patches if patch.get_x() == full[0].get_x()}, reverse=True)
        assert len(full) == 1 and cells.index(full[0].get_y()) == 7
    axes = draw_network(LeNet5(), image=torch.rand(1, 32, 32)).axes[0]
    assert axes.images[0].get_extent()[1] - axes.images[0].get_extent()[0] == 4 * 32


def test_the_alt_text_tells_the_same(name):
    figure = draw_network(MODELS[name][0]())
    assert all(shape in figure.alt for shape in SHAPES[name]) and "61,706" in figure.alt


def test_drawing_leaves_the_model_as_it_was(name):
    model = MODELS[name][0]().train()
    before = {key: value.clone() for key, value in model.state_dict().items()}
    draw_network(model)
    assert model.training and all(torch.equal(value, before[key]) for key, value in model.state_dict().items())
    assert not any(module._forward_hooks for module in model.modules())
    assert not nn.modules.module._global_forward_hooks


def check_svg(text, shapes):
    root = ElementTree.fromstring(text)
    assert root.get("role") == "img" and root.find(f"{SVG}title").text
    assert all(shape in root.find(f"{SVG}desc").text for shape in [*shapes, "61,706"])
    assert not list(root.iter(f"{SVG}text"))  # letters are paths: the same everywhere
    width, height = root.get("viewBox").split()[2:]
    background = next(root.iter(f"{SVG}path"))
    assert background.get("style") == "fill: #ffffff"
    assert background.get("d").split() == f"M 0 {height} L {width} {height} L {width} 0 L 0 0 z".split()


def test_the_same_drawing_gives_the_same_bytes(name):
    model, image = MODELS[name][0], torch.rand(28, 28)
    first, second = (to_svg(draw_network(model(), image=image), "A network") for _ in range(2))
    assert first == second
    check_svg(first, SHAPES[name])


def test_the_committed_pictures_are_whole(name):
    file = ASSETS / f"{name}.svg"
    assert file.stat().st_size < 250_000
    text = file.read_text(encoding="utf-8")
    check_svg(text, SHAPES[name])
    assert "<image" in text  # a real digit or garment
