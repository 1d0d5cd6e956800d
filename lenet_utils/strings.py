"""Rows of digits to read: drawn in whole batches from single ones, side by side at the distances that are asked for."""

from collections import namedtuple

import torch
from torch.nn.functional import pad

from lenet_utils.augmentation import apply_affine

# images: float (N, 1, 32, W), scaled as the digits were. labels: int64 (N, longest), from the left, -1 after the last.
# middles: float (N, longest), of each digit's ink, in columns from the left edge.
Strings = namedtuple("Strings", "images labels middles")

INK = 32  # a byte from which a pixel counts as ink: fainter ones are hardly seen
STEP = 4  # pixels between two positions of LeNet-5 on a wide image: two poolings


def make_strings(
    digits, count, generator, *, lengths=(3, 5), gaps=(-1, 4), margins=(6, 12), heights=(1.0, 1.0), noise=0.0
):
    """Return ``count`` ``Strings`` of digits drawn at random from the ``ImageSet`` ``digits``.

    Each pair is a lowest and a highest value, all equally likely. ``lengths``: digits. ``gaps``: empty columns between
    the inked boxes of neighbours; negative: columns that both boxes cover, where the darker ink wins. ``margins``:
    columns before the first digit; after the last there are at least as many as the highest. ``heights``: factors of
    a digit's height, its width alike. ``noise``: the fraction of pixels that turn black or white at random.
    ``generator``: a CPU generator, so that every device draws the same. All images have the width that the longest
    string needs, a multiple of 4.
    """
    check_ranges(lengths, gaps, margins, heights, noise)
    shape = (count, lengths[1])
    written = torch.arange(lengths[1]) < draw(lengths, (count, 1), generator)
    chosen = torch.randint(len(digits), shape, generator=generator)
    space = draw(gaps, shape, generator)
    space[:, 0] = draw(margins, (count,), generator)
    pixels = digits.images[chosen.flatten().to(digits.images.device)].float()
    if heights != (1.0, 1.0):
        factor = heights[0] + (heights[1] - heights[0]) * torch.rand(len(pixels), generator=generator)
        pixels = apply_affine(pixels[:, None], wider=factor, higher=factor)[:, 0]
    pixels = pixels.view(*shape, 28, 28)
    first, last = find_ink(pixels)
    widths = (last - first + 1).cpu()
    starts = space.cumsum(1) + widths.cumsum(1) - widths
    ends = ((starts + widths) * written).amax()
    width = -(-(int(ends) + margins[1]) // STEP) * STEP
    canvas = compose(pixels, starts.to(first.device) - first, max(width, 32), written)
    images = finish(canvas, digits, generator, noise)
    labels = torch.where(written, digits.labels.cpu()[chosen], -1)
    return Strings(images, labels.to(images.device), (starts + widths / 2).to(images.device))


def label_positions(strings):
    """Return what stands in the middle of each window of ``strings``: (N, positions), -1 where that is not clear.

    A window is labelled with the nearest digit if that stands within half a step of its middle, and with 10, the blank,
    if it is more than one and a half steps away. After Section VII of the 1998 paper, which names no limits.
    """
    positions = (strings.images.shape[3] - 32) // STEP + 1
    middles = 16 + STEP * torch.arange(positions, device=strings.middles.device)
    distances = (middles[None, :, None] - strings.middles[:, None]).abs()
    nearest, which = distances.masked_fill(strings.labels[:, None] < 0, torch.inf).min(2)
    unclear = torch.where(nearest <= 1.5 * STEP, -1, 10)
    return torch.where(nearest <= STEP / 2, strings.labels.gather(1, which), unclear)


def draw(limits, shape, generator):
    """Return whole numbers of ``shape``, uniform from the lowest to the highest of ``limits``."""
    return torch.randint(limits[0], limits[1] + 1, shape, generator=generator)


def find_ink(pixels):
    """Return the first and the last column with ink of images (…, H, W), bytes or floats from 0 to 255; none: 0, 0."""
    ink = (pixels >= INK).any(-2).long()
    return ink.argmax(-1), (ink.shape[-1] - 1 - ink.flip(-1).argmax(-1)) * ink.amax(-1)


def compose(pixels, offsets, width, written):
    """Lay digits (N, M, 28, 28) side by side on canvases (N, 28, ``width``); the darker ink wins.

    ``offsets`` (N, M): the column of each digit's first column; parts beyond the canvas are cut off. ``written``
    (N, M): which digits are drawn at all.
    """
    canvas = pixels.new_zeros(len(pixels), 28, width)
    columns = torch.arange(width, device=pixels.device)
    for slot in range(pixels.shape[1]):
        source = columns - offsets[:, slot, None]  # the digit's column that each column of the canvas shows
        shown = (source >= 0) & (source < 28) & written[:, slot, None].to(pixels.device)
        index = source.clamp(0, 27)[:, None].expand(-1, 28, -1)
        canvas = canvas.maximum(pixels[:, slot].gather(2, index) * shown[:, None])
    return canvas


def finish(canvas, digits, generator, noise):
    """Pad canvases (N, 28, W) to 32 rows, add noise, and scale them as ``digits`` are: (N, 1, 32, W)."""
    canvas = pad(canvas, (0, 0, 2, 2))
    if noise:
        draws = torch.rand(canvas.shape, generator=generator).to(canvas.device)
        canvas = torch.where(draws < noise, 255 * (draws < noise / 2), canvas)
    return canvas[:, None] * digits.factor + digits.shift


def check_ranges(lengths, gaps, margins, heights, noise):
    """Raise an error that names a pair or a fraction that makes no sense."""
    lowest = {"lengths": (lengths, 1), "gaps": (gaps, -10), "margins": (margins, 0), "heights": (heights, 0.3)}
    for name, (pair, least) in lowest.items():
        if len(pair) != 2 or not least <= pair[0] <= pair[1]:
            raise ValueError(f"{name} is a lowest and a highest value, from {least} on, e.g. (3, 5); not {pair!r}")
    if not 0 <= noise <= 1:
        raise ValueError(f"noise is a fraction from 0 to 1, not {noise!r}")
