"""A preview as a page, for people who have no app and no account: the plain article under a line that says what it is.

A site that has a page of its own for this names it in `COPYDESK_PREVIEW_PAGE_URL`.
"""

import base64
import hashlib
import html
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from cms.mail.composing import language_of

STYLE = (
    "body{max-width:42rem;margin:0 auto;padding:0 1rem 4rem;font:1.1rem/1.6 serif}"
    "aside{position:sticky;top:0;margin:0 -1rem;padding:.5rem 1rem;background:#ffdd57;font:.9rem/1.4 sans-serif}"
    "img{max-width:100%;height:auto}"
)
STYLE_HASH = base64.b64encode(hashlib.sha256(STYLE.encode()).digest()).decode()
# Pictures of the article and the page's own style; no script, no frame, no form, nothing that asks anybody else.
PAGE_POLICY = (
    f"default-src 'none'; img-src 'self' http: https:; media-src 'self'; style-src 'sha256-{STYLE_HASH}'; "
    "form-action 'none'; base-uri 'none'; frame-ancestors 'none'"
)
# Reloaded when the link ends, a page that was left open shows nothing any more. Longer than a day no page is left.
LONGEST_RELOAD_SECONDS = 86_400
# For what readers do not see, and for what they see too; then until when the link opens.
TEXTS = {
    "en": ("Preview: not published. Please do not pass it on.", "Preview of what is published.", "Opens until {0}."),
    "zh": ("预览：尚未发布，请勿转发。", "预览：内容与已发布版本相同。", "链接有效期至 {0}。"),
    "kk": (
        "Алдын ала қарау: жарияланбаған. Басқаларға бермеңіз.",
        "Жарияланған нұсқаны алдын ала қарау.",
        "Сілтеме {0} дейін ашылады.",
    ),
    "ru": (
        "Предпросмотр: не опубликовано. Пожалуйста, не передавайте другим.",
        "Предпросмотр опубликованного.",
        "Ссылка открывается до {0}.",
    ),
}


def preview_page(document: Mapping[str, Any], *, is_published: bool, expires_at: datetime, now: datetime) -> str:
    """The page of a document. Everything of it is text and escaped, but the body, which is sanitised HTML."""
    unpublished, published, until = TEXTS[language_of(document["locale"])]
    notice = f"{published if is_published else unpublished} {until.format(expires_at.strftime('%Y-%m-%d %H:%M UTC'))}"
    left = int((expires_at - now).total_seconds()) + 1
    reload = f'<meta http-equiv="refresh" content="{left}">' if left <= LONGEST_RELOAD_SECONDS else ""
    byline = ", ".join(author["name"] for author in document["authors"])
    return "\n".join(
        [
            f'<!doctype html>\n<html lang="{html.escape(document["locale"])}"><head><meta charset="utf-8">'
            '<meta name="viewport" content="width=device-width"><meta name="robots" content="noindex, nofollow">'
            f"{reload}<title>{html.escape(document['title'])}</title><style>{STYLE}</style></head>",
            f"<body><aside>{html.escape(notice)}</aside>",
            _paragraph(document["section"]["name"] if document["section"] else ""),
            f"<h1>{html.escape(document['title'])}</h1>",
            _paragraph(document["dek"]),
            _paragraph(byline),
            _paragraph(document["reading_time"]["label"]),
            _list(document["summary"]),
            f"<article>{document['body']['html']}</article>",
            _list(f"{one['at']}: {one['note']}" for one in document["corrections"]),
            "</body></html>\n",
        ]
    )


def _paragraph(text: str) -> str:
    return f"<p>{html.escape(text)}</p>" if text else ""


def _list(texts: Iterable[str]) -> str:
    items = "".join(f"<li>{html.escape(text)}</li>" for text in texts)
    return f"<ul>{items}</ul>" if items else ""
