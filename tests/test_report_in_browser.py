"""The report in a browser, wide and narrow, and on paper. It needs Chromium, and runs with METER_SIM_LONG=1."""

import io
import os
import shutil

import numpy as np
import pytest
from matplotlib import image
from playwright.sync_api import sync_playwright

import meter_sim
from tests.test_html_report import HOUSEHOLD, SCENARIOS, page_of

CHROMIUM = os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser")
WIDTHS = {"wide": 1400, "narrow": 390}


@pytest.fixture(scope="module")
def pages(tmp_path_factory):
    """A household, a rollout, and both compared."""
    folder = tmp_path_factory.mktemp("pages")
    meter_sim.run(HOUSEHOLD).write(folder / "home", plot=False)
    meter_sim.run(SCENARIOS / "rollover_mixed.yaml").write(folder / "mixed", plot=False)
    meter_sim.run(SCENARIOS / "rollover_mixed.yaml", set={"areas.south.depot.crews": "3"}).write(
        folder / "more", plot=False
    )
    made = {"home": ["home"], "mixed": ["mixed"], "both": ["mixed", "more"]}
    for name, folders in made.items():
        (folder / f"{name}.html").write_text(page_of(*(folder / one for one in folders)), encoding="utf-8")
    return {name: folder / f"{name}.html" for name in made}


@pytest.fixture(scope="module")
def browser():
    assert CHROMIUM, "needs Chromium (Debian: apt-get install chromium), or its path in CHROMIUM"
    quiet = ["--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync"]
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=[*quiet, "--no-sandbox", "--disable-gpu"])
        yield browser
        browser.close()


@pytest.fixture(params=["home", "mixed", "both"])
def path(request, pages):
    return pages[request.param]


@pytest.mark.parametrize("width", WIDTHS.values(), ids=WIDTHS)
def test_it_shows_whole_without_a_network(browser, path, width):
    page = browser.new_page(viewport={"width": width, "height": 900})
    wrong, asked = [], []
    page.on("console", lambda message: wrong.append(message.text))
    page.on("pageerror", lambda error: wrong.append(str(error)))
    page.on("request", lambda request: asked.append(request.url))
    page.goto(path.as_uri())
    pictures = page.evaluate(
        "[...document.images].map(i => [i.complete, i.naturalWidth, i.clientWidth, i.clientHeight])"
    )
    assert pictures
    for complete, natural, shown, height in pictures:
        assert complete
        assert natural > 0
        assert shown > 300
        assert height > 100
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    beyond = "[...document.querySelectorAll('h1,h2,h3,h4,p,li,dd,figcaption')].filter(e => e.getBoundingClientRect().right > innerWidth)"
    assert page.evaluate(f"{beyond}.map(e => e.textContent)") == []
    shot = image.imread(io.BytesIO(page.screenshot()), format="png")
    grey = (255 * shot[..., :3].mean(axis=2)).astype(np.uint8)
    assert len(np.unique(grey)) > 50
    assert 0.005 < (grey < 128).mean() < 0.5
    assert wrong == []
    assert [url for url in asked if not url.startswith(("file:", "data:"))] == []
    page.close()


def test_every_link_leads_to_its_heading(browser, path):
    page = browser.new_page(viewport={"width": 1400, "height": 900})
    page.goto(path.as_uri())
    for link in page.locator("nav a").all():
        link.click()
        top = page.evaluate("document.querySelector(decodeURIComponent(location.hash)).getBoundingClientRect().top")
        at_end = page.evaluate("innerHeight + scrollY >= document.documentElement.scrollHeight - 1")
        assert -1 <= top <= 5 or at_end
    page.close()


def test_it_prints(browser, path):
    page = browser.new_page()
    page.goto(path.as_uri())
    printed = page.pdf(prefer_css_page_size=True)
    assert printed.startswith(b"%PDF")
    page.emulate_media(media="print")
    page.set_viewport_size({"width": 688, "height": 1000})  # A4 less its margins, in CSS pixels
    wide = "[...document.querySelectorAll('table,img')].filter(e => e.getBoundingClientRect().right > innerWidth + 1)"
    assert page.evaluate(f"{wide}.map(e => e.alt || e.caption.textContent)") == []
    page.close()
