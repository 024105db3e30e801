"""The keypad in a browser, on a desk and on a phone, by clicking and by typing. It needs Chromium, and METER_SIM_LONG=1."""

import os
import shutil

import pytest
from playwright.sync_api import expect, sync_playwright

from tests.keypad_kit import server

CHROMIUM = os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser")
SIZES = {"desk": (1400, 950), "phone": (390, 844)}
KRN_TEST = "18446744073843772416"


@pytest.fixture(scope="module")
def address(tmp_path_factory):
    with server(tmp_path_factory.mktemp("sessions")) as (_, address):
        yield address


@pytest.fixture(scope="module")
def browser():
    assert CHROMIUM, "needs Chromium (Debian: apt-get install chromium), or its path in CHROMIUM"
    quiet = ["--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync"]
    with sync_playwright() as playwright:
        expect.set_options(timeout=20_000)
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=[*quiet, "--no-sandbox", "--disable-gpu"])
        yield browser
        browser.close()


class Person:
    """Somebody in front of the page, who clicks or types."""

    def __init__(self, page, *, clicks):
        self.page = page
        self.clicks = clicks

    def key_in(self, digits):
        for digit in digits.replace(" ", ""):
            if self.clicks:
                self.page.click(f'#keypad [data-key="{digit}"]')
            else:
                self.page.keyboard.press(digit)

    def answered(self, result, shown):
        expect(self.page.locator("#why-result")).to_have_text(result)
        expect(self.page.locator("#why-word")).to_contain_text(shown)

    def practise(self, name):
        self.page.select_option("#scenario", name)
        expect(self.page.locator("#slips li")).to_have_count(0)

    def buy(self, amount):
        before = self.page.locator("#slips li").count()
        self.page.fill("#amount", amount)
        if self.clicks:
            self.page.click("#buy button")
        else:
            self.page.keyboard.press("Enter")
        expect(self.page.locator("#slips li")).to_have_count(before + 1)
        return [
            text.replace(" ", "") for text in self.page.locator("#slips li").first.locator(".digits").all_inner_texts()
        ]

    def change_key(self, when):
        self.page.select_option("#with", when)
        self.page.click("#change button")

    def lock_out(self):
        for _ in range(3):
            self.key_in("0" * 20)


@pytest.fixture(
    params=[(size, clicks) for size in SIZES for clicks in (True, False)],
    ids=lambda kind: f"{kind[0]}-{'clicks' if kind[1] else 'types'}",
)
def person(request, browser, address):
    size, clicks = request.param
    width, height = SIZES[size]
    context = browser.new_context(
        viewport={"width": width, "height": height},
        locale="en-GB",
        has_touch=size == "phone",
        is_mobile=size == "phone",
    )
    page = context.new_page()
    wrong, asked = [], []
    page.on("console", lambda message: wrong.append(message.text))
    page.on("pageerror", lambda error: wrong.append(str(error)))
    page.on("request", lambda one: asked.append(one.url))
    page.goto(address)
    expect(page.locator("#time")).not_to_be_empty()
    yield Person(page, clicks=clicks)
    assert wrong == []
    assert [url for url in asked if not url.startswith(address)] == []
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    context.close()


def test_a_top_up(person):
    [token] = person.buy("20")
    person.key_in(token)
    person.answered("Accept", "Accept")
    expect(person.page.locator("#heard")).to_contain_text("Accept")
    expect(person.page.locator("#heard")).to_have_text("Credit 31.9 kWh")
    person.key_in(token)
    person.answered("UsedError", "USEd")
    expect(person.page.locator("#why-checks .failed")).to_contain_text("The date of issue")


def test_a_key_change_in_the_right_order(person):
    person.change_key("with")
    expect(person.page.locator("#refused")).to_contain_text("printed with the next purchase")
    first, second, credit = person.buy("25")
    person.key_in(first)
    person.answered("1stKCT", "1St")
    person.key_in(second)
    person.answered("Accept", "Accept")
    person.key_in(credit)
    expect(person.page.locator("#why-word")).to_contain_text("25.00 kWh")
    person.key_in(KRN_TEST)
    person.answered("Accept", "KRN 2.2")


def test_a_key_change_in_the_wrong_order(person):
    person.change_key("with")
    first, second, credit = person.buy("25")
    person.key_in(credit)
    person.answered("CRCError", "rEJEct")
    expect(person.page.locator("#why-reason")).to_contain_text("made under key revision 2, the meter holds 1")
    person.key_in(second)
    person.answered("2ndKCT", "2nd")
    person.key_in(first)
    person.answered("Accept", "Accept")
    person.key_in(credit)
    expect(person.page.locator("#why-word")).to_contain_text("25.00 kWh")


def test_a_lock_out(person):
    [token] = person.buy("5")
    person.page.click('[data-speed="0"]')  # a slow machine shall not outlast the lock-out
    person.lock_out()
    expect(person.page.locator("#meaning")).to_contain_text("Locked out")
    person.key_in(token)
    person.answered("LockedOut", "LOc")
    person.page.click('[data-jump="600"]')
    person.key_in(token)
    person.answered("Accept", "Accept")


def test_a_lesson_to_its_end(person):
    page = person.page
    person.practise("wrong_order")
    expect(page.locator("#lesson-title")).to_have_text("The key change in the wrong order")
    person.change_key("with")
    expect(page.locator("#dots .right")).to_have_count(1)
    first, second, credit = person.buy("25")
    page.click("#due")
    for digits, passed in ((credit, 3), (second, 4)):
        person.key_in(digits)
        expect(page.locator("#dots .right")).to_have_count(passed)
    page.click("#power")
    expect(page.locator("#meaning")).to_contain_text("has no power")
    page.click("#power")
    expect(page.locator("#dots .right")).to_have_count(5)
    expect(page.locator("#hand-digits")).to_have_text(" ".join(first[at : at + 4] for at in range(0, 20, 4)))
    for digits, passed in ((first, 6), (second, 7), (credit, 8), (first, 9)):
        person.key_in(digits)
        expect(page.locator("#dots .right")).to_have_count(passed)
    expect(page.locator("#step")).to_contain_text("18 of 18 points")
    page.evaluate("window.print = () => {}")
    page.click("#print-result")
    assert "18 of 18 points" in page.evaluate("document.getElementById('paper').textContent")


def test_a_mistake_in_a_lesson_is_told(person):
    person.practise("top_up")
    person.buy("30")
    expect(person.page.locator(".try")).to_contain_text("not what this step asks for: 30 kWh")
    person.buy("20")
    expect(person.page.locator("#dots .corrected")).to_have_count(1)


def test_the_clock_is_held_at_the_keypad(person):
    [token] = person.buy("20")
    person.page.click('[data-speed="43200"]')
    person.page.locator("h1").click()
    person.key_in(token[:19])
    expect(person.page.locator("#held")).to_contain_text("Somebody is at the keypad")
    person.key_in(token[19])
    person.answered("Accept", "Accept")
    person.page.click('[data-speed="0"]')


def test_other_keys_and_pasting(person):
    page = person.page
    person.key_in("12")
    expect(page.locator("#caption")).to_have_text("2 of 20")
    page.keyboard.press("Backspace")
    expect(page.locator("#caption")).to_have_text("1 of 20")
    page.keyboard.press("Backspace")
    page.locator("h1").click()
    expect(page.locator("#caption")).to_have_text("Credit")
    page.keyboard.press("Enter")
    expect(page.locator("#caption")).to_have_text("Key revision and type")
    [token] = person.buy("20")
    page.evaluate(
        "text => { const data = new DataTransfer(); data.setData('text', text);"
        " document.body.dispatchEvent(new ClipboardEvent('paste', { clipboardData: data, bubbles: true, cancelable: true })); }",
        f"{token[:8]} {token[8:]}",
    )
    person.answered("Accept", "Accept")


@pytest.mark.parametrize("language", ["fr", "pt", "sw"])
def test_a_draft_says_so(browser, address, language):
    page = browser.new_page(locale=language)
    page.goto(address)
    expect(page.locator("#draft")).to_be_visible()
    assert page.evaluate("document.documentElement.lang") == language
    assert page.locator("[data-w]:empty").count() <= 1
    page.close()


def test_every_button_and_field_has_a_name(browser, address):
    page = browser.new_page(locale="en-GB")
    page.goto(address)
    expect(page.locator("#time")).not_to_be_empty()
    for element in page.locator("button:visible, select:visible, input:visible, a:visible").all():
        name = element.evaluate(
            "e => e.getAttribute('aria-label') || e.textContent.trim() || [...(e.labels ?? [])].map(l => l.textContent.trim()).join(' ')"
        )
        assert name, element.evaluate("e => e.outerHTML")
    page.close()


def test_the_pocket_card_prints_on_one_page(browser, address):
    page = browser.new_page(locale="en-GB")
    page.goto(address)
    expect(page.locator("#time")).not_to_be_empty()
    page.evaluate("window.print = () => {}")
    for lesson in ("top_up", "key_change", "wrong_order", "drawer"):
        page.select_option("#scenario", lesson)
        expect(page.locator("#lesson")).to_be_visible()
        page.click("#print-card")
        assert page.pdf(prefer_css_page_size=True).count(b"/Type /Page\n") == 1
    page.close()
