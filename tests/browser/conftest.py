"""A real browser: chromium, Chrome, or the one that the environment's CHROMIUM names."""

import os
import shutil

import pytest
from playwright.sync_api import sync_playwright

from lenet_utils import data
from lenet_utils.checkpoints import load_weights
from lenet_utils.models import FashionLeNet, LeNet5, LeNet1998
from lenet_utils.playground import playground

WEIGHTS = data.ASSETS / "weights"
# file of weights: (network, data set, scaling)
NETWORKS = {
    "lenet5.pt": (LeNet5, "mnist", "standard"),
    "lenet1998.pt": (LeNet1998, "mnist", "paper"),
    "fashion_lenet.pt": (lambda: FashionLeNet("relu", everywhere=True), "fashion_mnist", "standard"),
}


@pytest.fixture(scope="session")
def browser():
    found = map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))
    path = os.environ.get("CHROMIUM") or next(filter(None, found), None)
    if not path:
        pytest.exit("there is no chromium here: `apt install chromium`, or name yours in the environment's CHROMIUM")
    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])
        yield launched
        launched.close()


@pytest.fixture
def open_page(browser):
    """Return a function that opens an address in a new page; an error or a warning on its console fails the test."""
    pages, complaints = [], []

    def open_address(address, **options):
        page = browser.new_page(**options)
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("console", lambda line: complaints.append(line.text) if line.type in ("error", "warning") else None)
        page.on("request", lambda request: None if is_local(request.url) else complaints.append(request.url))
        page.goto(address)
        pages.append(page)
        return page

    yield open_address
    for page in pages:
        page.close()
    assert not complaints


def is_local(address):
    return address.startswith(("file:", "data:", "blob:", "about:", "http://localhost:", "ws://localhost:"))


@pytest.fixture(scope="session", params=NETWORKS)
def network(request, tmp_path_factory):
    """The page of each trained network, with its model and its test images: (file, model, ImageSet)."""
    make, name, scaling = NETWORKS[request.param]
    model = load_weights(make(), WEIGHTS / request.param)
    test = data.load_dataset(name, size=model.input_shape[-1], scaling=scaling, root=data.BUNDLE).test
    file = tmp_path_factory.mktemp("page") / "page with a space.html"
    playground(model).save(file)
    return file, model, test


@pytest.fixture(scope="session")
def lenet5_page(tmp_path_factory):
    file = tmp_path_factory.mktemp("page") / "lenet5.html"
    playground(load_weights(LeNet5(), WEIGHTS / "lenet5.pt")).save(file)
    return file
