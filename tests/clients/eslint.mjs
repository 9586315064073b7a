// graphql-eslint's presets for schemas, on what we publish: no problem, federation's own names aside.
//
// Three rules are told what the Relay specification says, which asks less than their defaults: a connection pages
// forward or in both directions, its rows need be no nodes, and other lists are lists. Only nodes need an id.
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import graphql from "@graphql-eslint/eslint-plugin";
import { ESLint } from "eslint";
import { buildSchema, isObjectType } from "graphql";

const root = fileURLToPath(new URL("../..", import.meta.url));
const schema = `${root}schema.graphql`;
// A moment is no repetition of what happens in it; and beside `code`, which a refusal has, a member's code needs its name.
const MEANT = /"(pledgedAt|refundedAt|referralCode)" starts with/;
const FEDERATION = /_Any|_Entity|_Service|_entities|_service|Leading underscores|link__|federation__|directive "oneOf"/;

const types = Object.values(buildSchema(readFileSync(schema, "utf8")).getTypeMap());
const values = types.filter((type) => isObjectType(type) && !type.getInterfaces().some(({ name }) => name === "Node"));
const told = {
  "@graphql-eslint/strict-id-in-types": { exceptions: { types: values.map(({ name }) => name) } },
  "@graphql-eslint/relay-arguments": { includeBoth: false },
  "@graphql-eslint/relay-edge-types": {
    withEdgeSuffix: true,
    shouldImplementNode: false,
    listTypeCanWrapOnlyEdgeType: false,
  },
};

function withOptions(rules) {
  return Object.fromEntries(
    Object.entries(rules).map(([name, setting]) => {
      const [level, options] = Array.isArray(setting) ? setting : [setting];
      const all = { ...options, ...told[name] };
      return [name, Object.keys(all).length ? [level, all] : level];
    }),
  );
}

let problems = 0;
for (const preset of ["flat/schema-recommended", "flat/schema-relay"]) {
  const linter = new ESLint({
    cwd: root,
    overrideConfigFile: true,
    overrideConfig: [
      {
        files: ["**/*.graphql"],
        languageOptions: { parser: graphql.parser, parserOptions: { graphQLConfig: { schema } } },
        plugins: { "@graphql-eslint": graphql },
        rules: withOptions(graphql.configs[preset].rules),
      },
    ],
  });
  const [result] = await linter.lintFiles([schema]);
  const found = result.messages.filter(({ message }) => !FEDERATION.test(message) && !MEANT.test(message));
  for (const { line, message, ruleId } of found) console.log(`${line}: ${message} (${ruleId})`);
  console.log(`${preset}: ${Object.keys(graphql.configs[preset].rules).length} rules, ${found.length} problems`);
  problems += found.length;
}
process.exit(problems === 0 ? 0 : 1);
