// Types for an app's operations, every scalar named.
const into = process.env.INTO ?? "./generated/";

export default {
  schema: "../../../schema.graphql",
  documents: ["./src/**/*.ts"],
  generates: {
    [into]: {
      preset: "client",
      config: {
        strictScalars: true,
        useTypeImports: true,
        enumsAsTypes: true,
        defaultScalarType: "unknown",
        scalars: {
          BigInt: "number",
          CountryCode: "string",
          CurrencyCode: "string",
          Date: "string",
          DateTime: "string",
          Decimal: "string",
          LanguageTag: "string",
          Upload: "File",
          UUID: "string",
          _Any: "unknown",
          federation__FieldSet: "string",
          link__Import: "string",
        },
      },
    },
  },
};
