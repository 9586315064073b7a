"""The catalogue: offers of five kinds, where they are sold, what exactly is taken, stock and codes.

Words: an **offer** is one entry of a brand; an **item** is what exactly is taken (a denomination, a variant, a
session, a lot of brand currency, a donation) in one market; a **listing** is an offer in one market.
"""
