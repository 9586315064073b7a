"""Programs and the people enrolled in them; personal data stands in a table of its own.

Words: a **program** issues one point currency and funds what its points buy; a **member** has a country,
languages and a **tier**.
"""
