"""Giving to a charity: the one path, whether a donation offer is redeemed or points are donated.

Words: a **pledge** is what a member gave; it is acknowledged at once and remitted with the charity's statement.
"""
