"""Points: wallets, lots with their expiry, holds, awards. Every debit is allocated to lots in rows.

Words: a **lot** is points earned together; a **hold** sets points aside until they are posted or released; the
spendable points are the lots that are not expired.
"""
