"""What partners are paid: statements, payouts, adjustments.

Words: a **statement** is what one partner is owed for one stretch of time, line by line, frozen; each accrual
joins exactly one line; a **payout** is the money of a statement leaving.
"""
