"""Gifts of points from one member to another: claimed, recalled, declined or expired.

Words: an offered gift holds the giver's points; claimed points keep their expiry; unclaimed ones return to the
very lots they came from.
"""
