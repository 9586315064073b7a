from tortoise import migrations
from tortoise.migrations import operations as ops
from tortoise.migrations.constraints import CheckConstraint


class Migration(migrations.Migration):
    dependencies = [("webhooks", "0005_payments_go_back")]

    initial = False

    operations = [
        ops.RemoveConstraint(
            model_name="Event",
            name="webhook_event_type_known",
            fields=None,
        ),
        ops.AddConstraint(
            model_name="Event",
            constraint=CheckConstraint(
                check="type IN ('redemption.requested', 'redemption.fulfilled', 'redemption.cancelled', 'redemption.failed', 'redemption.refunded', 'statement.issued', 'payout.sent', 'payout.in_bank', 'payout.failed', 'payout.partly_returned', 'gift.claimed', 'points.expiring', 'drop.opening', 'waiting.offered', 'waiting.passed', 'upload.published', 'funding.low', 'invoice.reopened', 'webhook.test')",
                name="webhook_event_type_known",
            ),
        ),
    ]
