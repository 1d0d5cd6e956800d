"""Looking inside, against tiny networks whose answers are known; and nothing is left on the model."""

import pytest
import torch
from torch import nn

from lenet_utils.data import ImageSet
from lenet_utils.inspection import (
    capture_maps,
    compute_saliency,
    find_patches,
    maximize_units,
    measure_gradients,
    occlude,
)
from lenet_utils.models import FashionLeNet, LeNet5


class Tiny(nn.Module):
    """One linear layer on 28×28 pixels: class 0 adds the weights given, class 1 is always 0."""

    input_shape = (1, 28, 28)

    def __init__(self, weights):
        super().__init__()
        self.activation = nn.Identity()
        self.flatten = nn.Flatten()
        self.output = nn.Linear(784, 2)
        self.output.weight.data = torch.stack([weights.flatten(), torch.zeros(784)])
        self.output.bias.data = torch.zeros(2)

    def forward(self, images):
        return self.output(self.flatten(images))


class OneKernel(nn.Module):
    """One convolution with a kernel given, then the sum of its map as the only logit."""

    input_shape = (1, 28, 28)

    def __init__(self, kernel):
        super().__init__()
        self.activation = nn.Identity()
        self.c1 = nn.Conv2d(1, 1, kernel.shape[-1], bias=False)
        self.c1.weight.data = kernel[None, None]

    def forward(self, images):
        return self.activation(self.c1(images)).sum((2, 3))


def test_saliency_of_a_linear_model_is_its_weights():
    weights = torch.randn(28, 28)
    image = torch.rand(1, 28, 28)
    assert torch.equal(compute_saliency(Tiny(weights), image, 0), weights)
    assert not compute_saliency(Tiny(weights), image, 1).any()


def test_occlusion_of_a_linear_model_is_what_the_square_held():
    weights, image = torch.zeros(28, 28), torch.zeros(1, 28, 28)
    weights[10, 10], image[0, 10, 10] = 3.0, 2.0
    weights[0, 27], image[0, 0, 27] = -1.0, 1.0
    lost = occlude(Tiny(weights), image, 0, side=3)
    wanted = torch.zeros(28, 28)
    wanted[9:12, 9:12] = 6.0  # every centre whose 3×3 square covers the pixel
    wanted[:2, 26:] = -1.0  # at the corner the square is cut off; without this pixel the logit is higher
    assert torch.equal(lost, wanted)
    assert not occlude(Tiny(weights), image, 1).any()


@pytest.mark.parametrize("side", [0, 4, -3, 29])
def test_occlusion_refuses_a_square_without_a_centre_or_larger_than_the_image(side):
    with pytest.raises(ValueError, match=r"odd number from 1 to .* 28"):
        occlude(Tiny(torch.zeros(28, 28)), torch.zeros(1, 28, 28), 0, side=side)


def test_maps_are_those_of_the_forward_pass_after_the_activation():
    model, images = LeNet5(), torch.rand(3, 1, 32, 32)
    maps = capture_maps(model, images)
    assert list(maps) == ["c1", "s2", "c3", "s4", "c5", "f6", "output"]
    with torch.no_grad():
        assert torch.equal(maps["output"], model(images))
        assert torch.equal(maps["c1"], model.c1(images).tanh())
        assert torch.equal(maps["s2"], model.s2(maps["c1"]).tanh())
        assert torch.equal(maps["f6"], model.f6(maps["c5"].flatten(1)).tanh())


def test_sums_are_what_the_activation_gets():
    model, images = LeNet5(), torch.rand(3, 1, 32, 32)
    sums, maps = capture_maps(model, images, sums=True), capture_maps(model, images)
    assert list(sums) == list(maps)
    for name in ("c1", "s2", "c3", "s4", "c5", "f6"):
        assert torch.equal(sums[name].tanh(), maps[name])
    assert torch.equal(sums["output"], maps["output"])


@pytest.mark.parametrize("everywhere", [False, True])
def test_where_no_activation_follows_the_maps_are_the_sums(everywhere):
    model, images = FashionLeNet("relu", everywhere=everywhere), torch.randn(8, 1, 28, 28)
    maps = capture_maps(model, images)
    assert list(maps) == ["c1", "s2", "c3", "s4", "c5", "f6", "output"]
    assert (maps["c1"] >= 0).all()
    assert (maps["c5"] >= 0).all() == (maps["f6"] >= 0).all() == everywhere


def test_gradients_of_the_sums_are_those_of_the_chain_rule():
    model, images, labels = LeNet5(), torch.rand(5, 1, 32, 32), torch.arange(5)
    gradients = measure_gradients(model, images, labels)
    assert list(gradients) == ["c1", "s2", "c3", "s4", "c5", "f6", "output"]
    maps = capture_maps(model, images)
    with torch.no_grad():
        at_output = maps["output"].softmax(1) - torch.eye(10)[:5]  # p − y
        at_f6 = at_output @ model.output.weight * (1 - maps["f6"] ** 2)
    assert gradients["output"] == pytest.approx(at_output.norm(dim=1).mean().item(), rel=1e-4)
    assert gradients["f6"] == pytest.approx(at_f6.norm(dim=1).mean().item(), rel=1e-4)


def test_the_patches_are_where_the_kernel_finds_itself():
    kernel = torch.tensor([[0.0, 1.0, 0.0], [1.0, -4.0, 1.0], [0.0, 1.0, 0.0]])
    images = torch.zeros(20, 28, 28, dtype=torch.uint8)
    for index in range(20):  # a ring at another place in every image, brighter and brighter
        images[index, index : index + 3, 4:7] = (kernel > 0).to(torch.uint8) * (index + 10)
    data = ImageSet("mnist", images, torch.zeros(20, dtype=torch.int64), scaling="unit")
    patches = find_patches(OneKernel(kernel), data, "c1", count=3)
    assert patches.shape == (1, 3, 3, 3)
    for patch, index in zip(patches[0], (19, 18, 17), strict=True):
        assert torch.allclose(patch, (kernel > 0) * (index + 10) / 255)


def test_patches_are_told_apart_where_tanh_is_saturated():
    images = torch.zeros(20, 28, 28, dtype=torch.uint8)
    images[:, 10, 10] = torch.arange(100, 120)
    data = ImageSet("mnist", images, torch.zeros(20, dtype=torch.int64), scaling="unit")
    model = OneKernel(torch.full((3, 3), 100.0))
    model.activation = nn.Tanh()  # 1.0 for all of them
    patches = find_patches(model, data, "c1", count=3)
    assert [round(255 * patch.max().item()) for patch in patches[0]] == [119, 118, 117]


def test_a_patch_that_reaches_into_the_padding_has_background_there():
    images = torch.full((4, 28, 28), 255, dtype=torch.uint8)
    images[:, 14:] = 0
    data = ImageSet("fashion_mnist", images, torch.zeros(4, dtype=torch.int64), scaling="unit")
    model = FashionLeNet("relu")
    model.c1.weight.data[:] = torch.tensor([-1.0, -1.0, 1.0, 0.0, 0.0])[
        :, None
    ]  # bright, with dark above: the top edge
    patches = find_patches(model, data, "c1", count=2)
    assert patches.shape == (6, 2, 5, 5)
    assert not patches[0, 0, :2].any() and (patches[0, 0, 2:, 2] == 1).all()


def test_the_image_that_maximises_a_kernel_is_lit_where_its_weights_are_positive():
    kernel = torch.tensor([[1.0, -1.0, 1.0]] * 3)
    image = maximize_units(OneKernel(kernel), "c1", [0], limits=(0, 1), jitter=0, blur=0, decay=0.01)[0]
    assert image.shape == (28, 28)
    middle = image[13:16, 13:16]  # what the middle one of 26×26 units sees
    assert torch.allclose(middle, (kernel > 0).float(), atol=0.05)
    image[13:16, 13:16] = 0
    assert image.max() < 0.1  # the start has faded everywhere else


def test_each_unit_is_maximised_on_its_own():
    model = LeNet5()
    both = maximize_units(model, "output", [3, 7], steps=5)
    assert torch.allclose(both[1:], maximize_units(model, "output", [7], steps=5), atol=1e-4)
    assert both.shape == (2, 32, 32) and not torch.allclose(both[0], both[1])


def test_nothing_is_left_on_the_model():
    model = LeNet5().train()
    before = {name: value.clone() for name, value in model.state_dict().items()}
    data = ImageSet("mnist", torch.randint(255, (9, 28, 28), dtype=torch.uint8), torch.arange(9), size=32)
    image, label = data[0]
    capture_maps(model, image[None])
    compute_saliency(model, image, label)
    measure_gradients(model, image[None], label[None])
    occlude(model, image, label)
    find_patches(model, data, "c3", count=2)
    maximize_units(model, "c5", [0, 1], steps=2)
    with pytest.raises(ValueError, match="no layer 'c4'; it has c1, s2, c3"):
        maximize_units(model, "c4", [0])
    with pytest.raises(ValueError, match="f6 makes no maps but 84 numbers"):
        find_patches(model, data, "f6")
    with pytest.raises(ValueError, match="32"):  # also where the forward pass fails
        capture_maps(model, torch.zeros(1, 1, 28, 28))
    assert not any(module._forward_hooks for module in model.modules())
    assert all(parameter.grad is None and parameter.requires_grad for parameter in model.parameters())
    assert all(torch.equal(value, before[name]) for name, value in model.state_dict().items())
    assert model.training and image.grad is None and not image.requires_grad
