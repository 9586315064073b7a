// Two screens of an app, compiled by TypeScript with everything strict.
import type { ResultOf } from "@graphql-typed-document-node/core";
import { graphql } from "../generated";

export const catalogue = graphql(`
  query Catalogue($after: String) {
    offers(first: 20, after: $after, filter: { availableOnly: true }) {
      pageInfo { hasNextPage endCursor }
      edges {
        node {
          __typename
          id
          title
          brand { name }
          pointsPrice { points worth { amount currency } }
          ... on ExperienceOffer { cancelUntilHours }
        }
      }
    }
  }
`);

export const redeem = graphql(`
  mutation Redeem($input: RedeemOfferInput!) {
    redeemOffer(input: $input) {
      __typename
      ... on Redemption { id state points }
      ... on InsufficientPoints { missing message }
      ... on PriceChanged { now message }
      ... on UserError { code message }
    }
  }
`);

type Page = ResultOf<typeof catalogue>["offers"];
type Outcome = NonNullable<ResultOf<typeof redeem>["redeemOffer"]>;

export function cheapest(page: Page): number | null {
  const prices = page.edges.flatMap(({ node }) => (node.pointsPrice ? [node.pointsPrice.points] : []));
  return prices.length ? Math.min(...prices) : null;
}

export function said(outcome: Outcome): string {
  switch (outcome.__typename) {
    case "Redemption":
      return `${outcome.points} points, ${outcome.state}`;
    case "InsufficientPoints":
      return `${outcome.missing} points are missing`;
    case "PriceChanged":
      return `It costs ${outcome.now} now`;
    default:
      return outcome.message;
  }
}
