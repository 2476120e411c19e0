"""Locales: BCP 47 tags in their one spelling."""

import re
from functools import lru_cache

LONGEST_LOCALE = 35

# Language, script, region, variants, extensions and private use. Source: RFC 5646, section 2.1, without the
# grandfathered tags.
LOCALE = re.compile(
    r"[a-z]{2,3}(?:-[a-z]{3}){0,3}(?:-[a-z]{4})?(?:-(?:[a-z]{2}|\d{3}))?(?:-(?:[a-z\d]{5,8}|\d[a-z\d]{3}))*"
    r"(?:-[a-wyz\d](?:-[a-z\d]{2,8})+)*(?:-x(?:-[a-z\d]{1,8})+)?",
    re.ASCII | re.IGNORECASE,
)


@lru_cache(maxsize=1024)
def canonical_locale(text: str) -> str | None:
    """A BCP 47 tag in its usual case, such as `zh-CN` for `zh-cn`; None for what is no such tag.

    Source: RFC 5646, section 2.1.1.
    """
    if len(text) > LONGEST_LOCALE or not LOCALE.fullmatch(text):
        return None
    parts = text.lower().split("-")
    for index, part in enumerate(parts[1:], 1):
        if len(part) == 1:
            break
        if len(part) == 2:
            parts[index] = part.upper()
        elif len(part) == 4 and part.isalpha():
            parts[index] = part.title()
    return "-".join(parts)
