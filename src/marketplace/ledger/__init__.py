"""The books: double entry for points and money alike.

Words: an **account** has an owner, a purpose and a unit; a **journal** says why; its **transfers** each move
an amount from one account (debit) to another (credit) of the same unit, so a journal balances by construction.
The balance of an account is credits minus debits. Nothing here is ever changed or deleted.
"""
