"""Charts in a real browser, whose fonts we cannot choose: no letter may be cut."""

from dataclasses import replace

import pytest
from playwright.sync_api import Browser

from tests.files import odd_samples, samples
from tests.stack import PATIENCE
from webapp import words
from webapp.figures import Content
from webapp.files import charts

CUT = """() => [...document.querySelectorAll("text")].filter(text => {
    const box = text.getBBox(), sheet = text.ownerSVGElement.viewBox.baseVal;
    return box.x < -0.5 || box.x + box.width > sheet.width + 0.5;
}).map(text => text.textContent)"""

WEEK = tuple(tuple(range(at, at + 7)) for at in range(9))
SAMPLES = {
    "line": odd_samples.cut_short("line"),
    "bar": odd_samples.cut_short("bar"),
    "lying bars": odd_samples.one_chart("bar", words.WEEKDAYS, tuple(range(100_000, 100_007))),
    "heat": odd_samples.one_chart("heat", words.WEEKDAYS, *WEEK),
    "turned heat": odd_samples.round_the_clock(900),
    "pyramid": samples.patient_summary(),
    "stack": samples.outcomes(),
    "interval": replace(samples.outcomes(), sections=samples.outcomes().sections[1:]),
}


@pytest.mark.parametrize("font", ["DejaVu Sans", "Noto Sans", "sans-serif"])
@pytest.mark.parametrize("name", SAMPLES)
def test_no_letter_is_cut(browser: Browser, name: str, font: str) -> None:
    content: Content = SAMPLES[name]
    chart = content.sections[0].charts[0]
    markup = charts.svg(chart, content.sections[0].table(chart.table))
    page = browser.new_page(viewport={"width": 600, "height": 800})
    page.set_default_timeout(PATIENCE * 1000)
    page.set_content(f'<body style="font-family: {font}, sans-serif">{markup}')
    assert page.evaluate("document.querySelectorAll('text').length") > 10
    assert page.evaluate(CUT) == []
    page.close()
