from tortoise import migrations
from tortoise.migrations import operations as ops


class Migration(migrations.Migration):
    """A search word that nothing spells exactly: the most popular offers with a word like it, by the index.

    A function, because it is the one way to give `<%` its threshold without state in the session.
    """

    dependencies = [("catalog", "0003_takes_are_counted_by_member")]

    operations = [
        ops.RunSQL(
            """
            CREATE FUNCTION offers_spelt_like(word text, most integer) RETURNS SETOF uuid
            LANGUAGE sql STABLE PARALLEL SAFE SET pg_trgm.word_similarity_threshold = 0.45
            AS $$
                SELECT id FROM offer WHERE word <% search_text AND status = 'PUBLISHED'
                ORDER BY popularity DESC LIMIT most
            $$""",
            "DROP FUNCTION offers_spelt_like(text, integer)",
        ),
    ]
