"""WebVTT, read strictly and written anew: cues with their times, settings and the tags that the format has.

Comments, styles, regions and whatever else a file carries do not come through. Plain Python.
Source: WebVTT, W3C Candidate Recommendation, 4 April 2019, sections 4.1 to 4.3.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

MOST_BYTES = 2 << 20
MOST_CUES = 20_000
LONGEST_CUE = 4_000
TIME = r"(?:([0-9]{2,4}):)?([0-5][0-9]):([0-5][0-9])\.([0-9]{3})"
# One space stands before what comes: a second pattern that takes spaces would try every way to share them.
TIMING = re.compile(rf"{TIME}[ \t]+-->[ \t]+{TIME}(?:[ \t](.*))?")
PERCENT = r"(?:100(?:\.0{1,4})?|[0-9]{1,2}(?:\.[0-9]{1,4})?)%"
SETTING = re.compile(
    rf"vertical:(?:rl|lr)|line:(?:{PERCENT}|-?[0-9]{{1,3}})(?:,(?:start|center|end))?"
    rf"|position:{PERCENT}(?:,(?:line-left|center|line-right))?|size:{PERCENT}|align:(?:start|center|end|left|right)"
)
# A voice may have a name and a language its tag; classes are names of styles, which go.
TAG = re.compile(rf"<(/?)(c|i|b|u|ruby|rt|v|lang)(?:\.[^<>&\s]*)?(?:[ \t]([^<>&\n]*))?>|<({TIME})>")
REFERENCE = re.compile(r"&(?:amp|lt|gt|lrm|rlm|nbsp);")
CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
LEFT_OUT = re.compile(r"(?:NOTE|STYLE|REGION)(?:[ \t].*)?")


class NotWebVTT(ValueError):
    """The text is none; what it says is for people and names the line."""


@dataclass(frozen=True)
class Cue:
    """What is shown from one instant to another. Units: milliseconds."""

    start: int
    end: int
    settings: str
    text: str


def written_anew(data: bytes) -> bytes:
    """A file with its cues alone, in one spelling: the result of a result is the same. Raises: NotWebVTT."""
    cues = list(_cues(_text_of(data)))
    if not cues:
        raise NotWebVTT("It has no cue.")
    return ("WEBVTT\n" + "".join(map(_written, cues))).encode()


def _text_of(data: bytes) -> list[str]:
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise NotWebVTT(f"It is not UTF-8: the byte {error.start + 1} is none of it.") from None
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    if not re.fullmatch(r"WEBVTT(?:[ \t].*)?", lines[0]):
        raise NotWebVTT("Its first line does not say WEBVTT.")
    found = next((number for number, line in enumerate(lines, 1) if CONTROL.search(line)), None)
    if found is not None:
        raise NotWebVTT(f"Line {found} holds a control character.")
    return lines


def _cues(lines: list[str]) -> Iterator[Cue]:
    """The cues in their order. A block ends with an empty line; what stands in the first one is its header."""
    count, place, last = 0, _after_block(lines, 0), 0
    while place < len(lines):
        if not lines[place]:
            place += 1
            continue
        end = _after_block(lines, place)
        if not LEFT_OUT.fullmatch(lines[place]) or "-->" in lines[place]:
            cue = _cue(lines[place:end], place + 1)
            if cue.start < last:
                raise NotWebVTT(f"The cue in line {place + 1} begins before the one ahead of it.")
            count, last = count + 1, cue.start
            if count > MOST_CUES:
                raise NotWebVTT(f"It has more than {MOST_CUES:,} cues.")
            yield cue
        place = end


def _after_block(lines: list[str], place: int) -> int:
    while place < len(lines) and lines[place]:
        place += 1
    return place


def _cue(block: list[str], number: int) -> Cue:
    # A cue may have a name in the line before its times; nothing of ours asks for it.
    at = 0 if "-->" in block[0] else 1
    timing = TIMING.fullmatch(block[at]) if at < len(block) else None
    if timing is None:
        raise NotWebVTT(f"Line {number} begins a cue without times such as 00:01.000 --> 00:04.000.")
    start, end = _instant(timing, 1), _instant(timing, 5)
    if end <= start:
        raise NotWebVTT(f"The cue in line {number} ends before it begins.")
    text = "\n".join(block[at + 1 :])
    if "-->" in text:
        raise NotWebVTT(f"The cue in line {number} holds another one; an empty line is missing between them.")
    if len(text) > LONGEST_CUE:
        raise NotWebVTT(f"The cue in line {number} has more than {LONGEST_CUE:,} characters.")
    settings = " ".join(one for one in (timing[9] or "").split() if SETTING.fullmatch(one))
    return Cue(start, end, settings, _clean(text))


def _clean(text: str) -> str:
    """A cue's text with the format's own tags and references; every other sign stands for itself."""
    parts, place = [], 0
    for found in TAG.finditer(text):
        parts += [_escaped(text[place : found.start()]), _tag(found)]
        place = found.end()
    return "".join([*parts, _escaped(text[place:])])


def _tag(found: re.Match[str]) -> str:
    if found[4]:
        return f"<{found[4]}>"
    slash, name, said = found[1], found[2], " ".join((found[3] or "").split())
    is_said = bool(said) and not slash and name in ("v", "lang")
    return f"<{slash}{name} {said}>" if is_said else f"<{slash}{name}>"


def _escaped(text: str) -> str:
    parts, place = [], 0
    for found in REFERENCE.finditer(text):
        parts += [_plain(text[place : found.start()]), found[0]]
        place = found.end()
    return "".join([*parts, _plain(text[place:])])


def _plain(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _instant(found: re.Match[str], first: int) -> int:
    hours, minutes, seconds, thousandths = (int(found[place] or 0) for place in range(first, first + 4))
    return ((hours * 60 + minutes) * 60 + seconds) * 1_000 + thousandths


def _written(cue: Cue) -> str:
    timing = f"{_time(cue.start)} --> {_time(cue.end)}" + (f" {cue.settings}" if cue.settings else "")
    return f"\n{timing}\n{cue.text}\n" if cue.text else f"\n{timing}\n"


def _time(instant: int) -> str:
    seconds, thousandths = divmod(instant, 1_000)
    minutes, seconds = divmod(seconds, 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours:02}:{minutes:02}:{seconds:02}.{thousandths:03}"
