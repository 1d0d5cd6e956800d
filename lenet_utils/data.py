"""MNIST and Fashion-MNIST, whole, in memory: bytes on the training device, floats only batch by batch."""

import gzip
import hashlib
import os
import tempfile
import zlib
from collections import namedtuple
from pathlib import Path

import torch
from torch.nn.functional import pad

CLASSES = {
    "mnist": tuple("0123456789"),
    "fashion_mnist": (
        "T-shirt/top", "Trouser", "Pullover", "Dress", "Coat",
        "Sandal", "Shirt", "Sneaker", "Bag", "Ankle boot",
    ),
}  # fmt: skip

# Mean and standard deviation of all training pixels, as fractions of 255. A test computes them again.
PIXEL_STATISTICS = {"mnist": (0.13066, 0.30811), "fashion_mnist": (0.28604, 0.35302)}

SCALINGS = ("unit", "standard", "paper")
ASSETS = Path(__file__).resolve().parent.parent / "assets"
BUNDLE = ASSETS / "datasets"
TORCHVISION_CLASS = {"mnist": "MNIST", "fashion_mnist": "FashionMNIST"}

# SHA-256 of the uncompressed IDX files: one table, wherever the bytes come from.
CHECKSUMS = {
    "mnist": {
        "train-images-idx3-ubyte": "ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db",
        "train-labels-idx1-ubyte": "65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5",
        "t10k-images-idx3-ubyte": "0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7",
        "t10k-labels-idx1-ubyte": "ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2",
    },
    "fashion_mnist": {
        "train-images-idx3-ubyte": "c59f468a2f672dc815687fe0f83887768d799fd8a3f3276145d20f83aa44d888",
        "train-labels-idx1-ubyte": "bad3541b69d912435c50bb6ba87bec294ff4f6a2e1246121d8633921760443d9",
        "t10k-images-idx3-ubyte": "5b4141f0afbad91edebe8549f8fcffe087ea10ca49f1dbef5c9a5cd8815ce37b",
        "t10k-labels-idx1-ubyte": "0402a96d92fd2663957122ceb108a494c5af83dab82d92729df917d7dec38c34",
    },
}

Dataset = namedtuple("Dataset", "train test")


class ImageSet:
    """Labelled grey images, kept as bytes and served as float batches.

    ``images``: uint8, (N, 28, 28), 0 = background. ``labels``: int64, (N,). ``classes``: their names.
    ``size``: 28, or 32 to serve the images with two rows and columns of background on every side.
    ``scaling``: what a byte becomes (Section II-B of the 1998 paper for "paper"):

    * "unit": 0 (background) to 1 (foreground)
    * "standard": zero mean and unit variance over the training images
    * "paper": -0.1 (background) to 1.175 (foreground)
    """

    def __init__(self, name, images, labels, *, size=28, scaling="standard"):
        if size not in (28, 32):
            raise ValueError(f"size is 28 or 32 (28 with a border of 2 pixels), not {size!r}")
        if scaling not in SCALINGS:
            raise ValueError(f"unknown scaling {scaling!r}; choose one of {', '.join(SCALINGS)}")
        self.name, self.images, self.labels = name, images, labels
        self.size, self.scaling, self.classes = size, scaling, CLASSES[name]
        mean, deviation = PIXEL_STATISTICS[name]
        self.shift, self.factor = {
            "unit": (0.0, 1 / 255),
            "standard": (-mean / deviation, 1 / (255 * deviation)),
            "paper": (-0.1, 1.275 / 255),
        }[scaling]

    def __len__(self):
        return len(self.labels)

    def __repr__(self):
        return f"ImageSet({self.name!r}, {len(self):,} images of 1×{self.size}×{self.size}, scaling={self.scaling!r})"

    def __getitem__(self, index):
        """Return one batch: images (B, 1, size, size) float32 and labels (B,) int64.

        ``index`` is a slice or a tensor of positions; a single number gives one image (1, size, size) and its label.
        """
        if isinstance(index, torch.Tensor) and index.dtype == torch.int64 and index.ndim == 1:
            images, labels = self.images.index_select(0, index), self.labels.index_select(0, index)  # faster than [ ]
        else:
            images, labels = self.images[index], self.labels[index]
        images = images.unsqueeze(-3)
        if self.size == 32:
            images = pad(images, (2, 2, 2, 2))
        return images.float().mul_(self.factor).add_(self.shift), labels

    def subset(self, index):
        """Return an ``ImageSet`` of the images at ``index`` (a slice or a tensor of positions)."""
        return ImageSet(self.name, self.images[index], self.labels[index], size=self.size, scaling=self.scaling)


def load_mnist(device="cpu", *, size=32, scaling="standard", root=None):
    """Load MNIST: ``.train`` with 60,000 and ``.test`` with 10,000 handwritten digits, as ``ImageSet``.

    Looks in the folder ``root`` (or the environment's LENET_DATA), else in the copy that came with the course,
    else lets torchvision download it. Source: LeCun, Cortes, Burges; Section III-A of the 1998 paper.
    """
    return load_dataset("mnist", device, size=size, scaling=scaling, root=root)


def load_fashion_mnist(device="cpu", *, size=28, scaling="standard", root=None):
    """Load Fashion-MNIST: like ``load_mnist``, but photographs of clothes (Xiao, Rasul, Vollgraf, 2017)."""
    return load_dataset("fashion_mnist", device, size=size, scaling=scaling, root=root)


def load_dataset(name, device="cpu", *, size=28, scaling="standard", root=None):
    """Load the data set called ``name``, "mnist" or "fashion_mnist"; see ``load_mnist``."""
    folder = find_folder(name, root)
    parts = {}
    for part, prefix in (("train", "train"), ("test", "t10k")):
        images = read_idx(folder, f"{prefix}-images-idx3-ubyte", name).view(-1, 28, 28)
        labels = read_idx(folder, f"{prefix}-labels-idx1-ubyte", name).long()
        parts[part] = ImageSet(name, images.to(device), labels.to(device), size=size, scaling=scaling)
    return Dataset(**parts)


def split_validation(train):
    """Split 60,000 training images into 55,000 to learn from and 5,000 to choose recipes on.

    The split is fixed: every twelfth image is for validation. So it takes no random number, is the same on
    every machine, and spreads evenly over the file.
    """
    held_out = torch.zeros(len(train), dtype=torch.bool, device=train.labels.device)
    held_out[11::12] = True
    return train.subset(~held_out), train.subset(held_out)


def find_folder(name, root=None):
    """Return the folder that holds the four IDX files (raw or .gz) of the data set ``name``."""
    if name not in CHECKSUMS:
        raise ValueError(f"unknown data set {name!r}; the course has {' and '.join(CHECKSUMS)}")
    root = root or os.environ.get("LENET_DATA")
    if root:
        root = Path(root).expanduser()
        places = [root, root / name, root / TORCHVISION_CLASS[name] / "raw"]
        for folder in places:
            if not missing_files(folder, name):
                return folder
        raise FileNotFoundError(
            f"No complete {name} in {root!s}: it needs {', '.join(CHECKSUMS[name])}, each raw or with .gz, there or "
            f"in {places[1].name}/ below it. Name another folder (root=... or LENET_DATA), or none to use the "
            "course's own copy."
        )
    if not missing_files(BUNDLE / name, name):
        return BUNDLE / name
    return download(name)


def missing_files(folder, name):
    """Return the IDX files of the data set ``name`` that ``folder`` lacks, raw and compressed."""
    return [file for file in CHECKSUMS[name] if not (folder / file).is_file() and not (folder / f"{file}.gz").is_file()]


def read_idx(folder, file, name):
    """Return the data of one IDX file as a flat uint8 tensor."""
    data = read_checked(folder, file, name)
    header = 4 + 4 * data[3]  # magic number, whose last byte counts the dimensions; then one size each
    return torch.frombuffer(bytearray(data), dtype=torch.uint8)[header:]


def read_checked(folder, file, name):
    """Return the bytes of one IDX file, raw or .gz, after its checksum has been found right."""
    path = folder / file
    if not path.is_file():
        path = folder / f"{file}.gz"
    try:
        data = path.read_bytes()
        if path.suffix == ".gz":
            data = gzip.decompress(data)
    except (EOFError, gzip.BadGzipFile, zlib.error) as error:
        raise ValueError(damaged(path, f"it cannot be decompressed ({error})")) from error
    if not is_right(data, file, name):
        raise ValueError(damaged(path, "its checksum is wrong"))
    return data


def is_right(data, file, name):
    return hashlib.sha256(data).hexdigest() == CHECKSUMS[name][file]


def damaged(path, why):
    return (
        f"{path} is damaged or another file: {why}. Delete it and get it again: `git checkout` restores the "
        "course's own copy; for a folder of yours, download the data set again."
    )


def download(name):
    """Let torchvision download the data set into the cache; return the folder."""
    from torchvision import datasets

    root = cache_folder()
    raw = root / TORCHVISION_CLASS[name] / "raw"
    for file in CHECKSUMS[name]:
        if (raw / file).is_file() and not is_right((raw / file).read_bytes(), file, name):
            (raw / file).unlink()  # a download that was cut off: torchvision would take it as it is
    try:
        getattr(datasets, TORCHVISION_CLASS[name])(root, download=True)
    except (OSError, RuntimeError) as error:
        raise RuntimeError(
            f"{name} is not in {BUNDLE} and could not be downloaded ({error}). Connect to the network, or put the "
            "four IDX files into a folder and name it: root=... or the environment's LENET_DATA."
        ) from error
    return raw


def torchvision_root(name="mnist", root=None):
    """Lay the data out as torchvision's own class expects; return the folder to give it.

    After this, ``torchvision.datasets.MNIST(torchvision_root("mnist"))`` works with no network.
    """
    folder = find_folder(name, root)
    cache = cache_folder()
    raw = cache / TORCHVISION_CLASS[name] / "raw"
    raw.mkdir(parents=True, exist_ok=True)
    for file in CHECKSUMS[name]:
        target = raw / file
        if target.is_file() and is_right(target.read_bytes(), file, name):
            continue
        part = target.with_suffix(".part")
        part.write_bytes(read_checked(folder, file, name))
        part.replace(target)  # whole or not at all
    return cache


def cache_folder():
    """Return a folder to unpack data in: ``.cache/`` of the clone, or a temporary one where that is read-only."""
    folder = ASSETS.parent / ".cache"
    try:
        folder.mkdir(exist_ok=True)
        if os.access(folder, os.W_OK):
            return folder
    except OSError:  # a read-only clone
        pass
    folder = Path(tempfile.gettempdir()) / "lenet-course"
    folder.mkdir(exist_ok=True)
    return folder
