"""The playground's page as a reader uses it: its arithmetic against PyTorch's, then its pen, keys and buttons."""

import base64

import pytest
import torch

from lenet_utils.checks import QUESTIONS
from lenet_utils.preparation import prepare_digit

COUNT = 1000


def encode(values):
    return base64.b64encode(values.numpy().tobytes()).decode()


def decode(text):
    return torch.frombuffer(bytearray(base64.b64decode(text)), dtype=torch.float32)


def test_the_logits_are_pytorchs(network, open_page):
    file, model, test = network
    page = open_page(file.as_uri())
    images = test[:COUNT][0]
    with torch.no_grad():
        expected = model(images)
    found = page.evaluate(
        """text => {
            const all = new Float32Array(bytes(text).buffer), size = lenet.MODEL.side ** 2;
            return Array.from({length: all.length / size}, (_, n) =>
                Array.from(lenet.forward(Float64Array.from(all.subarray(n * size, (n + 1) * size))).outputs));
        }""",
        encode(images),
    )
    assert (torch.tensor(found) - expected).abs().max() < 1e-3


def test_painted_images_are_read_as_pytorch_reads_what_the_page_made_of_them(network, open_page):
    file, model, test = network
    page = open_page(file.as_uri())
    found, inputs = page.evaluate(
        """text => {
            const all = bytes(text), results = [], inputs = [];
            for (let n = 0; n < all.length; n += 784) {
                const {input, outputs} = lenet.paintDigit(all.subarray(n, n + 784));
                results.push(Array.from(outputs));
                inputs.push(...new Uint8Array(Float32Array.from(input).buffer));
            }
            let letters = "";
            for (const code of inputs) letters += String.fromCharCode(code);
            return [results, btoa(letters)];
        }""",
        encode(test.images[:COUNT]),
    )
    inputs, found = decode(inputs).view(COUNT, *model.input_shape), torch.tensor(found)
    with torch.no_grad():
        expected = model(inputs)
    sign = -1 if getattr(model, "smaller_is_better", False) else 1
    assert torch.equal((sign * found).argmax(1), (sign * expected).argmax(1))
    assert ((sign * found).argmax(1) == test.labels[:COUNT]).float().mean() > (0.98 if test.name == "mnist" else 0.85)


def test_the_page_prepares_a_drawing_as_python_does(lenet5_page, open_page, mnist):
    page = open_page(lenet5_page.as_uri())
    generator = torch.Generator().manual_seed(0)
    for count in range(1, 6):  # boxes of ink at random
        drawing = torch.zeros(280, 280)
        for top, left, height, width in torch.randint(10, 130, (count, 4), generator=generator).tolist():
            drawing[top : top + height, left : left + width] = torch.rand((), generator=generator)
        found = page.evaluate(
            """text => {
                const data = new Float32Array(bytes(text).buffer);
                return Array.from(lenet.prepare({data, width: 280, height: 280}, true).field.data);
            }""",
            encode(drawing),
        )
        expected = prepare_digit(drawing)[2:30, 2:30].flatten()
        assert torch.allclose(torch.tensor(found), expected, atol=1e-4)


def test_a_forward_pass_takes_less_than_8_milliseconds(network, open_page):
    page = open_page(network[0].as_uri())
    middle = page.evaluate(
        """() => {
            const {input} = lenet.read(), times = [];
            for (let n = 0; n < 200; n++) {
                const start = performance.now();
                lenet.forward(input);
                times.push(performance.now() - start);
            }
            return times.sort((a, b) => a - b)[100];
        }"""
    )
    assert middle < 8


def draw(page, points, frame=None):
    """Draw a line through ``points``, fractions of the pad's side, by pointer events; in a ``frame`` of the page."""
    pad = (frame or page).locator("#pad")
    pad.scroll_into_view_if_needed()
    box = pad.bounding_box()
    places = [(box["x"] + x * box["width"], box["y"] + y * box["height"]) for x, y in points]
    page.mouse.move(*places[0])
    page.mouse.down()
    for place in places[1:]:
        page.mouse.move(*place, steps=12)
    page.mouse.up()
    page.wait_for_timeout(100)


def answer(page):
    return page.locator("#digit").inner_text()


SEVEN = [(0.3, 0.25), (0.72, 0.25), (0.45, 0.8)]


def test_drawing_undo_and_clear(lenet5_page, open_page):
    page = open_page(lenet5_page.as_uri())
    page.get_by_role("button", name="Clear").click()
    assert answer(page) == "–"
    draw(page, [(0.5, 0.2), (0.5, 0.8)])
    assert answer(page) == "1"
    page.get_by_role("button", name="Clear").click()
    draw(page, SEVEN)
    assert answer(page) == "7"
    assert "Read as 7" in page.locator("#status").inner_text()
    draw(page, [(0.35, 0.6), (0.6, 0.6)])
    page.get_by_role("button", name="Undo").click()
    assert answer(page) == "7"
    for expected in ("–", "1", "–", "7"):  # the seven's stroke, the second clearing, the one's stroke, the first
        page.get_by_role("button", name="Undo").click()
        page.wait_for_timeout(100)
        assert answer(page) == expected
    assert page.get_by_role("button", name="Undo").is_disabled()


def test_samples_and_keys(lenet5_page, open_page):
    page = open_page(lenet5_page.as_uri())
    page.get_by_role("button", name="Sample: 3").click()
    page.wait_for_timeout(100)
    assert answer(page) == "3"
    for key, expected in (("0", "0"), ("4", "4"), ("c", "–"), ("Backspace", "4")):
        page.keyboard.press(key)
        page.wait_for_timeout(100)
        assert answer(page) == expected


def test_without_centring_a_digit_in_the_corner_is_not_the_same(lenet5_page, open_page):
    page = open_page(lenet5_page.as_uri())
    page.keyboard.press("2")
    page.locator("#pad").focus()
    read = "() => Array.from(lenet.read().input)"
    page.wait_for_timeout(100)
    before = page.evaluate(read)
    for _ in range(4):
        page.keyboard.press("ArrowLeft")
    page.wait_for_timeout(100)
    centred = page.evaluate(read)
    assert max(abs(a - b) for a, b in zip(before, centred)) < 1e-6
    page.get_by_label("Crop, scale and centre it").uncheck()
    page.wait_for_timeout(100)
    moved = torch.tensor(page.evaluate(read)).view(32, 32)
    expected = torch.tensor(before).view(32, 32)
    # by forty pixels of the pad: four of the input
    assert (moved[:, :26] - expected[:, 4:30]).abs().mean() < 0.2 < (moved - expected).abs().mean()


def test_turning(lenet5_page, open_page):
    page = open_page(lenet5_page.as_uri())
    page.keyboard.press("7")
    page.locator("#turn").fill("180")
    page.wait_for_timeout(100)
    upright, turned = (
        page.evaluate("() => [lenet.read().steps.small.width, lenet.read().steps.small.height]"),
        page.locator("#angle").inner_text(),
    )
    assert turned == "180°" and upright[1] == 20
    draw(page, [(0.2, 0.5), (0.8, 0.5)])  # the pen writes where it is seen, whatever the turn
    ink = page.evaluate("() => lenet.read().steps.box")
    assert ink["x"] < 60 and ink["x"] + ink["w"] > 220


def test_the_sample_7_turns_into_something_else_where_the_course_says(lenet5_page, open_page):
    low, high = QUESTIONS["turn of the sample 7"][0]
    page = open_page(lenet5_page.as_uri())
    page.keyboard.press("7")
    for angle, expected in ((low - 1, True), (high, False)):
        page.locator("#turn").fill(str(angle))
        page.wait_for_timeout(100)
        assert (answer(page) == "7") == expected


def test_a_map_shows_its_kernel_and_what_it_sees(lenet5_page, open_page):
    page = open_page(lenet5_page.as_uri())
    page.get_by_role("button", name="C3, map 5").click()
    assert page.locator("#zoom-title").inner_text() == "C3, map 5"
    assert page.locator("#kernels canvas").count() == 6
    assert "14×14" in page.locator("#field").inner_text()
    page.locator("#zoom").focus()
    before = page.locator("#unit").inner_text()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowDown")
    assert page.locator("#unit").inner_text() != before
    assert page.locator("#frame").is_visible()
    page.get_by_role("button", name="S4, map 15").click()
    assert "mean of each 2×2 square" in page.locator("#kernel-note").inner_text()


def test_nothing_jumps_while_one_draws(lenet5_page, open_page):
    page = open_page(lenet5_page.as_uri())

    def measure():
        boxes = page.evaluate(
            """() => [...document.querySelectorAll('section, canvas, button')].map(
                element => element.getBoundingClientRect().toJSON())"""
        )
        return [(round(box["x"]), round(box["y"]), round(box["width"]), round(box["height"])) for box in boxes]

    before = measure()
    page.keyboard.press("c")
    page.wait_for_timeout(100)
    empty = measure()
    draw(page, SEVEN)
    assert before == empty == measure()


@pytest.mark.parametrize("width", [320, 390, 768])
def test_it_fits_on_a_phone_and_a_finger_draws(lenet5_page, open_page, width):
    page = open_page(lenet5_page.as_uri(), viewport={"width": width, "height": 800}, has_touch=True, is_mobile=True)
    assert page.evaluate("() => document.documentElement.scrollWidth") <= width
    page.get_by_role("button", name="Clear").tap()
    box = page.locator("#pad").bounding_box()
    page.touchscreen.tap(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    page.wait_for_timeout(100)
    assert answer(page) != "–"
    answered = page.locator("#answer").bounding_box()
    assert answered["y"] < box["y"] + box["height"] + 420  # not far below the drawing


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_light_and_dark(lenet5_page, open_page, scheme):
    page = open_page(lenet5_page.as_uri(), color_scheme=scheme)
    colour = "() => getComputedStyle(document.body).backgroundColor"
    before = page.evaluate(colour)
    assert (before == "rgb(20, 23, 28)") == (scheme == "dark")
    page.get_by_role("button", name="Switch between light and dark").click()
    assert page.evaluate(colour) != before


def test_everything_has_a_name_for_screen_readers(network, open_page):
    page = open_page(network[0].as_uri())
    unnamed = page.evaluate(
        """() => [...document.querySelectorAll('button, input, select, canvas[role=img]')].filter(element =>
            !(element.getAttribute('aria-label') || element.textContent.trim() || element.labels?.length)
        ).map(element => element.outerHTML)"""
    )
    assert not unnamed
