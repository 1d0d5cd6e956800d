"""What goes into the page, and what is refused. What the page does is tested in a browser: tests/browser."""

import base64
import html
import json
import re

import numpy as np
import pytest
import torch
from torch import nn

from lenet_utils.models import FashionLeNet, LeNet5, LeNet1998, WideLeNet5
from lenet_utils.playground import export_layers, playground


def read_model(page):
    return json.loads(re.search(r"const MODEL = (.*);", page)[1])


@pytest.mark.parametrize("make", [LeNet5, FashionLeNet, LeNet1998])
def test_the_page_holds_every_weight_and_stays_small(make):
    model = make()
    page = playground(model).page
    assert len(page.encode()) <= 450_000
    contents = read_model(page)
    weights = np.frombuffer(base64.b64decode(contents["weights"]), "<f4")
    exported = {layer["name"]: layer for layer in contents["layers"]}
    start, count = exported["f6"]["weight"]
    assert np.array_equal(weights[start : start + count], model.f6.weight.detach().numpy().ravel())
    assert list(exported) == ["c1", "s2", "c3", "s4", "c5", "f6", "output"]
    assert contents["digits"] == (make is not FashionLeNet) and contents["distances"] == (make is LeNet1998)


def test_the_page_asks_the_network_for_nothing():
    page = playground(LeNet5()).page
    assert not re.search(r"https?://|//cdn|@import|url\(|<link|<img|<script src|fetch\(|XMLHttpRequest", page)


def test_the_layers_of_1998_are_exported_as_what_they_compute():
    model = LeNet1998()
    layers, weights = export_layers(model)
    assert [layer.get("activation") for layer in layers] == ["scaled_tanh"] * 6 + [None]
    flat = np.concatenate(weights)
    start, count = layers[2]["weight"]
    assert np.array_equal(flat[start : start + count].reshape(16, 6, 5, 5), model.c3.dense_weight().detach().numpy())
    assert sum(map(len, weights)) == 60_000 - 1_500 + 2_400 + 840  # Table I's zeros and the bitmaps travel along


def test_a_notebook_gets_a_frame_that_is_shut_off_and_a_picture_for_where_it_does_not_show():
    shown = playground(LeNet5())
    data, metadata = shown._repr_mimebundle_()
    assert set(data) == {"text/html", "image/png", "text/plain"} and metadata["image/png"]["alt"] == data["text/plain"]
    frame = re.fullmatch(r'<iframe .*sandbox="allow-scripts" .*srcdoc="([^"]*)"></iframe>', data["text/html"], re.S)
    assert html.unescape(frame[1]) == shown.page


def test_the_page_is_saved_as_it_is(tmp_path):
    shown = playground(LeNet5())
    shown.save(tmp_path / "page.html")
    assert (tmp_path / "page.html").read_text(encoding="utf-8") == shown.page


def test_making_a_page_leaves_the_model_as_it_was():
    model = LeNet5().train()
    before = {name: values.clone() for name, values in model.state_dict().items()}
    playground(model)
    assert model.training and all(torch.equal(before[name], values) for name, values in model.state_dict().items())


class Skipping(LeNet5):
    def compute_features(self, images):
        return super().compute_features(images) + self.f6(self.compute_maps(images).flatten(1))


def replace(name, layer):
    model = LeNet5()
    setattr(model, name, layer)
    return model


class Narrow(LeNet5):
    def __init__(self):
        super().__init__()
        self.f6, self.output = nn.Linear(120, 40), nn.Linear(40, 10)


def with_nan():
    model = LeNet5()
    nn.init.constant_(model.f6.bias, float("nan"))
    return model


@pytest.mark.parametrize(
    ("model", "reason"),
    [
        (WideLeNet5(), "reads rows"),
        (nn.Linear(2, 2), "input_shape"),
        (replace("s2", nn.MaxPool2d(2)), "MaxPool2d"),
        (replace("c1", nn.Conv2d(1, 6, 5, bias=False)), "cannot run the layer"),
        (replace("activation", nn.SiLU()), "SiLU"),
        (replace("output", nn.Linear(84, 3)), "ten outputs"),
        (Skipping(), "one after another|ten outputs"),
        (Narrow(), "84 units"),
        (with_nan(), "no numbers"),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, nn.Module) else value,
)
def test_a_model_that_the_page_cannot_run_is_refused_with_the_reason(model, reason):
    with pytest.raises(ValueError, match=reason):
        playground(model)
