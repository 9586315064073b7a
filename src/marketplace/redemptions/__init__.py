"""Redeeming: points become a reward or cash, whole or not at all; fulfilment, cancelling, refunds.

Words: a **redemption** is PENDING until its **fulfilment** arrives (code, credit, shipment, booking, receipt);
it ends CANCELLED, FAILED or REFUNDED with everything put back.
"""
