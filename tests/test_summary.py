"""Shapes, parameters and receptive fields, against facts and against the gradient."""

import pytest
import torch

from lenet_utils.models import FashionLeNet, LeNet5
from lenet_utils.summary import print_summary, summarize

NAMES = ["c1", "s2", "c3", "s4", "c5", "f6", "output"]


@pytest.mark.parametrize("model", [LeNet5(), FashionLeNet()], ids=lambda model: type(model).__name__)
def test_layers_in_order_with_their_parameters(model):
    rows = summarize(model)
    assert [row.name for row in rows] == NAMES
    assert [row.parameters for row in rows] == [156, 0, 2416, 0, 48120, 10164, 850]


def test_shapes_and_fields_of_lenet5():
    rows = summarize(LeNet5())
    shapes = [(6, 28, 28), (6, 14, 14), (16, 10, 10), (16, 5, 5), (120, 1, 1), (84,), (10,)]
    assert [row.shape for row in rows] == shapes
    assert [row.field for row in rows] == [5, 6, 14, 16, 32, 32, 32]
    assert [row.step for row in rows[:5]] == [1, 2, 2, 4, 4]


@pytest.mark.parametrize("name", ["c1", "s2", "c3", "s4", "c5"])
def test_receptive_fields_are_where_the_gradient_is(name):
    model = LeNet5()
    row = next(row for row in summarize(model) if row.name == name)
    pixels = torch.rand(1, 1, 32, 32, requires_grad=True)
    kept = {}
    model.get_submodule(name).register_forward_hook(lambda module, inputs, output: kept.update(output=output))
    model(pixels)
    unit = row.shape[-1] // 2
    kept["output"][0, 0, unit, unit].backward()
    seen = pixels.grad[0, 0].any(1).nonzero().squeeze(1)
    assert seen[0] == row.start + unit * row.step
    assert len(seen) == row.field


def test_summarize_leaves_no_hook_behind():
    model = LeNet5()
    summarize(model)
    assert not any(module._forward_hooks for module in model.modules())


def test_the_printed_table_ends_with_the_total(capsys):
    print_summary(LeNet5())
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 9 and lines[-1].split() == ["total", "61,706"]
