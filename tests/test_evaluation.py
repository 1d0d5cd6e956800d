import pytest
import torch
from torch import nn
from torch.nn.functional import cross_entropy

from lenet_utils.data import ImageSet
from lenet_utils.evaluation import (
    class_accuracy,
    compute_logits,
    confusion_matrix,
    evaluate,
    find_mistakes,
    report_accuracy,
)
from lenet_utils.models import LeNet5


class FirstPixelReader(nn.Module):
    """A network without weights, which takes the brightness of the first pixel (0 to 9) for the class."""

    def forward(self, images):
        return -((images[:, 0, 0, :1] * 255 - torch.arange(10)) ** 2)


def make_readable_set(labels, readings):
    """Return images that ``FirstPixelReader`` takes for ``readings``."""
    images = torch.zeros(len(labels), 28, 28, dtype=torch.uint8)
    images[:, 0, 0] = readings
    return ImageSet("mnist", images, labels, size=28, scaling="unit")


@pytest.mark.parametrize("batch_size", [1, 7, 1000])
def test_the_batch_size_does_not_change_the_logits(batch_size, digits):
    model = LeNet5()
    with torch.no_grad():
        expected = model(digits[:][0])
    logits = compute_logits(model, digits, batch_size=batch_size)
    assert logits.shape == (100, 10)
    assert torch.allclose(logits, expected, atol=1e-6)


def test_loss_and_accuracy_are_means_over_single_images(mnist):
    some = mnist.test.subset(slice(0, 130))
    model = LeNet5()
    losses, hits = [], 0
    with torch.no_grad():
        for image, label in some:
            logits = model(image.unsqueeze(0))
            losses.append(cross_entropy(logits, label.unsqueeze(0)).item())
            hits += int(logits.argmax()) == int(label)
    loss, accuracy = evaluate(model, some)
    assert loss == pytest.approx(sum(losses) / 130, rel=1e-5)
    assert accuracy == hits / 130


def test_metrics_over_more_images_than_a_batch_count_every_image_once():
    labels = torch.arange(2_345) % 10
    readings = labels.clone()
    readings[-45:] = (labels[-45:] + 1) % 10
    assert evaluate(FirstPixelReader(), make_readable_set(labels, readings))[1] == 2_300 / 2_345


def test_report_accuracy_prints_the_last_line_of_the_reference_log(capsys):
    labels = torch.arange(10_000) % 10
    readings = labels.clone()
    readings[:166] = (labels[:166] + 1) % 10
    accuracy = report_accuracy(FirstPixelReader(), make_readable_set(labels, readings))
    assert accuracy == 0.9834
    assert capsys.readouterr().out == "Test Accuracy of the model on the 10000 test images: 98.34%\n"


@pytest.mark.parametrize("training", [True, False])
def test_the_network_is_measured_in_evaluation_mode_and_given_back_as_it_came(training, digits):
    model = LeNet5().train(training)
    modes = []
    model.register_forward_pre_hook(lambda module, inputs: modes.append(module.training))
    evaluate(model, digits)
    assert modes == [False]
    assert model.training is training and model.c1.training is training


def test_an_error_while_measuring_gives_the_network_back_as_it_came(digits):
    model = LeNet5()
    small = ImageSet("mnist", digits.images, digits.labels, size=28)
    with pytest.raises(ValueError, match="size=32"):
        evaluate(model, small)
    assert model.training


def test_measuring_computes_no_gradients(digits):
    assert not compute_logits(LeNet5(), digits).requires_grad


def test_the_confusion_matrix_has_a_row_for_each_true_class():
    labels = torch.tensor([0, 0, 1, 2, 2, 2])
    predictions = torch.tensor([0, 1, 1, 2, 0, 2])
    confusion = confusion_matrix(labels, predictions, classes=3)
    assert confusion.dtype == torch.int64
    assert confusion.tolist() == [[1, 1, 0], [0, 1, 0], [1, 0, 2]]
    assert class_accuracy(confusion).tolist() == pytest.approx([1 / 2, 1, 2 / 3])


def test_the_confusion_matrix_has_ten_classes_even_where_some_are_missing():
    confusion = confusion_matrix(torch.tensor([3, 3]), torch.tensor([5, 3]))
    assert confusion.shape == (10, 10)
    assert confusion.nonzero().tolist() == [[3, 3], [3, 5]]


def test_find_mistakes_gives_only_mistakes_the_worst_first():
    logits = torch.tensor([[2.0, 0, 0], [0, 1.0, 0], [0, 0, 5.0], [0, 0, 3.0], [1.0, 1.1, 0]])
    labels = torch.tensor([0, 0, 1, 2, 0])
    assert find_mistakes(logits, labels).tolist() == [2, 1, 4]


@pytest.mark.parametrize(("labels", "mistakes"), [([0, 1], []), ([1, 1], [0])])
def test_find_mistakes_gives_a_list_of_positions_even_of_none_or_one(labels, mistakes):
    found = find_mistakes(torch.eye(2), torch.tensor(labels))
    assert found.ndim == 1 and found.tolist() == mistakes
