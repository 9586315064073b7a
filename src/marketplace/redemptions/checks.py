"""What must always be true of redemptions: of codes, held points, held money, and what partners are owed."""

from collections.abc import AsyncIterator

from marketplace.kit import database
from marketplace.kit.checks import Check, Violation
from marketplace.redemptions.bearing import wrongly_borne

_CODES = """
WITH moved AS (
    SELECT item_id, position, sum(change) AS out FROM stock_movement
    WHERE position IS NOT NULL GROUP BY item_id, position
),
owned AS (
    SELECT item_id, position, count(*) AS owners FROM (
        SELECT item_id, code_position AS position FROM redemption WHERE code_position IS NOT NULL
        UNION ALL
        SELECT r.item_id, c.old_position FROM code_reissue c JOIN redemption r ON r.id = c.redemption_id
        UNION ALL
        SELECT item_id, code_position FROM reservation WHERE code_position IS NOT NULL
    ) AS each GROUP BY item_id, position
)
SELECT item_id, position, coalesce(m.out, 0) AS out, coalesce(o.owners, 0) AS owners
FROM moved m FULL JOIN owned o USING (item_id, position)
WHERE coalesce(m.out, 0) <> coalesce(o.owners, 0) OR coalesce(m.out, 0) > 1
ORDER BY item_id, position LIMIT 100"""
_HOLDS = """
WITH every AS (
    SELECT id, 'redemption' AS what, hold_id, points, state FROM redemption
    UNION ALL SELECT id, 'cash_redemption', hold_id, points, state FROM cash_redemption
),
returned AS (SELECT hold_id, sum(returned) AS points FROM lot_allocation GROUP BY hold_id),
refunded AS (SELECT redemption_id, sum(points) AS points FROM refund GROUP BY redemption_id)
SELECT e.id, e.what, e.state, e.points, h.points AS held, h.state AS hold, coalesce(b.points, 0) AS back
FROM every e FULL JOIN points_hold h ON h.id = e.hold_id LEFT JOIN returned b ON b.hold_id = h.id
LEFT JOIN refunded f ON f.redemption_id = e.id
WHERE (e.id IS NULL AND h.ref_type IN ('redemption', 'cash_redemption'))
   OR e.points <> coalesce(h.points, 0)
   OR (h.id IS NOT NULL AND e.id IS NOT NULL AND CASE e.state
        WHEN 'PENDING' THEN h.state <> 'OPEN'
        WHEN 'FULFILLED' THEN h.state <> 'POSTED' OR coalesce(b.points, 0) <> coalesce(f.points, 0)
        ELSE h.state = 'OPEN' OR coalesce(b.points, 0) <> e.points END)
LIMIT 100"""
_OWED = """
WITH back AS (
    SELECT reverses_id, sum(source_minor) AS source, sum(net_minor) AS net FROM accrual
    WHERE reverses_id IS NOT NULL GROUP BY reverses_id
),
refunded AS (SELECT redemption_id, sum(home_minor) AS home FROM refund GROUP BY redemption_id)
SELECT r.id, r.state, r.home_minor, sale.source_minor AS owed, b.source AS undone
FROM redemption r
LEFT JOIN pledge p ON p.redemption_id = r.id
LEFT JOIN accrual sale ON (sale.kind = 'SALE' AND sale.ref_id = r.id) OR sale.id = p.accrual_id
LEFT JOIN back b ON b.reverses_id = sale.id
LEFT JOIN refunded f ON f.redemption_id = r.id
WHERE coalesce(b.source, 0) <> -coalesce(f.home, 0) OR CASE r.state
        WHEN 'PENDING' THEN sale.id IS NOT NULL
        WHEN 'FULFILLED' THEN coalesce(sale.source_minor, 0) <> r.home_minor
        ELSE coalesce(sale.net_minor, 0) + coalesce(b.net, 0) <> 0 END
LIMIT 100"""
_BORNE = """
SELECT r.*, sale.source_minor AS accrued FROM redemption r
LEFT JOIN accrual sale ON sale.kind = 'SALE' AND sale.ref_id = r.id
WHERE r.partner_share_bp > 0 OR r.partner_discount_minor > 0"""
_REFUNDS = """
SELECT r.id, r.state, count(*) AS times, max(f.number) AS last, sum(f.price_minor) AS price,
    sum(f.quantity) AS units
FROM refund f JOIN redemption r ON r.id = f.redemption_id GROUP BY r.id
HAVING count(*) <> max(f.number) OR r.fulfilled_at IS NULL
    OR (r.state = 'FULFILLED') = ((sum(f.price_minor), sum(f.quantity), sum(f.points), sum(f.discount_points),
            sum(f.home_minor)) = (r.price_minor, r.quantity, r.points, r.list_points - r.points, r.home_minor))
    OR sum(f.price_minor) > r.price_minor OR sum(f.quantity) > r.quantity OR sum(f.points) > r.points
    OR sum(f.discount_points) > r.list_points - r.points OR sum(f.home_minor) > r.home_minor
LIMIT 100"""
_MONEY = """
WITH open AS (
    SELECT r.program_id, r.home_currency AS unit,
        r.home_minor - CASE WHEN c.ordered_at IS NULL THEN r.card_minor ELSE 0 END AS minor
    FROM redemption r LEFT JOIN card_payment c ON c.purpose = 'redemption_card' AND c.ref_id = r.id
    WHERE r.state = 'PENDING'
    UNION ALL SELECT program_id, currency, amount_minor FROM cash_redemption WHERE state = 'PENDING'
),
wanted AS (SELECT program_id, unit, sum(minor) AS minor FROM open GROUP BY program_id, unit),
held AS (
    SELECT a.owner_id AS program_id, a.unit,
        coalesce((SELECT sum(amount) FROM transfer WHERE credit_account_id = a.id), 0)
        - coalesce((SELECT sum(amount) FROM transfer WHERE debit_account_id = a.id), 0) AS minor
    FROM account a WHERE a.purpose = 'FUNDING_HELD'
)
SELECT program_id, unit, coalesce(h.minor, 0) AS books, coalesce(w.minor, 0) AS open
FROM held h FULL JOIN wanted w USING (program_id, unit) WHERE coalesce(h.minor, 0) <> coalesce(w.minor, 0)"""
_CASH = """
SELECT c.id, c.state, o.state AS transfer
FROM cash_redemption c LEFT JOIN outbound_transfer o ON o.id = c.outbound_id
WHERE c.state <> CASE
    WHEN o.id IS NULL THEN CASE WHEN c.waits_for IS NULL THEN 'FAILED' ELSE 'PENDING' END
    WHEN o.state IN ('SENT', 'IN_BANK') THEN 'FULFILLED'
    WHEN o.state = 'FAILED' THEN 'FAILED'
    WHEN o.state = 'REVERSED' THEN 'REFUNDED' ELSE 'PENDING' END
    OR o.amount_minor <> c.amount_minor OR o.currency <> c.currency
LIMIT 100"""
_CARDS = """
SELECT r.id, r.state, r.waits_for, r.card_minor, c.state AS card, c.amount_minor FROM redemption r
FULL JOIN (SELECT * FROM card_payment WHERE purpose = 'redemption_card') c ON c.ref_id = r.id
WHERE (coalesce(r.card_minor, 0) > 0 OR c.id IS NOT NULL) AND (
    r.id IS NULL OR (c.id IS NULL AND r.waits_for IS DISTINCT FROM 'IN_REVIEW'
        AND r.state IN ('PENDING', 'FULFILLED')) OR r.card_minor <> c.amount_minor OR r.home_currency <> c.currency
    OR CASE r.state
        WHEN 'PENDING' THEN CASE WHEN r.waits_for IS NOT NULL THEN c.state <> 'AWAITING'
            ELSE c.state NOT IN ('AUTHORISED', 'CAPTURING', 'CAPTURED') END
        WHEN 'FULFILLED' THEN c.state NOT IN ('CAPTURING', 'CAPTURED', 'FAILED')
        ELSE c.state IN ('AWAITING', 'AUTHORISED') END
) LIMIT 100"""
_REVIEWS = """
WITH held AS (
    SELECT id, waits_for FROM redemption UNION ALL SELECT id, waits_for FROM cash_redemption
)
SELECT coalesce(h.id, v.ref_id) AS id, h.waits_for, v.state AS review
FROM (SELECT * FROM held WHERE waits_for = 'IN_REVIEW') h
FULL JOIN (SELECT * FROM risk_review WHERE state = 'OPEN') v ON v.ref_id = h.id
WHERE h.id IS NULL OR v.ref_id IS NULL LIMIT 100"""
_ARRIVAL = """
SELECT r.id, r.kind, r.state, coalesce(s.state, c.state) AS beside FROM redemption r
LEFT JOIN shipment s ON s.redemption_id = r.id
LEFT JOIN credit c ON c.redemption_id = r.id
LEFT JOIN booking b ON b.redemption_id = r.id
LEFT JOIN pledge p ON p.redemption_id = r.id
WHERE CASE r.kind
    WHEN 'MERCHANDISE' THEN s.state IS NULL OR (r.state = 'PENDING') > (s.state IN ('ORDERED', 'PACKED'))
        OR (r.state = 'FULFILLED' AND s.state = 'ORDERED')
    WHEN 'BRAND_CURRENCY' THEN c.state IS NULL OR (r.state = 'PENDING') > (c.state = 'REQUESTED')
        OR (r.state = 'FULFILLED' AND c.state <> 'CREDITED')
    WHEN 'EXPERIENCE' THEN b.redemption_id IS NULL OR (b.checked_in_at IS NOT NULL AND r.state = 'CANCELLED')
    WHEN 'DONATION' THEN p.id IS NULL OR (r.state = 'FULFILLED') = (p.state = 'CANCELLED')
    ELSE FALSE END
LIMIT 100"""

_PARCELS = """
SELECT r.id, s.state AS shown, r.quantity, sum(p.units) FILTER (WHERE p.state NOT IN ('LOST', 'RETURNED')) AS units
FROM parcel p JOIN redemption r ON r.id = p.redemption_id LEFT JOIN shipment s ON s.redemption_id = r.id
GROUP BY r.id, s.state
HAVING r.kind <> 'MERCHANDISE' OR count(*) <> max(p.number)
    OR sum(p.units) FILTER (WHERE p.state NOT IN ('LOST', 'RETURNED')) > r.quantity
    OR (r.state = 'PENDING' AND bool_or(p.state <> 'PACKED'))
    OR bool_or(p.state = 'SHIPPED') <> (s.state = 'SHIPPED')
        AND NOT (s.state = 'SHIPPED' AND bool_or(p.state = 'DELIVERED'))
    OR (s.state = 'DELIVERED' AND NOT bool_or(p.state = 'DELIVERED'))
LIMIT 100"""
_RESERVED = """
WITH open AS (SELECT item_id, sum(quantity) AS units FROM reservation WHERE state = 'OPEN' GROUP BY item_id),
moved AS (
    SELECT item_id, sum(change) AS units FROM stock_movement WHERE ref_type = 'reservation' GROUP BY item_id
)
SELECT item_id, coalesce(o.units, 0) AS reserved, coalesce(m.units, 0) AS out, coalesce(s.taken, 0) AS taken
FROM open o FULL JOIN moved m USING (item_id) LEFT JOIN stock s USING (item_id)
WHERE coalesce(o.units, 0) <> coalesce(m.units, 0) OR coalesce(o.units, 0) > coalesce(s.taken, 0)
LIMIT 100"""
_RESERVED_EACH = """
SELECT v.id, v.state, coalesce(sum(m.change), 0) AS out FROM reservation v
LEFT JOIN stock_movement m ON m.ref_id = v.id GROUP BY v.id
HAVING (v.state = 'OPEN') <> (coalesce(sum(m.change), 0) = 1) OR coalesce(sum(m.change), 0) NOT IN (0, 1)
LIMIT 100"""
_WAITING = """
SELECT w.id, w.state, r.state AS reservation FROM waiting_place w LEFT JOIN reservation r ON r.place_id = w.id
WHERE CASE w.state WHEN 'OFFERED' THEN r.state IS DISTINCT FROM 'OPEN' WHEN 'PASSED' THEN r.id IS NULL
        OR r.state NOT IN ('LAPSED', 'RELEASED') WHEN 'TAKEN' THEN r.state <> 'USED'
    ELSE r.id IS NOT NULL END OR r.member_id <> w.member_id OR r.item_id <> w.item_id OR r.quantity <> 1
LIMIT 100"""
_BATCHES = """
SELECT b.id, b.state, b.credits, count(c.redemption_id) AS found,
    count(*) FILTER (WHERE r.state = 'PENDING') AS waiting
FROM credit_batch b LEFT JOIN credit c ON c.batch_id = b.id LEFT JOIN redemption r ON r.id = c.redemption_id
GROUP BY b.id
HAVING b.credits <> count(c.redemption_id) OR bool_or(r.partner_id <> b.partner_id OR r.state = 'CANCELLED')
    OR (b.state = 'ANSWERED' AND count(*) FILTER (WHERE r.state = 'PENDING') > 0)
LIMIT 100"""
_RETURNS = """
SELECT w.id, w.state, w.quantity FROM return_request w JOIN redemption r ON r.id = w.redemption_id
WHERE r.kind <> 'MERCHANDISE' OR r.fulfilled_at IS NULL OR w.quantity > r.quantity
    OR (w.state = 'REQUESTED') <> (w.answered_at IS NULL)
    OR (w.state = 'REFUSED') <> (w.refused_reason IS NOT NULL)
    OR (w.state = 'RECEIVED' AND NOT EXISTS (SELECT FROM refund f WHERE f.redemption_id = r.id))
LIMIT 100"""


async def check_codes_out_are_redeemed() -> AsyncIterator[Violation]:
    """Each code that left the shelf belongs to one redemption, or was exchanged by support; no other does."""
    for row in await database.rows(_CODES):
        detail = f"position {row['position']} is out {row['out']} times and has {row['owners']} owners"
        yield Violation("codes out are redeemed", f"item {row['item_id']}", detail)


async def check_redemptions_hold_their_points() -> AsyncIterator[Violation]:
    """Pending ones hold their points, fulfilled ones have spent them, all others have given them back."""
    for row in await database.rows(_HOLDS):
        detail = (
            f"{row['state']} for {row['points']}; the hold of {row['held']} is {row['hold']}, {row['back']} back"
        )
        yield Violation("redemptions hold their points", f"{row['what']} {row['id']}", detail)


async def check_redemptions_are_owed() -> AsyncIterator[Violation]:
    """Each fulfilled redemption accrued its price once; what was undone is owed no more."""
    for row in await database.rows(_OWED):
        detail = f"{row['state']} for {row['home_minor']}: {row['owed']} owed, {row['undone']} taken back"
        yield Violation("redemptions are owed", f"redemption {row['id']}", detail)


async def check_partners_bear_what_they_agreed() -> AsyncIterator[Violation]:
    """Where a partner bears a part of a tier discount, the price less exactly that part is charged and accrued."""
    async for batch in database.stream(_BORNE, batch=1000):
        for row in batch:
            problem = wrongly_borne(row)
            if problem is not None:
                yield Violation("partners bear what they agreed", f"redemption {row['id']}", problem)


async def check_refunds_add_up() -> AsyncIterator[Violation]:
    """Refunds are numbered and give back no more than was paid, and all of it exactly when it is closed."""
    for row in await database.rows(_REFUNDS):
        detail = (
            f"{row['state']}: {row['times']} refunds up to {row['last']}, {row['price']} of {row['units']} units"
        )
        yield Violation("refunds add up", f"redemption {row['id']}", detail)


async def check_held_money_is_for_open_redemptions() -> AsyncIterator[Violation]:
    """What each program has set aside is the sum of its pending redemptions and payouts of points."""
    for row in await database.rows(_MONEY):
        detail = f"the books hold {row['books']} {row['unit']}, {row['open']} are pending"
        yield Violation("held money is for open redemptions", f"program {row['program_id']}", detail)


async def check_cash_follows_its_transfer() -> AsyncIterator[Violation]:
    """A payout of points stands where its transfer stands."""
    for row in await database.rows(_CASH):
        detail = f"{row['state']}, its transfer is {row['transfer']}"
        yield Violation("cash follows its transfer", f"cash redemption {row['id']}", detail)


async def check_cards_go_with_their_redemptions() -> AsyncIterator[Violation]:
    """Each card pays what its redemption says, is waited for while it does, and is not kept by one that ended."""
    for row in await database.rows(_CARDS):
        detail = (
            f"{row['state']} waits for {row['waits_for']}: {row['card_minor']} by a card that is {row['card']}"
        )
        yield Violation("cards go with their redemptions", f"redemption {row['id']}", detail)


async def check_reviews_hold_what_they_are_about() -> AsyncIterator[Violation]:
    """An open review holds one redemption, and what is held has an open review."""
    for row in await database.rows(_REVIEWS):
        detail = f"it waits for {row['waits_for']}, its review is {row['review']}"
        yield Violation("reviews hold what they are about", f"redemption {row['id']}", detail)


async def check_redemptions_arrive() -> AsyncIterator[Violation]:
    """Each redemption has what its kind arrives by, in a state that goes with its own."""
    for row in await database.rows(_ARRIVAL):
        detail = f"{row['kind']} is {row['state']}, what stands beside it {row['beside']}"
        yield Violation("redemptions arrive", f"redemption {row['id']}", detail)


async def check_parcels_carry_what_was_taken() -> AsyncIterator[Violation]:
    """Parcels carry no more units than were taken, none left before the partner is owed, the order shows them."""
    for row in await database.rows(_PARCELS):
        detail = f"{row['units']} of {row['quantity']} units in parcels, shown as {row['shown']}"
        yield Violation("parcels carry what was taken", f"redemption {row['id']}", detail)


async def check_returns_are_refunded() -> AsyncIterator[Violation]:
    """What the partner has back was refunded, and every answer has its moment."""
    for row in await database.rows(_RETURNS):
        yield Violation(
            "returns are refunded", f"return {row['id']}", f"{row['state']} for {row['quantity']} units"
        )


async def check_batches_hold_their_credits() -> AsyncIterator[Violation]:
    """A batch has the credits it was closed with, all of its partner, and none waits once it is answered."""
    for row in await database.rows(_BATCHES):
        detail = f"{row['state']} with {row['credits']} credits: {row['found']} found, {row['waiting']} waiting"
        yield Violation("batches hold their credits", f"batch {row['id']}", detail)


async def check_reservations_hold_their_units() -> AsyncIterator[Violation]:
    """What is set aside is counted in stock, unit for unit, and by nothing but the open reservations."""
    name = "reservations hold their units"
    for row in await database.rows(_RESERVED):
        detail = f"{row['reserved']} are set aside, {row['out']} are off the shelf, of {row['taken']} taken"
        yield Violation(name, f"item {row['item_id']}", detail)
    for row in await database.rows(_RESERVED_EACH):
        detail = f"{row['state']}, and its first unit is off the shelf {row['out']} times"
        yield Violation(name, f"reservation {row['id']}", detail)


async def check_who_waits_is_offered_what_is_set_aside() -> AsyncIterator[Violation]:
    """Each offer to who waits is one unit that is set aside for them, and ends as that ends."""
    for row in await database.rows(_WAITING):
        detail = f"{row['state']}, what is set aside for it is {row['reservation']}"
        yield Violation("who waits is offered what is set aside", f"waiting place {row['id']}", detail)


CHECKS: tuple[Check, ...] = (
    check_codes_out_are_redeemed,
    check_redemptions_hold_their_points,
    check_redemptions_are_owed,
    check_partners_bear_what_they_agreed,
    check_refunds_add_up,
    check_held_money_is_for_open_redemptions,
    check_cash_follows_its_transfer,
    check_cards_go_with_their_redemptions,
    check_reviews_hold_what_they_are_about,
    check_redemptions_arrive,
    check_parcels_carry_what_was_taken,
    check_returns_are_refunded,
    check_batches_hold_their_credits,
    check_reservations_hold_their_units,
    check_who_waits_is_offered_what_is_set_aside,
)
