// Apollo Client being told: both subscriptions over a WebSocket and over Server-Sent Events, while a worker runs.
import assert from "node:assert/strict";
import { ApolloClient, ApolloLink, HttpLink, InMemoryCache, gql } from "@apollo/client";
import { GraphQLWsLink } from "@apollo/client/link/subscriptions";
import { print } from "graphql";
import * as sse from "graphql-sse";
import * as ws from "graphql-ws";
import { Observable, lastValueFrom, toArray } from "rxjs";
import WebSocket from "ws";
import { all, step } from "./steps.mjs";

globalThis.WebSocket ??= WebSocket; // as in a browser: the link looks at its constants
const { URL: uri, MEMBER, ITEM } = process.env;
const PATIENCE_MS = 20_000;
const BEGUN = Date.now();
const authorization = `Bearer ${MEMBER}`;
const WALLET = gql`subscription Wallet { walletChanged { available held } }`;
const MINE = gql`
  subscription Mine($id: ID, $since: DateTime) { redemptionUpdated(id: $id, since: $since) { id state points } }
`;
const REDEEM = gql`
  mutation Redeem($input: RedeemOfferInput!) {
    redeemOffer(input: $input) {
      ... on Redemption { id state }
    }
  }
`;

// As the guide of graphql-sse has it for Apollo Client.
class SSELink extends ApolloLink {
  constructor(options) {
    super();
    this.client = sse.createClient(options);
  }
  request(operation) {
    const asked = { ...operation, query: print(operation.query) };
    return new Observable((sink) => this.client.subscribe(asked, sink));
  }
}

function app(link) {
  return new ApolloClient({ cache: new InMemoryCache(), link });
}

const writer = app(new HttpLink({ uri, headers: { authorization } }));

async function redeem(key) {
  const input = { itemId: ITEM, expectedPoints: 1000, idempotencyKey: `live-${BEGUN}-${key}` };
  const { data } = await writer.mutate({ mutation: REDEEM, variables: { input } });
  assert.equal(data.redeemOffer.state, "FULFILLED");
  return data.redeemOffer.id;
}

function soon(promise, what) {
  let timer;
  const late = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Error(`${what}: nothing in ${PATIENCE_MS} ms`)), PATIENCE_MS);
  });
  return Promise.race([promise, late]).finally(() => clearTimeout(timer));
}

// What a subscription brings, one after another, until it is left; `ended` when there is no more.
function follow(client, query, variables = {}) {
  const brought = [];
  const waiting = [];
  let end;
  const ended = new Promise((resolve) => (end = resolve));
  const following = client.subscribe({ query, variables }).subscribe({
    next: (result) => (waiting.length ? waiting.shift()(result) : brought.push(result)),
    error: end,
    complete: () => end("complete"),
  });
  async function next() {
    const result = brought.length ? brought.shift() : await soon(new Promise((take) => waiting.push(take)), "next");
    assert.equal(result.error, undefined);
    return result.data;
  }
  return { next, ended, brought, leave: () => following.unsubscribe() };
}

async function until(followed, is) {
  let data = await followed.next();
  while (!is(data)) data = await followed.next();
}

async function isTold(client, key) {
  const wallet = follow(client, WALLET);
  const { available } = (await wallet.next()).walletChanged;
  // From this moment on: what is written before the server has begun to follow is told too.
  const mine = follow(client, MINE, { since: new Date().toISOString() });
  const id = await redeem(key);
  await until(mine, ({ redemptionUpdated: each }) => each.id === id && each.state === "FULFILLED");
  await until(wallet, ({ walletChanged: now }) => now.available === available - 1000);
  assert.equal(client.cache.extract()[`Redemption:${id}`].state, "FULFILLED");
  wallet.leave();
  mine.leave();
  const heard = [wallet.brought.length, mine.brought.length];
  await redeem(`${key}-unheard`);
  await new Promise((resolve) => setTimeout(resolve, 1000));
  assert.deepEqual([wallet.brought.length, mine.brought.length], heard);
}

async function ends(client) {
  const none = follow(client, MINE, { id: "nonsense" });
  assert.equal((await none.next()).redemptionUpdated, null);
  assert.equal(await soon(none.ended, "the end"), "complete");
}

async function isRefused(client) {
  const results = client.subscribe({ query: gql`subscription { redemptionUpdated { nothing } }`, errorPolicy: "all" });
  const [{ error }] = await soon(lastValueFrom(results.pipe(toArray())), "the error");
  assert.match(error.message, /nothing/);
}

// Two sockets that close when nothing is asked of them any more, and note how they were closed.
const closings = [];
const tokens = ["Bearer of.no.use", authorization];
const socket = ws.createClient({
  url: uri.replace("http:", "ws:"),
  webSocketImpl: WebSocket,
  connectionParams: () => ({ authorization: tokens.length > 1 ? tokens.shift() : tokens[0] }),
  retryWait: async () => {},
  on: { closed: ({ code }) => closings.push(code) },
});
const overSocket = app(new GraphQLWsLink(socket));
const overStream = app(new SSELink({ url: uri, headers: { authorization } }));

await step("a socket: told of a write, with a new token after an old one", async () => {
  await isTold(overSocket, "ws");
  await soon(new Promise((resolve) => (closings.length > 1 ? resolve() : socket.on("closed", resolve))), "closed");
  assert.deepEqual(closings, [4403, 1000]);
});
await step("a socket: the end", () => ends(overSocket));
await step("a socket: an error", () => isRefused(overSocket));
await step("a stream: told of a write", () => isTold(overStream, "sse"));
await step("a stream: the end", () => ends(overStream));
await step("a stream: an error", () => isRefused(overStream));

writer.stop();
all(6);
