"""A real browser: chromium, Chrome, or the one that the environment's CHROMIUM names."""

import os
import shutil

import pytest
from playwright.sync_api import sync_playwright

from lenet_utils import data
from lenet_utils.playground import playground
from weights import load_classifiers

NETWORKS = load_classifiers()


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
    model, name, scaling = NETWORKS[request.param]
    test = data.load_dataset(name, size=model.input_shape[-1], scaling=scaling, root=data.BUNDLE).test
    file = tmp_path_factory.mktemp("page") / "page with a space.html"
    playground(model).save(file)
    return file, model, test


@pytest.fixture(scope="session")
def lenet5_page(tmp_path_factory):
    file = tmp_path_factory.mktemp("page") / "lenet5.html"
    playground(NETWORKS["lenet5.pt"][0]).save(file)
    return file
