"""Stripe's stand-in for tests of billing."""

from tests.payments.conftest import gateway, inbox, payments, servers, stand_in

__all__ = ["gateway", "inbox", "payments", "servers", "stand_in"]
