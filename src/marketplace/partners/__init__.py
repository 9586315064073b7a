"""Partner brands and charities, their contracts, and what they are owed.

Words: a **partner** is the legal counterparty, a **brand** what shoppers recognise, a **contract** the dated
terms; an **accrual** is one thing that changed what a partner is owed.
"""
