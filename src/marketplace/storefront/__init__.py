"""The catalogue as one member sees it: lists, search, prices, limits, and why something is closed.

It owns no tables. Redeeming asks the same rules, so what is shown is what is charged.
"""
