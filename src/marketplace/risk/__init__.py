"""What looks odd before points leave: dated rules of a program, and a queue where a person decides.

Words: a **rule** says what is odd (`rules.py` names the kinds); a **review** holds one redemption until a person
releases or refuses it. Devices, addresses and bank accounts are kept as keyed prints, never in clear.
"""
