"""Money over a rail: Stripe Connect out, payment intents in, webhooks, and the Stripe stand-in.

Words: an **outbound transfer** moves money to somebody's connected account (sent), whose own payout brings it to
their bank (in the bank). What is not known is looked up, never tried again blindly.
"""
