"""Which writing a character belongs to, as far as counting needs to know: Han, kana, Hangul, or words with spaces."""

import re
import unicodedata

HAN = "\u3005\u3007\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
KANA = "\u3041-\u3096\u309d-\u309f\u30a1-\u30fa\u30fc-\u30ff\u31f0-\u31ff\uff66-\uff9f"
HANGUL = "\u1100-\u11ff\u3130-\u318f\ua960-\ua97f\uac00-\ud7ff"

HAN_CHARACTER = re.compile(f"[{HAN}]")
KANA_CHARACTER = re.compile(f"[{KANA}]")
HANGUL_CHARACTER = re.compile(f"[{HANGUL}]")
UNSPACED_RUN = re.compile(f"[{HAN}{KANA}{HANGUL}]+")


def words_between(text: str) -> list[str]:
    """The words of alphabetic scripts in a text: what stands between spaces or unspaced characters and holds a letter
    or digit."""
    return [word for word in UNSPACED_RUN.sub(" ", text).split() if any(character.isalnum() for character in word)]


def composed(text: str) -> str:
    """A text in which each letter is one character where Unicode has one. Source: UAX 15, form C."""
    return unicodedata.normalize("NFC", text)
