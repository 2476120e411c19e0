"""Makes a site of plain HTML files from all published articles, and changes only the pages that have to change.

    python examples/static_site.py http://127.0.0.1:8000 site

Run it as often as you like; the pages are in `site/public`. Needs nothing but Python's standard library, and
`offline_sync.py` beside it, which keeps a copy of the articles in `site`.
"""

import argparse
import json
import re
from html import escape
from pathlib import Path

from offline_sync import Copy

PAGE = """<!doctype html>
<html lang="{locale}">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>{title}</title>
{body}
</html>
"""
# Files are named by the digest of their bytes; their addresses are relative to the API, and never mean anything else.
FILE = re.compile(r"/media/(?=[0-9a-f]{64}\.)")


def article_page(article, site):
    """The page of an article. Its body is HTML that the site has made safe; everything else is text."""
    parts = [f"<h1>{escape(article['title'])}</h1>", f"<p><em>{escape(article['dek'])}</em></p>"]
    names = ", ".join(person["name"] for person in article["authors"])
    label = f" · {article['reading_time']['label']}" if article["reading_time"] else ""
    parts.append(f"<p>{escape(names)} · {article['published_at'][:10]}{escape(label)}</p>")
    parts += [f"<p>Correction: {escape(one['note'])}</p>" for one in article["corrections"]]
    parts.append(FILE.sub(f"{site.rstrip('/')}/media/", article["body"]["html"]))
    return PAGE.format(locale=article["locale"], title=escape(article["title"]), body="\n".join(parts))


def front_page(articles, locale):
    """The list of all articles of a language, newest first."""
    newest = sorted(articles, key=lambda one: (one["published_at"], one["id"]), reverse=True)
    lines = [
        f'<li>{one["published_at"][:10]} <a href="{escape(one["slug"])}.html">{escape(one["title"])}</a></li>'
        for one in newest
    ]
    return PAGE.format(locale=locale, title=locale, body="<ul>\n" + "\n".join(lines) + "\n</ul>")


def build(site, folder):
    """Bring the pages to the present; gives how many were written and how many removed."""
    copy, public = Copy(site, folder), Path(folder) / "public"
    copy.catch_up()
    articles = [json.loads(path.read_text("utf-8")) for path in copy.articles.glob("*.json")]
    pages = {}
    for locale in {one["locale"] for one in articles}:
        of_it = [one for one in articles if one["locale"] == locale]
        pages |= {f"{locale}/{one['slug']}.html": article_page(one, site) for one in of_it}
        pages[f"{locale}/index.html"] = front_page(of_it, locale)
    written = 0
    for name, text in pages.items():
        path = public / name
        if not path.exists() or path.read_text("utf-8") != text:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, "utf-8")
            written += 1
    old = [path for path in public.rglob("*.html") if path.relative_to(public).as_posix() not in pages]
    for path in old:
        path.unlink()
    return written, len(old)


def main():
    """Make the site, or bring it to the present."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("site")
    parser.add_argument("folder")
    asked = parser.parse_args()
    written, removed = build(asked.site, asked.folder)
    print(f"{written} pages written, {removed} removed")


if __name__ == "__main__":
    main()
