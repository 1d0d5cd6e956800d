"""The committed weights are those of their cards, and reach what they say."""

import hashlib
import json

import pytest

import weights
from lenet_utils.checkpoints import load_weights
from lenet_utils.data import ImageSet
from weights import CARDS, FOLDER, NETWORKS, SEED, measure_accuracy

LIST = json.loads(CARDS.read_text(encoding="utf-8"))


def test_every_file_has_its_card_and_every_card_its_file():
    assert [card["file"] for card in LIST] == list(NETWORKS)
    assert {file.name for file in FOLDER.glob("*.pt")} == set(NETWORKS)


@pytest.mark.parametrize("card", LIST, ids=lambda card: card["file"])
def test_a_card_describes_its_file_and_the_codes_recipe(card):
    _, _, network, _, recipe = NETWORKS[card["file"]]
    assert hashlib.sha256((FOLDER / card["file"]).read_bytes()).hexdigest() == card["sha256"]
    assert (card["network"], card["recipe"], card["seed"]) == (network, recipe, SEED)


@pytest.mark.parametrize("card", LIST, ids=lambda card: card["file"])
def test_the_weights_reach_the_recorded_accuracy(card, request):
    name, size, _, make_model, recipe = NETWORKS[card["file"]]
    test = request.getfixturevalue(name).test
    test = ImageSet(name, test.images, test.labels, size=size, scaling=recipe.get("scaling", "standard"))
    model = load_weights(make_model(), FOLDER / card["file"])
    assert measure_accuracy(model, recipe, test) == pytest.approx(card["test_accuracy"], abs=0.0005)


def test_a_file_that_is_not_one_of_them_is_refused_before_anything_is_trained(monkeypatch, capsys):
    monkeypatch.setattr(weights, "make_weights", lambda *arguments: pytest.fail("it trains"))
    monkeypatch.setattr("sys.argv", ["weights.py", "lenet5.pt", "lenet6.pt"])
    with pytest.raises(SystemExit):
        weights.main()
    assert (
        "there is no lenet6.pt; choose from lenet5.pt, lenet1998.pt, lenet5_strings.pt, fashion_lenet.pt"
        in capsys.readouterr().err
    )
