"""Finance: what the books of all rooms come to. It keeps count of the days that are over, and never posts.

Words: **liability** is what points that are out may still cost, as of any moment; **breakage** is the part of it
that is expected never to be used; **results** are what the marketplace earned in a period, and what exchange rates
did; a **trail** leads from a thing that happened to its journals, accounts and lines of the trial balance.
"""
