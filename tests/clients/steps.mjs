// Named steps of a script, each said as it passes; and how a gateway is asked.
import { createHash } from "node:crypto";
import { ApolloGateway, LocalGraphQLDataSource, RemoteGraphQLDataSource } from "@apollo/gateway";
import { composeServices } from "@apollo/composition";
import { parse } from "graphql";

let passed = 0;

export async function step(name, body) {
  await body();
  passed += 1;
  console.log(`ok ${name}`);
}

export function all(of) {
  console.log(`${passed} of ${of}`);
  process.exitCode = passed === of ? 0 : 1;
}

export async function ask(url, query, variables = {}, headers = {}) {
  const response = await fetch(url, {
    method: "POST",
    headers: { accept: "application/json", "content-type": "application/json", ...headers },
    body: JSON.stringify({ query, variables }),
  });
  return response.json();
}

// A gateway over subgraphs: { name: { typeDefs, url, headers } or { typeDefs, schema } }.
export async function gatewayOver(subgraphs) {
  const parts = Object.entries(subgraphs).map(([name, { typeDefs, url }]) => {
    return { name, url: url ?? `http://${name}.invalid`, typeDefs: typeof typeDefs === "string" ? parse(typeDefs) : typeDefs };
  });
  const { supergraphSdl, errors } = composeServices(parts);
  if (errors?.length) throw new Error(errors.map(({ message }) => message).join("\n"));
  const gateway = new ApolloGateway({
    supergraphSdl,
    logger: { debug() {}, info() {}, warn: console.error, error: console.error },
    buildService({ name }) {
      const { schema, url, headers = {} } = subgraphs[name];
      if (schema) return new LocalGraphQLDataSource(schema);
      return new RemoteGraphQLDataSource({
        url,
        willSendRequest({ request }) {
          for (const [key, value] of Object.entries(headers)) request.http.headers.set(key, value);
        },
      });
    },
  });
  const { executor } = await gateway.load();
  return async (query, variables = {}) => {
    const document = parse(query);
    const { operation } = { operation: document.definitions[0] };
    const cache = new Map();
    return executor({
      request: { query, variables },
      document,
      operation,
      operationName: operation.name?.value ?? null,
      queryHash: createHash("sha256").update(query).digest("hex"),
      context: {},
      cache: { get: async (key) => cache.get(key), set: async (key, value) => void cache.set(key, value) },
      schema: gateway.schema,
      logger: console,
    });
  };
}
