"""A stand-in for Stripe: its HTTP, its states and its rules, in one process with one file.

It exists because no public stand-in knows Connect accounts and transfers. The demo and the tests
talk to it with the real SDK; each behaviour names the page of Stripe's documentation it follows.
It imports nothing of the marketplace, so it can never agree with us by accident.

Differences from Stripe that we know of: one platform per state file, one webhook endpoint for the
platform's and the connected accounts' events, no currency conversion between accounts, a flat fee
schedule, and no disputes.
"""
