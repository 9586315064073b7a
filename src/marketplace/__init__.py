"""A partner-rewards marketplace: catalogue, points ledger, redemption, giving and settlement."""
