"""Articles of the sample and of its generator as documents of the search index."""

from cms.launch.sample.reading import SampleArticle
from search_index.document import IndexDocument


def index_document(key: str, article: SampleArticle) -> IndexDocument:
    """An article as the index takes it, under an id of the benchmark's own."""
    return IndexDocument(
        id=key,
        revision=1,
        locale=article.locale,
        title=article.title,
        dek=article.dek,
        summary=article.summary,
        text=article.body,
        section_path=(article.section,),
        section_name=article.section.title(),
        tags=tuple((slug, slug.replace("-", " ")) for slug in article.tags),
        people=tuple((slug, slug.replace("-", " ").title()) for slug in article.authors),
        published_at=article.published_at,
    )
