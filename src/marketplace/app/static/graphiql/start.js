// Opens GraphiQL on our own endpoint, with a tab for each example and the demo's token for it.
// Nothing is kept in the browser, so every visit starts the same and no token stays behind.
"use strict";

function memory() {
  const kept = new Map();
  return {
    getItem: (key) => kept.get(key) ?? null,
    setItem: (key, value) => kept.set(key, String(value)),
    removeItem: (key) => kept.delete(key),
    clear: () => kept.clear(),
    get length() {
      return kept.size;
    },
  };
}

async function start() {
  const answer = await fetch("graphiql/start.json");
  const { tabs } = await answer.json();
  const element = React.createElement(GraphiQL, {
    fetcher: GraphiQL.createFetcher({ url: "graphql" }),
    storage: memory(),
    defaultTabs: tabs.length ? tabs : undefined,
    defaultHeaders: tabs[0]?.headers,
    defaultEditorToolsVisibility: "headers",
    shouldPersistHeaders: false,
    inputValueDeprecation: true,
  });
  ReactDOM.createRoot(document.getElementById("graphiql")).render(element);
}

start();
