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
