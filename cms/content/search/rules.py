"""What a search asks for. Plain Python."""

from dataclasses import dataclass, field

from search_index.engine import RELEVANCE
from search_index.query import Span


@dataclass(frozen=True)
class Search:
    """What is looked for, and where."""

    text: str
    limit: int
    locale: str | None = None
    section: str | None = None
    tag: str | None = None
    author: str | None = None
    type: str | None = None
    span: Span = field(default_factory=Span)
    sort: str = RELEVANCE
    facets: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """What binds cursors to this search."""
        plain = f"search|{self.locale}|{self.section}|{self.text}"
        beside = (self.tag, self.author, self.type, self.span.since, self.span.until, self.sort)
        return plain if beside == (None, None, None, None, None, RELEVANCE) else f"{plain}|{beside}"

    @property
    def exact(self) -> dict[str, str | None]:
        """The values that results must have."""
        return {name: getattr(self, name) for name in ("locale", "section", "tag", "author", "type")}
