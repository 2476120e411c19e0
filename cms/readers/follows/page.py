"""The page behind the link that ends letters: it asks with a button, because opening a link must change nothing."""

import html
from collections.abc import Sequence

from cms.mail.composing import language_of
from cms.mail.headers import on_a_line

PAGE_POLICY = "default-src 'none'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
# Title, what is asked (of one follow, of all daily ones), the button, what stands there when nothing comes any more.
TEXTS = {
    "en": (
        "Letters from {site}",
        "Get no more letters about “{followed}”?",
        "Get no more daily letters?",
        "Get no more letters",
        "You get no more of these letters.",
    ),
    "zh": (
        "来自 {site} 的邮件",
        "不再接收关于“{followed}”的邮件？",
        "不再接收每日邮件？",
        "停止接收邮件",
        "您将不再收到此类邮件。",
    ),
    "kk": (
        "{site} хаттары",
        "«{followed}» туралы хаттарды бұдан былай алмайсыз ба?",
        "Күнделікті хаттарды бұдан былай алмайсыз ба?",
        "Хаттарды тоқтату",
        "Мұндай хаттар енді келмейді.",
    ),
    "ru": (
        "Письма от {site}",
        "Больше не получать письма о «{followed}»?",
        "Больше не получать ежедневные письма?",
        "Больше не получать писем",
        "Такие письма вам больше не придут.",
    ),
}


def asking_page(locale: str, site_name: str, followed: Sequence[str], *, is_digest: bool) -> str:
    """A page with the button that ends letters; without it where none come any more."""
    title, one, daily, button, over = TEXTS[language_of(locale)]
    if not followed:
        return _page(locale, title.format(site=site_name), over)
    question = daily if is_digest else one.format(followed=on_a_line(followed[0]))
    form = f'<form method="post"><button type="submit">{html.escape(button)}</button></form>'
    listed = "".join(f"<li>{html.escape(on_a_line(name))}</li>" for name in followed) if is_digest else ""
    return _page(locale, title.format(site=site_name), question, (f"<ul>{listed}</ul>" if listed else "") + form)


def _page(locale: str, title: str, text: str, more: str = "") -> str:
    return (
        f'<!doctype html>\n<html lang="{language_of(locale)}"><head><meta charset="utf-8">'
        f'<meta name="viewport" content="width=device-width"><meta name="robots" content="noindex">'
        f"<title>{html.escape(title)}</title></head>\n"
        f"<body><h1>{html.escape(title)}</h1><p>{html.escape(text)}</p>{more}</body></html>\n"
    )
