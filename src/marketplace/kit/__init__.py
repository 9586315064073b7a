"""What every room stands on: the door for writes, refusals, money, ids, time. It knows no room."""
