// What Apollo's compatibility tests for subgraphs assert, of a small subgraph behind our own view.
import assert from "node:assert/strict";
import { buildSubgraphSchema } from "@apollo/subgraph";
import { parse, print, stripIgnoredCharacters } from "graphql";
import { all, ask, gatewayOver, step } from "./steps.mjs";

const url = process.env.PRODUCTS;
const LINK = 'extend schema @link(url: "https://specs.apollo.dev/federation/v2.3", import: [';
const users = parse(`
  ${LINK}"@key", "@shareable"])
  type User @key(fields: "email") {
    email: ID!
    name: String
    totalProductsCreated: Int @shareable
    yearsOfEmployment: Int!
  }
`);
const inventory = parse(`
  ${LINK}"@key", "@shareable", "@external", "@requires"])
  type Product @key(fields: "id") {
    id: ID!
    dimensions: ProductDimension @external
    delivery(zip: String): DeliveryEstimates @requires(fields: "dimensions { size weight }")
  }
  type ProductDimension @shareable { size: String weight: Float }
  type DeliveryEstimates { estimatedDelivery: String fastestDelivery: String }
  interface Inventory @key(fields: "id") { id: ID! products: [Product!]! }
  type OpenSourceInventory implements Inventory @key(fields: "id") { id: ID! products: [Product!]! }
  type Query { inventory(id: ID!): Inventory }
`);
const JANE = { email: "support@apollographql.com", name: "Support", totalProductsCreated: 10, yearsOfEmployment: 10 };
const STOCK = { __typename: "OpenSourceInventory", id: "apollo-oss", products: [{ id: "apollo-federation" }] };
const usersSchema = buildSubgraphSchema([
  {
    typeDefs: users,
    resolvers: { User: { __resolveReference: ({ email }) => (email === JANE.email ? JANE : null) } },
  },
]);
const inventorySchema = buildSubgraphSchema([
  {
    typeDefs: inventory,
    resolvers: {
      Query: { inventory: (_, { id }) => (id === STOCK.id ? STOCK : null) },
      Inventory: { __resolveType: () => "OpenSourceInventory" },
      Product: {
        delivery({ id, dimensions }, { zip }) {
          assert.deepEqual([id, dimensions.size, dimensions.weight, zip], ["apollo-federation", "small", 1, "94111"]);
          return { estimatedDelivery: "5/1/2019", fastestDelivery: "5/1/2019" };
        },
      },
    },
  },
]);

const told = await ask(url, "query { _service { sdl } }");
const sdl = stripIgnoredCharacters(told.data._service.sdl);
const supergraph = await gatewayOver({
  products: { typeDefs: told.data._service.sdl, url },
  users: { typeDefs: users, schema: usersSchema },
  inventory: { typeDefs: inventory, schema: inventorySchema },
});
const says = (name, ...patterns) => step(name, () => patterns.forEach((pattern) => assert.match(sdl, pattern)));
async function entities(selection, ...representations) {
  const query = `query ($representations: [_Any!]!) { _entities(representations: $representations) { ${selection} } }`;
  const { data, errors } = await ask(url, query, { representations });
  assert.equal(errors, undefined);
  return data._entities;
}
async function through(query, variables) {
  const { data, errors } = await supergraph(query, variables);
  assert.equal(errors, undefined);
  return JSON.parse(JSON.stringify(data));
}
const FEDERATION = { id: "apollo-federation" };

await says("@key single", /type User(@extends)?@key\(fields:"email"( resolvable:true)?\)/);
await step("@key single, resolved", async () => {
  const found = await entities("... on User { email name }", { __typename: "User", email: JANE.email });
  assert.deepEqual(found, [{ email: JANE.email, name: "Jane Smith" }]);
});
await says("@key multiple", /type DeprecatedProduct@key\(fields:"sku package"/);
await step("@key multiple, resolved", async () => {
  const named = { sku: "apollo-federation-v1", package: "@apollo/federation-v1" };
  const found = await entities("... on DeprecatedProduct { sku package reason }", {
    __typename: "DeprecatedProduct",
    ...named,
  });
  assert.deepEqual(found, [{ ...named, reason: "Migrate to Federation V2" }]);
});
await says("@key composite", /type ProductResearch@key\(fields:"study { caseNumber }"/);
await step("@key composite, resolved", async () => {
  const found = await entities("... on ProductResearch { study { caseNumber description } }", {
    __typename: "ProductResearch",
    study: { caseNumber: "1234" },
  });
  assert.deepEqual(found, [{ study: { caseNumber: "1234", description: "Federation Study" } }]);
});
await says(
  "@key repeatable",
  /type Product.*@key\(fields:"id"( resolvable:true)?\).*\{/,
  /type Product.*@key\(fields:"sku package"( resolvable:true)?\).*variation/,
  /type Product.*@key\(fields:"sku variation { id }"( resolvable:true)?\).*\{/,
);
await step("@key repeatable, resolved", async () => {
  const found = await entities(
    "... on Product { id sku }",
    { __typename: "Product", id: "apollo-federation" },
    { __typename: "Product", sku: "federation", package: "@apollo/federation" },
    { __typename: "Product", sku: "studio", variation: { id: "platform" } },
  );
  const federation = { id: "apollo-federation", sku: "federation" };
  assert.deepEqual(found, [federation, federation, { id: "apollo-studio", sku: "studio" }]);
});
await says("@requires", /averageProductsCreatedPerYear:Int@requires\(fields:"totalProductsCreated yearsOfEmployment"\)/);
await step("@requires, through the gateway", async () => {
  const query = "query ($id: ID!) { product(id: $id) { createdBy { averageProductsCreatedPerYear email } } }";
  const { createdBy } = (await through(query, FEDERATION)).product;
  assert.equal(typeof createdBy.averageProductsCreatedPerYear, "number");
  assert.equal(createdBy.email, JANE.email);
});
await says("@provides", /createdBy:User@provides\(fields:"totalProductsCreated"\)/);
await step("@provides, computed here", async () => {
  const query = "query ($id: ID!) { product(id: $id) { createdBy { email totalProductsCreated } } }";
  const { data, errors } = await ask(url, query, FEDERATION);
  assert.equal(errors, undefined);
  assert.equal(data.product.createdBy.email, JANE.email);
  assert.equal(typeof data.product.createdBy.totalProductsCreated, "number");
  assert.notEqual(data.product.createdBy.totalProductsCreated, 4);
});
await says("@shareable", /type ProductDimension@shareable/);
await step("@shareable, through the gateway", async () => {
  const { product } = await through("query Q($id: ID!) { product(id: $id) { dimensions { size weight } } }", FEDERATION);
  assert.deepEqual(product.dimensions, { size: "small", weight: 1 });
});
await says("@override", /@override\(from:"users"\)/);
await step("@override, through the gateway", async () => {
  const { product } = await through("query Q($id: ID!) { product(id: $id) { createdBy { name } } }", FEDERATION);
  assert.equal(product.createdBy.name, "Jane Smith");
});
await step("@tag", () => {
  assert.doesNotMatch(sdl, /@federation__tag/);
  assert.match(sdl, /@tag\(name:"internal"\)/);
});
await step("@inaccessible", () => {
  assert.doesNotMatch(sdl, /@federation__inaccessible/);
  assert.match(sdl, /unit:String@inaccessible/);
});
await step("@inaccessible, asked of the subgraph itself", async () => {
  const { data, errors } = await ask(url, "query Q($id: ID!) { product(id: $id) { dimensions { unit } } }", FEDERATION);
  assert.equal(errors, undefined);
  assert.equal(data.product.dimensions.unit, "kg");
});
await step("@composeDirective", () => {
  const links = [...sdl.matchAll(/@link\((.+?)\)/g)].map(([, inside]) => inside);
  const custom = links.find((link) => link.includes("https://myspecs.dev/myCustomDirective/v1.0"));
  assert.match(custom, /import:\["@custom"\]/);
  assert.match(sdl, /schema.*@composeDirective\(name:.*"@custom"\)/);
  assert.match(sdl, /directive.*@custom on OBJECT/);
  assert.match(sdl, /type Product.*@custom.*\{/);
});
await step("@link", () => {
  const links = [...sdl.matchAll(/@link\((.+?)\)/g)].map(([, inside]) => inside);
  const federation = links.filter((link) => link.includes("https://specs.apollo.dev/federation/v"));
  assert.equal(federation.length, 1);
  assert.match(federation[0], /federation\/v2\.[0-7]"/);
  const known = ["authenticated", "composeDirective", "extends", "external", "inaccessible", "interfaceObject", "key",
    "override", "policy", "provides", "requires", "requiresScopes", "shareable", "tag"]; // prettier-ignore
  const imported = [...federation[0].match(/import:\[(.+?)\]/)[1].matchAll(/"@(\w+)"/g)].map(([, name]) => name);
  assert.deepEqual(imported.filter((name) => !known.includes(name)), []);
});
await says("@interfaceObject", /type Inventory.*@interfaceObject/, /type Inventory.*@key\(fields:"id"( resolvable:true)?\)/);
await step("@interfaceObject, through the gateway", async () => {
  const query = "query ($id: ID!) { inventory(id: $id) { deprecatedProducts { sku reason } } }";
  const { inventory: found } = await through(query, { id: "apollo-oss" });
  assert.deepEqual(found.deprecatedProducts, [{ sku: "apollo-federation-v1", reason: "Migrate to Federation V2" }]);
});
await step("introspection: the schema is the one asked for", () => {
  const fields = (name) => {
    const type = parse(told.data._service.sdl).definitions.find((each) => each.name?.value === name);
    return Object.fromEntries(type.fields.map((field) => [field.name.value, stripIgnoredCharacters(print(field.type))]));
  };
  assert.deepEqual(fields("CaseStudy"), { caseNumber: "ID!", description: "String" });
  assert.deepEqual(fields("DeprecatedProduct"), { sku: "String!", package: "String!", reason: "String", createdBy: "User" });
  assert.deepEqual(fields("Product"), {
    id: "ID!", sku: "String", package: "String", variation: "ProductVariation", dimensions: "ProductDimension",
    createdBy: "User", notes: "String", research: "[ProductResearch!]!",
  }); // prettier-ignore
  assert.deepEqual(fields("ProductDimension"), { size: "String", weight: "Float", unit: "String" });
  assert.deepEqual(fields("ProductResearch"), { study: "CaseStudy!", outcome: "String" });
  assert.deepEqual(fields("ProductVariation"), { id: "ID!" });
  assert.deepEqual(fields("User"), {
    averageProductsCreatedPerYear: "Int", email: "ID!", name: "String", totalProductsCreated: "Int",
    yearsOfEmployment: "Int!",
  }); // prettier-ignore
  const { product, deprecatedProduct } = fields("Query");
  assert.deepEqual([product, deprecatedProduct], ["Product", "DeprecatedProduct"]);
});

all(24);
