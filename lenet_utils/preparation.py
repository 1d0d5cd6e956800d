"""From a drawing to what LeNet-5 expects: the steps by which MNIST was made (Section III-A of the 1998 paper)."""

import torch
from torch.nn.functional import pad


def prepare_digit(drawing):
    """Return ``drawing`` (H, W), 0 = paper to 1 = ink, as a 32×32 image from 0 to 1, as MNIST's digits are.

    Cropped to its ink, scaled to fit 20×20 with its proportions kept, its centre of mass in the middle of 28×28, with
    2 pixels of paper around. Without ink it is empty.
    """
    if drawing.ndim != 2:
        raise ValueError(f"a drawing has rows and columns, (H, W), not {tuple(drawing.shape)}")
    box = crop(drawing)
    if box is None:
        return drawing.new_zeros(32, 32)
    return pad(center(scale(box)), (2, 2, 2, 2))


def crop(drawing):
    """Return the smallest box of ``drawing`` (H, W) that holds all its ink; None where there is none."""
    rows, columns = ((drawing > 0).any(axis).nonzero().flatten() for axis in (1, 0))
    return drawing[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1] if len(rows) else None


def scale(box, side=20):
    """Return ``box`` (H, W) scaled so that its longer side has ``side`` pixels; each is the mean of what it covers."""
    factor = side / max(box.shape)
    height, width = (max(1, int(length * factor + 0.5)) for length in box.shape)
    return average(box.shape[0], height) @ box @ average(box.shape[1], width).T


def average(old, new):
    """Return the matrix (new, old) that makes a line of ``new`` pixels from one of ``old`` by averaging."""
    ends = torch.arange(new + 1) * (old / new)  # of the new pixels, in old ones
    pixels = torch.arange(old)
    covered = torch.minimum(ends[1:, None], pixels + 1) - torch.maximum(ends[:-1, None], pixels)
    return covered.clamp_min(0) * (new / old)


def center(digit, side=28):
    """Return ``digit`` (H, W) in a field of ``side``×``side``, its centre of mass in the middle, never cut off.

    Moved by whole pixels; the centre comes to lie within the pixel right of and below the middle, as in MNIST.
    """
    offsets = []  # 1e-4: so that rounding does not decide where the centre falls between two pixels
    for axis in (0, 1):
        weights = digit.sum(1 - axis)
        middle = (weights * (torch.arange(len(weights)) + 0.5)).sum() / weights.sum()
        offsets.append(min(max(0, side // 2 - int(middle + 1e-4)), side - digit.shape[axis]))
    top, left = offsets
    return pad(digit, (left, side - left - digit.shape[1], top, side - top - digit.shape[0]))
