"""Colours of a terminal in a page."""

from __future__ import annotations

import re
from html import unescape

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dynaport_tui.model.python_html import as_html as python
from dynaport_tui.model.sgr import as_html
from dynaport_tui.model.text import clean, plain

QUICK = settings(max_examples=200, deadline=None, database=None)
TAG = re.compile(r'</?(?:span|i)(?: class="[a-z0-9 ]+")?>')


@pytest.mark.parametrize(
    ("text", "html"),
    [
        ("plain", "plain"),
        ("<b>&", "&lt;b&gt;&amp;"),
        ("\x1b[31mred\x1b[0m not", '<span class="c1">red</span> not'),
        ("\x1b[1;32mboth", '<span class="c2 b">both</span>'),
        ("\x1b[2mfaint\x1b[22mnot", '<span class="dim">faint</span>not'),
        ("\x1b[96mbright\x1b[39mnot", '<span class="c6">bright</span>not'),
        ("\x1b[38;5;31mof 256", "of 256"),
        ("\x1b[38;2;1;31;3;1mof millions", '<span class="b">of millions</span>'),
        ("\x1b[4:3mcurly", "curly"),
        ("\x1b[31m\x1b[mnone", "none"),
        ("\x1b[999999m\x1b[38m\x1b[;31mx", '<span class="c1">x</span>'),
    ],
)
def test_colours_become_classes(text: str, html: str) -> None:
    assert as_html(text) == html


@QUICK
@given(st.lists(st.sampled_from(["\x1b[31m", "\x1b[1;38;5m", "\x1b[m", "<", "&", '"', "x", " "])))
def test_nothing_but_spans_comes_of_colours_and_no_text_is_lost(pieces: list[str]) -> None:
    text = "".join(pieces)
    assert unescape(TAG.sub("", as_html(text))) == plain(text)


@QUICK
@given(st.binary(max_size=100))
def test_any_line_of_a_log_can_be_shown(data: bytes) -> None:
    html = as_html(clean(data))
    assert "<" not in TAG.sub("", html)
    assert "\x1b" not in html


@QUICK
@given(st.text(max_size=80))
def test_source_is_escaped_and_whole_whatever_it_is(line: str) -> None:
    html = python(line)
    assert "<" not in TAG.sub("", html)
    assert unescape(TAG.sub("", html)) == unescape(line) or "&" in line


@pytest.mark.parametrize(
    ("line", "html"),
    [
        ("def home():", '<i class="k">def</i> <i class="f">home</i>():'),
        ("x = {'a': 1}", 'x = {<i class="s">&#x27;a&#x27;</i>: <i class="n">1</i>}'),
        ('f(r"\\"", b)', 'f(<i class="s">r&quot;\\&quot;&quot;</i>, b)'),
        ("@app.get  # if", '<i class="d">@app.get</i>  <i class="m"># if</i>'),
        ("identity = notify", "identity = notify"),
    ],
)
def test_python_has_its_colours(line: str, html: str) -> None:
    assert python(line) == html
