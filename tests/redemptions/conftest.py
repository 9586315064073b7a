"""Stripe for the tests of cash: the fixtures of payments."""

from tests.payments.conftest import gateway, inbox, payments, servers, stand_in

__all__ = ["gateway", "inbox", "payments", "servers", "stand_in"]
