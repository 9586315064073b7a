// GraphiQL in headless Chromium that can reach nothing but this machine: every example is run and answered.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import WebSocket from "ws";
import { all, step } from "./steps.mjs";

const { CHROMIUM, BASE, SHOTS } = process.env;
const profile = mkdtempSync(join(tmpdir(), "chromium-"));
const browser = spawn(CHROMIUM, [
  ..."--headless --no-sandbox --disable-gpu --disable-dev-shm-usage --disable-quic --no-first-run".split(" "),
  ..."--disable-background-networking --disable-component-update --disable-sync".split(" "),
  "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
  "--window-size=1500,950",
  "--remote-debugging-port=0",
  `--user-data-dir=${profile}`,
  "about:blank",
], { stdio: "ignore" }); // prettier-ignore

async function until(what, attempt, seconds = 30) {
  const deadline = Date.now() + seconds * 1000;
  while (Date.now() < deadline) {
    const found = await attempt();
    if (found) return found;
    await new Promise((again) => setTimeout(again, 100));
  }
  throw new Error(`${what}: not within ${seconds} seconds`);
}

function portOf() {
  try {
    return readFileSync(join(profile, "DevToolsActivePort"), "utf8").split("\n")[0];
  } catch {
    return null;
  }
}

async function page() {
  const port = await until("Chromium listens", portOf);
  const [target] = (await (await fetch(`http://127.0.0.1:${port}/json`)).json()).filter(({ type }) => type === "page");
  const socket = new WebSocket(target.webSocketDebuggerUrl);
  await new Promise((open) => socket.once("open", open));
  const waiting = new Map();
  const asked = [];
  let last = 0;
  socket.on("message", (data) => {
    const { id, method, params, result, error } = JSON.parse(data);
    if (method === "Network.requestWillBeSent") asked.push(params.request.url);
    if (waiting.has(id)) waiting.get(id)(error ? Promise.reject(new Error(error.message)) : result);
  });
  const send = (method, params = {}) =>
    new Promise((resolve) => {
      last += 1;
      waiting.set(last, resolve);
      socket.send(JSON.stringify({ id: last, method, params }));
    });
  const look = async (expression) => {
    const { result, exceptionDetails } = await send("Runtime.evaluate", { expression, awaitPromise: true, returnByValue: true });
    if (exceptionDetails) throw new Error(exceptionDetails.exception?.description ?? exceptionDetails.text);
    return result.value;
  };
  const shoot = async (name) => {
    const { data } = await send("Page.captureScreenshot", { format: "png" });
    writeFileSync(join(SHOTS, name), Buffer.from(data, "base64"));
  };
  return { send, look, shoot, asked };
}

const ANSWER = "document.querySelector('.result-window .CodeMirror')?.CodeMirror.getValue() ?? ''";
try {
  const { tabs } = await (await fetch(`${BASE}/graphiql/start.json`)).json();
  const { send, look, shoot, asked } = await page();
  await send("Network.enable");
  await send("Page.enable");
  await send("Page.navigate", { url: `${BASE}/graphiql` });
  await until("GraphiQL is drawn", () => look("document.querySelectorAll('.graphiql-tab').length > 0"));
  assert.equal(await look("document.querySelectorAll('.graphiql-tab').length"), tabs.length);

  for (const [number, { query }] of tabs.entries()) {
    const title = query.split("\n")[0].replace("# ", "");
    await step(title, async () => {
      await look(`document.querySelectorAll('.graphiql-tab-button')[${number}].click()`);
      await until("the tab is open", () =>
        look(`document.querySelector('.graphiql-query-editor .CodeMirror').CodeMirror.getValue() === ${JSON.stringify(query)}`),
      );
      await new Promise((again) => setTimeout(again, 700)); // it reads the tab's operation with a short delay
      await look("document.querySelector('.graphiql-execute-button').click()");
      const text = await until("an answer", () => look(ANSWER));
      const answer = JSON.parse(text);
      assert.ok(answer.data && !answer.errors, text);
      await shoot(`${String(number + 1).padStart(2, "0")}.png`);
    });
  }
  await step("nothing but this server was asked", () => {
    assert.deepEqual(asked.filter((url) => !url.startsWith(BASE) && !url.startsWith("data:")), []);
    assert.ok(asked.length > 5);
  });
  all(tabs.length + 1);
} finally {
  browser.kill();
  await new Promise((gone) => browser.once("exit", gone));
  // Its own processes outlive it for a moment and still write there.
  rmSync(profile, { recursive: true, force: true, maxRetries: 20, retryDelay: 100 });
}
