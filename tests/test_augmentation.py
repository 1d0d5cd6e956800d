"""Random distortions: reproducible, small, and nothing at all when their amounts are zero; flips: half, and exact."""

import torch

from lenet_utils.augmentation import random_affine, random_flip


def generator(seed=0):
    return torch.Generator().manual_seed(seed)


def square():
    images = torch.full((3, 1, 32, 32), -0.4)
    images[:, :, 12:20, 12:20] = 2.0
    return images


def test_no_amounts_change_nothing():
    same = random_affine(square(), generator(), degrees=0, shift=0, scale=0, shear=0)
    assert torch.allclose(same, square(), atol=1e-5)


def test_the_same_generator_gives_the_same_distortions_and_each_image_its_own():
    first, again = (random_affine(square(), generator(1)) for _ in range(2))
    assert torch.equal(first, again)
    assert not torch.equal(first[0], first[1])
    assert not torch.equal(first, random_affine(square(), generator(2)))


def test_the_border_stays_background_and_the_ink_stays_about_as_much():
    distorted = random_affine(square(), generator())
    assert torch.allclose(distorted[:, :, 0], torch.tensor(-0.4), atol=1e-5)
    ink = (distorted + 0.4).sum((1, 2, 3)) / (square() + 0.4).sum((1, 2, 3))
    assert (ink > 0.7).all() and (ink < 1.4).all()


def test_a_shift_moves_the_centre_by_at_most_its_pixels():
    images = torch.zeros(200, 1, 32, 32)
    images[:, :, 15:17, 15:17] = 1
    moved = random_affine(images, generator(), degrees=0, shift=3, scale=0, shear=0)
    places = torch.arange(32.0) - 15.5
    right = (moved.sum(2) * places).sum((1, 2)) / moved.sum((1, 2, 3))
    assert right.abs().max() <= 3.01 and right.abs().max() > 2.5


def test_about_half_of_the_images_are_mirrored_exactly_and_the_rest_untouched():
    images = torch.rand(1000, 1, 28, 28)
    flipped = random_flip(images, generator())
    mirrored = (flipped == images.flip(3)).flatten(1).all(1)
    same = (flipped == images).flatten(1).all(1)
    assert (mirrored ^ same).all()
    assert 440 < mirrored.sum() < 560
    assert torch.equal(flipped, random_flip(images, generator()))
    assert not torch.equal(flipped, random_flip(images, generator(1)))


def measure_spread(images):
    """Return the standard deviations of the ink along x and along y, (N,) each."""
    places = torch.arange(32.0) - 15.5
    ink = images.sum((1, 2, 3))
    return [((images.sum(axis) * places**2).sum((1, 2)) / ink).sqrt() for axis in (2, 3)]


def test_width_and_height_are_scaled_each_by_itself_up_to_the_amount():
    blob = torch.exp(-((torch.arange(32.0) - 15.5) ** 2) / 18)
    images = (blob * blob[:, None]).expand(400, 1, 32, 32)
    scaled = random_affine(images, generator(), degrees=0, shift=0, scale=0.2, shear=0)
    across, down = (spread / 3 for spread in measure_spread(scaled))
    for factor in (across, down):
        assert 0.79 < factor.min() < 0.83 and 1.17 < factor.max() < 1.22
    assert (across - down).abs().max() > 0.3 and torch.corrcoef(torch.stack([across, down]))[0, 1].abs() < 0.15


def test_a_rotation_keeps_the_size_and_turns_by_at_most_the_degrees():
    images = torch.zeros(400, 1, 32, 32)
    images[:, :, 15:17, 6:26] = 1  # a horizontal bar
    turned = random_affine(images, generator(), degrees=30, shift=0, scale=0, shear=0)
    places = torch.arange(32.0) - 15.5
    x2, y2 = ((turned.sum(axis) * places**2).sum((1, 2)) for axis in (2, 3))
    xy = (turned[:, 0] * places * places[:, None]).sum((1, 2))
    angles = torch.rad2deg(0.5 * torch.atan2(2 * xy, x2 - y2))
    assert 29 < angles.abs().max() < 30.5 and angles.min() < 0 < angles.max()
    assert torch.allclose(turned.sum((1, 2, 3)), images.sum((1, 2, 3)), rtol=0.05)


def test_a_shear_moves_rows_against_each_other_and_keeps_their_height():
    images = torch.zeros(400, 1, 32, 32)
    images[:, :, 6:26, 15:17] = 1  # a vertical bar
    sheared = random_affine(images, generator(), degrees=0, shift=0, scale=0, shear=0.3)
    places = torch.arange(32.0) - 15.5
    centres = (sheared[:, 0] * places).sum(2) / sheared[:, 0].sum(2)
    slants = (centres[:, 24] - centres[:, 7]) / 17
    assert 0.28 < slants.abs().max() < 0.31
    assert torch.allclose(sheared[:, :, :5], torch.zeros(()), atol=1e-6)
