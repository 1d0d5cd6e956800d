"""Layers: two of torch's, computed in a way that suits small maps better, and those of 1998 that torch lacks."""

import torch
from torch import nn
from torch.nn.functional import conv2d, linear


class AvgPool2d(nn.AvgPool2d):
    """``torch.nn.AvgPool2d(2)`` by adding slices, forward and backward; for squares of 2×2 only.

    Torch's own goes from pixel to pixel. assets/results/levers.json has what this gains.
    """

    def __init__(self, kernel_size=2):
        if kernel_size != 2:
            raise ValueError(f"this layer averages squares of 2×2, not of {kernel_size!r}: use torch.nn.AvgPool2d")
        super().__init__(kernel_size)

    def forward(self, maps):
        """Return the means (…, H // 2, W // 2) of the 2×2 squares of ``maps`` (…, H, W), an odd last line left out."""
        return AverageSquares.apply(maps)


class AverageSquares(torch.autograd.Function):
    """The mean of each 2×2 square, with its gradient written by hand: every pixel gets a quarter of its square's."""

    @staticmethod
    def forward(context, maps):
        context.shape = maps.shape
        height, width = maps.shape[-2] // 2 * 2, maps.shape[-1] // 2 * 2
        pairs = maps[..., 0:height:2, :] + maps[..., 1:height:2, :]
        return (pairs[..., 0:width:2] + pairs[..., 1:width:2]).mul_(0.25)

    @staticmethod
    def backward(context, gradient):
        quarter = gradient * 0.25
        height, width = context.shape[-2] // 2 * 2, context.shape[-1] // 2 * 2
        odd = context.shape[-2:] != (height, width)
        whole = (gradient.new_zeros if odd else gradient.new_empty)(context.shape)  # the line left out gets no gradient
        for row in (0, 1):
            for column in (0, 1):
                whole[..., row:height:2, column:width:2] = quarter
        return whole


class Conv2d(nn.Conv2d):
    """``torch.nn.Conv2d``; where the kernel covers its maps whole, as in C5, as the one matrix product it then is."""

    def forward(self, maps):
        """Return the sums (N, out, H', W') over ``maps`` (N, in, H, W), as ``torch.nn.Conv2d`` does."""
        if maps.ndim == 4 and maps.shape[-2:] == self.kernel_size and self.padding == (0, 0) and self.groups == 1:
            return linear(maps.flatten(1), self.weight.flatten(1), self.bias)[..., None, None]
        return super().forward(maps)


class ScaledTanh(nn.Module):
    """The squashing function of the 1998 paper: f(a) = 1.7159 tanh(2a/3), eqs. 5 and 6; f(1) = 1, f(-1) = -1."""

    def forward(self, sums):
        """Return f of each of the ``sums``, of the same shape."""
        return 1.7159 * torch.tanh(sums * (2 / 3))


class Subsampling(nn.Module):
    """Pooling as in the 1998 paper (II-B): the sum of a 2×2 square, times a coefficient, plus a bias.

    Each map learns a coefficient and a bias of its own. The squashing function that follows is not part of it.
    """

    kernel_size, stride, padding = 2, 2, 0

    def __init__(self, maps):
        super().__init__()
        self.coefficient = nn.Parameter(torch.full((maps, 1, 1), 0.25))
        self.bias = nn.Parameter(torch.zeros(maps, 1, 1))

    def forward(self, maps):
        """Return (N, C, H // 2, W // 2) of ``maps`` (N, C, H, W)."""
        return 4 * self.coefficient * AverageSquares.apply(maps) + self.bias


class PartialConv2d(nn.Module):
    """A convolution whose maps see some of the input's maps only; a connection that is absent has no parameter.

    ``connections``: bool (maps out, maps in), e.g. ``TABLE_I``. ``weight``: a kernel for each connection,
    (connections, k, k), the first map's first. For a forward pass they are placed among zeros.
    """

    stride, padding = 1, 0

    def __init__(self, connections, kernel_size):
        super().__init__()
        self.kernel_size = kernel_size
        self.register_buffer("connections", torch.as_tensor(connections, dtype=torch.bool))
        bound = 1 / (kernel_size * self.connections.sum(1, dtype=torch.float).sqrt())  # torch's own, for each map
        fan = bound[self.connections.nonzero()[:, 0]][:, None, None]
        self.weight = nn.Parameter((2 * torch.rand(len(fan), kernel_size, kernel_size) - 1) * fan)
        self.bias = nn.Parameter((2 * torch.rand(len(bound)) - 1) * bound)

    def dense_weight(self):
        """Return the weight (out, in, k, k) of the equal ``Conv2d``: zeros where a connection is absent."""
        dense = self.weight.new_zeros(*self.connections.shape, self.kernel_size, self.kernel_size)
        return dense.masked_scatter(self.connections[:, :, None, None], self.weight)

    def forward(self, maps):
        """Return the sums (N, out, H - k + 1, W - k + 1) over ``maps`` (N, in, H, W)."""
        return conv2d(maps, self.dense_weight(), self.bias)


class RBF(nn.Module):
    """The output layer of 1998: squared distances to fixed vectors (eq. 7). Smaller is better; nothing is learnt.

    ``centers``: (classes, inputs), e.g. the digits' bitmaps of ``lenet_utils.bitmaps``.
    """

    def __init__(self, centers):
        super().__init__()
        self.register_buffer("centers", centers)

    def forward(self, features):
        """Return the distances (N, classes) of ``features`` (N, inputs)."""
        return (features[:, None] - self.centers).square().sum(2)


# The maps of S2 (columns) that feed each map of C3 (rows): Table I of the paper, 60 of 96.
TABLE_I = torch.tensor(
    [
        [1, 1, 1, 0, 0, 0], [0, 1, 1, 1, 0, 0], [0, 0, 1, 1, 1, 0], [0, 0, 0, 1, 1, 1],
        [1, 0, 0, 0, 1, 1], [1, 1, 0, 0, 0, 1], [1, 1, 1, 1, 0, 0], [0, 1, 1, 1, 1, 0],
        [0, 0, 1, 1, 1, 1], [1, 0, 0, 1, 1, 1], [1, 1, 0, 0, 1, 1], [1, 1, 1, 0, 0, 1],
        [1, 1, 0, 1, 1, 0], [0, 1, 1, 0, 1, 1], [1, 0, 1, 1, 0, 1], [1, 1, 1, 1, 1, 1],
    ],
    dtype=torch.bool,
)  # fmt: skip
