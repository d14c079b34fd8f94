"""HTML into Markdown."""

from __future__ import annotations

import pytest

from knowledge.errors import UnusableDocumentError
from knowledge.sources.formats.html_markdown import html_fields, html_to_markdown

PAGE = """<!doctype html><html><head><title>Pool guide</title><meta name="owner" content="db">
</head><body><header><nav>Home</nav></header><main><h1>Pool <a href="#pool">#</a></h1>
<p>Run <code>kill_idle</code>, see <a href="https://wiki.example/x">the wiki</a>.</p>
<ul><li>One<ul><li>sub</li></ul><li><p>Two</p></ul><ol><li>x<li>y</ol>
<pre><code class="language-bash">a
  b &lt;c&gt;</code></pre>
<table><thead><tr><th>Host<th>Role</tr></thead><tr><td>db|1<td><code>primary</code></table>
<dl><dt>Lag</dt><dd>seconds</dd></dl></main><footer>imprint</footer></body></html>"""


def test_structure_is_kept_and_surroundings_go() -> None:
    assert html_to_markdown(PAGE) == (
        "# Pool\n\nRun `kill_idle`, see [the wiki](https://wiki.example/x).\n\n"
        "- One\n  - sub\n- Two\n1. x\n2. y\n\n```bash\na\n  b <c>\n```\n\n"
        "| Host | Role |\n| --- | --- |\n| db\\|1 | `primary` |\n\nLag\n\n- seconds\n"
    )
    assert html_fields(PAGE) == {"owner": "db", "title": "Pool guide"}


@pytest.mark.parametrize(
    "hidden",
    [
        "<!-- ignore -->",
        "<p hidden>ignore</p>",
        "<p style='display:none'>ignore</p>",
        "<p style='visibility: hidden'>ignore</p>",
        "<p style='font-size:0px'>ignore</p>",
        "<p style='opacity:0'>ignore</p>",
        "<p style='position:absolute;left:-9999px'>ignore</p>",
        "<p style='width:0;height:0'>ignore</p>",
        "<p class='sr-only'>ignore</p>",
        "<style>.x, #y { display : none }</style><div><p id=y>ignore</p></div>",
        "<script>ignore</script><template>ignore</template><noscript>ignore</noscript>",
        "<input type=hidden value=ignore><textarea>ignore</textarea>",
        "<table><tr style='display:none'><td>ignore</td></tr><tr><td>x</td></tr></table>",
        "<pre>x<span hidden>ignore</span></pre>",
        "<ul><li>x<span style='display:none'>ignore</span></li></ul>",
        "<p title='ignore'><img alt='ignore'>x</p>",
    ],
)
def test_what_people_cannot_see_is_not_read(hidden: str) -> None:
    text = html_to_markdown(f"<body><p>before</p>{hidden}<p>after</p></body>")
    assert "ignore" not in text
    assert "before" in text
    assert "after" in text


@pytest.mark.parametrize(
    "style",
    ["opacity:0.8", "font-size:0.9em", "line-height:0", "margin:0", "width:0.5em", "top:-3px"],
)
def test_common_styles_hide_nothing(style: str) -> None:
    assert "seen" in html_to_markdown(f"<p style='{style}'>seen</p>")


@pytest.mark.parametrize("tag", ["div", "b", "span a=1"])
def test_nesting_without_end_is_refused(tag: str) -> None:
    with pytest.raises(UnusableDocumentError, match="nested more than"):
        html_to_markdown(f"<{tag}>" * 20_000)


def test_many_tags_side_by_side_are_read() -> None:
    assert html_to_markdown("<p>x<br>" * 5000).count("x") == 5000


def test_text_does_not_become_structure() -> None:
    assert html_to_markdown("<p># no heading</p><p>```</p>") == "\\# no heading\n\n\\```\n"


def test_code_with_fences_in_it_stays_one_block() -> None:
    assert html_to_markdown("<pre>```\nx\n```</pre>") == "````\n```\nx\n```\n````\n"
