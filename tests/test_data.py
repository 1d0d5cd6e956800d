import gzip
import hashlib
import os
import shutil
from pathlib import Path
from urllib.error import URLError

import pytest
import torch

from lenet_utils import data
from lenet_utils.data import (
    BUNDLE,
    CHECKSUMS,
    PIXEL_STATISTICS,
    ImageSet,
    load_dataset,
    load_fashion_mnist,
    load_mnist,
    split_validation,
    torchvision_root,
)

NAMES = ["mnist", "fashion_mnist"]
TRAIN_IMAGES, TRAIN_LABELS, TEST_IMAGES, TEST_LABELS = CHECKSUMS["mnist"]


@pytest.fixture
def dataset(request):
    """The data set that a test's parameter names."""
    return request.getfixturevalue(request.param)


each_dataset = pytest.mark.parametrize(("dataset", "name"), [(name, name) for name in NAMES], indirect=["dataset"])


@pytest.fixture
def tiny(tmp_path, monkeypatch):
    """A folder with a data set like MNIST but small, compressed, whose checksums are right while a test runs."""
    generator = torch.Generator().manual_seed(0)
    folder = tmp_path / "tiny"
    folder.mkdir()
    for file in CHECKSUMS["mnist"]:
        count = 30 if file.startswith("train") else 20
        shape = (count, 28, 28) if "images" in file else (count,)
        values = torch.randint(0, 10, shape, generator=generator)
        header = bytes([0, 0, 8, len(shape)]) + b"".join(size.to_bytes(4, "big") for size in shape)
        raw = header + bytes(values.flatten().tolist())
        (folder / f"{file}.gz").write_bytes(gzip.compress(raw))
        monkeypatch.setitem(CHECKSUMS["mnist"], file, hashlib.sha256(raw).hexdigest())
    return folder


@pytest.fixture
def clone(tmp_path, monkeypatch):
    """An empty clone: no bundled data, a cache of its own, and no LENET_DATA."""
    monkeypatch.setattr(data, "ASSETS", tmp_path / "clone/assets")
    monkeypatch.setattr(data, "BUNDLE", tmp_path / "clone/assets/datasets")
    monkeypatch.delenv("LENET_DATA", raising=False)
    (tmp_path / "clone").mkdir()
    return tmp_path / "clone"


@pytest.fixture
def no_network(monkeypatch):
    """Let every download of torchvision's fail."""

    def fail(url, *args, **kwargs):
        raise URLError("no network")

    monkeypatch.setattr("torchvision.datasets.mnist.download_and_extract_archive", fail)


def unpack(source, file):
    """Write the raw bytes of ``file`` next to its .gz and remove that; return the raw file."""
    (source / file).write_bytes(gzip.decompress((source / f"{file}.gz").read_bytes()))
    (source / f"{file}.gz").unlink()
    return source / file


# What is in the data


@each_dataset
def test_both_sets_have_the_published_counts_and_shapes(dataset, name):
    for part, count in [(dataset.train, 60_000), (dataset.test, 10_000)]:
        assert len(part) == count
        assert part.images.shape == (count, 28, 28) and part.images.dtype == torch.uint8
        assert part.labels.shape == (count,) and part.labels.dtype == torch.int64
        assert part.labels.unique().tolist() == list(range(10))


def test_every_class_of_fashion_mnist_has_7000_images(fashion_mnist):
    assert torch.bincount(fashion_mnist.train.labels).tolist() == [6_000] * 10
    assert torch.bincount(fashion_mnist.test.labels).tolist() == [1_000] * 10


def test_mnist_begins_with_a_five_and_a_seven(mnist):
    assert mnist.train.labels[:5].tolist() == [5, 0, 4, 1, 9]
    assert mnist.test.labels[:5].tolist() == [7, 2, 1, 0, 4]


@each_dataset
def test_the_pixel_statistics_are_those_of_the_training_images(dataset, name):
    counts = torch.bincount(dataset.train.images.flatten(), minlength=256).double()
    values = torch.arange(256, dtype=torch.float64) / 255
    mean = (counts * values).sum() / counts.sum()
    deviation = ((counts * (values - mean) ** 2).sum() / counts.sum()).sqrt()
    assert PIXEL_STATISTICS[name] == (round(mean.item(), 5), round(deviation.item(), 5))


@pytest.mark.parametrize("name", NAMES)
def test_the_table_of_checksums_is_that_of_the_bundled_files(name):
    assert len(CHECKSUMS[name]) == 4
    for file, checksum in CHECKSUMS[name].items():
        raw = gzip.decompress((BUNDLE / name / f"{file}.gz").read_bytes())
        assert hashlib.sha256(raw).hexdigest() == checksum


# How images are served


def test_size_32_puts_two_background_pixels_on_every_side(mnist):
    small = ImageSet("mnist", mnist.train.images[:50], mnist.train.labels[:50], size=28, scaling="unit")
    large = ImageSet("mnist", mnist.train.images[:50], mnist.train.labels[:50], size=32, scaling="unit")
    framed = torch.zeros(50, 1, 32, 32)
    framed[:, :, 2:30, 2:30] = small[:][0]
    assert small[:][0].shape == (50, 1, 28, 28)
    assert torch.equal(large[:][0], framed)


@pytest.mark.parametrize("size", [28, 32])
@pytest.mark.parametrize(
    ("scaling", "background", "foreground"),
    [("unit", 0, 1), ("paper", -0.1, 1.175), ("standard", -0.13066 / 0.30811, (1 - 0.13066) / 0.30811)],
)
def test_each_scaling_has_its_background_and_foreground(scaling, background, foreground, size):
    pixels = torch.zeros(1, 28, 28, dtype=torch.uint8)
    pixels[0, 14, 14] = 255
    images, _ = ImageSet("mnist", pixels, torch.tensor([1]), size=size, scaling=scaling)[:]
    assert images.dtype == torch.float32
    assert images.max().item() == pytest.approx(foreground)
    assert images.unique().tolist() == pytest.approx([background, foreground])
    assert images[0, 0, 0, 0].item() == pytest.approx(background)


@each_dataset
def test_standard_scaling_gives_training_images_zero_mean_and_unit_variance(dataset, name):
    train = ImageSet(name, dataset.train.images, dataset.train.labels, size=28, scaling="standard")
    images, _ = train[:]
    assert images.mean().item() == pytest.approx(0, abs=1e-4)
    assert images.std().item() == pytest.approx(1, abs=1e-4)


def test_mnist_comes_as_32_and_fashion_mnist_as_28_unless_asked_otherwise(mnist, fashion_mnist):
    assert mnist.train[:2][0].shape == (2, 1, 32, 32)
    assert fashion_mnist.train[:2][0].shape == (2, 1, 28, 28)
    other = load_mnist(size=28, scaling="paper", root=BUNDLE).test
    assert other[:2][0].shape == (2, 1, 28, 28)
    assert other[:2][0].min().item() == pytest.approx(-0.1)


def test_an_index_is_a_slice_positions_a_mask_or_one_number(digits):
    images, labels = digits[10:13]
    positions = torch.tensor([10, 11, 12])
    mask = torch.zeros(len(digits), dtype=torch.bool)
    mask[10:13] = True
    for index in (positions, mask, [10, 11, 12]):
        assert torch.equal(digits[index][0], images) and torch.equal(digits[index][1], labels)
    image, label = digits[11]
    assert image.shape == (1, 32, 32) and torch.equal(image, images[1]) and label == labels[1]


def test_a_tensor_with_one_position_gives_one_image(digits):
    image, label = digits[torch.tensor(11)]
    assert torch.equal(image, digits[11][0]) and label == digits[11][1]


def test_iteration_ends_after_the_last_image(digits):
    assert [label.item() for _, label in digits] == digits.labels.tolist()


def test_a_subset_keeps_size_scaling_and_classes(mnist):
    train = ImageSet("mnist", mnist.train.images, mnist.train.labels, size=28, scaling="paper")
    subset = train.subset(torch.tensor([5, 3]))
    assert len(subset) == 2 and subset.classes == train.classes
    assert torch.equal(subset[:][0], train[torch.tensor([5, 3])][0])
    assert torch.equal(subset.labels, train.labels[[5, 3]])


def test_an_image_set_describes_itself(digits):
    assert repr(digits) == "ImageSet('mnist', 100 images of 1×32×32, scaling='standard')"


# The validation split


def test_the_validation_split_holds_out_every_twelfth_image(mnist):
    positions = torch.arange(60_000)
    numbered = ImageSet("mnist", mnist.train.images, positions)  # labels that say where an image comes from
    learning, validation = split_validation(numbered)
    assert len(learning) == 55_000 and len(validation) == 5_000
    assert validation.labels.tolist() == list(range(11, 60_000, 12))
    assert torch.equal(torch.cat([learning.labels, validation.labels]).sort().values, positions)
    assert torch.equal(validation.images, mnist.train.images[11::12])


@each_dataset
def test_the_validation_split_has_every_class_in_its_share(dataset, name):
    learning, validation = split_validation(dataset.train)
    shares = [torch.bincount(part.labels) / len(part) for part in (learning, validation)]
    assert (shares[0] - shares[1]).abs().max() < 0.015


def test_the_validation_split_is_the_same_whatever_the_random_seed(mnist):
    torch.manual_seed(1)
    first = split_validation(mnist.train)[1]
    torch.manual_seed(2)
    assert torch.equal(split_validation(mnist.train)[1].images, first.images)


# Where the data comes from


def test_the_bundled_copy_is_the_default(no_network, monkeypatch, fashion_mnist):
    monkeypatch.delenv("LENET_DATA", raising=False)
    assert torch.equal(load_fashion_mnist().test.images, fashion_mnist.test.images)


@pytest.mark.parametrize("layout", [".", "mnist", "MNIST/raw"])
def test_a_folder_of_the_users_may_have_any_of_three_layouts(layout, tiny, tmp_path, clone, no_network):
    shutil.copytree(tiny, tmp_path / "mine" / layout)
    assert len(load_mnist(root=tmp_path / "mine").train) == 30


def test_raw_and_compressed_files_may_be_mixed(tiny):
    compressed = load_mnist(root=tiny)
    unpack(tiny, TRAIN_IMAGES)
    unpack(tiny, TEST_LABELS)
    mixed = load_mnist(root=tiny)
    assert len(mixed.train) == 30 and len(mixed.test) == 20
    assert torch.equal(mixed.train.images, compressed.train.images)
    assert torch.equal(mixed.test.labels, compressed.test.labels)


def test_the_environment_names_the_folder(tiny, clone, no_network, monkeypatch):
    monkeypatch.setenv("LENET_DATA", str(tiny))
    assert len(load_mnist().test) == 20


def test_an_argument_beats_the_environment(tiny, tmp_path, monkeypatch):
    monkeypatch.setenv("LENET_DATA", str(tmp_path / "nowhere"))
    assert len(load_mnist(root=tiny).test) == 20
    with pytest.raises(FileNotFoundError, match="nowhere"):
        load_mnist()


def test_a_folder_may_be_named_from_the_home_folder(tiny, monkeypatch):
    for variable in ("HOME", "USERPROFILE"):
        monkeypatch.setenv(variable, str(tiny.parent))
    assert len(load_mnist(root="~/tiny").test) == 20


@pytest.mark.parametrize("missing", ["all", TRAIN_LABELS])
def test_a_missing_or_incomplete_folder_is_named_with_what_it_needs(missing, tiny):
    root = tiny / "nowhere" if missing == "all" else tiny
    (tiny / f"{TRAIN_LABELS}.gz").unlink()
    with pytest.raises(FileNotFoundError) as error:
        load_mnist(root=root)
    for words in (str(root), TRAIN_LABELS, "root=", "LENET_DATA"):
        assert words in str(error.value)


@pytest.mark.parametrize("file", CHECKSUMS["mnist"])
def test_a_truncated_compressed_file_is_named_with_the_way_out(file, tiny):
    path = tiny / f"{file}.gz"
    path.write_bytes(path.read_bytes()[:-9])
    with pytest.raises(ValueError, match="is damaged") as error:
        load_mnist(root=tiny)
    for words in (str(path), "Delete it and get it again", "git checkout"):
        assert words in str(error.value)


def test_a_truncated_raw_file_is_named_with_the_way_out(tiny):
    path = unpack(tiny, TEST_IMAGES)
    path.write_bytes(path.read_bytes()[: 16 + 784 * 10])  # ten whole images: only the checksum can tell
    with pytest.raises(ValueError, match="Delete it and get it again") as error:
        load_mnist(root=tiny)
    assert str(path) in str(error.value)


def test_one_flipped_bit_is_found(tiny):
    path = unpack(tiny, TEST_LABELS)
    raw = bytearray(path.read_bytes())
    raw[-1] ^= 1
    path.write_bytes(raw)
    with pytest.raises(ValueError, match=f"{TEST_LABELS} is damaged or another file: its checksum is wrong"):
        load_mnist(root=tiny)


@pytest.mark.parametrize("content", [b"", b"a web page, no archive", b"\x1f\x8b\x08\x00" + 20 * b"x"])
def test_a_file_that_is_no_archive_is_named(content, tiny):
    (tiny / f"{TEST_LABELS}.gz").write_bytes(content)
    with pytest.raises(ValueError, match=f"{TEST_LABELS}.gz is damaged or another file"):
        load_mnist(root=tiny)


def test_the_files_of_another_data_set_are_refused(tiny):
    with pytest.raises(ValueError, match=f"{TRAIN_IMAGES}.gz is damaged or another file: its checksum is wrong"):
        load_fashion_mnist(root=tiny)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"name": "cifar"}, "'cifar'.*mnist and fashion_mnist"),
        ({"name": "mnist", "scaling": "zscore"}, "'zscore'; choose one of unit, standard, paper"),
        ({"name": "mnist", "size": 64}, "28 or 32.*not 64"),
    ],
)
def test_an_unknown_name_scaling_or_size_is_refused_with_the_choices(arguments, words, tiny):
    with pytest.raises(ValueError, match=words):
        load_dataset(**arguments, root=tiny)


@pytest.mark.parametrize("name", NAMES)
def test_offline_without_a_copy_the_error_says_what_to_do(name, clone, no_network):
    with pytest.raises(RuntimeError, match="no network") as error:
        load_dataset(name)
    for words in (f"{name} is not in {clone}", "Connect to the network", "root=", "LENET_DATA"):
        assert words in str(error.value)


@pytest.fixture
def network(tiny, monkeypatch):
    """Let torchvision's downloads succeed: with the tiny data set."""

    def download(url, download_root, filename, md5):
        raw = gzip.decompress((tiny / filename).read_bytes())
        Path(download_root, filename.removesuffix(".gz")).write_bytes(raw)

    monkeypatch.setattr("torchvision.datasets.mnist.download_and_extract_archive", download)


def test_without_a_copy_torchvision_downloads_the_data(clone, network):
    assert len(load_mnist().test) == 20
    assert (clone / ".cache/MNIST/raw" / TEST_IMAGES).is_file()


@pytest.mark.parametrize("file", [TRAIN_IMAGES, TEST_IMAGES])
@pytest.mark.parametrize("function", [load_mnist, torchvision_root])
def test_a_download_that_was_cut_off_is_downloaded_again(function, file, clone, network):
    function()
    path = clone / ".cache/MNIST/raw" / file
    whole = path.read_bytes()
    path.write_bytes(whole[:-1])
    function()
    assert path.read_bytes() == whole


# The same files for torchvision's own classes


@each_dataset
def test_torchvision_reads_the_same_images_offline(dataset, name, clone, no_network):
    from torchvision import datasets

    root = torchvision_root(name, root=BUNDLE)
    assert root == clone / ".cache"
    for train, part in [(True, dataset.train), (False, dataset.test)]:
        theirs = getattr(datasets, {"mnist": "MNIST", "fashion_mnist": "FashionMNIST"}[name])(root, train=train)
        assert torch.equal(theirs.data, part.images)
        assert torch.equal(theirs.targets, part.labels)
    assert not list(root.rglob("*.part"))


def test_a_damaged_cached_file_is_replaced_and_a_good_one_kept(tiny, clone):
    raw = torchvision_root("mnist", root=tiny) / "MNIST/raw"
    (raw / TRAIN_IMAGES).write_bytes((raw / TRAIN_IMAGES).read_bytes()[:1000])
    (raw / TEST_LABELS).unlink()
    os.utime(raw / TEST_IMAGES, (0, 0))
    torchvision_root("mnist", root=tiny)
    for file, checksum in CHECKSUMS["mnist"].items():
        assert hashlib.sha256((raw / file).read_bytes()).hexdigest() == checksum
    assert (raw / TEST_IMAGES).stat().st_mtime == 0


def test_damaged_files_never_reach_torchvision(tiny, clone):
    (tiny / f"{TEST_LABELS}.gz").write_bytes(gzip.compress(b"something else"))
    with pytest.raises(ValueError, match=f"{TEST_LABELS}.gz is damaged or another file"):
        torchvision_root("mnist", root=tiny)
    assert not (clone / ".cache/MNIST/raw" / TEST_LABELS).exists()


@pytest.mark.parametrize("obstacle", ["the clone takes no new folder", "its cache is not writable"])
def test_a_read_only_clone_unpacks_into_a_temporary_folder(obstacle, tiny, tmp_path, monkeypatch):
    (tmp_path / "temporary").mkdir()
    monkeypatch.setattr(data.tempfile, "gettempdir", lambda: str(tmp_path / "temporary"))
    monkeypatch.setattr(data, "ASSETS", tmp_path / "clone/assets")
    if obstacle == "the clone takes no new folder":
        (tmp_path / "clone").write_text("a file, in which no folder can be made")
    else:
        (tmp_path / "clone/.cache").mkdir(parents=True)
        monkeypatch.setattr(data.os, "access", lambda path, mode: False)
    root = torchvision_root("mnist", root=tiny)
    assert root.is_relative_to(tmp_path / "temporary")
    assert {path.name for path in (root / "MNIST/raw").iterdir()} == set(CHECKSUMS["mnist"])
