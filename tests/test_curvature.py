"""The diagonal Gauss-Newton estimate against second derivatives computed by brute force."""

import pytest
import torch
from torch import nn
from torch.func import functional_call, jacrev

from lenet_utils.curvature import estimate_curvature
from lenet_utils.layers import RBF, ScaledTanh, Subsampling
from lenet_utils.losses import competitive_loss, distance_loss
from lenet_utils.models import LeNet1998


class Tiny(nn.Module):
    """Two layers with weights, then distances to three centres."""

    def __init__(self):
        super().__init__()
        self.c5, self.f6 = nn.Linear(4, 3), nn.Linear(3, 5)
        self.activation, self.output = ScaledTanh(), RBF(torch.randn(3, 5).sign())

    def features(self, images):
        return self.activation(self.f6(self.activation(self.c5(images))))

    def forward(self, images):
        return self.output(self.features(images))


def test_two_layers_with_squared_distances_are_exactly_gauss_newton():
    # Eq. 8 bends by 2 along every feature. So the diagonal of J'(2I)J is exact for both layers.
    torch.manual_seed(0)
    model, images, labels = Tiny().double(), torch.randn(6, 4).double(), torch.tensor([0, 1, 2, 0, 1, 2])
    estimates = estimate_curvature(model, images, labels, distance_loss)
    parameters = dict(model.named_parameters())

    class Features(nn.Module):
        def __init__(self):
            super().__init__()
            self.tiny = model

        def forward(self, images):
            return self.tiny.features(images)

    named = {f"tiny.{name}": value for name, value in parameters.items()}
    jacobian = jacrev(lambda values: functional_call(Features(), values, images))(named)
    for name, estimate in estimates.items():
        exact = 2 * (jacobian[f"tiny.{name}"] ** 2).sum(1).mean(0)
        torch.testing.assert_close(estimate, exact)
    assert set(estimates) == set(parameters)


class Shared(nn.Module):
    """A convolution and a subsampling on a 4×4 image, each weight shared by many connections."""

    def __init__(self):
        super().__init__()
        self.s2, self.c3 = Subsampling(2), nn.Conv2d(2, 3, 2)
        nn.init.uniform_(self.s2.coefficient)
        self.activation, self.output = ScaledTanh(), RBF(torch.randn(4, 3).sign())

    def forward(self, images):
        return self.output(self.activation(self.c3(self.activation(self.s2(images)))).flatten(1))


def test_shared_weights_add_up_the_squares_of_their_connections():
    torch.manual_seed(0)
    model, image = Shared().double(), torch.randn(1, 2, 4, 4).double()
    estimates = estimate_curvature(model, image, torch.tensor([1]), distance_loss)
    slope = torch.func.vmap(torch.func.grad(lambda a: model.activation(a)))
    pooled = torch.zeros(2, 2, 2).double()
    for map_, row, column in torch.cartesian_prod(*map(torch.arange, (2, 2, 2))):
        square = image[0, map_, 2 * row : 2 * row + 2, 2 * column : 2 * column + 2]
        pooled[map_, row, column] = model.s2.coefficient[map_, 0, 0] * square.sum() + model.s2.bias[map_, 0, 0]
    squashed = model.activation(pooled).detach()
    sums = torch.stack([(model.c3.weight[k] * squashed).sum() + model.c3.bias[k] for k in range(3)]).detach()
    bend = 2 * slope(sums) ** 2  # (3,)
    torch.testing.assert_close(estimates["c3.weight"], bend[:, None, None, None] * squashed**2)
    torch.testing.assert_close(estimates["c3.bias"], bend)
    below = torch.zeros(2, 2, 2).double()
    for k in range(3):
        below += bend[k] * model.c3.weight[k].detach() ** 2
    below *= slope(pooled.flatten().detach()).view(2, 2, 2) ** 2
    expected = torch.zeros(2).double()
    for map_, row, column in torch.cartesian_prod(*map(torch.arange, (2, 2, 2))):
        square = image[0, map_, 2 * row : 2 * row + 2, 2 * column : 2 * column + 2]
        expected[map_] += below[map_, row, column] * (square**2).sum()
    torch.testing.assert_close(estimates["s2.coefficient"].flatten(), expected)
    torch.testing.assert_close(estimates["s2.bias"].flatten(), below.sum((1, 2)))


@pytest.mark.parametrize("loss_function", [distance_loss, competitive_loss, lambda d, y: competitive_loss(d, y, j=1.0)])
def test_the_published_network_bends_upwards_everywhere(loss_function):
    torch.manual_seed(0)
    model = LeNet1998()
    estimates = estimate_curvature(model, torch.randn(5, 1, 32, 32), torch.arange(5), loss_function)
    assert {name: value.shape for name, value in estimates.items()} == {
        name: value.shape for name, value in model.named_parameters()
    }
    assert all((value >= -1e-5).all() for value in estimates.values())
    assert all((value > 0).any() for value in estimates.values())
