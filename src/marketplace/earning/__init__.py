"""Earning: what members do, and what a program gives for it by rules that it states.

Words: an **event** is something a member did, told by a program under a reference of its own; a **rule** says what
events earn, in dated **versions**; an **outcome** is what one rule made of one event; a **grant** is points that a
rule gave, pending or in the wallet; a **budget** is what rules may give; a **debt** is points that were taken back
after they had been spent.
"""
