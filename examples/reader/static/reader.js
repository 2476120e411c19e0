// What the pages do beyond reading. Everything here also works without it, by forms and a reload.
"use strict";

const ASK_EVERY_MS = 3000;
const ASK_AT_LEAST_EVERY_MS = 60000;
const words = document.body.dataset;
const notice = document.getElementById("notice");

const say = (text) => { notice.textContent = text; };

async function post(form, button) {
  const body = new URLSearchParams(new FormData(form));
  if (button?.name) body.set(button.name, button.value);
  const answer = await fetch(form.action, { method: "POST", body, headers: { Accept: "application/json" } });
  if (!answer.ok || !answer.headers.get("Content-Type").includes("json")) {
    const told = answer.headers.get("Content-Type")?.includes("json") ? await answer.json() : null;
    if (told?.wrong) return told;
    throw new Error(answer.status);
  }
  return answer.json();
}

// The reader's own act shows at once; what others did comes with the next page.
function showCollected(form, button, told) {
  const label = form.querySelector("[data-count]");
  const was = button.getAttribute("aria-pressed") === "true";
  const count = Math.max(0, Number(label.dataset.count) + Number(told.is_kept) - Number(was));
  label.dataset.count = count;
  label.textContent = form.dataset.counted.replace("{count}", count);
  button.value = told.is_kept ? "remove" : "keep";
  button.textContent = told.is_kept ? form.dataset.collected : form.dataset.collect;
  button.setAttribute("aria-pressed", told.is_kept);
  say(told.said);
}

// Collecting and sharing without a new page; whoever is not signed in is sent there by the form itself.
document.addEventListener("submit", async (event) => {
  const act = event.target.dataset.act;
  if (!act) return;
  event.preventDefault();
  const button = event.submitter;
  try {
    const told = await post(event.target, button);
    if (act === "collect") showCollected(event.target, button, told);
    if (act === "share") {
      if (navigator.share) await navigator.share({ url: told.short_url, title: document.title });
      else {
        await navigator.clipboard.writeText(told.short_url);
        say(`${words.copied}${words.colon}${told.short_url}`);
      }
    }
  } catch {
    // The form goes its own way, where what was refused is said in full.
    if (button?.name) {
      const kept = document.createElement("input");
      Object.assign(kept, { type: "hidden", name: button.name, value: button.value });
      event.target.append(kept);
    }
    event.target.submit();
  }
});

// "Get verification code" without a new page, and with a countdown until it can be asked for again.
function countDown(button, seconds) {
  button.disabled = true;
  const tick = () => {
    button.textContent = seconds > 0 ? words.again.replace("{seconds}", seconds) : words.get;
    button.disabled = seconds > 0;
    if (seconds > 0) setTimeout(tick, 1000);
    seconds -= 1;
  };
  tick();
}

for (const form of document.querySelectorAll("form[data-code]")) {
  const ask = form.querySelector("button[value=ask]");
  // Enter beside the address asks for a code; anywhere else it gives the one that came.
  form.elements.email.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || event.isComposing) return;
    event.preventDefault();
    if (!ask.disabled) ask.click();
  });
  if ("sent" in form.dataset) countDown(ask, 60);
  ask.addEventListener("click", async (event) => {
    if (!form.elements.email.reportValidity()) return event.preventDefault();
    event.preventDefault();
    try {
      const told = await post(form, ask);
      say(told.wrong || told.said);
      if (told.challenge_id) {
        form.elements.challenge_id.value = told.challenge_id;
        countDown(ask, told.seconds);
        form.elements.code.focus();
      }
    } catch {
      form.elements.email.reportValidity();
      form.requestSubmit(ask);
    }
  });
  // A link in a letter has number and code behind the #, which no server was sent; the reader presses the button.
  const given = new URLSearchParams(location.hash.slice(1));
  if (given.get("purpose") === form.dataset.code) {
    form.elements.challenge_id.value = given.get("challenge_id") || "";
    form.elements.code.value = given.get("code") || "";
    form.elements.email.required = false;
    history.replaceState(null, "", location.pathname);
  } else if (location.pathname === "/code" && given.get("purpose") === "reset_password") {
    location.replace(`/${document.documentElement.lang}/account/password${location.hash}`);
  }
}

// The token of a preview stands behind the #, which no server is sent before somebody means it.
const preview = document.querySelector("form[data-preview]");
if (preview && location.hash.length > 1) {
  preview.elements.token.value = decodeURIComponent(location.hash.slice(1));
  history.replaceState(null, "", location.pathname);
  preview.requestSubmit();
}

// Completions while somebody types.
const find = document.querySelector(".find input");
// One character of these scripts says as much as two letters.
const SAYS_ENOUGH = /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Hangul}]|\S.*\S/u;
let waiting;
find.addEventListener("input", () => {
  clearTimeout(waiting);
  if (!SAYS_ENOUGH.test(find.value)) return;
  waiting = setTimeout(async () => {
    const answer = await fetch(`${words.completions}?q=${encodeURIComponent(find.value)}`);
    const { data } = await answer.json();
    document.getElementById("suggestions").replaceChildren(...data.map((one) => new Option("", one.text)));
  }, 150);
});

// An open article learns of corrections, and of its end.
let article = document.getElementById("article");
const TOLD_OF_ARTICLE = "meta[name], meta[property], link[rel=canonical], link[hreflang], script[type='application/ld+json']";
const WITHDRAWN = [404, 410];
let askAgainMs = ASK_EVERY_MS;
function renewHead(page) {
  const kept = ["viewport", "color-scheme"];
  const own = (root) => [...root.head.querySelectorAll(TOLD_OF_ARTICLE)].filter((one) => !kept.includes(one.name));
  own(document).forEach((one) => one.remove());
  document.head.append(...own(page));
  document.title = page.title;
}
function withdraw(page) {
  const main = document.getElementById("main");
  const wasRead = main.contains(document.activeElement);
  main.replaceChildren(...page.getElementById("main").childNodes);
  document.querySelector(".who").replaceWith(page.querySelector(".who"));
  if (wasRead) main.focus();
  article = null;
  say(words.withdrawn);
}
async function renew() {
  const answer = await fetch(location.pathname + location.search, { headers: { Accept: "text/html" } });
  // Whatever else went wrong says nothing of the article.
  if (!answer.ok && !WITHDRAWN.includes(answer.status)) throw new Error(answer.status);
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  renewHead(page);
  if (!answer.ok) return withdraw(page);
  const renewed = page.getElementById("article");
  article.replaceWith(renewed);
  article = renewed;
  say(words.changed);
}
async function askWhetherChanged() {
  if (article?.dataset.id && document.visibilityState === "visible") {
    try {
      const answer = await fetch(`/live/${article.dataset.id}?heard=${article.dataset.heard}`);
      if ((await answer.json()).change) await renew();
      askAgainMs = ASK_EVERY_MS;
    } catch {
      // Nothing can be reached right now; the page that is there stays, and asks less and less often.
      askAgainMs = Math.min(askAgainMs * 2, ASK_AT_LEAST_EVERY_MS);
    }
  }
  if (article) setTimeout(askWhetherChanged, askAgainMs);
}
if (article) setTimeout(askWhetherChanged, ASK_EVERY_MS);
