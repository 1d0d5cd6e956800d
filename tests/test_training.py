import re

import pytest
import torch
from torch import nn
from torch.nn.functional import cross_entropy

from lenet_utils import training
from lenet_utils.data import ImageSet
from lenet_utils.device import seed_everything
from lenet_utils.evaluation import evaluate
from lenet_utils.models import FashionLeNet, LeNet5
from lenet_utils.training import fit, one_cycle


def train(data, *, make_model=LeNet5, **settings):
    """Train a new network on ``data``; return it with its history. Two short epochs, unless told otherwise."""
    seed_everything(0)
    model = make_model()
    return model, fit(model, data, **{"epochs": 2, "batch_size": 32, "log": None, **settings})


def make_small_network():
    """Return a network that is quick where many steps are needed."""
    return nn.Sequential(nn.Flatten(), nn.Linear(32 * 32, 10))


def same_weights(first, second):
    return all(torch.equal(a, b) for a, b in zip(first.parameters(), second.parameters(), strict=True))


# What is printed


def test_the_log_has_the_lines_of_the_reference_log_at_every_hundredth_step(mnist, capsys):
    _, history = train(mnist.train.subset(slice(0, 250)), make_model=make_small_network, batch_size=1, log="steps")
    lines = capsys.readouterr().out.splitlines()
    printed_steps = [(1, 100), (1, 200), (2, 100), (2, 200)]
    assert len(lines) == len(printed_steps)
    for line, (epoch, step) in zip(lines, printed_steps, strict=True):
        match = re.fullmatch(r"Epoch \[(\d+)/2\], Step \[(\d+)/250\], Loss: (\d+\.\d{4})", line)
        assert match, line
        assert (int(match[1]), int(match[2])) == (epoch, step)
        assert match[3] == f"{history.step_loss[250 * (epoch - 1) + step - 1]:.4f}"


def test_the_number_of_steps_counts_the_last_smaller_batch(digits):
    assert len(train(digits, batch_size=33, epochs=1)[1].step_loss) == 4
    assert len(train(digits, batch_size=25, epochs=1)[1].step_loss) == 4
    assert len(train(digits, batch_size=100, epochs=1)[1].step_loss) == 1


def test_log_epochs_prints_a_line_per_epoch(digits, capsys):
    _, history = train(digits, log="epochs")
    assert capsys.readouterr().out == (
        f"Epoch [1/2], loss ≈ {history.loss[0]:.4f}\nEpoch [2/2], loss ≈ {history.loss[1]:.4f}\n"
    )


def test_log_epochs_adds_the_validation_accuracy(digits, capsys):
    train(digits, log="epochs", validation=digits, epochs=1)
    line = r"Epoch \[1/1\], loss ≈ \d\.\d{4}, validation accuracy ≈ \d+\.\d\d%\n"
    assert re.fullmatch(line, capsys.readouterr().out)


def test_log_none_prints_nothing(digits, capsys):
    train(digits, make_model=make_small_network, batch_size=1, validation=digits, log=None)
    assert capsys.readouterr().out == ""


# What is learnt


@pytest.mark.parametrize(("make_model", "size"), [(LeNet5, 32), (FashionLeNet, 28)])
def test_one_batch_is_learnt_by_heart(make_model, size, mnist):
    seed_everything(0)
    batch = ImageSet("mnist", mnist.train.images[:8], mnist.train.labels[:8], size=size)
    model = make_model()
    adam = torch.optim.Adam(model.parameters(), lr=0.005)
    history = fit(model, batch, epochs=80, batch_size=8, optimizer=adam, log=None)
    assert history.loss[0] > 2
    assert history.loss[-1] < 0.01
    assert history.accuracy[-1] == 1


def test_the_default_optimizer_is_adam_with_a_thousandth(digits):
    _, expected = train(digits)
    seed_everything(0)
    model = LeNet5()
    adam = torch.optim.Adam(model.parameters(), lr=1e-3)
    assert fit(model, digits, epochs=2, batch_size=32, optimizer=adam, log=None).step_loss == expected.step_loss
    assert set(expected.lr) == {1e-3}


def test_every_epoch_sees_every_image_once_in_a_new_order(digits):
    numbered = ImageSet("mnist", digits.images, torch.arange(100) % 10, size=32)
    numbered.images = torch.arange(100, dtype=torch.uint8).view(100, 1, 1).expand(100, 28, 28)
    numbered.shift, numbered.factor = 0.0, 1.0
    seen = []

    def look(images, generator):
        seen.append(images[:, 0, 16, 16])
        return images

    train(numbered, augment=look)
    assert [len(batch) for batch in seen] == [32, 32, 32, 4] * 2
    first, second = torch.cat(seen[:4]).tolist(), torch.cat(seen[4:]).tolist()
    assert sorted(first) == sorted(second) == list(range(100))
    assert first != second and list(range(100)) not in (first, second)


# The history


def test_a_seed_decides_everything_and_another_one_changes_it(digits):
    first, history = train(digits, seed=3)
    again, same = train(digits, seed=3)
    _, other = train(digits, seed=4)
    assert same.step_loss == history.step_loss and same.loss == history.loss and same.accuracy == history.accuracy
    assert same_weights(first, again)
    assert other.step_loss != history.step_loss


def test_the_random_state_of_torch_does_not_change_a_training(digits):
    def run(noise):
        seed_everything(0)
        model = LeNet5()
        torch.manual_seed(noise)
        return fit(model, digits, epochs=1, batch_size=32, log=None).step_loss

    assert run(1) == run(2)


def test_epoch_means_weigh_the_last_smaller_batch_by_its_images(digits):
    seed_everything(0)
    model = LeNet5()
    frozen = torch.optim.SGD(model.parameters(), lr=0)
    history = fit(model, digits, epochs=2, batch_size=32, optimizer=frozen, log=None)
    logits = model(digits[:][0])
    expected = cross_entropy(logits, digits.labels).item()
    assert history.loss == pytest.approx([expected, expected], rel=1e-6)
    assert history.accuracy == [(logits.argmax(1) == digits.labels).sum().item() / 100] * 2


def test_the_history_has_one_entry_per_epoch_or_step(digits):
    model, history = train(digits, epochs=3, validation=digits)
    for values in (history.loss, history.accuracy, history.validation_loss, history.validation_accuracy):
        assert len(values) == 3
    assert len(history.seconds) == 3 and all(seconds > 0 for seconds in history.seconds)
    assert len(history.step_loss) == len(history.lr) == 3 * 4
    assert (history.validation_loss[-1], history.validation_accuracy[-1]) == evaluate(model, digits)


def test_without_validation_its_history_stays_empty(digits):
    _, history = train(digits, epochs=1)
    assert history.validation_loss == history.validation_accuracy == []


def test_training_happens_in_training_mode_whatever_the_mode_before(digits):
    seed_everything(0)
    model = LeNet5().eval()
    modes = []
    model.register_forward_pre_hook(lambda module, inputs: modes.append(module.training))
    history = fit(model, digits, epochs=2, batch_size=50, validation=digits, log=None)
    assert modes == [True, True, False] * 2
    assert model.training
    assert history.step_loss == train(digits, batch_size=50)[1].step_loss


# Learning rates and distortions


@pytest.mark.parametrize("optimizer", ["adam", "sgd"])
def test_one_cycle_rises_to_the_optimizers_learning_rate_and_falls_to_nothing(optimizer, digits):
    model = LeNet5()
    if optimizer == "adam":
        chosen = torch.optim.Adam(model.parameters(), lr=0.004)
    else:
        chosen = torch.optim.SGD(model.parameters(), lr=0.004, momentum=0.9)
    history = fit(model, digits, epochs=4, batch_size=10, optimizer=chosen, schedule=one_cycle, log=None)
    rates = history.lr
    peak = rates.index(max(rates))
    assert len(rates) == 40
    assert max(rates) == pytest.approx(0.004)
    assert rates[0] < 0.004 / 5 and rates[-1] < 0.004 / 1000
    assert 0 < peak < 20
    assert rates[: peak + 1] == sorted(rates[: peak + 1])
    assert rates[peak:] == sorted(rates[peak:], reverse=True)


def test_one_cycle_has_the_same_peak_in_a_second_training_with_the_same_optimizer(digits):
    model = LeNet5()
    sgd = torch.optim.SGD(model.parameters(), lr=0.01)
    first, second = (
        fit(model, digits, epochs=1, batch_size=10, optimizer=sgd, schedule=one_cycle, log=None) for _ in range(2)
    )
    assert second.lr == pytest.approx(first.lr)


def test_the_scheduled_learning_rate_is_the_one_that_moves_the_weights(digits):
    model = LeNet5()
    before = [parameter.clone() for parameter in model.parameters()]
    sgd = torch.optim.SGD(model.parameters(), lr=0.1)

    def never_learn(optimizer, total_steps):
        return torch.optim.lr_scheduler.LambdaLR(optimizer, lambda step: 0.0)

    assert set(fit(model, digits, epochs=1, batch_size=32, optimizer=sgd, schedule=never_learn, log=None).lr) == {0}
    assert all(torch.equal(a, b) for a, b in zip(before, model.parameters(), strict=True))


def test_augment_gets_a_batch_and_a_generator_and_its_images_are_learnt(digits):
    calls = []

    def blacken(images, generator):
        calls.append((tuple(images.shape), images.dtype, type(generator)))
        return torch.zeros_like(images)

    seed_everything(0)
    model = LeNet5()
    frozen = torch.optim.SGD(model.parameters(), lr=0)
    history = fit(model, digits, epochs=1, batch_size=32, optimizer=frozen, augment=blacken, log=None)
    assert calls == [((count, 1, 32, 32), torch.float32, torch.Generator) for count in (32, 32, 32, 4)]
    expected = cross_entropy(model(torch.zeros(100, 1, 32, 32)), digits.labels).item()
    assert history.loss[0] == pytest.approx(expected, rel=1e-6)


def test_every_batch_is_distorted_in_its_own_way_which_the_seed_decides(digits):
    def draws(seed):
        numbers = []

        def add_noise(images, generator):
            numbers.append(torch.rand(1, generator=generator).item())
            return images + numbers[-1]

        return numbers, train(digits, augment=add_noise, seed=seed)[1].step_loss

    numbers, losses = draws(3)
    assert len(set(numbers)) == 8  # two epochs of four batches
    assert draws(3) == (numbers, losses)
    assert not set(numbers) & set(draws(4)[0])
    assert train(digits, seed=3)[1].step_loss != losses


# What goes wrong


@pytest.mark.parametrize(("log", "steps"), [("steps", 100), (None, 150)])
def test_a_loss_that_is_no_number_stops_the_training_with_advice(log, steps, mnist):
    calls = []

    def ruin(images, generator):
        calls.append(1)
        return images * float("nan")

    with pytest.raises(FloatingPointError) as error:
        train(
            mnist.train.subset(slice(0, 150)),
            make_model=make_small_network,
            batch_size=1,
            augment=ruin,
            log=log,
        )
    assert error.match(r"loss became nan in epoch 1.*learning rate \(0.001 now\).*try a third of it")
    assert len(calls) == steps


def test_a_learning_rate_far_too_high_is_noticed(digits):
    model = LeNet5("relu")
    sgd = torch.optim.SGD(model.parameters(), lr=1e12)
    with pytest.raises(FloatingPointError, match=r"1e\+12"):
        fit(model, digits, epochs=2, batch_size=10, optimizer=sgd, log=None)


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"epochs": 0}, "epochs is a whole number from 1 on, not 0"),
        ({"epochs": -1}, "epochs is a whole number from 1 on, not -1"),
        ({"epochs": 1.5}, "epochs is a whole number from 1 on, not 1.5"),
        ({"batch_size": 0}, "batch_size is a whole number from 1 to 100 .*, not 0"),
        ({"batch_size": 101}, "batch_size is a whole number from 1 to 100 .*, not 101"),
        ({"batch_size": 2.5}, "batch_size is a whole number from 1 to 100 .*, not 2.5"),
        ({"log": "x"}, 'log is "steps", "epochs" or None, not \'x\''),
    ],
)
def test_a_wrong_argument_is_named_with_what_is_right(wrong, words, digits):
    with pytest.raises(ValueError, match=words):
        train(digits, **wrong)


def test_the_optimizer_of_another_model_is_refused(digits):
    other = torch.optim.Adam(LeNet5().parameters())
    with pytest.raises(ValueError, match="another model"):
        train(digits, optimizer=other)


# Not waiting for the device


def test_without_a_log_the_host_reads_the_device_only_when_an_epoch_ends(digits, monkeypatch):
    model = LeNet5()
    steps_at_reading = []
    steps = []
    model.register_forward_hook(lambda *_: steps.append(1))
    for name in ("item", "tolist", "cpu", "numpy", "__bool__", "__float__", "__int__"):
        original = getattr(torch.Tensor, name)

        def read(tensor, *args, original=original):
            steps_at_reading.append(len(steps))
            return original(tensor, *args)

        monkeypatch.setattr(torch.Tensor, name, read)
    sgd = torch.optim.SGD(model.parameters(), lr=0.1)
    fit(model, digits, epochs=2, batch_size=10, optimizer=sgd, log=None)
    assert set(steps_at_reading) == {10, 20}


def test_an_epoch_stays_on_the_device_of_the_model(digits, monkeypatch):
    # torch's "meta" device computes shapes only: it refuses to be read and to meet a tensor made on another device.
    model = LeNet5().to("meta")
    devices = []

    class MetaSet(ImageSet):
        def __getitem__(self, index):
            devices.append(index.device.type)  # positions on the CPU would be accepted, and copied for every batch
            return super().__getitem__(index)

    def record(history, losses, correct, *others):
        devices.extend([losses.device.type, correct.device.type])
        history.loss.append(0.0)

    monkeypatch.setattr(training, "record_epoch", record)
    data = MetaSet("mnist", digits.images.to("meta"), digits.labels.to("meta"), size=32)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)  # the default, a fused Adam, knows no such device
    fit(model, data, epochs=2, batch_size=32, optimizer=optimizer, log=None)
    assert devices == ["meta"] * 2 * (4 + 2)


def test_images_and_model_on_two_devices_are_named(digits):
    with pytest.raises(ValueError, match=r"images are on cpu, the model is on meta.*load_mnist\(device\)"):
        fit(LeNet5().to("meta"), digits, epochs=1)
