"""Published articles for feed readers and search engines: RSS 2.0, JSON Feed 1.1, sitemaps."""
