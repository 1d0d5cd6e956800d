"""Random distortions of whole batches, drawn anew each time an image is seen."""

import math

import torch
from torch.nn.functional import affine_grid, grid_sample


def random_affine(images, generator, *, degrees=10.0, shift=1.0, scale=0.1, shear=0.1):
    """Return ``images`` (N, 1, H, W), each rotated, shifted, scaled (alike in both directions) and sheared a little.

    At random: about uniform in ±``degrees``, ±``shift`` pixels, 1 ± ``scale`` and ±``shear`` (horizontal pixels per
    pixel of height). ``generator``: a CPU generator, so that every device draws the same. What enters at the border
    takes the value of the nearest pixel there, in padded MNIST the background. After Section III-B of the 1998 paper,
    which has a squeeze where this has a rotation, and names no amounts.
    """
    count, size = len(images), images.shape[-1]
    angle, right, down, zoom_x, zoom_y, slant = 2 * torch.rand(6, count, generator=generator) - 1
    angle = angle * math.radians(degrees)
    cos, sin = angle.cos() / (1 + scale * zoom_x), angle.sin() / (1 + scale * zoom_y)
    slant = shear * slant
    rows = torch.stack(
        [cos, slant * cos - sin, right * 2 * shift / size, sin, slant * sin + cos, down * 2 * shift / size]
    )
    theta = rows.T.reshape(count, 2, 3).to(images.device, non_blocking=True)
    grid = affine_grid(theta, list(images.shape), align_corners=False)
    return grid_sample(images, grid, padding_mode="border", align_corners=False)


def random_flip(images, generator):
    """Return ``images`` (N, 1, H, W) with about half of them mirrored left to right.

    For clothes, not for digits: a mirrored shirt is a shirt, a mirrored 3 is nothing. ``generator``: a CPU generator.
    """
    chosen = (torch.rand(len(images), generator=generator) < 0.5).to(images.device, non_blocking=True)
    return torch.where(chosen[:, None, None, None], images.flip(3), images)
