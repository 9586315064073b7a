// A screen of a web app, as its queries are written with Relay.
import { graphql } from "relay-runtime";

export const offerCard = graphql`
  fragment Catalogue_offer on Offer {
    id
    title
    imageUrl
    brand { id name }
    pointsPrice { points worth { amount currency } }
    whyNot { code message }
    ... on ExperienceOffer { cancelUntilHours }
    ... on DonationOffer { charity { name } }
  }
`;

export const page = graphql`
  fragment Catalogue_page on Query
  @refetchable(queryName: "CataloguePageQuery")
  @argumentDefinitions(first: { type: "Int", defaultValue: 20 }, after: { type: "String" }) {
    offers(first: $first, after: $after) @connection(key: "Catalogue_offers") {
      edges { node { ...Catalogue_offer } }
    }
  }
`;

export const screen = graphql`
  query CatalogueScreenQuery {
    me { id wallet { available } }
    ...Catalogue_page
  }
`;

export const member = graphql`
  fragment Catalogue_member on Member @refetchable(queryName: "CatalogueMemberQuery") {
    id
    tier { name }
    wallet { available held }
  }
`;

export const redeem = graphql`
  mutation CatalogueRedeemMutation($input: RedeemOfferInput!) {
    redeemOffer(input: $input) {
      __typename
      ... on Redemption { id state member { ...Catalogue_member } }
      ... on InsufficientPoints { missing message }
      ... on UserError { code message }
    }
  }
`;
