// Apollo Client against a running server: query, pages, mutation, upload and persisted operations, as an app does.
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { ApolloClient, HttpLink, InMemoryCache, gql } from "@apollo/client";
import { PersistedQueryLink } from "@apollo/client/link/persisted-queries";
import { relayStylePagination } from "@apollo/client/utilities";
import { filter, firstValueFrom } from "rxjs";
import UploadHttpLink from "apollo-upload-client/UploadHttpLink.mjs";
import { all, ask, step } from "./steps.mjs";

const { URL: uri, MEMBER, PARTNER, ITEM } = process.env;
// Which types an interface or a union can be, as Apollo's guide has an app learn it when it is built.
const { data: told } = await ask(uri, "{ __schema { types { name kind possibleTypes { name } } } }");
const possibleTypes = Object.fromEntries(
  told.__schema.types
    .filter(({ kind }) => kind === "INTERFACE" || kind === "UNION")
    .map(({ name, possibleTypes: each }) => [name, each.map((type) => type.name)]),
);
const BEGUN = Date.now();
const OFFERS = gql`
  query Offers($first: Int!, $after: String) {
    offers(first: $first, after: $after) {
      edges { cursor node { id title pointsPrice { points } } }
      pageInfo { hasNextPage endCursor }
      totalCount
    }
  }
`;
const REDEEM = gql`
  mutation Redeem($input: RedeemOfferInput!) {
    redeemOffer(input: $input) {
      ... on Redemption { id state points member { id wallet { available } } }
      ... on UserError { code message }
    }
  }
`;

function app(token, link) {
  const cache = new InMemoryCache({
    possibleTypes,
    typePolicies: { Query: { fields: { offers: relayStylePagination() } } },
  });
  return new ApolloClient({ cache, link: link({ uri, headers: { authorization: `Bearer ${token}` } }) });
}

const phone = app(MEMBER, (options) => new HttpLink(options));

await step("query", async () => {
  const { data } = await phone.query({ query: gql`{ me { id reference wallet { available } } }` });
  assert.ok(data.me.wallet.available > 50_000);
});

await step("pages", async () => {
  const asked = { query: OFFERS, variables: { first: 12 } };
  const seen = phone.watchQuery(asked);
  const looking = seen.subscribe(() => {});
  let { data } = await firstValueFrom(seen.pipe(filter(({ loading }) => !loading)));
  for (let pages = 1; data.offers.pageInfo.hasNextPage && pages < 5; pages += 1) {
    await seen.fetchMore({ variables: { after: data.offers.pageInfo.endCursor } });
    data = phone.readQuery(asked);
  }
  looking.unsubscribe();
  const ids = data.offers.edges.map(({ node }) => node.id);
  assert.equal(ids.length, 30);
  assert.equal(new Set(ids).size, data.offers.totalCount);
});

await step("mutation, which the cache takes in", async () => {
  const before = await phone.query({ query: gql`{ me { id wallet { available } } }` });
  const input = { itemId: ITEM, expectedPoints: 1000, idempotencyKey: `apollo-${BEGUN}-1` };
  const first = await phone.mutate({ mutation: REDEEM, variables: { input } });
  const again = await phone.mutate({ mutation: REDEEM, variables: { input } });
  assert.equal(first.data.redeemOffer.state, "FULFILLED");
  assert.equal(again.data.redeemOffer.id, first.data.redeemOffer.id);
  const after = phone.readQuery({ query: gql`{ me { id wallet { available } } }` });
  assert.equal(before.data.me.wallet.available - after.me.wallet.available, 1000);
});

await step("refusal as data", async () => {
  const input = { itemId: ITEM, expectedPoints: 1, idempotencyKey: `apollo-${BEGUN}-2` };
  const { data } = await phone.mutate({ mutation: REDEEM, variables: { input } });
  assert.equal(data.redeemOffer.code, "PRICE_CHANGED");
});

await step("error with its code", async () => {
  const { error } = await phone.query({ query: gql`{ settlementRuns { nodes { id } } }`, errorPolicy: "all" });
  assert.equal(error.errors[0].extensions.code, "FORBIDDEN");
});

await step("upload", async () => {
  const headers = { "x-graphql-preflight": "1" };
  const shop = app(PARTNER, (options) => {
    return new UploadHttpLink({ ...options, headers: { ...options.headers, ...headers } });
  });
  const rows = "brand,sku,kind,category,title_en,delivery,country,currency,price\nkaffe,TEA,VOUCHER,dining,Tea,CODE,NL,EUR,5.00";
  const { data } = await shop.mutate({
    mutation: gql`
      mutation Upload($input: UploadOffersInput!) {
        uploadOffers(input: $input) {
          ... on UploadedFile { filename rowsTotal rowsGood rowsBad }
          ... on UserError { code message }
        }
      }
    `,
    variables: { input: { idempotencyKey: `apollo-${BEGUN}-3`, file: new File([rows], "tea.csv", { type: "text/csv" }) } },
  });
  assert.equal(data.uploadOffers.filename, "tea.csv");
  assert.deepEqual([data.uploadOffers.rowsTotal, data.uploadOffers.rowsBad], [1, 0]);
});

await step("persisted operations, by POST and by GET", async () => {
  const asked = [];
  async function listening(url, options) {
    asked.push({ url: String(url), method: options.method, body: options.body ?? "" });
    return fetch(url, options);
  }
  const sha256 = (text) => createHash("sha256").update(text).digest("hex");
  for (const useGETForHashedQueries of [false, true]) {
    const one = app(MEMBER, (options) =>
      new PersistedQueryLink({ sha256, useGETForHashedQueries }).concat(new HttpLink({ ...options, fetch: listening })),
    );
    const query = gql`query Persisted { me { id reference country } }`;
    for (let n = 0; n < 2; n += 1) {
      const { data } = await one.query({ query, fetchPolicy: "network-only" });
      assert.equal(data.me.country, "NL");
    }
  }
  const withText = asked.filter(({ body, url }) => /query Persisted/.test(body) || /query\+?Persisted/.test(url));
  assert.equal(withText.length, 1, "the text is sent once, to whoever asks first");
  assert.ok(asked.some(({ method }) => method === "GET"));
});

phone.stop();
all(7);
