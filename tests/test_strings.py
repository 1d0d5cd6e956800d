"""Strings of digits: what is drawn where, worked out with bars of known width in place of digits."""

import pytest
import torch

from lenet_utils.data import ImageSet
from lenet_utils.strings import STEP, Strings, find_ink, label_positions, make_strings


@pytest.fixture
def bars():
    """Ten images, the one of class c with a bar c + 3 columns wide from column 5 on: its width tells its class."""
    images = torch.zeros(10, 28, 28, dtype=torch.uint8)
    for label in range(10):
        images[label, 4:24, 5 : 5 + label + 3] = 255
    return ImageSet("mnist", images, torch.arange(10), scaling="unit")


def generate(seed=0):
    return torch.Generator().manual_seed(seed)


def runs(image):
    """Return (is ink, columns) of each run of equal columns of one image (1, 32, W)."""
    ink = (image[0] > 0.5).any(0).int()
    values, counts = ink.unique_consecutive(return_counts=True)
    return list(zip(values.tolist(), counts.tolist(), strict=True))


def test_the_digits_follow_each_other_at_the_gap_asked_for(bars):
    strings = make_strings(bars, 50, generate(), gaps=(2, 2), margins=(7, 7))
    for image, labels in zip(strings.images, strings.labels.tolist(), strict=True):
        start, *parts, end = runs(image)
        assert start == (0, 7) and end[0] == 0 and end[1] >= 7
        assert [columns for is_ink, columns in parts if is_ink] == [label + 3 for label in labels if label >= 0]
        assert all(columns == 2 for is_ink, columns in parts if not is_ink)


def test_gaps_and_lengths_take_every_value_asked_for_and_no_other(bars):
    strings = make_strings(bars, 300, generate(), gaps=(1, 4))
    found = {columns for image in strings.images for is_ink, columns in runs(image)[1:-1] if not is_ink}
    assert found == {1, 2, 3, 4}
    assert set((strings.labels >= 0).sum(1).tolist()) == {3, 4, 5}


def test_a_negative_gap_is_an_overlap(bars):
    strings = make_strings(bars, 20, generate(), gaps=(-1, -1), lengths=(3, 3), margins=(6, 6))
    for image, labels in zip(strings.images, strings.labels.tolist(), strict=True):
        assert runs(image)[1] == (1, sum(label + 3 for label in labels) - 2)


def test_the_shape_is_32_rows_and_a_whole_number_of_steps_scaled_like_the_digits(bars, mnist):
    strings = make_strings(bars, 20, generate())
    assert strings.images.shape[:3] == (20, 1, 32) and strings.images.shape[3] % STEP == 0
    assert strings.images.min() == 0 and strings.images.max() == 1
    assert make_strings(bars, 1, generate(), lengths=(1, 1), margins=(0, 0)).images.shape == (1, 1, 32, 32)
    real = make_strings(mnist.train, 20, generate()).images
    assert real.min().item() == pytest.approx(mnist.train.shift)
    assert real.max().item() == pytest.approx(mnist.train.shift + 255 * mnist.train.factor)


def test_the_same_generator_gives_the_same_strings_another_gives_others(bars):
    first, again, other = (make_strings(bars, 20, generate(seed)) for seed in (0, 0, 1))
    assert torch.equal(first.images, again.images) and torch.equal(first.labels, again.labels)
    assert not torch.equal(first.labels, other.labels)


def test_only_the_digits_given_are_drawn_and_each_as_it_is(bars):
    few = bars.subset(torch.tensor([3, 8]))
    strings = make_strings(few, 50, generate(), gaps=(1, 1))
    assert set(strings.labels.unique().tolist()) == {-1, 3, 8}
    widths = {columns for image in strings.images for is_ink, columns in runs(image) if is_ink}
    assert widths == {6, 11}


def test_heights_change_the_height_of_the_digits(bars):
    strings = make_strings(bars, 30, generate(), heights=(0.5, 0.5))
    rows = (strings.images > 0.5).any(3).sum(2)
    assert rows.min() >= 9 and rows.max() <= 11  # of 20


def test_noise_turns_the_fraction_asked_for_black_or_white(bars):
    clean, noisy = (make_strings(bars, 40, generate(), noise=noise).images for noise in (0, 0.2))
    assert (clean != noisy).float().mean().item() == pytest.approx(0.1, abs=0.01)  # half keep the value they had
    assert set(noisy.unique().tolist()) == {0, 1}


def test_middles_are_those_of_the_ink(bars):
    strings = make_strings(bars, 30, generate(), gaps=(2, 2))
    for image, labels, middles in zip(strings.images, strings.labels, strings.middles.tolist(), strict=True):
        start = 0
        found = []
        for is_ink, columns in runs(image):
            found += [start + columns / 2] if is_ink else []
            start += columns
        assert found == middles[: int((labels >= 0).sum())]


def test_positions_are_labelled_by_what_stands_in_their_middle():
    # middles of the windows: 16, 20, 24 … 48; of an 8 and a 1: 18 and 31; the third digit is not written
    strings = Strings(torch.zeros(1, 1, 32, 64), torch.tensor([[8, 1, -1]]), torch.tensor([[18.0, 31.0, 44.0]]))
    assert label_positions(strings).tolist() == [[8, 8, -1, -1, 1, -1, 10, 10, 10]]


def test_where_two_narrow_digits_share_a_position_the_nearer_one_counts():
    strings = Strings(torch.zeros(1, 1, 32, 36), torch.tensor([[1, 7]]), torch.tensor([[14.5, 17.0]]))
    assert label_positions(strings).tolist() == [[7, -1]]


def test_find_ink_returns_the_first_and_last_inked_column():
    pixels = torch.zeros(3, 28, 28)
    pixels[0, 5, 3], pixels[0, 9, 20], pixels[1, 0, 27], pixels[1, 3, 2] = 255, 40, 32, 31
    first, last = find_ink(pixels)
    assert first.tolist() == [3, 27, 0] and last.tolist() == [20, 27, 0]


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"lengths": (5, 3)}, "lengths is a lowest"),
        ({"lengths": (0, 3)}, "lengths is a lowest"),
        ({"gaps": (-30, 4)}, "gaps is a lowest"),
        ({"margins": (-1, 4)}, "margins is a lowest"),
        ({"heights": (0.0, 1.0)}, "heights is a lowest"),
        ({"noise": 10}, "noise is a fraction"),
    ],
)
def test_arguments_that_make_no_sense_are_named(bars, wrong, message):
    with pytest.raises(ValueError, match=message):
        make_strings(bars, 2, generate(), **wrong)
