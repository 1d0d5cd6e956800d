"""Random distortions of whole batches, drawn anew each time an image is seen."""

from functools import cache

import torch
from torch.nn.functional import grid_sample


def random_affine(images, generator, *, degrees=10.0, shift=1.0, scale=0.1, shear=0.1):
    """Return ``images`` (N, 1, H, H), each rotated, shifted, scaled, squeezed and sheared a little.

    At random, uniform in ±``degrees``, ±``shift`` pixels, 1 ± ``scale`` for each direction by itself, and ±``shear``
    (see ``apply_affine``). ``generator``: a CPU generator, so that every device draws the same. After Section III-B of
    the 1998 paper, which has no rotation and names no amounts.
    """
    angle, left, up, wider, higher, slant = 2 * torch.rand(6, len(images), generator=generator) - 1
    return apply_affine(
        images, degrees=degrees * angle, left=shift * left, up=shift * up, wider=1 + scale * wider,
        higher=1 + scale * higher, slant=shear * slant,
    )  # fmt: skip


def apply_affine(images, *, degrees=0.0, left=0.0, up=0.0, wider=1.0, higher=1.0, slant=0.0):
    """Return ``images`` (N, 1, H, H) distorted by given amounts, each a number or a CPU tensor (N,).

    ``degrees``: counter-clockwise. ``left``, ``up``: pixels. ``wider``, ``higher``: factors. ``slant``: pixels to the
    right per pixel upwards. What enters at the border takes the value of the nearest pixel there.
    """
    count, size = len(images), images.shape[-1]
    amounts = (torch.as_tensor(amount).expand(count) for amount in (degrees, left, up, wider, higher, slant))
    degrees, left, up, wider, higher, slant = amounts
    cos, sin = torch.deg2rad(degrees).cos(), torch.deg2rad(degrees).sin()
    # From each new pixel back to the place that it is read from: one 2×3 matrix for each image.
    matrix = torch.stack(
        [
            cos / wider, (slant * cos - sin) / wider, 2 / size * left,
            sin / higher, (slant * sin + cos) / higher, 2 / size * up,
        ],
        dim=1,
    )  # fmt: skip
    matrix = matrix.view(count, 2, 3).to(images.device, non_blocking=True)
    places = (matrix @ pixel_places(size, images.device)).transpose(1, 2).view(count, size, size, 2)
    return grid_sample(images, places, padding_mode="border", align_corners=False)


@cache
def pixel_places(size, device):
    """Return x, y and 1 of every pixel (3, size²), row by row; the image reaches from -1 to 1."""
    line = (2 * torch.arange(size, device=device) + 1) / size - 1
    return torch.stack([line.repeat(size), line.repeat_interleave(size), torch.ones(size**2, device=device)])


def random_flip(images, generator):
    """Return ``images`` (N, 1, H, W) with about half of them mirrored left to right.

    For clothes, not for digits: a mirrored shirt is a shirt, a mirrored 3 is nothing. ``generator``: a CPU generator.
    """
    chosen = (torch.rand(len(images), generator=generator) < 0.5).to(images.device, non_blocking=True)
    return torch.where(chosen[:, None, None, None], images.flip(3), images)
