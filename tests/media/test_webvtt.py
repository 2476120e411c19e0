"""WebVTT is read strictly and written anew; nothing but cues comes through."""

import pytest

from cms.media.webvtt import NotWebVTT, written_anew

HEAD = "WEBVTT\n\n"


def cue(text: str, timing: str = "00:00.000 --> 00:01.000") -> str:
    return f"{timing}\n{text}\n\n"


def anew(text: str) -> str:
    """What becomes of a file; the result of the result is the same."""
    written = written_anew(text.encode())
    assert written_anew(written) == written
    return written.decode()


def test_cues_come_through_in_one_spelling_and_nothing_else() -> None:
    source = (
        "\ufeffWEBVTT - a talk\r\nKind: captions\r\n\r\n"
        "STYLE\r\n::cue { background: url(https://evil.example/x) }\r\n\r\n"
        "REGION\r\nid:x\r\n\r\nNOTE for the desk\r\nnot for readers\r\n\r\n"
        "first\r\n00:01.000 --> 00:02.500 align:start position:10% region:x colour:red\r\n"
        "<v.loud Ines>It <b>opened</b>\r\n\r\n"
        "01:00:00.000 --> 100:00:01.000\r\nLater\r\n"
    )
    assert anew(source) == (
        "WEBVTT\n\n00:00:01.000 --> 00:00:02.500 align:start position:10%\n<v Ines>It <b>opened</b>\n\n"
        "01:00:00.000 --> 100:00:01.000\nLater\n"
    )


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("<c.yellow.bg_blue>a</c>", "<c>a</c>"),
        ("<lang en-GB>a</lang>", "<lang en-GB>a</lang>"),
        ("<ruby>a<rt>b</rt></ruby>", "<ruby>a<rt>b</rt></ruby>"),
        ("a <00:00.500>b", "a <00:00.500>b"),
        ("fish & chips &amp; &lt;b&gt; &nbsp;&copy;", "fish &amp; chips &amp; &lt;b&gt; &nbsp;&amp;copy;"),
        ("<script>alert(1)</script>", "&lt;script&gt;alert(1)&lt;/script&gt;"),
        ("<img src=x onerror=alert(1)>", "&lt;img src=x onerror=alert(1)&gt;"),
        ("<b onclick=alert(1)>a</b>", "<b>a</b>"),
        ('<v "><script>>a', '<v ">&lt;script&gt;&gt;a'),
        ("1 < 2 > 0", "1 &lt; 2 &gt; 0"),
        ("<B>a</B>", "&lt;B&gt;a&lt;/B&gt;"),
        ("<b/>a", "&lt;b/&gt;a"),
        ("电车 трамвай", "电车 трамвай"),
        ("- a\n- b", "- a\n- b"),
    ],
)
def test_the_text_of_a_cue_has_the_tags_of_the_format_alone(text: str, shown: str) -> None:
    assert anew(HEAD + cue(text)) == f"WEBVTT\n\n00:00:00.000 --> 00:00:01.000\n{shown}\n"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "WEBVTT",
        "WEBVTT\n\n",
        "WEBVTTX\n\n" + cue("a"),
        "webvtt\n\n" + cue("a"),
        " WEBVTT\n\n" + cue("a"),
        "\n" + HEAD + cue("a"),
        HEAD + cue("a\x00b"),
        HEAD + cue("a\x1bb"),
        HEAD + cue("a", "00:02.000 --> 00:01.000"),
        HEAD + cue("a", "00:01.000 --> 00:01.000"),
        HEAD + cue("a", "0:01.000 --> 0:02.000"),
        HEAD + cue("a", "00:61.000 --> 00:62.000"),
        HEAD + cue("a", "00:01,000 --> 00:02,000"),
        HEAD + cue("a", "00:01.000 -> 00:02.000"),
        HEAD + cue("a", "00:01.000-->00:02.000"),
        HEAD + cue("a", "99999:00:00.000 --> 99999:00:01.000"),
        HEAD + "only a name\n\n",
        HEAD + "name\nno times\n\n",
        HEAD + cue("a\n00:01.000 --> 00:02.000\nb"),
        HEAD + cue("a", "00:05.000 --> 00:06.000") + cue("b"),
        HEAD + cue("x" * 4_001),
        HEAD + cue("a") * 20_001,
        HEAD + "NOTE\nnothing else\n\n",
        "<html>",
        "1\n00:00:01,000 --> 00:00:02,000\nSRT\n",
    ],
)
def test_what_is_no_webvtt_is_refused_with_a_reason(text: str) -> None:
    with pytest.raises(NotWebVTT, match=r"^(It|Its|Line|The cue) "):
        written_anew(text.encode())


def test_bytes_that_are_no_utf_8_are_refused() -> None:
    for data in (
        b"\xff\xfeW\0E\0B\0V\0T\0T\0",
        HEAD.encode() + b"00:00.000 --> 00:01.000\n\xe9t\xe9\n",
        b"WEBVTT\xc0\x80",
    ):
        with pytest.raises(NotWebVTT, match="UTF-8"):
            written_anew(data)


def test_long_runs_of_spaces_are_read_once() -> None:
    # Patterns that share spaces among them would take hours for the first and minutes for the others.
    gap = " " * 1_900_000
    whole = HEAD + cue("Yes", "00:00:00.000 --> 00:00:01.000")[:-1]
    assert anew(HEAD + cue("Yes", f"00:00.000 --> 00:01.000 x{gap}y")) == whole
    assert anew(HEAD + cue(f"<v{' ' * 3_900}") * 400).count("-->") == 400
