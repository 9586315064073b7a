// Our graph and a foreign one, composed and asked through Apollo's gateway: each fills in what the other knows.
import assert from "node:assert/strict";
import { buildSubgraphSchema } from "@apollo/subgraph";
import { parse } from "graphql";
import { all, ask, gatewayOver, step } from "./steps.mjs";

const { URL: url, MEMBER } = process.env;
const headers = { authorization: `Bearer ${MEMBER}` };
const { data: known } = await ask(url, "{ me { id } brands(first: 5) { nodes { id name } } }", {}, headers);
const kaffe = known.brands.nodes.find(({ name }) => name === "Kaffe");

const typeDefs = parse(`
  extend schema @link(url: "https://specs.apollo.dev/federation/v2.3", import: ["@key", "@shareable"])
  type Query { mostLoved: [Brand]! }
  type Brand @key(fields: "id") { id: ID! reviews: [Review!]! }
  type Member @key(fields: "id") { id: ID! nickname: String }
  type VoucherOffer @key(fields: "id") { id: ID! rating: Float }
  type Review { stars: Int! worth: Money! }
  type Money @shareable { amount: Decimal! currency: CurrencyCode! }
  scalar Decimal
  scalar CurrencyCode
`);
const worth = { amount: "1.50", currency: "EUR" };
const reviews = buildSubgraphSchema([
  {
    typeDefs,
    resolvers: {
      Query: { mostLoved: () => [{ id: "brand_00000000000000000000000000000000" }, { id: kaffe.id }] },
      Brand: {
        __resolveReference: ({ id }) => ({ id }),
        reviews: ({ id }) => (id === kaffe.id ? [{ stars: 5, worth }] : []),
      },
      Member: { __resolveReference: ({ id }) => ({ id, nickname: `nick of ${id}` }) },
      VoucherOffer: { __resolveReference: ({ id }) => ({ id, rating: 4.5 }) },
    },
  },
]);
const { data: told } = await ask(url, "{ _service { sdl } }");
const supergraph = await gatewayOver({
  rewards: { typeDefs: told._service.sdl, url, headers },
  reviews: { typeDefs, schema: reviews },
});
async function through(query) {
  const { data, errors } = await supergraph(query);
  assert.equal(errors, undefined, JSON.stringify(errors));
  return JSON.parse(JSON.stringify(data));
}

await step("a list of ours, filled in by the other", async () => {
  const { offers, me } = await through(`{
    me { id nickname wallet { available } }
    offers(first: 3) { nodes { id title brand { name reviews { stars worth { amount } } } ... on VoucherOffer { rating } } }
  }`);
  assert.equal(offers.nodes.length, 3);
  for (const { title, brand, rating } of offers.nodes) {
    assert.ok(title);
    assert.deepEqual(brand, { name: "Kaffe", reviews: [{ stars: 5, worth: { amount: "1.50" } }] });
    assert.equal(rating, 4.5);
  }
  assert.equal(me.nickname, `nick of ${known.me.id}`);
});
await step("a list of the other's, filled in by us", async () => {
  const { mostLoved } = await through("{ mostLoved { id slug offers(first: 2) { nodes { title } } } }");
  assert.equal(mostLoved[0], null);
  assert.equal(mostLoved[1].slug, "kaffe");
  assert.equal(mostLoved[1].offers.nodes.length, 2);
});
await step("what we know nothing of spoils nothing else", async () => {
  const { mostLoved } = await through("{ mostLoved { id website reviews { stars } } }");
  assert.deepEqual(mostLoved.map(({ reviews }) => reviews.length), [0, 1]);
  assert.equal(mostLoved[0].website, null);
});
await step("a mutation of ours", async () => {
  const { revealCode } = await through(`mutation {
    revealCode(input: { redemptionId: "redemption_00000000000000000000000000000000", idempotencyKey: "gateway-1" }) {
      __typename ... on UserError { code }
    }
  }`);
  assert.equal(revealCode.code, "NOT_FOUND");
});

all(4);
