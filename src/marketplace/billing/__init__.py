"""Money in from programs: what they pay in and what is taken back, and what they are told of it.

Words: a **top-up** is money that a program says it will pay; its **funding** is what it has paid in and not spent.
"""
