from functools import partial

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from lenet_utils.models import ACTIVATIONS, FashionLeNet, LeNet5, count_parameters, initialize_xavier

FUNCTIONS = {
    "tanh": torch.tanh,
    "sigmoid": torch.sigmoid,
    "relu": F.relu,
    "leaky_relu": lambda x: F.leaky_relu(x, 0.01),
    "gelu": F.gelu,
}


def make_images(model, count=3):
    size = 32 if isinstance(model, LeNet5) else 28
    return torch.randn(count, 1, size, size, generator=torch.Generator().manual_seed(0))


def record_calls(model):
    """Return two lists that each call of ``model`` fills: (layer's name, output) and the inputs of its activation."""
    outputs, squashed = [], []
    for name, layer in model.named_children():
        if name != "activation":
            layer.register_forward_hook(lambda module, inputs, output, name=name: outputs.append((name, output)))
    model.activation.register_forward_hook(lambda module, inputs, output: squashed.append(inputs[0]))
    return outputs, squashed


@pytest.mark.parametrize("make_model", [LeNet5, FashionLeNet])
def test_the_parameters_of_each_layer_are_counted_right(make_model):
    model = make_model()
    counts = {name: count_parameters(layer) for name, layer in model.named_children() if count_parameters(layer)}
    assert counts == {"c1": 156, "c3": 2_416, "c5": 48_120, "f6": 10_164, "output": 850}
    assert count_parameters(model) == 61_706


def test_frozen_parameters_are_not_counted():
    model = LeNet5()
    model.c5.requires_grad_(False)
    assert count_parameters(model) == 61_706 - 48_120


def test_lenet5_has_the_shapes_of_the_paper():
    model = LeNet5()
    outputs, _ = record_calls(model)
    model(make_images(model))
    assert [(name, tuple(output.shape)) for name, output in outputs] == [
        ("c1", (3, 6, 28, 28)),
        ("s2", (3, 6, 14, 14)),
        ("c3", (3, 16, 10, 10)),
        ("s4", (3, 16, 5, 5)),
        ("c5", (3, 120, 1, 1)),
        ("f6", (3, 84)),
        ("output", (3, 10)),
    ]


def test_fashion_lenet_has_the_shapes_of_the_reference_network():
    model = FashionLeNet()
    outputs, _ = record_calls(model)
    model(make_images(model))
    assert [(name, tuple(output.shape)) for name, output in outputs] == [
        ("c1", (3, 6, 28, 28)),
        ("s2", (3, 6, 14, 14)),
        ("c3", (3, 16, 10, 10)),
        ("s4", (3, 16, 5, 5)),
        ("flatten", (3, 400)),
        ("c5", (3, 120)),
        ("f6", (3, 84)),
        ("output", (3, 10)),
    ]


@pytest.mark.parametrize(
    ("make_model", "module", "names"),
    [
        (LeNet5, nn.Tanh, ["c1", "s2", "c3", "s4", "c5", "f6"]),
        (FashionLeNet, nn.Sigmoid, ["c1", "c3"]),
        (partial(FashionLeNet, everywhere=True), nn.Sigmoid, ["c1", "c3", "c5", "f6"]),
    ],
)
def test_the_activation_stands_after_the_right_layers(make_model, module, names):
    model = make_model()
    assert type(model.activation) is module
    outputs, squashed = record_calls(model)
    model(make_images(model))
    assert len(squashed) == len(names)
    for name, values in zip(names, squashed, strict=True):
        assert torch.equal(values, dict(outputs)[name])


@pytest.mark.parametrize("activation", FUNCTIONS)
def test_lenet5_computes_what_the_same_functions_by_hand_do(activation):
    model, squash = LeNet5(activation).double(), FUNCTIONS[activation]
    images = 10 * make_images(model).double()
    x = squash(F.conv2d(images, model.c1.weight, model.c1.bias))
    x = squash(F.avg_pool2d(x, 2))
    x = squash(F.conv2d(x, model.c3.weight, model.c3.bias))
    x = squash(F.avg_pool2d(x, 2))
    x = squash(x.reshape(3, 400) @ model.c5.weight.reshape(120, 400).T + model.c5.bias)
    x = squash(x @ model.f6.weight.T + model.f6.bias)
    assert torch.allclose(model(images), x @ model.output.weight.T + model.output.bias)


@pytest.mark.parametrize("activation", FUNCTIONS)
def test_fashion_lenet_computes_what_the_same_functions_by_hand_do(activation):
    model, squash = FashionLeNet(activation).double(), FUNCTIONS[activation]
    images = 10 * make_images(model).double()
    x = squash(F.conv2d(F.pad(images, (2, 2, 2, 2)), model.c1.weight, model.c1.bias))
    x = squash(F.conv2d(F.avg_pool2d(x, 2), model.c3.weight, model.c3.bias))
    x = F.avg_pool2d(x, 2).reshape(3, 400)
    for layer in (model.c5, model.f6, model.output):
        x = x @ layer.weight.T + layer.bias
    assert torch.allclose(model(images), x)


def test_more_activations_are_no_more_parameters():
    assert count_parameters(FashionLeNet("gelu", everywhere=True)) == 61_706


def test_xavier_weights_lie_within_their_bounds_and_fill_them():
    model = FashionLeNet()
    initialize_xavier(model)
    fans = {"c1": 25 * (1 + 6), "c3": 25 * (6 + 16), "c5": 400 + 120, "f6": 120 + 84, "output": 84 + 10}
    for name, both in fans.items():
        layer = model.get_submodule(name)
        largest = layer.weight.abs().max()
        assert 0.9 * (6 / both) ** 0.5 < largest <= (6 / both) ** 0.5
        assert not layer.bias.any()


def test_the_three_linear_layers_of_fashion_lenet_collapse_into_one_matrix():
    model = FashionLeNet().double()
    outputs, _ = record_calls(model)
    logits = model(make_images(model).double())
    matrix = model.output.weight @ model.f6.weight @ model.c5.weight
    bias = model.output.weight @ (model.f6.weight @ model.c5.bias + model.f6.bias) + model.output.bias
    assert matrix.shape == (10, 400)
    assert torch.allclose(logits, dict(outputs)["flatten"] @ matrix.T + bias)


def test_the_activations_on_offer_are_those_tested_here():
    assert set(ACTIVATIONS) == set(FUNCTIONS)


@pytest.mark.parametrize("make_model", [LeNet5, FashionLeNet])
def test_an_unknown_activation_is_refused_with_the_choices(make_model):
    with pytest.raises(ValueError, match="'swish'; choose one of tanh, sigmoid, relu, leaky_relu, gelu"):
        make_model("swish")


@pytest.mark.parametrize(
    ("make_model", "shape", "hint"),
    [
        (LeNet5, (2, 1, 28, 28), "size=32"),
        (FashionLeNet, (2, 1, 32, 32), "size=28"),
        (LeNet5, (1, 32, 32), r"batch dimension: images.unsqueeze\(0\)"),
        (LeNet5, (2, 3, 32, 32), "grey"),
        (LeNet5, (2, 32, 32), r"channel dimension: images.unsqueeze\(1\)"),
        (LeNet5, (32, 32), "size=32"),
    ],
)
def test_images_of_a_wrong_shape_are_refused_with_both_shapes_and_a_hint(make_model, shape, hint):
    model = make_model()
    size = make_images(model).shape[-1]
    with pytest.raises(ValueError) as error:
        model(torch.zeros(shape))
    assert error.match(rf"{make_model.__name__} expects float images of shape \(N, 1, {size}, {size}\)")
    assert f"not {shape};" in str(error.value)
    assert error.match(hint)


def test_images_of_bytes_are_refused_with_both_types():
    with pytest.raises(TypeError, match=r"LeNet5 expects float images .*, not torch.uint8"):
        LeNet5()(torch.zeros(2, 1, 32, 32, dtype=torch.uint8))


def test_images_together_with_their_labels_are_refused_with_the_way_to_part_them(digits):
    with pytest.raises(TypeError, match=r"not a tuple; .*images, labels = data\[:64\]"):
        LeNet5()(digits[:64])


@pytest.mark.parametrize("make_model", [LeNet5, FashionLeNet])
def test_a_training_step_makes_every_tensor_on_the_device_of_the_model(make_model):
    # torch's "meta" device computes shapes only, and refuses to meet a tensor made on another device.
    model = make_model().to("meta")
    before = [parameter._version for parameter in model.parameters()]
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    loss = F.cross_entropy(model(make_images(model).to("meta")), torch.zeros(3, dtype=torch.int64, device="meta"))
    loss.backward()
    optimizer.step()
    assert loss.device.type == "meta"
    assert all(p.grad.device.type == "meta" and p._version > v for p, v in zip(model.parameters(), before, strict=True))


def test_a_convolution_is_a_sliding_sum_of_products():
    layer = LeNet5().c3
    maps = torch.randn(6, 6, 7, generator=torch.Generator().manual_seed(0))
    pixels, weights, biases = maps.tolist(), layer.weight.tolist(), layer.bias.tolist()
    by_hand = torch.zeros(16, 2, 3)
    for out in range(16):
        for row in range(2):
            for column in range(3):
                total = biases[out]
                for channel in range(6):
                    for i in range(5):
                        for j in range(5):
                            total += weights[out][channel][i][j] * pixels[channel][row + i][column + j]
                by_hand[out, row, column] = total
    assert torch.allclose(layer(maps), by_hand, atol=1e-6)


def test_average_pooling_is_the_mean_of_each_block_of_four():
    image = torch.arange(16.0).view(1, 4, 4)
    by_hand = torch.zeros(1, 2, 2)
    for row in range(2):
        for column in range(2):
            block = [image[0, 2 * row + i, 2 * column + j].item() for i in range(2) for j in range(2)]
            by_hand[0, row, column] = sum(block) / 4
    assert torch.equal(LeNet5().s2(image), by_hand)
