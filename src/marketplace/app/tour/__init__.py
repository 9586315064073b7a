"""`marketplace tour`: a client that plays the whole story over HTTP alone, and says whether all went as it should.

It knows the API, the demo's tokens and Stripe's stand-in by their addresses; it never looks into the database.
Nothing else imports it.
"""
