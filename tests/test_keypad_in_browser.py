"""The keypad in a browser, on a desk and on a phone, by clicking and by typing. It needs Chromium, and METER_SIM_LONG=1."""

import json
import os
import re
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
        self.page.click("#begin")
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
    expect(person.page.locator("#why-word")).to_contain_text("+25 kWh")
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
    expect(person.page.locator("#why-word")).to_contain_text("+25 kWh")


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
        page.click("#begin")
        expect(page.locator("#lesson-title")).to_have_text(page.locator("#scenario option:checked").inner_text())
        page.click("#print-card")
        assert page.pdf(prefer_css_page_size=True).count(b"/Type /Page\n") == 1
    page.close()


# -- one thing at a time ---------------------------------------------------------------------------------------

CLASS_3 = "55047175088215438354"
OWN = """
name: Two meters
start: 2024-11-04 08:00
end: 2025-11-04 08:00
timezone: Africa/Johannesburg
seed: 3
supply_groups:
  "123457":
    vending_keys:
      - {key_revision: 1, base_date: 1993, dkga: "02", key: test:old}
      - {key_revision: 2, base_date: 2014, dkga: "04", key: test:new}
meters:
  - {name: home, pan: "600727000000000009", supply_group: "123457", key_revision: 1, credit: 5 kWh}
  - {name: shop, pan: "600727010000000164", supply_group: "123457", key_revision: 1, credit: 5 kWh}
timeline:
  - {at: 2024-11-04 08:01, buy: 5 kWh, meter: shop, as: slip, expect: Issued}
  - {at: 2024-11-04 08:02, enter: slip, meter: shop, expect: Accept}
  - {at: 2024-11-04 08:03, manage: {power_limit: 700 W}, meter: shop, expect: Accept}
  - {at: 2024-11-04 08:05, power_cycle: 20 s, meter: shop}
"""


@pytest.fixture
def visit(browser):
    """Opens the page as somebody else does, in a context of its own."""
    contexts = []

    def opened(address, **context):
        contexts.append(
            browser.new_context(**{"viewport": {"width": 1280, "height": 900}, "locale": "en-GB"} | context)
        )
        page = contexts[-1].new_page()
        page.goto(address)
        expect(page.locator("#time")).not_to_be_empty()
        return page

    yield opened
    for context in contexts:
        context.close()


@pytest.fixture
def page(visit, address):
    return visit(address)


def begin(page, name):
    page.select_option("#scenario", name)
    page.click("#begin")
    expect(page.locator("#slips li")).to_have_count(0)
    expect(page.locator("#lesson")).to_be_visible()


def sell(page, amount):
    before = page.locator("#slips li").count()
    page.fill("#amount", amount)
    page.click("#buy button")
    expect(page.locator("#slips li")).to_have_count(before + 1)
    return digits_of(page)


def digits_of(page):
    return [text.replace(" ", "") for text in page.locator("#slips li").first.locator(".digits").all_inner_texts()]


def paste(page, digits):
    page.evaluate(
        "text => { const data = new DataTransfer(); data.setData('text', text);"
        " document.body.dispatchEvent(new ClipboardEvent('paste', { clipboardData: data, bubbles: true, cancelable: true })); }",
        digits,
    )


def enter(page, digits, result):
    before = page.locator("#log li").count()
    paste(page, digits)
    expect(page.locator("#why-result")).to_have_text(result)
    page.wait_for_function("count => document.querySelectorAll('#log li').length > count", arg=before)


def focused(page):
    return page.evaluate("document.activeElement.id || document.activeElement.textContent")


def test_a_session_from_a_file_brings_its_own_slips(page, tmp_path):
    first = sell(page, "20")
    with page.expect_download() as kept:
        page.click("#file")
    kept.value.save_as(tmp_path / "kept.json")
    assert json.loads((tmp_path / "kept.json").read_text())["scenario"] == "practice"
    page.click("#restart")
    expect(page.locator("#slips li")).to_have_count(0)
    assert sell(page, "30") != first
    page.fill("#amount", "none")
    page.click("#buy button")
    expect(page.locator("#refused")).not_to_be_empty()
    page.set_input_files("#from-file", tmp_path / "kept.json")
    expect(page.locator("#hand-digits")).to_have_text(" ".join(first[0][at : at + 4] for at in range(0, 20, 4)))
    assert digits_of(page) == first
    expect(page.locator("#refused")).to_be_empty()
    expect(page.locator("#amount")).to_have_value("20")


def test_another_page_of_the_browser_does_not_change_this_one(page, address):
    first = sell(page, "20")
    other = page.context.new_page()
    other.goto(address)
    expect(other.locator("#slips li")).to_have_count(1)
    other.click("#restart")
    expect(other.locator("#slips li")).to_have_count(0)
    assert sell(other, "30") != first
    page.bring_to_front()
    page.click('[data-jump="600"]')
    expect(page.locator("#time")).to_contain_text("07:1")
    assert digits_of(page) == first
    expect(page.locator("#hand-digits")).to_have_text(" ".join(first[0][at : at + 4] for at in range(0, 20, 4)))


def test_a_saved_session_is_taken_up_again(page):
    expect(page.locator("#saved-place")).to_be_hidden()
    first = sell(page, "20")
    page.click("#save")
    expect(page.locator("#save")).to_have_text("Saved (save again)")
    begin(page, "top_up")
    expect(page.locator("#saved")).to_contain_text("Free practice")
    page.click("#take-up")
    expect(page.locator("#lesson")).to_be_hidden()
    assert digits_of(page) == first
    expect(page.locator("#saved-place")).to_be_hidden()


def test_a_session_that_is_gone_is_followed_by_a_new_one(page):
    begin(page, "top_up")
    sell(page, "20")
    page.context.request.delete(page.url + "session")
    expect(page.locator("#told")).to_contain_text("not there any more")
    expect(page.locator("#slips li")).to_have_count(0)
    expect(page.locator("#lesson-title")).to_have_text("A normal top-up")
    sell(page, "20")
    expect(page.locator("#told")).to_be_hidden()


def taking_up_is_refused(page, status, line):
    """What the page asks for at `/sessions`, of which taking up a session gets this answer."""
    asked = []

    def refuse(route):
        asked.append(route.request.post_data_json)
        if route.request.post_data_json.get("keep"):
            route.fulfill(status=status, json={"error": line})
        else:
            route.continue_()

    page.route("**/sessions", refuse)
    return asked


def test_a_session_that_cannot_be_taken_up_now_is_not_overwritten_unasked(browser, address):
    page = browser.new_page(locale="en-GB")
    asked = taking_up_is_refused(page, 409, "session: is of the scenario 'mine', which is not here")
    page.goto(address)
    expect(page.locator("#blocked")).to_contain_text("which is not here")
    page.wait_for_timeout(1500)
    assert asked == [{"keep": True}]
    page.click("#anew")
    expect(page.locator("#blocked")).to_be_hidden()
    expect(page.locator("#time")).not_to_be_empty()
    page.close()


def test_a_page_whose_session_is_gone_when_it_opens_begins_a_new_one(browser, address):
    page = browser.new_page(locale="en-GB")
    taking_up_is_refused(page, 404, "session: there is none under this name")
    page.goto(address)
    expect(page.locator("#time")).not_to_be_empty()
    expect(page.locator("#told")).to_contain_text("A new one has begun")
    page.close()


def test_a_saved_session_that_is_gone_leaves_the_list(page):
    sell(page, "20")
    page.click("#save")
    expect(page.locator("#save")).to_have_text("Saved (save again)")
    name = page.evaluate("JSON.parse(localStorage.getItem('saved sessions'))[0].session")
    begin(page, "top_up")
    page.context.request.delete(page.url + "session", headers={"X-Session": name})
    page.click("#take-up")
    expect(page.locator("#told")).to_contain_text("That session is not there any more")
    expect(page.locator("#saved-place")).to_be_hidden()
    expect(page.locator("#lesson-title")).to_have_text("A normal top-up")


@pytest.mark.parametrize(
    ("digits", "result", "said"),
    [
        (CLASS_3, "FunctionError", "A digit is wrong"),
        ("9" * 20, "FormatError", "One of the first digits is wrong"),
        ("123=", "FormatError", "These are 3 digits, and a token has 20"),
        (KRN_TEST, "Accept", "This is a test token. It is not enciphered"),
        ("18446744073843772417", "CRCError", "the form of a test token, but their checksum is wrong"),
    ],
)
def test_what_is_said_of_digits_that_are_no_token_for_this_meter_alone(page, digits, result, said):
    for key in digits:
        page.keyboard.press("Enter" if key == "=" else key)
    expect(page.locator("#why-result")).to_have_text(result)
    expect(page.locator("#why-text")).to_contain_text(said)
    expect(page.locator("#why-text")).not_to_contain_text("genuine")
    expect(page.locator("#why-checks")).not_to_contain_text(
        "under the meter's key" if digits.startswith("184") else "maker"
    )


def test_a_meter_that_is_locked_out_has_read_nothing(page):
    [token] = sell(page, "5")
    page.click('[data-speed="0"]')
    for _ in range(3):
        paste(page, "0" * 20)
    expect(page.locator("#meaning")).to_contain_text("Locked out")
    enter(page, token, "LockedOut")
    expect(page.locator("#why-from")).to_contain_text("did not look at these digits")
    expect(page.locator("#why-fields")).not_to_contain_text("CRC")
    expect(page.locator("#why-fields")).not_to_contain_text("read under")


def test_the_checksum_of_a_section_is_not_shown(page):
    page.click("#change button")
    expect(page.locator("#slips li")).to_have_count(1)
    enter(page, digits_of(page)[0], "1stKCT")
    expect(page.locator("#why-fields")).to_contain_text("not shown, it would tell of the new key")


def test_a_lesson_tells_all_that_is_behind_the_learner(page):
    begin(page, "key_change")
    expect(page.locator("#with")).to_have_value("with")
    page.click("#change button")
    expect(page.locator("#dots .right")).to_have_count(1)
    expect(page.locator("#refused")).to_have_text("The key change waits and is printed with the next purchase.")
    assert "refused" not in page.locator("#refused").get_attribute("class").split()
    first, second, _ = sell(page, "25")
    enter(page, second, "2ndKCT")
    expect(page.locator(".try")).to_contain_text("Slip 1, Key change 2 of 2")
    enter(page, first, "Accept")
    expect(page.locator(".learn")).to_have_count(2)
    expect(page.locator(".learn.otherwise")).to_contain_text("It should have been 1stKCT, and it was Accept")
    expect(page.locator(".learn.before")).to_contain_text("Now the meter holds the new key")


def test_what_is_to_be_learnt_is_said_of_what_came_about_alone(page):
    begin(page, "key_change")
    for step in range(5):
        page.click("#skip")
        expect(page.locator(".learn")).to_contain_text(f"{step + 1}. Left out.")
    expect(page.locator(".learn")).not_to_contain_text("The units were made")
    enter(page, KRN_TEST, "Accept")
    expect(page.locator(".learn")).to_contain_text("should have shown KRN 2.2, and it showed KRN 1.2")
    expect(page.locator(".learn")).not_to_contain_text("KRN 2.2 shows that")


def test_the_lesson_says_in_words_what_was_done_instead(page):
    begin(page, "top_up")
    page.click("#tamper")
    expect(page.locator(".try")).to_contain_text("the seal was broken")
    page.select_option("#with", "with")
    page.click("#change button")
    expect(page.locator(".try").last).to_contain_text("a key change for the next purchase")
    begin(page, "key_change")
    page.click("#skip")
    sell(page, "25")
    expect(page.locator(".learn")).to_contain_text("The key revision that the counter believes in is 1 and should be 2")


def test_the_clock_is_not_put_on_over_a_key_change(page):
    begin(page, "wrong_order")
    page.click("#change button")
    first, second, credit = sell(page, "25")
    page.click("#due")
    expect(page.locator("#due")).to_be_hidden()
    assert focused(page) == "step"
    page.keyboard.press("5")
    expect(page.locator("#caption")).to_have_text("1 of 20")
    page.keyboard.press("Backspace")
    enter(page, credit, "CRCError")
    enter(page, second, "2ndKCT")
    page.click("#skip")
    expect(page.locator("#step")).to_contain_text("6. Key in the first")
    expect(page.locator("#due-not")).to_contain_text("waits for the rest of a key change")
    assert page.locator("#due").get_attribute("aria-disabled") == "true"
    before = page.locator("#time").inner_text()
    page.locator("#due").click(force=True)
    page.wait_for_timeout(500)
    assert page.locator("#time").inner_text()[:16] == before[:16]
    enter(page, first, "Accept")
    expect(page.locator("#due-not")).to_be_empty()


def test_a_section_that_was_lost_is_asked_for_again(page):
    begin(page, "key_change")
    page.click("#change button")
    first, second, _ = sell(page, "25")
    enter(page, first, "1stKCT")
    page.click("#power")
    page.click("#power")
    expect(page.locator("#switch-said")).to_have_text("Supply on")
    enter(page, second, "2ndKCT")
    expect(page.locator(".learn")).to_contain_text("Key in again: Slip 1, Key change 1 of 2")


def test_enter_after_a_sale_is_the_blue_key(page):
    page.focus("#amount")
    page.keyboard.press("Enter")
    expect(page.locator("#slips li")).to_have_count(1)
    assert focused(page) == "keypad"
    page.keyboard.press("Enter")
    expect(page.locator("#caption")).to_have_text("Key revision and type")
    for button in ("#order button", "#change button"):
        page.focus(button)
        page.keyboard.press("Enter")
        assert focused(page) == "keypad"
    expect(page.locator("#slips li")).to_have_count(3)


def test_a_lesson_begins_when_it_is_asked_for(page):
    sell(page, "20")
    page.focus("#scenario")
    page.keyboard.press("ArrowDown")
    page.wait_for_timeout(2500)
    expect(page.locator("#scenario")).to_have_value("top_up")
    expect(page.locator("#slips li")).to_have_count(1)
    page.click("#begin")
    expect(page.locator("#slips li")).to_have_count(0)
    expect(page.locator("#lesson-title")).to_have_text("A normal top-up")


def test_the_focus_stays_with_what_is_done(page):
    sell(page, "20")
    sell(page, "30")
    page.locator("#slips .digits").last.focus()
    page.keyboard.press("Enter")
    assert focused(page) == "keypad"
    expect(page.locator("#slips .digits").last).to_have_attribute("aria-pressed", "true")
    expect(page.locator("#slips .asked-now")).to_have_count(1)
    page.get_by_role("button", name="neighbour").focus()
    page.keyboard.press("Enter")
    assert focused(page) == "neighbour"
    expect(page.get_by_role("button", name="neighbour")).to_have_attribute("aria-pressed", "true")


def test_another_token_of_a_lesson_can_be_taken_in_the_hand(page):
    begin(page, "key_change")
    page.click("#change button")
    sell(page, "25")
    expect(page.locator("#hand-place")).to_have_text("Slip 1, Key change 1 of 2")
    page.locator("#slips .digits").last.click()
    expect(page.locator("#hand-place")).to_have_text("Slip 1, Credit")
    page.wait_for_timeout(1500)
    expect(page.locator("#hand-place")).to_have_text("Slip 1, Credit")
    page.click("#skip")
    expect(page.locator("#hand-place")).to_have_text("Slip 1, Key change 2 of 2")


def test_a_token_that_a_lesson_names_by_its_digits_is_in_the_hand(page):
    begin(page, "key_change")
    sell(page, "25")
    for step in range(2, 7):
        page.click("#skip")
        expect(page.locator("#step .step-do")).to_contain_text(f"{step}. ")
    expect(page.locator("#hand-digits")).to_have_text("1844 6744 0738 4377 2416")


def test_what_is_read_out(page):
    assert page.locator("#heard").get_attribute("aria-live") == "polite"
    assert page.locator("#tries").get_attribute("aria-live") == "polite"
    expect(page.get_by_role("group", name="Meter").locator("#keypad button, button").first).to_be_visible()
    assert page.locator("#keypad").get_attribute("aria-labelledby") == "meter-title"
    sell(page, "20")
    expect(page.locator("#refused")).to_have_text("Slip 1: 20 kWh")
    page.keyboard.press("4")
    page.keyboard.press("7")
    expect(page.locator("#heard")).to_have_text("2 of 20, 7")
    page.keyboard.press("Backspace")
    page.keyboard.press("Backspace")
    expect(page.locator("#heard")).to_contain_text("Credit")
    page.evaluate(
        "window.said = 0; new MutationObserver(() => (window.said += 1)).observe(document.getElementById('heard'),"
        " { childList: true, characterData: true, subtree: true })"
    )
    page.click('[data-speed="3600"]')
    credit = page.locator("#heard").inner_text()
    page.wait_for_timeout(4500)
    assert page.evaluate("window.said") == 0
    page.click('#keypad [data-key="="]')
    expect(page.locator("#heard")).to_contain_text("Key revision")
    assert page.locator("#heard").inner_text() != credit


def test_the_lamp_flashes_not_three_times_a_second(page):
    page.click('[data-speed="3600"]')
    page.evaluate(
        "window.lit = []; new MutationObserver(() => { if (document.getElementById('rate').classList.contains('lit'))"
        " window.lit.push(performance.now()); }).observe(document.getElementById('rate'), { attributes: true })"
    )
    page.wait_for_function("() => window.lit.length > 8")
    lit = page.evaluate("window.lit")
    assert lit[-1] - lit[0] >= 330 * (len(lit) - 1)


def test_digits_that_were_forgotten_are_told(page):
    page.keyboard.press("1")
    page.keyboard.press("2")
    expect(page.locator("#caption")).to_have_text("2 of 20")
    page.click('[data-jump="600"]')
    expect(page.locator("#meaning")).to_contain_text("The digits were forgotten")
    page.keyboard.press("1")
    expect(page.locator("#meaning")).to_be_empty()
    page.keyboard.press("Backspace")
    expect(page.locator("#caption")).to_have_text("Credit")
    page.wait_for_timeout(1500)
    expect(page.locator("#meaning")).not_to_contain_text("1 of")


def test_a_wrong_amount_is_told_where_it_was_asked(page):
    sell(page, "20")
    page.fill("#amount", "much")
    page.keyboard.press("Enter")
    expect(page.locator("#refused")).to_contain_text("The counter cannot do this")
    expect(page.locator("#refused [lang=en]")).to_contain_text("amount")
    assert focused(page) == "amount"
    expect(page.locator("#told")).to_be_hidden()
    sell(page, "5")
    expect(page.locator("#refused")).to_have_text("Slip 2: 5 kWh")


def test_a_meter_without_supply_says_why(page):
    page.click("#tamper")
    expect(page.locator("#meaning")).to_contain_text("The seal is broken, and the supply stays off")
    page.get_by_role("button", name="neighbour").click()
    expect(page.locator("#meaning")).to_be_empty()
    page.click('[data-jump="2592000"]')
    expect(page.locator("#meaning")).to_contain_text("The credit is used up")


def test_paper_is_empty_after_printing(page):
    page.evaluate("window.print = () => { window.printed = document.getElementById('paper').textContent }")
    sell(page, "20")
    page.locator("#slips button").last.click()
    assert "For practice with test keys" in page.evaluate("window.printed")
    page.emulate_media(media="print")
    expect(page.locator("main")).to_be_hidden()
    page.evaluate("window.dispatchEvent(new Event('afterprint'))")
    expect(page.locator("main")).to_be_visible()
    assert page.evaluate("document.getElementById('paper').textContent") == ""


def test_a_lesson_at_two_meters(visit, tmp_path):
    own = tmp_path / "two.yaml"
    own.write_text(OWN)
    with server(tmp_path / "sessions", str(own)) as (_, address):
        page = visit(address)
        expect(page.locator("#step")).to_contain_text("for the meter shop")
        page.get_by_role("button", name="shop").click()
        [token] = sell(page, "5")
        expect(page.locator("#step")).to_contain_text("shop: Key in the token")
        page.get_by_role("button", name="home").click()
        enter(page, token, "CRCError")
        expect(page.locator(".try")).to_contain_text("That was at the meter home. This step is at the meter shop.")
        page.get_by_role("button", name="shop").click()
        enter(page, token, "Accept")
        expect(page.locator("#step")).to_contain_text("Power limit 700 W")
        page.select_option("#kind", label="Power limit 700 W")
        page.click("#order button")
        expect(page.locator("#slips li")).to_have_count(2)
        enter(page, digits_of(page)[0], "Accept")
        expect(page.locator("#step")).to_contain_text("shop: Cut the power")


@pytest.mark.parametrize("language", ["fr", "pt", "sw"])
def test_what_a_draft_has_no_words_for_is_marked_as_english(visit, address, language):
    page = visit(address, locale=language)
    english = json.loads(page.evaluate("fetch('/words/en').then(answer => answer.text())"))
    expect(page.locator("#scenario option").first).not_to_have_text("Free practice")
    [token] = sell(page, "20")
    page.click("#order button")
    expect(page.locator("#slips li")).to_have_count(2)
    expect(page.locator("#slips h4").first).not_to_contain_text("Test: KRN")
    enter(page, token, "Accept")
    enter(page, token, "UsedError")
    own = page.locator("body").evaluate(
        "body => { const copy = body.cloneNode(true); copy.querySelectorAll('[lang=en], select').forEach(one => one.remove());"
        " return copy.textContent; }"
    )
    for text in ("is in the store", "subclass", "transfer credit", "purchase", *english["results"].values()):
        assert not re.search(rf"\b{re.escape(text)}\b", own), text
    said = page.locator("#refused").inner_text()
    page.select_option("#language", "en")
    expect(page.locator("#why-reason")).to_contain_text("is in the store")
    expect(page.locator("#refused")).not_to_have_text(said)


def test_every_target_can_be_touched(visit, address):
    page = visit(address, viewport={"width": 390, "height": 844}, has_touch=True, is_mobile=True)
    begin(page, "top_up")
    sell(page, "20")
    low = page.evaluate(
        "[...document.querySelectorAll('button, select, input:not(.hidden-input), .button')]"
        ".filter(one => one.offsetParent && one.getBoundingClientRect().height < 44).map(one => one.outerHTML)"
    )
    assert low == []


@pytest.mark.parametrize("language", ["en", "fr", "pt", "sw"])
@pytest.mark.parametrize("width", [320, 390])
def test_nothing_is_cut_off_on_a_phone(visit, address, language, width):
    page = visit(address, locale=language, viewport={"width": width, "height": 844}, has_touch=True, is_mobile=True)
    sell(page, "20")
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert page.evaluate("document.getElementById('slips').scrollWidth <= document.getElementById('slips').clientWidth")
    if width >= 390:
        cut = page.evaluate(
            "(() => { const select = document.getElementById('scenario'), style = getComputedStyle(select);"
            " const pen = document.createElement('canvas').getContext('2d'); pen.font = `${style.fontSize} ${style.fontFamily}`;"
            " const room = select.clientWidth - parseFloat(style.paddingLeft) - parseFloat(style.paddingRight) - 18;"
            " return [...select.options].map(one => one.text).filter(text => pen.measureText(text).width > room); })()"
        )
        assert cut == []


def test_what_is_chosen_shows_in_forced_colours(visit, address):
    page = visit(address, forced_colors="active")
    sell(page, "20")
    seen = page.evaluate(
        "(() => { const colour = (query, what) => getComputedStyle(document.querySelector(query))[what]; return {"
        " speed: [colour('[data-speed=\"1\"]', 'backgroundColor'), colour('[data-speed=\"0\"]', 'backgroundColor')],"
        " tab: [colour('.tabs [aria-pressed=true]', 'backgroundColor'), colour('.tabs [aria-pressed=false]', 'backgroundColor')],"
        " token: [colour('.asked-now', 'backgroundColor'), colour('.slip', 'backgroundColor')],"
        " switch: [colour('#switch', 'backgroundColor'), colour('#switch span', 'backgroundColor')],"
        " cells: [colour('#segments .on', 'fill'), colour('.glass', 'backgroundColor')] }; })()"
    )
    for part, (one, other) in seen.items():
        assert one != other, part


def contrast(page, over, under):
    def light(colour):
        values = [int(part) / 255 for part in colour]
        r, g, b = (value / 12.92 if value <= 0.03928 else ((value + 0.055) / 1.055) ** 2.4 for value in values)
        return 0.2126 * r + 0.7152 * g + 0.0722 * b

    numbers = page.evaluate(
        "([over, under]) => [over, under].map(([query, what]) =>"
        " getComputedStyle(document.querySelector(query))[what].match(/rgba?\\([^)]*\\)/g).map(one => one.match(/\\d+/g).slice(0, 3)))",
        [over, under],
    )
    [front], grounds = numbers[0][:1], numbers[1]
    found = []
    for ground in grounds:
        dark, bright = sorted((light(front), light(ground)))
        found.append((bright + 0.05) / (dark + 0.05))
    return min(found)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_words_and_borders_stand_out(visit, address, scheme):
    page = visit(address, color_scheme=scheme)
    sell(page, "20")
    for query in (".plate", ".brand", ".said"):
        assert contrast(page, (query, "color"), (".meter", "backgroundImage")) >= 4.5, query
    assert contrast(page, ("#amount", "borderTopColor"), ("#amount", "backgroundColor")) >= 3
    assert contrast(page, (".slip button", "borderTopColor"), (".slip", "backgroundColor")) >= 3
    page.focus("#slips .digits")
    page.keyboard.press("Tab")
    assert contrast(page, (".slip :focus", "outlineColor"), (".slip", "backgroundColor")) >= 3
    begin(page, "top_up")
    page.click("#skip")
    expect(page.locator("#dots .skipped")).to_have_count(1)
    assert contrast(page, ("#dots .skipped", "color"), (".card", "backgroundColor")) >= 4.5
    assert page.evaluate("getComputedStyle(document.querySelector('#dots .skipped')).borderTopStyle") == "dashed"
