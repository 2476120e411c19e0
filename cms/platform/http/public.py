"""What every answer of public content says, whoever writes it. Plain values: no Flask."""

JSON = "application/json"
PUBLIC = "public, max-age=5, s-maxage=30, stale-while-revalidate=60, stale-if-error=86400"
