"""Reading: the wide pass against its windows, the loss against every alignment, the decoder by hand."""

from itertools import product

import pytest
import torch
from torch.nn.functional import log_softmax

from lenet_utils.models import LeNet5, WideLeNet5
from lenet_utils.reading import (
    BLANK,
    cut_windows,
    decode,
    edit_distance,
    fit_reader,
    position_loss,
    read,
    score_reading,
    string_loss,
    write_labels,
)  # fmt: skip
from lenet_utils.strings import make_strings


@pytest.mark.parametrize("activation", ["tanh", "relu"])
@pytest.mark.parametrize("width", [32, 33, 35, 36, 64, 101])
def test_the_wide_pass_equals_the_windows_one_by_one(width, activation):
    torch.manual_seed(0)
    wide, single = WideLeNet5(activation, classes=11), LeNet5(activation, classes=11)
    single.load_state_dict(wide.state_dict())
    images = torch.randn(3, 1, 32, width)
    windows = cut_windows(images)
    assert windows.shape == (3, (width - 28) // 4, 1, 32, 32)
    with torch.no_grad():
        assert torch.allclose(wide(images), torch.stack([single(row) for row in windows]), atol=1e-5)


@pytest.mark.parametrize(
    ("shape", "message"),
    [
        ((1, 1, 28, 60), "32 or more.*scale them to that height"),
        ((1, 1, 32, 20), "32 or more.*add background"),
        ((1, 3, 32, 60), "colour"),
        ((1, 32, 60), "batch dimension"),
        ((4, 32, 60), "channel dimension"),
    ],
)
def test_images_that_cannot_be_read_are_refused_with_the_way_out(shape, message):
    with pytest.raises(ValueError, match=message):
        read(WideLeNet5(classes=11), torch.zeros(shape))


def test_no_image_gives_no_reading():
    assert read(WideLeNet5(classes=11), torch.zeros(0, 1, 32, 64)) == []


def test_a_network_without_a_class_for_blanks_is_refused():
    with pytest.raises(ValueError, match="11 classes"):
        read(WideLeNet5(), torch.zeros(1, 1, 32, 64))


def make_scores(path, classes=11):
    return torch.nn.functional.one_hot(torch.tensor([path]), classes).float()


def test_the_decoder_merges_repeats_and_drops_blanks():
    b = BLANK
    assert decode(make_scores([b, 4, 4, b, 2, 2, b])) == ["42"]
    assert decode(make_scores([1, b, 1, 1, 0])) == ["110"]
    assert decode(make_scores([b, b, b])) == [""]
    assert decode(make_scores([7])) == ["7"]


def test_the_loss_sums_over_every_alignment():
    torch.manual_seed(0)
    scores, labels = torch.randn(2, 5, 11), torch.tensor([[3, 3, -1], [0, 9, 4]])
    for one, row, text in zip(scores, labels, ["33", "094"], strict=True):
        classes = [*{int(label) for label in text}, BLANK]
        paths = [path for path in product(classes, repeat=5) if decode(make_scores(path)) == [text]]
        logs = log_softmax(one, 1)
        total = torch.stack([logs[torch.arange(5), torch.tensor(path)].sum() for path in paths]).logsumexp(0)
        assert string_loss(one[None], row[None]).item() == pytest.approx(-total.item(), rel=1e-5)
    both = [string_loss(scores[i : i + 1], labels[i : i + 1]).item() for i in range(2)]
    assert string_loss(scores, labels).item() == pytest.approx(sum(both) / 2, rel=1e-5)


def test_positions_that_are_not_clear_do_not_count():
    scores = torch.randn(2, 4, 11, generator=torch.Generator().manual_seed(0))
    labels = torch.tensor([[3, -1, 10, 4], [-1, -1, 0, 10]])
    chosen = [scores[i, j].log_softmax(0)[labels[i, j]] for i in range(2) for j in range(4) if labels[i, j] >= 0]
    assert position_loss(scores, labels).item() == pytest.approx(-sum(chosen).item() / 5, rel=1e-5)


@pytest.mark.parametrize(
    ("text", "other", "distance"),
    [
        ("", "", 0),
        ("123", "123", 0),
        ("123", "", 3),
        ("123", "13", 1),
        ("123", "923", 1),
        ("12", "21", 2),
        ("1123", "9112", 2),
    ],
)
def test_edit_distance_by_hand(text, other, distance):
    assert edit_distance(text, other) == edit_distance(other, text) == distance


def test_scores_count_digits_and_whole_strings():
    digits, strings = score_reading(["123", "44", ""], ["123", "444", "55"])
    assert digits == pytest.approx(1 - 3 / 8) and strings == pytest.approx(1 / 3)


def test_labels_are_written_as_text():
    assert write_labels(torch.tensor([[1, 2, 3], [0, 7, -1]])) == ["123", "07"]


def test_a_reader_learns_and_the_same_seed_gives_the_same_weights(digits):
    def train(seed):
        torch.manual_seed(0)
        model = WideLeNet5(classes=11)
        losses = fit_reader(
            model, lambda generator: make_strings(digits, 8, generator)[:2], steps=12, lr=0.01, seed=seed, log=False
        )
        return losses, model.output.weight.detach()

    (losses, weights), (_, again), (_, other) = train(0), train(0), train(1)
    assert losses[-1] < losses[0] and len(losses) == 12
    assert torch.equal(weights, again) and not torch.equal(weights, other)
