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
            [
                'CREATE INDEX "search_word_alike" ON "search_word" USING gin (word gin_trgm_ops)',
                "\n            INSERT INTO search_word (word)\n            SELECT DISTINCT found.word FROM offer, unnest(string_to_array(search_text, ' ')) AS found (word)\n            WHERE length(found.word) BETWEEN 3 AND 40",
                "DROP FUNCTION offers_spelt_like(text, integer)",
            ],
            [
                "\n            CREATE FUNCTION offers_spelt_like(word text, most integer) RETURNS SETOF uuid\n            LANGUAGE sql STABLE PARALLEL SAFE SET pg_trgm.word_similarity_threshold = 0.45\n            AS $$\n                SELECT id FROM offer WHERE word <% search_text AND status = 'PUBLISHED'\n                ORDER BY popularity DESC LIMIT most\n            $$",
                "DELETE FROM search_word",
                'DROP INDEX "search_word_alike"',
            ],
        ),
    ]
