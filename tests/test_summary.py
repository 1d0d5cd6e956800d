"""Shapes, parameters and receptive fields, against facts and against the gradient."""

import pytest
import torch
import torchinfo
from torch import nn

from lenet_utils.models import FashionLeNet, LeNet5, WideLeNet5
from lenet_utils.summary import (
    count_multiply_adds,
    measure_saved,
    print_classic_table,
    print_costs,
    print_summary,
    summarize,
)

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


def test_summaries_leave_no_trace_on_the_model():
    model = LeNet5().train()
    for summary in (summarize, print_summary, print_costs, print_classic_table):
        summary(model)
    measure_saved(model, torch.zeros(1, 1, 32, 32))
    assert not any(module._forward_hooks for module in model.modules())
    assert model.training and all(parameter.grad is None for parameter in model.parameters())


def test_the_printed_table_ends_with_the_total(capsys):
    print_summary(LeNet5())
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 9 and lines[-1].split() == ["total", "61,706"]


# By hand: units · (what a unit sees + its bias). Padding counts as seen.
COUNTS = {
    "c1": (6 * 28 * 28 * (25 + 1), 6 * 28 * 28 * 25),
    "s2": (6 * 14 * 14 * 4, 6 * 14 * 14 * 4),
    "c3": (16 * 10 * 10 * (6 * 25 + 1), 16 * 10 * 10 * 6 * 25),
    "s4": (16 * 5 * 5 * 4, 16 * 5 * 5 * 4),
    "c5": (120 * (400 + 1), 120 * 400),
    "f6": (84 * (120 + 1), 84 * 120),
    "output": (10 * (84 + 1), 10 * 84),
}


@pytest.mark.parametrize("model", [LeNet5(), FashionLeNet()], ids=lambda model: type(model).__name__)
def test_connections_and_multiply_adds_layer_by_layer(model):
    assert {row.name: (row.connections, row.multiply_adds) for row in summarize(model)} == COUNTS
    assert summarize(model)[0].connections == 122_304  # as in the paper's Fig. 2
    assert summarize(model)[4].connections == 48_120
    assert [row.memory // 4 for row in summarize(model)] == [4704, 1176, 1600, 400, 120, 84, 10]


@pytest.mark.parametrize("model", [LeNet5(), FashionLeNet()], ids=lambda model: type(model).__name__)
def test_torchinfo_counts_the_same(model):
    report = torchinfo.summary(model, (1, *model.input_shape), verbose=0)
    theirs = {layer.var_name: layer for layer in report.summary_list}
    for row in summarize(model):
        layer = theirs[row.name]
        assert (layer.num_params, tuple(layer.output_size[1:])) == (row.parameters, row.shape)
        if row.parameters:  # it counts the bias as a multiply-add, and pooling not at all
            assert layer.macs == row.connections
    assert report.total_params == sum(row.parameters for row in summarize(model)) == 61_706


CLASSIC_TABLE = """\
----------------------------------------------------------------
        Layer (type)               Output Shape         Param #
----------------------------------------------------------------
            Conv2d-1            [-1, 6, 28, 28]             156
           Sigmoid-2            [-1, 6, 28, 28]               0
         AvgPool2d-3            [-1, 6, 14, 14]               0
            Conv2d-4           [-1, 16, 10, 10]           2,416
           Sigmoid-5           [-1, 16, 10, 10]               0
         AvgPool2d-6             [-1, 16, 5, 5]               0
           Flatten-7                  [-1, 400]               0
            Linear-8                  [-1, 120]          48,120
            Linear-9                   [-1, 84]          10,164
           Linear-10                   [-1, 10]             850
----------------------------------------------------------------
        Total params                        61,706
        Trainable params                    61,706
        Non-trainable params                0
----------------------------------------------------------------
        Input size (MB)                     0.00
        Forward/backward pass size (MB)     0.11
        Params size (MB)                    0.24
        Estimated Total Size (MB)           0.35
----------------------------------------------------------------
"""


def test_the_classic_table_is_the_reference_readmes_to_the_letter(capsys):
    print_classic_table(FashionLeNet())
    assert capsys.readouterr().out == CLASSIC_TABLE


def test_the_classic_table_tells_frozen_parameters_apart(capsys):
    model = FashionLeNet()
    model.c1.requires_grad_(False)
    print_classic_table(model)
    output = capsys.readouterr().out
    assert "Trainable params                    61,550\n" in output
    assert "Non-trainable params                156\n" in output


def test_the_costs_end_with_their_totals(capsys):
    print_costs(LeNet5())
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 9 and lines[-1].split() == ["total", "61,706", "429,342", "422,824", "32,376"]


def test_what_a_forward_pass_keeps():
    # LeNet-5: the image and the output of every layer but the last, after its tanh
    values = 32 * 32 + 4704 + 1176 + 1600 + 400 + 120 + 84
    images = torch.rand(7, 1, 32, 32)
    assert measure_saved(LeNet5(), images) == 7 * 4 * values
    assert measure_saved(LeNet5(), images[2:3]) == 4 * values  # one image, though it lies in the batch's memory
    layer = nn.Linear(3, 2)
    with torch.no_grad():
        assert measure_saved(layer, torch.rand(5, 3)) == 0
    assert measure_saved(layer, torch.rand(5, 3)) == 5 * 3 * 4


def test_multiply_adds_of_a_wide_pass_are_those_of_every_unit():
    assert count_multiply_adds(LeNet5(), torch.zeros(1, 1, 32, 32)) == sum(
        row.multiply_adds for row in summarize(LeNet5())
    )
    # 36 columns: C1 28×32·25·6, S2 14×16·4·6, C3 10×12·150·16, S4 5×6·4·16, then two positions
    maps = 28 * 32 * 150 + 14 * 16 * 24 + 10 * 12 * 2400 + 5 * 6 * 64
    assert count_multiply_adds(WideLeNet5(), torch.zeros(1, 1, 32, 36)) == maps + 2 * (48_000 + 10_080 + 840)
