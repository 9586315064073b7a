"""The resources of Stripe that the marketplace uses, one file each."""
