"""An article for search engines and other machines: JSON-LD in the words of schema.org. Plain values in and out."""

import re
from collections.abc import Mapping
from html import unescape
from typing import Any
from urllib.parse import quote

MOST_HEADLINE = 110
PEOPLE = "/content/v1/people/"
# Sanitised HTML writes every value in double quotes, so this finds each image and nothing else.
IMAGE = re.compile(r'<img [^>]*?src="([^"]*)"')


def news_article(document: Mapping[str, Any], works: Mapping[str, Any], publisher: str) -> dict[str, Any]:
    """The JSON-LD of a published document; what is not known is left out. `works` are its translations, by property,
    `publisher` is the name of the site.

    Source: https://schema.org/NewsArticle, https://schema.org/CorrectionComment, and what search engines recommend:
    https://developers.google.com/search/docs/appearance/structured-data/article
    """
    reading_time, section, source = document["reading_time"] or {}, document["section"], document["source"]
    words, minutes = reading_time.get("words"), reading_time.get("minutes")
    members = {
        "@context": "https://schema.org",
        "@type": "NewsArticle",
        "identifier": document["id"],
        "url": document["url"],
        "mainEntityOfPage": {"@type": "WebPage", "@id": document["url"]},
        "headline": document["title"][:MOST_HEADLINE],
        "description": document["seo"]["description"],
        "datePublished": document["published_at"],
        "dateModified": document["updated_at"],
        "inLanguage": document["locale"],
        "articleSection": section["name"] if section else None,
        "keywords": [tag["name"] for tag in document["tags"]],
        "author": [_person(person) for person in document["authors"]],
        "editor": _person(document["editor"]) if document["editor"] else None,
        "publisher": {"@type": "NewsMediaOrganization", "name": publisher, "url": "/"} if publisher else None,
        "isBasedOn": source["url"] if source else None,
        "image": [unescape(one) for one in dict.fromkeys(IMAGE.findall(document["body"]["html"]))],
        "commentCount": document["comments"]["count"],
        "wordCount": words,
        "timeRequired": f"PT{minutes}M" if minutes else None,
        "correction": [
            {"@type": "CorrectionComment", "text": one["note"], "datePublished": one["at"]}
            for one in document["corrections"]
        ],
        **works,
    }
    return {name: value for name, value in members.items() if value}


def _person(person: Mapping[str, Any]) -> dict[str, Any]:
    return {"@type": "Person", "name": person["name"], "url": person_url(person["slug"])}


def person_url(slug: str) -> str:
    """Where the content API shows a person, relative to the site."""
    return f"{PEOPLE}{quote(slug)}"


def work(article_id: str, url: str, title: str, locale: str) -> dict[str, Any]:
    """Another article as the JSON-LD of this one names it, such as one that it was translated from.

    Source: https://schema.org/translationOfWork
    """
    headline = title[:MOST_HEADLINE]
    return {"@type": "NewsArticle", "identifier": article_id, "url": url, "headline": headline, "inLanguage": locale}
