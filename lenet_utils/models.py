"""The course's networks. Layers carry the paper's names: c1, s2, c3, s4, c5, f6, output."""

import torch
from torch import nn

from lenet_utils.bitmaps import draw_bitmaps
from lenet_utils.layers import RBF, TABLE_I, AvgPool2d, Conv2d, PartialConv2d, ScaledTanh, Subsampling

ACTIVATIONS = {"tanh": nn.Tanh, "sigmoid": nn.Sigmoid, "relu": nn.ReLU, "leaky_relu": nn.LeakyReLU, "gelu": nn.GELU}


class LeNet5(nn.Module):
    """LeNet-5 as it is taught today: 32×32 grey images in, 10 logits out, 61,706 parameters.

    The sizes and the order of the layers are those of Section II-B and Fig. 2 of the 1998 paper. It departs from the
    paper in five places, each marked below. ``activation`` is a name in ``ACTIVATIONS``; ``classes``: how many logits.
    """

    input_shape = (1, 32, 32)

    def __init__(self, activation="tanh", *, classes=10):
        super().__init__()
        self.c1 = Conv2d(1, 6, kernel_size=5)
        self.s2 = AvgPool2d(2)  # Paper: times a trainable coefficient, plus a trainable bias / here: the plain mean
        self.c3 = Conv2d(6, 16, kernel_size=5)  # Paper: each map sees 3, 4 or all 6 maps (Table I) / here: all 6
        self.s4 = AvgPool2d(2)  # as s2
        self.c5 = Conv2d(16, 120, kernel_size=5)
        self.f6 = nn.Linear(120, 84)
        self.output = nn.Linear(84, classes)  # Paper: distances to 10 fixed bitmaps, eq. 7 / here: a linear layer
        self.activation = make_activation(activation)  # Paper: 1.7159 tanh(2a/3) / here: tanh
        # Paper: weights uniform in ±2.4/fan-in / here: PyTorch's default

    def forward(self, images):
        """Return the logits (N, 10) of ``images`` (N, 1, 32, 32), float."""
        return self.output(self.compute_features(images))

    def compute_features(self, images):
        """Return what F6 says about ``images`` (N, 1, 32, 32), float: (N, 84)."""
        check_images(images, self)
        return self.activation(self.f6(self.compute_maps(images).flatten(1)))

    def compute_maps(self, images):
        """Return C5's maps of ``images`` (N, 1, 32, 32), float: (N, 120, 1, 1)."""
        # fmt: off
        x = self.activation(self.c1(images))  # (N,   6, 28, 28)
        x = self.activation(self.s2(x))       # (N,   6, 14, 14)
        x = self.activation(self.c3(x))       # (N,  16, 10, 10)
        x = self.activation(self.s4(x))       # (N,  16,  5,  5)
        return self.activation(self.c5(x))    # (N, 120,  1,  1)
        # fmt: on


class WideLeNet5(LeNet5):
    """``LeNet5`` over a wide image, in one pass: a space displacement network (Section VII of the 1998 paper).

    The same layers and weights; every map grows with the image. The logits at each position are those of ``LeNet5``
    for the window of 32×32 pixels there; the windows lie 4 pixels apart.
    """

    def forward(self, images):
        """Return the logits (N, positions, classes) of ``images`` (N, 1, 32, W), float; positions = (W - 28) // 4."""
        check_images(images, self, wide=True)
        columns = self.compute_maps(images).squeeze(2).transpose(1, 2)  # (N, positions, 120)
        return self.output(self.activation(self.f6(columns)))


class FashionLeNet(nn.Module):
    """The reference Fashion-MNIST network: 28×28 grey images in, 10 logits out, 61,706 parameters.

    Padding 2 takes the place of the larger input. As published there, the activation stands after the two
    convolutions only, and nothing between the three linear layers; with ``everywhere`` it stands there too.
    """

    input_shape = (1, 28, 28)

    def __init__(self, activation="sigmoid", *, everywhere=False):
        super().__init__()
        self.c1 = Conv2d(1, 6, kernel_size=5, padding=2)
        self.s2 = AvgPool2d(2)
        self.c3 = Conv2d(6, 16, kernel_size=5)
        self.s4 = AvgPool2d(2)
        self.flatten = nn.Flatten()
        self.c5 = nn.Linear(400, 120)  # a 5×5 convolution of 16 5×5 maps, written as what it is then
        self.f6 = nn.Linear(120, 84)
        self.output = nn.Linear(84, 10)
        self.activation = make_activation(activation)
        self.everywhere = everywhere

    def forward(self, images):
        """Return the logits (N, 10) of ``images`` (N, 1, 28, 28), float."""
        check_images(images, self)
        # fmt: off
        x = self.activation(self.c1(images))  # (N,   6, 28, 28)
        x = self.s2(x)                        # (N,   6, 14, 14)
        x = self.activation(self.c3(x))       # (N,  16, 10, 10)
        x = self.s4(x)                        # (N,  16,  5,  5)
        x = self.c5(self.flatten(x))          # (N, 120)
        if self.everywhere:
            x = self.activation(x)
        x = self.f6(x)                        # (N,  84)
        if self.everywhere:
            x = self.activation(x)
        return self.output(x)                 # (N,  10)
        # fmt: on


class LeNet1998(nn.Module):
    """LeNet-5 as published in 1998: 32×32 images in (scaled as "paper"), 10 distances out, 60,000 parameters.

    Section II-B and Fig. 2. The class with the smallest distance is the answer. The arguments take one thing at a time
    away from the paper, to see what it is worth: ``connections``, which maps of S2 feed each map of C3, bool (16, 6);
    ``subsampling``, a function from a number of maps to a layer; ``activation``; ``output``, a layer of 84 inputs; with
    ``paper_weights=False`` the first weights are torch's own.
    """

    input_shape = (1, 32, 32)

    def __init__(
        self, *, connections=TABLE_I, subsampling=Subsampling, activation=None, output=None, paper_weights=True
    ):
        super().__init__()
        self.c1 = Conv2d(1, 6, kernel_size=5)
        self.s2 = subsampling(6)
        self.c3 = PartialConv2d(connections, kernel_size=5)
        self.s4 = subsampling(16)
        self.c5 = Conv2d(16, 120, kernel_size=5)
        self.f6 = nn.Linear(120, 84)
        self.output = output or RBF(draw_bitmaps().flatten(1))
        self.activation = activation or ScaledTanh()
        if paper_weights:
            initialize_paper(self)

    @property
    def smaller_is_better(self):
        """Whether the outputs are distances, not logits."""
        return isinstance(self.output, RBF)

    def forward(self, images):
        """Return the distances (N, 10) of ``images`` (N, 1, 32, 32), float, to the ten bitmaps."""
        return self.output(self.compute_features(images))

    # the same path, through other layers
    compute_features, compute_maps = LeNet5.compute_features, LeNet5.compute_maps


def initialize_paper(model):
    """Draw the weights of a ``LeNet1998`` as the paper did: uniform in ±2.4 / fan-in (Appendix A).

    The fan-in of a unit is the number of its connections, without the bias. What biases begin with is not stated: 0.
    """
    for layer in model.children():
        if isinstance(layer, PartialConv2d):
            kernels = layer.connections.sum(1, keepdim=True).expand_as(layer.connections)[layer.connections]
            limit = 2.4 / (layer.kernel_size**2 * kernels[:, None, None])
            layer.weight.data = (2 * torch.rand_like(layer.weight) - 1) * limit
        elif isinstance(layer, Subsampling):
            nn.init.uniform_(layer.coefficient, -2.4 / 4, 2.4 / 4)
        elif isinstance(layer, (nn.Conv2d, nn.Linear)):
            limit = 2.4 / layer.weight[0].numel()
            nn.init.uniform_(layer.weight, -limit, limit)
        if getattr(layer, "bias", None) is not None:
            nn.init.zeros_(layer.bias)


def make_activation(name):
    """Return a new activation module by its name in ``ACTIVATIONS``."""
    if name not in ACTIVATIONS:
        raise ValueError(f"unknown activation {name!r}; choose one of {', '.join(ACTIVATIONS)}")
    return ACTIVATIONS[name]()


def initialize_xavier(model):
    """Draw the weights of ``model`` anew, uniform in ±√(6 / (inputs + outputs)), and set the biases to 0.

    Inputs: how many values a unit takes in; outputs: how many units take in one value; for a convolution both are its
    maps times k². A compromise: signals about keep their size on the way forward, gradients on the way back (Glorot
    and Bengio, 2010).
    """
    for layer in model.modules():
        if isinstance(layer, (nn.Conv2d, nn.Linear)):
            nn.init.xavier_uniform_(layer.weight)
            nn.init.zeros_(layer.bias)


def check_images(images, model, *, wide=False):
    """Raise an error that says what came and what ``model`` expects, unless ``images`` are float (N, 1, size, size).

    ``wide``: or wider.
    """
    size = model.input_shape[-1]
    shape = f"(N, 1, {size}, {size} or more)" if wide else f"(N, 1, {size}, {size})"
    wanted = f"{type(model).__name__} expects float images of shape {shape}"
    if not isinstance(images, torch.Tensor):
        raise TypeError(f"{wanted}, not a {type(images).__name__}; an index gives two: images, labels = data[:64]")
    fits = images.ndim == 4 and images.shape[1:3] == (1, size)
    if not fits or not (images.shape[3] >= size if wide else images.shape[3] == size):
        hint = f"ask for size={size} when you load the data"
        if images.ndim == 3 and len(images) == 1:
            hint = "a single image needs a batch dimension: images.unsqueeze(0)"
        elif images.ndim == 3:
            hint = "grey images need a channel dimension: images.unsqueeze(1)"
        elif images.ndim == 4 and images.shape[1] != 1:
            hint = "colour images need to become grey: images.mean(1, keepdim=True)"
        elif wide:
            hint = "scale them to that height, with digits of about 20 rows, and add background at the sides"
        raise ValueError(f"{wanted}, not {tuple(images.shape)}; {hint}")
    if not images.is_floating_point():
        raise TypeError(f"{wanted}, not {images.dtype}; index the data set (images, labels = data[:64])")


def count_parameters(module):
    """Return the number of trainable parameters of ``module``."""
    return sum(parameter.numel() for parameter in module.parameters() if parameter.requires_grad)
