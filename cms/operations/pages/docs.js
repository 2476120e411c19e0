// An interactive page over /openapi.json: lists every operation, shows its shapes, sends requests to this server.
"use strict";

const make = (tag, attributes = {}, ...children) => {
  const element = Object.assign(document.createElement(tag), attributes);
  element.append(...children);
  return element;
};

const resolve = (document_, schema) => {
  if (schema && schema.$ref) return schema.$ref.split("/").slice(1).reduce((part, key) => part[key], document_);
  return schema || {};
};

// A body to begin with: the members that are required or have an example, and nothing else, so that it can be sent.
const example = (document_, given, depth = 0) => {
  const schema = resolve(document_, given);
  if (depth > 4) return null;
  if (schema.example !== undefined) return schema.example;
  if (schema.enum) return schema.enum[0];
  const type = Array.isArray(schema.type) ? schema.type[0] : schema.type;
  if (type === "object" || schema.properties) {
    const isWanted = (name) => (schema.required || []).includes(name) || schema.properties[name].example !== undefined;
    const names = Object.keys(schema.properties || {}).filter((name) => !schema.properties[name].readOnly && isWanted(name));
    return Object.fromEntries(names.map((name) => [name, example(document_, schema.properties[name], depth + 1)]));
  }
  if (type === "array") return [example(document_, schema.items, depth + 1)];
  return { string: "", integer: 1, number: 1, boolean: true }[type] ?? null;
};

const shown = (value) => make("pre", { textContent: JSON.stringify(value, null, 2) });

const operationView = (document_, path, method, operation) => {
  const inputs = new Map();
  const rows = (operation.parameters || []).map((given) => {
    const parameter = resolve(document_, given);
    const input = make("input", { placeholder: (parameter.schema || {}).type || "string", ariaLabel: parameter.name });
    inputs.set(parameter, input);
    return make("tr", {}, make("td", {}, make("code", { textContent: parameter.name }), make("br"),
      make("small", { textContent: `${parameter.in}${parameter.required ? ", required" : ""}` })),
      make("td", { textContent: parameter.description || (parameter.schema || {}).description || "" }), make("td", {}, input));
  });
  const bodySchema = operation.requestBody && operation.requestBody.content["application/json"].schema;
  const body = bodySchema && make("textarea", {
    rows: 10, ariaLabel: "Body",
    value: operation.requestBody.required ? JSON.stringify(example(document_, bodySchema), null, 2) : "",
  });
  const output = make("div");
  const send = async () => {
    let url = path;
    const query = new URLSearchParams();
    const headers = {};
    for (const [parameter, input] of inputs) {
      if (input.value === "" && parameter.required) throw new Error(`${parameter.name} is needed`);
      if (input.value === "") continue;
      if (parameter.in === "path") url = url.replace(`{${parameter.name}}`, encodeURIComponent(input.value));
      if (parameter.in === "query") query.set(parameter.name, input.value);
      if (parameter.in === "header") headers[parameter.name] = input.value;
    }
    const token = document.getElementById("token").value.trim();
    if (token) headers.Authorization = `Bearer ${token}`;
    const sent = body && body.value.trim() ? body.value : undefined;
    if (sent) headers["Content-Type"] = "application/json";
    const address = [...query].length ? `${url}?${query}` : url;
    const answer = await fetch(address, { method: method.toUpperCase(), headers, body: sent });
    const text = await answer.text();
    let parsed = text;
    try { parsed = JSON.parse(text); } catch { /* not JSON: shown as it is */ }
    const told = ["ETag", "Location", "Retry-After"].filter((name) => answer.headers.get(name));
    const said = [`${answer.status} ${answer.statusText}`, ...told.map((name) => `${name} ${answer.headers.get(name)}`)];
    output.replaceChildren(make("p", { textContent: said.join(" · ") }),
      typeof parsed === "string" ? make("pre", { textContent: parsed }) : shown(parsed));
  };
  const view = make("details", {},
    make("summary", {}, make("span", { className: "method", textContent: method.toUpperCase() }),
      make("code", { textContent: path }), ` ${operation.summary || ""}`),
    make("p", { textContent: operation.description || "" }));
  if (rows.length) view.append(make("table", {}, ...rows));
  if (body) view.append(body);
  view.append(make("button", { textContent: "Send", onclick: () => send().catch((error) => output.replaceChildren(String(error))) }), output);
  const answers = Object.entries(operation.responses).map(([status, given]) => {
    const response = resolve(document_, given);
    return make("tr", {}, make("td", { textContent: status }), make("td", { textContent: response.description || "" }));
  });
  view.append(make("table", {}, ...answers));
  view.dataset.words = `${method} ${path} ${operation.summary} ${(operation.tags || []).join(" ")}`.toLowerCase();
  return view;
};

const show = async () => {
  const document_ = await (await fetch("/openapi.json")).json();
  document.getElementById("about").textContent = `${document_.info.title} ${document_.info.version} · ${document_.info.description}`;
  const groups = new Map();
  for (const [path, methods] of Object.entries(document_.paths)) {
    for (const [method, operation] of Object.entries(methods)) {
      const tag = (operation.tags || ["other"])[0];
      if (!groups.has(tag)) groups.set(tag, make("section", {}, make("h2", { textContent: tag })));
      groups.get(tag).append(operationView(document_, path, method, operation));
    }
  }
  const main = document.getElementById("operations");
  main.replaceChildren(...groups.values());
  document.getElementById("find").addEventListener("input", (event) => {
    const wanted = event.target.value.toLowerCase();
    for (const view of main.querySelectorAll("details")) view.hidden = !view.dataset.words.includes(wanted);
  });
};

show().catch((error) => document.getElementById("operations").replaceChildren(String(error)));
