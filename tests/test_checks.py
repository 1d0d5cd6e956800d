"""The self-checks: silent about the answer until there is a prediction, right about right and wrong ones."""

from statistics import mean

import nbformat
import pytest
import torch
from torch import nn

from lenet_utils.checkpoints import load_weights
from lenet_utils.checks import QUESTIONS, check, is_right
from lenet_utils.data import ASSETS, ImageSet
from lenet_utils.evaluation import compute_logits
from lenet_utils.models import LeNet5, count_parameters
from lenet_utils.results import collect
from lenet_utils.summary import summarize

NOTEBOOKS = sorted((ASSETS.parent / "notebooks").glob("*.ipynb"))


def say(capsys, *arguments):
    check(*arguments)
    return capsys.readouterr().out


def some_value(answer):
    """Return a value that an answer stands for; a range stands for its middle."""
    return sum(answer) / 2 if isinstance(answer, list) else answer


@pytest.mark.parametrize("question", QUESTIONS)
def test_without_a_prediction_it_asks_for_one(question, capsys):
    assert say(capsys, question, ...).startswith("Make your prediction first")


@pytest.mark.parametrize("question", QUESTIONS)
def test_the_right_answer_is_right(question, capsys):
    answer, why, _ = QUESTIONS[question]
    assert say(capsys, question, some_value(answer)) == f"Right. {why}\n"


@pytest.mark.parametrize("question", QUESTIONS)
def test_tempting_mistakes_are_wrong_and_get_their_own_hint(question, capsys):
    _, _, mistakes = QUESTIONS[question]
    assert mistakes
    for wrong, hint in mistakes:
        said = say(capsys, question, some_value(wrong))
        assert said.startswith("Not ") and hint in said


@pytest.mark.parametrize("nonsense", ["", None, -12345, (1,), [], True])
@pytest.mark.parametrize("question", QUESTIONS)
def test_nonsense_is_wrong_and_raises_nothing(question, nonsense, capsys):
    assert say(capsys, question, nonsense).startswith("Not ")


def test_an_unknown_question_names_the_known_ones():
    with pytest.raises(ValueError, match="shape of C1"):
        check("shape of C9", 1)


def test_numbers_need_not_be_exact_where_they_are_measured():
    assert is_right(-0.76, -0.7576) and not is_right(-0.7, -0.7576)
    assert is_right(2.3, [2.2, 2.45]) and not is_right(2.5, [2.2, 2.45])
    assert is_right([6, 28, 28], (6, 28, 28)) and not is_right((6, 28), (6, 28, 28))


def test_every_question_is_asked_in_a_notebook_and_every_check_is_known():
    source = "\n".join(cell.source for path in NOTEBOOKS for cell in nbformat.read(path, 4).cells)
    asked = {line.split('"')[1] for line in source.splitlines() if line.startswith('check("')}
    assert asked == set(QUESTIONS)


def test_most_mirrored_twos_are_read_as_the_answer(mnist):
    twos = mnist.test.subset(mnist.test.labels == 2)
    mirrored = ImageSet("mnist", twos.images.flip(2), twos.labels, size=32)
    said = compute_logits(load_weights(LeNet5(), ASSETS / "weights" / "lenet5.pt"), mirrored).argmax(1)
    assert said.mode().values == QUESTIONS["a mirrored 2"][0]


def test_answers_agree_with_the_network():
    rows = {row.name: row for row in summarize(LeNet5())}
    assert QUESTIONS["shape of C1"][0] == tuple(nn.Conv2d(1, 6, 7)(torch.zeros(1, 32, 32)).shape)
    assert QUESTIONS["parameters of C3"][0] == count_parameters(nn.Conv2d(8, 16, 5))
    assert QUESTIONS["field of S4"][0] == rows["s4"].field
    assert QUESTIONS["slices of a C3 kernel"][0] == LeNet5().c3.weight.shape[1]
    assert QUESTIONS["S4 after a shift by 4 pixels"][0] == 4 / rows["s4"].step
    assert QUESTIONS["parameters of the merged layer"][0] == count_parameters(nn.Linear(400, 10))
    assert QUESTIONS["C5 for larger images"][0] == count_parameters(nn.Conv2d(16, 120, 6))
    model = LeNet5()
    optimizer = torch.optim.Adam(model.parameters())
    model(torch.zeros(1, 1, 32, 32)).sum().backward()
    optimizer.step()
    moments = [value for state in optimizer.state.values() for value in state.values() if value.ndim]
    tensors = [*model.parameters(), *(parameter.grad for parameter in model.parameters()), *moments]
    assert QUESTIONS["bytes of training with Adam"][0] == sum(tensor.nbytes for tensor in tensors)
    zero = torch.zeros((), requires_grad=True)
    zero.sigmoid().backward()
    assert QUESTIONS["slope of the sigmoid"][0] == zero.grad
    logits = torch.tensor([2.0, 1.0, 0.1])
    assert is_right(logits.softmax(0)[1].item() - 1, QUESTIONS["gradient of the right logit"][0])
    assert QUESTIONS["images in the last batch"][0] == 60_000 % 64
    accuracies = collect("why_convolution", "validation_accuracy")
    errors = [1 - mean(accuracies[f"LeNet-5, {pixels}"]) for pixels in ("shuffled", "in order")]
    assert is_right(errors[0] / errors[1], QUESTIONS["mistakes on shuffled pixels"][0])
