"""The steps from a drawing to MNIST's format, by hand and on MNIST itself."""

import pytest
import torch

from lenet_utils.preparation import average, center, crop, prepare_digit, scale


def test_a_drawing_is_cropped_to_its_ink():
    drawing = torch.zeros(30, 40)
    drawing[5:9, 10:12] = 1
    assert torch.equal(crop(drawing), torch.ones(4, 2))
    assert crop(torch.zeros(10, 10)) is None


def test_scaling_averages_and_keeps_the_proportions():
    assert torch.allclose(average(4, 2), torch.tensor([[0.5, 0.5, 0, 0], [0, 0, 0.5, 0.5]]))
    assert torch.allclose(average(3, 2), torch.tensor([[2 / 3, 1 / 3, 0], [0, 1 / 3, 2 / 3]]))
    assert torch.allclose(average(7, 20).sum(1), torch.ones(20))
    assert scale(torch.ones(200, 50)).shape == (20, 5) and scale(torch.ones(3, 10)).shape == (6, 20)
    assert scale(torch.ones(1, 100)).shape == (1, 20)
    assert torch.allclose(scale(torch.ones(123, 77)), torch.ones(20, 13))


def test_the_centre_of_mass_comes_to_the_middle_and_nothing_is_cut_off():
    bar = torch.ones(20, 4)
    field = center(bar)
    assert field.shape == (28, 28) and field.sum() == bar.sum()
    assert field[4:24, 12:16].all()
    heavy = torch.zeros(20, 20)
    heavy[:, 19] = 1  # its centre would need a shift of 14 - 19 columns
    assert center(heavy).sum() == 20 and center(heavy)[4:24, 19].all()


def test_mnists_own_digits_come_back_as_they_are(mnist):
    digits = mnist.test.images[:300].float() / 255
    prepared = torch.stack([prepare_digit(digit) for digit in digits])
    same = (prepared[:, 2:30, 2:30] - digits).abs().amax((1, 2)) < 0.01
    assert same.float().mean() > 0.95


def test_where_the_drawing_stands_and_how_large_it_is_make_no_difference():
    shape = torch.zeros(60, 40)
    shape[:, :8] = 1
    shape[52:, :] = 1
    large = shape.repeat_interleave(3, 0).repeat_interleave(3, 1)
    here, there, big = torch.zeros(280, 280), torch.zeros(280, 280), torch.zeros(280, 280)
    here[10:70, 10:50], there[200:260, 180:220], big[50:230, 60:180] = shape, shape, large
    assert torch.equal(prepare_digit(here), prepare_digit(there))
    assert torch.allclose(prepare_digit(here), prepare_digit(big), atol=1e-5)


def test_an_empty_drawing_stays_empty():
    assert torch.equal(prepare_digit(torch.zeros(280, 280)), torch.zeros(32, 32))


@pytest.mark.parametrize("shape", [(280,), (1, 280, 280)])
def test_a_drawing_has_rows_and_columns(shape):
    with pytest.raises(ValueError, match="rows and columns"):
        prepare_digit(torch.ones(shape))
