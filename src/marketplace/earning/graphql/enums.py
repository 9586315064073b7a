"""The words of earning, described."""

from marketplace.earning.words import (
    Clawback,
    EventState,
    EventType,
    GrantState,
    Kind,
    Measure,
    Period,
    Reason,
    ReferralProblem,
    Rounding,
    RuleState,
    Side,
    Warned,
)
from marketplace.kit.graphql import describe_enum

describe_enum(
    EventType,
    "What somebody did. The last three are told by the calendar, not by a program.",
    name="EarningEventType",
    PURCHASE="They bought something.",
    REPEAT_PURCHASE="They bought again.",
    UPGRADE="They moved to something better.",
    REFERRAL="They were invited by a member, whose code is told.",
    REVIEW="They wrote a review.",
    TESTIMONIAL="They recommended you.",
    OWN_CONTENT="They shared a picture, a film or a text of their own.",
    SURVEY="They answered a survey.",
    SIGN_UP="They signed up.",
    OPT_IN="They agreed to something, such as a newsletter; the consent is kept.",
    RETURN_AFTER_ABSENCE="They came back after a while.",
    TILL_SCAN="They showed their card at the till.",
    CUSTOM="Something of your own; it has a name.",
    ANNIVERSARY="The day of the year on which they enrolled.",
    ON_DATE="A day that a rule names.",
    EVERY_MONTH="A day of each month that a rule names.",
)
describe_enum(
    EventState,
    "Where an event stands.",
    name="EarningEventState",
    WAITING="Its person has not enrolled yet.",
    JUDGED="The rules of its day have looked at it.",
    PARTLY_REVERSED="A part of it went back.",
    REVERSED="All of it went back.",
    EXPIRED="It waited too long for its person.",
)
describe_enum(
    RuleState,
    "Where a rule stands.",
    name="EarningRuleState",
    DRAFT="Nobody has earned by it.",
    LIVE="Members earn by it.",
    PAUSED="Nobody earns by it for now.",
    ENDED="It is over.",
)
describe_enum(
    Kind,
    "How a rule counts.",
    name="EarningKind",
    PER_AMOUNT="Points for each amount that is paid.",
    FIXED="The same points each time.",
    GOAL_TIMES="Points when something was done so many times.",
    GOAL_AMOUNT="Points when so much was paid together.",
    REFERRAL="Points to both sides at an invited member's first purchase.",
)
describe_enum(
    Rounding,
    "What becomes of a part of a point.",
    name="EarningRounding",
    DOWN="It is dropped.",
    NEAREST="From a half on it becomes a point.",
    UP="It becomes a point.",
)
describe_enum(
    Period,
    "How long a limit or a goal counts before it begins anew, by the program's calendar.",
    name="EarningPeriod",
    DAY="A day.",
    WEEK="A week from Monday.",
    MONTH="A calendar month.",
    QUARTER="A calendar quarter.",
    YEAR="A calendar year.",
    EVER="For good.",
)
describe_enum(
    Measure,
    "What shows whether a rule does what it is for.",
    name="EarningMeasure",
    PARTICIPANTS="How many members earned by it.",
    EVENTS="How many events earned by it.",
    AMOUNT="What was paid in those events, in the home currency, in minor units.",
    REFERRALS="How many invitations were rewarded.",
)
describe_enum(
    Side,
    "To whom points went.",
    name="EarningSide",
    MEMBER="Who did it.",
    REFERRER="Who had invited them.",
)
describe_enum(
    GrantState,
    "Where points of a rule stand.",
    name="EarningGrantState",
    PENDING="They are on their way, and cannot be spent yet.",
    CREDITED="They came, into the wallet or against a debt.",
    REVERSED="All of them went back.",
)
describe_enum(
    Clawback,
    "What a program does about points of a returned purchase that are spent already.",
    name="ClawbackRule",
    DEBT="What is missing is kept from what the member earns next.",
    FORGIVE="What is there is taken, the rest is forgiven.",
    KEEP="Points that came are kept; only pending ones are taken.",
)
describe_enum(
    Reason,
    "What a rule said to an event.",
    name="EarningReason",
    EARNED="It gave points.",
    GOAL_NOT_YET="It counts, and the goal is not reached.",
    CAP_REACHED="The member's limit is reached.",
    BUDGET_SPENT="The budget does not hold the points.",
    TOO_LITTLE="The amount is too small.",
    OTHER_CURRENCY="The rule counts other currencies.",
    NO_AMOUNT="No amount was told.",
    OTHER_TIER="The rule is for other levels.",
    OTHER_SEGMENT="The rule is for other members.",
    OTHER_CHANNEL="The rule is for other channels.",
    OTHER_ATTRIBUTE="An attribute is another one.",
    OTHER_DAY="The rule is for other days.",
    OUTRANKED="Another rule of its group gave more.",
    NOT_REFERRED="Nobody invited the member, or that was rewarded before.",
    HELD_OUT="The member is of the share that the rule is measured against.",
)
describe_enum(
    ReferralProblem,
    "Why a referral does not count.",
    UNKNOWN_CODE="The program has no such code.",
    ONESELF="It is the member's own code.",
    REFERRED_BEFORE="The member was invited by somebody before.",
    RING="The inviter was invited by this member, directly or over others.",
    NOT_NEW="The member has bought something before.",
)
describe_enum(
    Warned,
    "What may make a rule fail, though it is sound.",
    name="EarningWarningCode",
    TOO_MANY_CONDITIONS="People will not keep it in mind.",
    SLOW_FIRST_REWARD="A newcomer waits longer for a first reward than the program wants.",
    OVERLAPS="Another live rule looks at the same events, and both give.",
    NO_LIMIT="It has neither a budget nor a limit for each member.",
)
