"""The page for those who use a keyboard, a screen reader, or a dark screen."""

from __future__ import annotations

import pytest

from tests.support.browser import Browser

pytestmark = pytest.mark.slow

# The contrast of each text with what is behind it, by WCAG 2.2, 1.4.3.
CONTRAST = """(() => {
  const parse = (color) => color.match(/[\\d.]+/g).map(Number);
  const light = ([r, g, b]) => [r, g, b].map((v) => v / 255)
    .map((v) => v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4)
    .reduce((sum, v, at) => sum + v * [0.2126, 0.7152, 0.0722][at], 0);
  const behind = (e) => {
    for (; e; e = e.parentElement) {
      const color = parse(getComputedStyle(e).backgroundColor);
      if (color.length === 3 || color[3] === 1) return color;
    }
    return [255, 255, 255];
  };
  const texts = [...document.querySelectorAll("body *")].filter((e) => e.checkVisibility() &&
    (["INPUT", "SELECT"].includes(e.tagName) || [...e.childNodes].some((n) => n.nodeType === 3 && n.data.trim())));
  return texts.map((e) => {
    const [a, b] = [light(parse(getComputedStyle(e).color)), light(behind(e))];
    return [(Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05), e.outerHTML.slice(0, 80)];
  });
})()"""


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_text_can_be_read_in_light_and_dark(opened: Browser, scheme: str) -> None:
    opened.media(scheme=scheme)
    dark = opened.run("parseInt(getComputedStyle(document.body).backgroundColor.match(/\\d+/)[0]) < 128")
    assert dark is (scheme == "dark")
    contrasts = opened.run(CONTRAST)
    assert len(contrasts) > 100
    assert [each for each in contrasts if each[0] < 4.5] == []


def test_each_field_has_a_label_and_each_table_its_heads(opened: Browser) -> None:
    unnamed = (
        "[...document.querySelectorAll('input, select')].filter((each) => !each.labels[0]?.textContent.trim()).length"
    )
    assert opened.run(unnamed) == 0
    assert opened.run("[...document.querySelectorAll('button')].every((each) => each.textContent)")
    assert opened.run("[...document.querySelectorAll('tr')].every((row) => row.querySelector('th[scope]'))")
    assert opened.run("document.documentElement.lang") == "en"
