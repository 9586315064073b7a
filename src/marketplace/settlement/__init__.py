"""Money in from programs, and what partners are paid: funding, statements, payouts, adjustments.

Words: a **statement** is what one partner is owed for one stretch of time, line by line, frozen; each accrual
joins exactly one line; a **payout** is the money of a statement leaving.
"""
