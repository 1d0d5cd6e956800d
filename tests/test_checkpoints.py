import contextlib
import errno
import os
import pickle
from functools import partial

import pytest
import torch

from lenet_utils import checkpoints
from lenet_utils.checkpoints import load_weights, save_weights
from lenet_utils.data import ImageSet
from lenet_utils.device import seed_everything
from lenet_utils.losses import competitive_loss
from lenet_utils.models import FashionLeNet, LeNet5
from lenet_utils.training import fit, one_cycle


@pytest.fixture
def file(tmp_path):
    return tmp_path / "runs" / "training.pt"  # in a folder that does not exist yet


class Noise:
    """A distortion that stops the training once, at the call with the number ``stop_at``, as Ctrl-C would."""

    def __init__(self, stop_at=None):
        self.calls, self.stop_at = 0, stop_at

    def __call__(self, images, generator):
        self.calls += 1
        if self.calls == self.stop_at:
            raise KeyboardInterrupt
        return images + 0.1 * torch.randn(images.shape, generator=generator)


def make_training(kind="adam", weights_seed=0):
    """Return a new network and the settings of ``fit`` for it."""
    seed_everything(weights_seed)
    model = LeNet5()
    if kind == "adam":
        return model, {"optimizer": torch.optim.Adam(model.parameters(), lr=0.002)}
    sgd = torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.9)
    return model, {"optimizer": sgd, "schedule": one_cycle}


def train(model, data, checkpoint=None, **settings):
    """Train for three epochs of four steps, unless told otherwise."""
    return fit(model, data, checkpoint=checkpoint, **{"epochs": 3, "batch_size": 32, "log": None, **settings})


def assert_same_training(first, second):
    """Compare two pairs of network and history, bit by bit; only the clock may differ."""
    for a, b in zip(first[0].parameters(), second[0].parameters(), strict=True):
        assert torch.equal(a, b)
    for name, values in vars(first[1]).items():
        assert len(values) == len(vars(second[1])[name])
        assert name == "seconds" or values == vars(second[1])[name]


@contextlib.contextmanager
def full_disk(monkeypatch):
    """Let no file grow beyond 50 kB; where the system has no such limit, let no file be finished."""
    try:
        import resource
    except ImportError:  # Windows

        def fail(descriptor):
            raise OSError(errno.ENOSPC, "No space left on device")

        with monkeypatch.context() as patch:
            patch.setattr(os, "fsync", fail)
            yield
    else:
        soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
        resource.setrlimit(resource.RLIMIT_FSIZE, (50_000, hard))
        try:
            yield
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


# Going on


@pytest.mark.parametrize("kind", ["adam", "sgd with one_cycle"])
@pytest.mark.parametrize("stop_at", [6, 12])  # in the second epoch; at the very last batch
def test_a_training_interrupted_in_an_epoch_reaches_the_same_end(kind, stop_at, digits, file):
    model, settings = make_training(kind)
    uninterrupted = model, train(model, digits, augment=Noise(), validation=digits, **settings)

    model, settings = make_training(kind)
    with pytest.raises(KeyboardInterrupt):
        train(model, digits, file, augment=Noise(stop_at), validation=digits, **settings)

    model, settings = make_training(kind, weights_seed=1)  # other weights: the right ones come from the file
    noise = Noise()
    resumed = model, train(model, digits, file, augment=noise, validation=digits, **settings)
    assert noise.calls == (8 if stop_at == 6 else 4)
    assert_same_training(resumed, uninterrupted)


@pytest.mark.parametrize("stop_at", [2, 6])  # in the first epoch; in the second
def test_the_same_network_and_optimizer_may_go_on_too(stop_at, digits, file):
    model, settings = make_training("sgd with one_cycle")
    uninterrupted = model, train(model, digits, augment=Noise(), **settings)

    model, settings = make_training("sgd with one_cycle")
    with pytest.raises(KeyboardInterrupt):
        train(model, digits, file, augment=Noise(stop_at), **settings)
    resumed = model, train(model, digits, file, augment=Noise(), **settings)
    assert_same_training(resumed, uninterrupted)


def test_a_finished_training_returns_at_once(digits, file):
    model, settings = make_training()
    finished = model, train(model, digits, file, augment=Noise(), **settings)
    written = file.stat().st_mtime_ns

    model, settings = make_training(weights_seed=1)
    again = model, train(model, digits, file, augment=Noise(stop_at=1), **settings)
    assert_same_training(again, finished)
    assert again[1].seconds == finished[1].seconds
    assert file.stat().st_mtime_ns == written


def test_going_on_is_announced_unless_quiet(digits, file, capsys):
    with pytest.raises(KeyboardInterrupt):
        train(LeNet5(), digits, file, augment=Noise(6))
    assert capsys.readouterr().out == ""
    train(LeNet5(), digits, file, augment=Noise(), log="steps")
    assert capsys.readouterr().out == f"Resuming from {file}: 1 of 3 epochs are done\n"


def test_checkpoints_do_not_change_a_training(digits, file):
    model, settings = make_training()
    without = model, train(model, digits, **settings)
    model, settings = make_training()
    assert_same_training((model, train(model, digits, file, **settings)), without)
    assert [path.name for path in file.parent.iterdir()] == ["training.pt"]


# Another training's checkpoint


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"batch_size": 16}, "batch_size: 32 there, 16 here"),
        ({"seed": 1}, "seed: 0 there, 1 here"),
        ({"epochs": 4}, "epochs: 3 there, 4 here"),
        ({"schedule": one_cycle}, "schedule"),
        ({"augment": Noise()}, "augment: None there, 'Noise' here"),
        (
            {"loss_function": partial(competitive_loss, j=2.0)},
            r"loss_function: 'cross_entropy' there, 'competitive_loss\(j=2\.0\)' here",
        ),
        ({"optimizer": torch.optim.SGD, "lr": 0.001}, "optimizer: 'Adam' there, 'SGD' here"),
        ({"optimizer": torch.optim.Adam, "lr": 0.002}, "lr: 0.001 there, 0.002 here"),
    ],
)
def test_a_checkpoint_with_other_settings_is_refused_by_their_names(change, words, digits, file):
    train(LeNet5(), digits, file)
    model = LeNet5()
    before = [parameter.clone() for parameter in model.parameters()]
    if "optimizer" in change:
        change = {"optimizer": change["optimizer"](model.parameters(), lr=change["lr"])}
    with pytest.raises(ValueError, match=words) as error:
        train(model, digits, file, **change)
    assert str(file) in str(error.value)
    assert all(torch.equal(a, b) for a, b in zip(before, model.parameters(), strict=True))


def test_a_checkpoint_on_other_data_is_refused(digits, fashion_mnist, file):
    train(LeNet5(), digits, file)
    clothes = ImageSet("fashion_mnist", fashion_mnist.train.images[:100], fashion_mnist.train.labels[:100], size=32)
    bright = ImageSet("mnist", digits.images, digits.labels, size=32, scaling="unit")
    for other in (clothes, digits.subset(slice(0, 97)), bright):
        with pytest.raises(ValueError, match=r"training\.pt is of another training \(data: "):
            train(LeNet5(), other, file)


def test_a_checkpoint_of_another_model_is_refused(mnist, file):
    data = ImageSet("mnist", mnist.train.images[:40], mnist.train.labels[:40], size=28)
    train(FashionLeNet(), data, file)

    class PaddedLeNet5(LeNet5):
        def forward(self, images):
            return super().forward(torch.nn.functional.pad(images, (2, 2, 2, 2)))

    with pytest.raises(ValueError, match=r"training\.pt is of another training .*FashionLeNet.*PaddedLeNet5"):
        train(PaddedLeNet5(), data, file)


def test_a_checkpoint_with_another_activation_is_refused(digits, file):
    train(LeNet5(), digits, file)
    with pytest.raises(ValueError, match=r"model: 'LeNet5\(Tanh\(\)\)' there, 'LeNet5\(ReLU\(\)\)' here"):
        train(LeNet5("relu"), digits, file)


# Files that are none


@pytest.mark.parametrize("text", ["hello world\n", "epoch,loss\n1,0.3\n", "Notes.\n", "{}", "GIF89a", "", "\n"])
def test_a_text_file_is_no_checkpoint_and_holds_no_weights(text, digits, tmp_path):
    notes = tmp_path / "notes.txt"
    notes.write_text(text)
    with pytest.raises(ValueError, match=r"notes\.txt"):
        load_weights(LeNet5(), notes)
    with pytest.raises(ValueError, match=r"notes\.txt"):
        train(LeNet5(), digits, notes)
    assert notes.read_text() == text


def test_a_truncated_file_is_named_wherever_it_was_cut(tmp_path):
    save_weights(LeNet5(), tmp_path / "lenet5.pt")
    whole = (tmp_path / "lenet5.pt").read_bytes()
    for size in [*range(0, 300, 7), *range(300, len(whole), 20_000), len(whole) - 1]:
        (tmp_path / "cut.pt").write_bytes(whole[:size])
        with pytest.raises(ValueError, match=r"cut\.pt is not a file of weights"):
            load_weights(LeNet5(), tmp_path / "cut.pt")


class Trap:
    """Pickled, it makes a folder when it is read without care."""

    def __init__(self, path):
        self.path = str(path)

    def __reduce__(self):
        return os.mkdir, (self.path,)


@pytest.mark.parametrize("write", [torch.save, lambda trap, path: path.write_bytes(pickle.dumps(trap, protocol=2))])
def test_a_file_with_code_is_refused_and_the_code_not_run(write, digits, tmp_path):
    write(Trap(tmp_path / "made by the code"), tmp_path / "trap.pt")
    with pytest.raises(ValueError, match=r"trap\.pt is not a file of weights that PyTorch can read safely"):
        load_weights(LeNet5(), tmp_path / "trap.pt")
    with pytest.raises(ValueError, match=r"trap\.pt is not a file of weights that PyTorch can read safely"):
        train(LeNet5(), digits, tmp_path / "trap.pt")
    assert not (tmp_path / "made by the code").exists()


def test_weights_are_no_checkpoint(digits, tmp_path):
    save_weights(LeNet5(), tmp_path / "lenet5.pt")
    with pytest.raises(ValueError, match=r"lenet5\.pt is not a checkpoint of a training"):
        train(LeNet5(), digits, tmp_path / "lenet5.pt")


# A full disk


def test_a_full_disk_leaves_the_old_checkpoint_and_the_training_goes_on_later(digits, file, monkeypatch):
    model, settings = make_training()
    uninterrupted = model, train(model, digits, augment=Noise(), **settings)

    model, settings = make_training()
    with pytest.raises(KeyboardInterrupt):
        train(model, digits, file, augment=Noise(6), **settings)
    old = file.read_bytes()
    with full_disk(monkeypatch), pytest.raises(OSError, match=r"could not be written .*make room") as error:
        train(model, digits, file, augment=Noise(), **settings)
    assert str(file) in str(error.value)
    assert file.read_bytes() == old
    assert [path.name for path in file.parent.iterdir()] == ["training.pt"]

    model, settings = make_training(weights_seed=1)
    resumed = model, train(model, digits, file, augment=Noise(), **settings)
    assert_same_training(resumed, uninterrupted)


def test_an_interruption_while_writing_leaves_the_old_file(tmp_path, monkeypatch):
    def stop(descriptor):
        raise KeyboardInterrupt

    save_weights(LeNet5(), tmp_path / "lenet5.pt")
    old = (tmp_path / "lenet5.pt").read_bytes()
    monkeypatch.setattr(checkpoints.os, "fsync", stop)
    with pytest.raises(KeyboardInterrupt):
        save_weights(LeNet5(), tmp_path / "lenet5.pt")
    assert (tmp_path / "lenet5.pt").read_bytes() == old
    assert [path.name for path in tmp_path.iterdir()] == ["lenet5.pt"]


def test_a_folder_that_cannot_be_made_is_named(tmp_path):
    (tmp_path / "notes.txt").write_text("a file, not a folder")
    with pytest.raises(OSError, match=r"lenet5\.pt could not be written"):
        save_weights(LeNet5(), tmp_path / "notes.txt" / "lenet5.pt")


# Weights


@pytest.mark.parametrize("make_model", [LeNet5, FashionLeNet])
def test_weights_come_back_as_they_were_saved(make_model, tmp_path):
    model, other = make_model(), make_model()
    assert not torch.equal(model.c1.weight, other.c1.weight)
    save_weights(model, tmp_path / "weights.pt")
    assert load_weights(other, str(tmp_path / "weights.pt")) is other
    for a, b in zip(model.parameters(), other.parameters(), strict=True):
        assert torch.equal(a, b)


def test_the_weights_of_another_model_are_refused_and_change_nothing(tmp_path):
    save_weights(FashionLeNet(), tmp_path / "weights.pt")
    model = LeNet5()
    before = [parameter.clone() for parameter in model.parameters()]
    with pytest.raises(ValueError, match=r"weights\.pt does not hold the weights of a LeNet5"):
        load_weights(model, tmp_path / "weights.pt")
    assert all(torch.equal(a, b) for a, b in zip(before, model.parameters(), strict=True))


@pytest.mark.parametrize("contents", [3.0, [1, 2], torch.zeros(3), {"c1.weight": 1}, {1: 2}, {}])
def test_a_file_with_something_else_is_no_file_of_weights(contents, tmp_path):
    torch.save(contents, tmp_path / "weights.pt")
    with pytest.raises(ValueError, match=r"weights\.pt does not hold the weights of a LeNet5"):
        load_weights(LeNet5(), tmp_path / "weights.pt")


def test_a_missing_file_of_weights_is_named(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"nowhere\.pt"):
        load_weights(LeNet5(), tmp_path / "nowhere.pt")
