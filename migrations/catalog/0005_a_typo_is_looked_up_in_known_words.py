from tortoise import fields, migrations
from tortoise.migrations import operations as ops


class Migration(migrations.Migration):
    """The words that offers are found by, with trigrams: a few known words like a typo, instead of every offer."""

    dependencies = [("catalog", "0004_words_with_typos_find_offers")]

    initial = False

    operations = [
        ops.CreateModel(
            name="SearchWord",
            fields=[("word", fields.CharField(primary_key=True, unique=True, db_index=True, max_length=40))],
            options={
                "table": "search_word",
                "app": "catalog",
                "pk_attr": "word",
                "table_description": "A word that some offer is found by; a word with a typo is looked up here first.",
            },
            bases=["Model"],
        ),
        ops.RunSQL(
            'CREATE INDEX "search_word_alike" ON "search_word" USING gin (word gin_trgm_ops)',
            'DROP INDEX "search_word_alike"',
        ),
        ops.RunSQL(
            """
            INSERT INTO search_word (word)
            SELECT DISTINCT found.word FROM offer, unnest(string_to_array(search_text, ' ')) AS found (word)
            WHERE length(found.word) BETWEEN 3 AND 40""",
            "DELETE FROM search_word",
        ),
        ops.RunSQL(
            "DROP FUNCTION offers_spelt_like(text, integer)",
            """
            CREATE FUNCTION offers_spelt_like(word text, most integer) RETURNS SETOF uuid
            LANGUAGE sql STABLE PARALLEL SAFE SET pg_trgm.word_similarity_threshold = 0.45
            AS $$
                SELECT id FROM offer WHERE word <% search_text AND status = 'PUBLISHED'
                ORDER BY popularity DESC LIMIT most
            $$""",
        ),
    ]
