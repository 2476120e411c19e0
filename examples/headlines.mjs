// Reads a Copydesk site as an app does: the newest headlines, one whole article, a search.
//
//     node examples/headlines.mjs http://127.0.0.1:8000 tram
//
// Needs nothing but Node 18 or later. Published content is public, so there is no token.

const [site, words] = process.argv.slice(2);
if (!site) {
  console.error("usage: node headlines.mjs SITE [WORDS]");
  process.exit(2);
}

const get = async (path, query = {}) => {
  const url = new URL(path, site);
  for (const [name, value] of Object.entries(query)) url.searchParams.set(name, value);
  const answer = await fetch(url, { signal: AbortSignal.timeout(10_000) });
  const data = await answer.json();
  if (!answer.ok) throw new Error(`${data.title}: ${data.detail} (request ${data.request_id})`);
  return data;
};

const newest = await get("/content/v1/articles", { limit: 5 });
for (const card of newest.data) console.log(`${card.published_at.slice(0, 10)}  ${card.title}`);

const [first] = newest.data;
if (first) {
  const article = await get(`/content/v1/articles/${first.id}`);
  console.log(`\n${article.title}`);
  if (article.reading_time) console.log(article.reading_time.label);
  for (const point of article.summary) console.log(`  - ${point}`);
  for (const other of article.related) console.log(`  see also: ${other.title}`);
}

if (words) {
  console.log(`\nSearch for "${words}"`);
  const found = await get("/content/v1/search", { q: words, limit: 5 });
  for (const hit of found.data) console.log(`  ${hit.title}`);
}
