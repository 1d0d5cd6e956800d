"""The site as a reader meets it: from disk and under a sub-path, its links, its pictures, its accessibility."""

import re
import threading
from functools import partial
from html.parser import HTMLParser
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest
from axe_playwright_python.sync_playwright import Axe

SITE = Path(__file__).resolve().parents[2] / "build" / "site"
PAGES = sorted(path for path in SITE.rglob("*.html") if "_static" not in path.parts)
READ = [path for path in PAGES if path.parent.name != "playground" and path.stem not in ("genindex", "search")]
FOLDERS = ("notebooks", "zh/notebooks")


def name(path):
    return str(path.relative_to(SITE))


class Reader(HTMLParser):
    """Collects the links, the anchors and the pictures of a page."""

    def __init__(self, text):
        super().__init__()
        self.links, self.anchors, self.pictures = [], set(), []
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        found = dict(attributes)
        self.links += [found[name] for name in ("href", "src") if found.get(name)]
        self.anchors |= {found[name] for name in ("id", "name") if found.get(name)}
        if tag == "img":
            self.pictures.append(found)


@pytest.fixture(scope="module")
def read_pages():
    return {path: Reader(path.read_text(encoding="utf-8")) for path in PAGES}


def test_the_site_is_there_with_every_notebook():
    english, chinese = (sorted(path.name for path in (SITE / folder).glob("*.html")) for folder in FOLDERS)
    assert len(english) >= 8, "run `make site` first"
    assert english == chinese and len(list((SITE / "playground").glob("*.html"))) == 3


@pytest.mark.parametrize("start", [SITE / "index.html", SITE / "notebooks" / "03_fashion_mnist.html"], ids=name)
def test_the_languages_lead_to_each_other(start, open_page):
    page = open_page(start.as_uri())
    page.locator("article").get_by_role("link", name="简体中文").click()
    assert page.url == (SITE / "zh" / start.relative_to(SITE)).as_uri()
    page.locator("article").get_by_role("link", name="English").click()
    assert page.url == start.as_uri()


def test_every_link_into_the_site_leads_somewhere(read_pages):
    broken = []
    for path, page in read_pages.items():
        for link in page.links:
            parts = urlsplit(link)
            if parts.scheme or parts.netloc:
                continue
            target = (path.parent / unquote(parts.path)).resolve() if parts.path else path
            target = target / "index.html" if target.is_dir() else target
            anchors = read_pages[target].anchors if target in read_pages else None
            if not target.exists() or (
                parts.fragment and anchors is not None and unquote(parts.fragment) not in anchors
            ):
                broken.append(f"{name(path)}: {link}")
    assert not broken


def test_nothing_is_fetched_from_elsewhere(read_pages):
    pattern = re.compile(r"<(?:script|link|img|iframe|source)\b[^>]*?(?:src|href)=[\"'](?:https?:)?//[^\"']+", re.I)
    found = [f"{name(path)}: {hit}" for path in PAGES for hit in pattern.findall(path.read_text(encoding="utf-8"))]
    assert not [hit for hit in found if 'rel="canonical"' not in hit]
    assert not [
        name(path) for path in PAGES if re.search(r"//cdn|unpkg|jsdelivr|cdnjs", path.read_text(encoding="utf-8"))
    ]


def test_every_picture_has_its_words(read_pages):
    silent = [f"{name(path)}: {image.get('src')}" for path in READ for image in read_pages[path].pictures]
    described = [
        f"{name(path)}: {image.get('src')}"
        for path in READ
        for image in read_pages[path].pictures
        if len(image.get("alt", "")) > 10 and not image["alt"].startswith("../_images")
    ]
    logos = [line for line in silent if "logo" in line]
    assert sorted(set(silent) - set(logos)) == sorted(set(described) - set(logos))


@pytest.mark.parametrize("path", [*READ, *SITE.glob("playground/*.html")], ids=name)
def test_a_page_opens_from_disk_without_a_complaint_and_for_everyone(path, open_page):
    page = open_page(path.as_uri(), viewport={"width": 1280, "height": 900})
    page.wait_for_load_state("load")
    # It would fetch the styles once more, and write to the frame of the playground, which is a page of its own.
    results = Axe().run(page, options={"preload": False, "iframes": False}).response
    serious = [
        f"{violation['id']}: {violation['help']}; {violation['nodes'][0]['html'][:200]}"
        for violation in results["violations"]
        if violation["impact"] in ("serious", "critical")
    ]
    assert not serious


@pytest.fixture(scope="module")
def address():
    """Serve the folder above the site: as GitHub Pages does, the site lies under a sub-path."""

    class Quiet(SimpleHTTPRequestHandler):
        def log_message(self, *arguments):
            pass

    server = ThreadingHTTPServer(("localhost", 0), partial(Quiet, directory=str(SITE.parent)))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://localhost:{server.server_port}/{SITE.name}"
    server.shutdown()
    server.server_close()


def test_under_a_sub_path_formulas_are_set_and_search_finds(address, open_page):
    page = open_page(f"{address}/notebooks/02_mnist_training.html")
    page.locator("mjx-container").first.wait_for(timeout=30_000)
    page.goto(f"{address}/search.html?q=subsampling")
    page.locator("#search-results li").first.wait_for(timeout=30_000)


@pytest.mark.parametrize(("page", "word"), [("search.html", "momentum"), ("zh/search.html", "卷积核")])
def test_search_works_from_disk(open_page, page, word):
    page = open_page((SITE / page).as_uri() + f"?q={word}")
    page.locator("#search-results li").first.wait_for(timeout=30_000)


def test_the_playground_lives_in_its_page(open_page):
    page = open_page((SITE / "playground.html").as_uri(), viewport={"width": 1280, "height": 1000})
    frame = page.frame_locator("iframe")
    frame.get_by_role("button", name="Sample: 3").click()
    page.wait_for_timeout(200)
    assert frame.locator("#digit").inner_text() == "3"


def test_it_has_a_light_and_a_dark_face(open_page):
    colours = set()
    for scheme in ("light", "dark"):
        page = open_page((SITE / "index.html").as_uri(), color_scheme=scheme)
        colours.add(page.evaluate("() => getComputedStyle(document.body).backgroundColor"))
    assert len(colours) == 2


@pytest.mark.parametrize("width", [360, 768])
def test_a_phone_needs_no_scrolling_to_the_side(open_page, width):
    page = open_page((SITE / "notebooks" / "01_architecture.html").as_uri(), viewport={"width": width, "height": 800})
    assert page.evaluate("() => document.documentElement.scrollWidth") <= width
