"""Partner files: offers, codes and stock in, every bad row with its row, column, value and suggestion.

Words: an **upload** is one file; it is checked (a rehearsal) and then published, good rows only.
"""
