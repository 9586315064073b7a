"""Webhooks out: partners' and programs' servers are told what happened, signed, at least once, with a log to read.

Words: an **endpoint** is a URL somebody registered; an **event** is one thing that happened, for one owner; a
**delivery** is what became of telling one event to one endpoint.
"""
