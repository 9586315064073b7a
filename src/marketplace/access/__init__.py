"""Who is asking: API keys of partners, programs and operators; members' tokens by their program's issuer.

Words: a **key** is shown once and stored hashed; an **operator** is a person of the marketplace with **roles**, a
**staff member** one of a partner or a program; a **registered operation** is a GraphQL document that an
application's manifest names.
"""
