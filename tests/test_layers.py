"""The course's own layers give what torch's give, forward and backward; only faster."""

import pytest
import torch
from torch import nn

from lenet_utils import layers


def run(layer, maps):
    """Return output, gradient of the input, and gradients of the weights of an arbitrary loss."""
    maps = maps.clone().requires_grad_()
    out = layer(maps)
    (out * torch.linspace(-1, 1, out.numel()).view(out.shape)).sum().backward()
    return [out.detach(), maps.grad, *(parameter.grad for parameter in layer.parameters())]


def assert_same(layer, theirs, maps):
    layer.load_state_dict(theirs.state_dict())
    for mine, right in zip(run(layer, maps), run(theirs, maps), strict=True):
        torch.testing.assert_close(mine, right, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("shape", [(3, 6, 28, 28), (2, 16, 10, 10), (1, 2, 10, 57), (2, 1, 5, 4), (4, 8, 8)])
def test_pooling_is_torchs_also_for_wide_odd_and_single_maps(shape):
    torch.manual_seed(0)
    assert_same(layers.AvgPool2d(2), nn.AvgPool2d(2), torch.randn(shape))


@pytest.mark.parametrize("shape", [(3, 16, 5, 5), (1, 16, 5, 5), (2, 16, 5, 21), (16, 5, 5)])
def test_convolution_is_torchs_also_for_maps_larger_than_the_kernel(shape):
    torch.manual_seed(0)
    assert_same(layers.Conv2d(16, 120, 5), nn.Conv2d(16, 120, 5), torch.randn(shape))


@pytest.mark.parametrize("options", [{"padding": 2}, {"groups": 4}, {"bias": False}, {"padding": "same"}])
def test_convolution_is_torchs_with_other_options(options):
    torch.manual_seed(0)
    assert_same(layers.Conv2d(16, 8, 5, **options), nn.Conv2d(16, 8, 5, **options), torch.randn(2, 16, 5, 5))


def test_pooling_can_learn_after_it_was_first_used_without_gradients():
    with torch.inference_mode():
        layers.AvgPool2d(2)(torch.ones(1, 1, 38, 38))
    maps = torch.ones(1, 1, 38, 38, requires_grad=True)
    layers.AvgPool2d(2)(maps).sum().backward()
    assert torch.equal(maps.grad, torch.full((1, 1, 38, 38), 0.25))


def test_other_kernels_are_refused():
    with pytest.raises(ValueError, match=r"2×2.*torch\.nn\.AvgPool2d"):
        layers.AvgPool2d(3)
