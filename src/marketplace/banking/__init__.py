"""Our accounts at banks: what their files say, and what we order from them.

Words: a **bank file** is one message of a bank (camt.053, camt.054, pain.002); a **bank entry** is money that the
bank has booked on our account, as the smallest part that it tells of; an entry is **explained** when journals of
the books say what it was.
"""
