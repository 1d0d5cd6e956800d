"""The network of 1998: counts, layers and losses against the paper and against values worked out by hand."""

import math

import pytest
import torch
from torch import nn
from torch.nn.functional import conv2d, cross_entropy

from lenet_utils.bitmaps import draw_bitmaps
from lenet_utils.evaluation import choose_classes, evaluate
from lenet_utils.experiments import lenet1998_protocol as protocol
from lenet_utils.layers import RBF, TABLE_I, AvgPool2d, PartialConv2d, ScaledTanh, Subsampling
from lenet_utils.losses import competitive_loss, distance_loss
from lenet_utils.models import LeNet1998, count_parameters
from lenet_utils.summary import summarize

# Section II-B of the paper
PARAMETERS = {"c1": 156, "s2": 12, "c3": 1516, "s4": 32, "c5": 48_120, "f6": 10_164, "output": 0}
CONNECTIONS = {"c1": 122_304, "s2": 5880, "c3": 151_600, "s4": 2000, "c5": 48_120, "f6": 10_164, "output": 840}


@pytest.fixture
def model():
    torch.manual_seed(0)
    return LeNet1998()


def test_counts_are_those_of_the_paper(model):
    rows = summarize(model)
    assert {row.name: row.parameters for row in rows} == PARAMETERS
    assert {row.name: row.connections for row in rows} == CONNECTIONS
    assert count_parameters(model) == 60_000 and sum(row.connections for row in rows) == 340_908


def test_table_1_has_60_connections_ten_from_each_map():
    assert TABLE_I.shape == (16, 6) and TABLE_I.sum() == 60
    assert TABLE_I.sum(0).tolist() == [10] * 6 and TABLE_I.sum(1).tolist() == [3] * 6 + [4] * 9 + [6]
    assert [row.nonzero().flatten().tolist() for row in TABLE_I[[4, 9, 13]]] == [[0, 4, 5], [0, 3, 4, 5], [1, 2, 4, 5]]


def test_each_kernel_stands_where_its_connection_is():
    layer = PartialConv2d(torch.tensor([[1, 0], [0, 1], [1, 1]]), 2)
    a, b, c, d = layer.weight.detach()
    zero = torch.zeros(2, 2)
    expected = torch.stack([torch.stack(pair) for pair in ((a, zero), (zero, b), (c, d))])
    assert torch.equal(layer.dense_weight(), expected)
    maps = torch.randn(3, 2, 5, 5)
    assert torch.equal(layer(maps), conv2d(maps, expected, layer.bias))


def test_an_absent_connection_has_no_parameter_no_effect_and_no_gradient():
    layer = PartialConv2d(TABLE_I, 5)
    assert layer.weight.shape == (60, 5, 5)
    maps = torch.randn(2, 6, 14, 14, requires_grad=True)
    layer(maps)[:, 3].sum().backward()  # sees maps 3, 4 and 5
    assert not maps.grad[:, :3].any() and maps.grad[:, 3:].any()
    used = layer.weight.grad.flatten(1).any(1).nonzero().flatten().tolist()
    assert used == [9, 10, 11]


def test_subsampling_by_hand():
    layer = Subsampling(2)
    layer.coefficient.data = torch.tensor([0.5, -2.0])[:, None, None]
    layer.bias.data = torch.tensor([1.0, 0.0])[:, None, None]
    maps = torch.tensor([[[1.0, 2.0], [3.0, 4.0]], [[0.0, 1.0], [0.0, 0.0]]])[None]
    assert layer(maps).flatten().tolist() == [6.0, -2.0]


def test_the_squashing_function_passes_through_plus_and_minus_1():
    f = ScaledTanh()
    assert torch.allclose(f(torch.tensor([-1.0, 0.0, 1.0])), torch.tensor([-1.0, 0.0, 1.0]), atol=1e-4)
    assert f(torch.tensor(50.0)).item() == pytest.approx(1.7159)


def test_distances_by_hand():
    layer = RBF(torch.tensor([[1.0, -1.0], [1.0, 1.0]]))
    assert layer(torch.tensor([[1.0, 1.0], [0.0, 0.5]])).tolist() == [[4.0, 0.0], [3.25, 1.25]]
    assert not list(layer.parameters()) and "centers" in layer.state_dict()


def test_bitmaps_are_84_signs_and_far_apart():
    bitmaps = draw_bitmaps()
    assert bitmaps.shape == (10, 12, 7) and set(bitmaps.unique().tolist()) == {-1.0, 1.0}
    distances = torch.cdist(bitmaps.flatten(1), bitmaps.flatten(1)) ** 2 + 1000 * torch.eye(10)
    assert distances.min() >= 40


def test_both_losses_by_hand():
    distances, labels = torch.tensor([[1.0, 2.0, 4.0], [3.0, 0.5, 2.0]]), torch.tensor([0, 2])
    assert distance_loss(distances, labels).item() == pytest.approx(1.5)
    sums = [sum(math.exp(-y) for y in row) for row in distances.tolist()]
    plain = (1 + math.log(sums[0]) + 2 + math.log(sums[1])) / 2
    assert competitive_loss(distances, labels).item() == pytest.approx(plain)
    with_j = (1 + math.log(sums[0] + math.exp(-3)) + 2 + math.log(sums[1] + math.exp(-3))) / 2
    assert competitive_loss(distances, labels, j=3).item() == pytest.approx(with_j)


def test_without_its_constant_eq_9_is_cross_entropy_of_the_negated_distances():
    distances, labels = 20 * torch.rand(50, 10), torch.randint(10, (50,))
    torch.testing.assert_close(competitive_loss(distances, labels), cross_entropy(-distances, labels))


def test_first_weights_lie_within_2_4_over_the_fan_in(model):
    fans = {"c1": 25, "s2": 4, "s4": 4, "c5": 400, "f6": 120}
    for name, fan in fans.items():
        layer = getattr(model, name)
        weight = layer.coefficient if name in ("s2", "s4") else layer.weight
        assert 0.5 * 2.4 / fan < weight.abs().max() <= 2.4 / fan
        assert not layer.bias.any()
    largest = model.c3.dense_weight().abs().amax((1, 2, 3)) * 25 * TABLE_I.sum(1)
    assert (largest > 0.8 * 2.4).all() and (largest <= 2.4 + 1e-5).all()


def test_the_smallest_distance_is_the_answer(model):
    outputs = torch.tensor([[5.0, 1.0, 9.0]])
    assert choose_classes(model, outputs).item() == 1
    assert choose_classes(LeNet1998(output=nn.Linear(84, 10)), outputs).item() == 2


def test_it_learns_a_few_digits_by_heart(model, digits):
    from lenet_utils.training import fit

    optimizer = torch.optim.SGD(model.parameters(), lr=0.01, momentum=0.9, nesterov=True)
    history = fit(
        model, digits, epochs=60, batch_size=20, optimizer=optimizer, loss_function=competitive_loss, log=None
    )
    assert history.accuracy[-1] == 1.0
    loss, accuracy = evaluate(model, digits, competitive_loss)
    assert accuracy == 1.0 and loss < 0.1


@pytest.mark.parametrize("j", [None, 1.0, 200.0])
def test_the_protocols_own_gradient_is_autograds(model, j):
    torch.manual_seed(1)
    image, label = torch.randn(1, 1, 32, 32), 3
    competitive_loss(model(image), torch.tensor([label]), j).backward()
    weights = protocol.to_arrays(dict(model.named_parameters()), model)
    gradient = protocol.backward(weights, protocol.forward(weights, image.numpy()[0, 0]), label, j)
    right = protocol.to_arrays({name: value.grad for name, value in model.named_parameters()}, model)
    assert set(gradient) == set(dict(model.named_parameters()))
    for name, value in gradient.items():
        torch.testing.assert_close(torch.tensor(value), torch.tensor(right[name]), rtol=1e-3, atol=1e-5)


def test_the_protocols_weights_go_back_into_the_network(model):
    weights = protocol.to_arrays(dict(model.named_parameters()), model)
    other = LeNet1998(subsampling=Subsampling)
    protocol.load_arrays(other, weights)
    assert all(torch.equal(a, b) for a, b in zip(model.parameters(), other.parameters(), strict=True))


def test_what_is_taken_away_is_gone():
    plain = LeNet1998(subsampling=lambda maps: AvgPool2d(2))
    assert count_parameters(plain) == 60_000 - 44
    assert count_parameters(LeNet1998(connections=torch.ones(16, 6))) == 60_000 + 36 * 25
    assert count_parameters(LeNet1998(output=nn.Linear(84, 10))) == 60_850
