"""The law of candles, for every writer: a closed one changes by a counted correction only."""

from django.db import migrations

VALUES = "open, high, low, close, volume, source_id"
WAS = ", ".join(f"OLD.{name}" for name in VALUES.split(", "))
IS = ", ".join(f"NEW.{name}" for name in VALUES.split(", "))
KEEP = f"""
    INSERT INTO market_correction
        (series_id, opened_at, revision, {VALUES}, replaced_at)
    VALUES (OLD.series_id, OLD.opened_at, OLD.revision, {WAS}, NEW.seen_at);"""
# A source that changes its mind without end stays at the most revisions that fit.
LAWLESS = (
    "NEW.state <> 2"
    " OR NEW.revision <> CASE WHEN OLD.revision < 32767 THEN OLD.revision + 1 ELSE 32767 END"
)
REFUSED = "a closed candle changes by a counted correction only"
CREATE = {
    "sqlite": [f"""
        CREATE TRIGGER market_candle_corrections AFTER UPDATE ON market_candle
        WHEN OLD.state <> 0 AND (NEW.state, {IS}) IS NOT (OLD.state, {WAS})
        BEGIN
            SELECT RAISE(ABORT, '{REFUSED}') WHERE {LAWLESS};
            {KEEP}
        END"""],
    "postgresql": [
        f"""
        CREATE FUNCTION market_keep_correction() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            -- In parentheses, or the THEN of its CASE would end it.
            IF ({LAWLESS}) THEN
                RAISE EXCEPTION '{REFUSED}' USING ERRCODE = 'check_violation';
            END IF;
            {KEEP}
            RETURN NULL;
        END $$""",
        f"""
        CREATE TRIGGER market_candle_corrections AFTER UPDATE ON market_candle FOR EACH ROW
        WHEN (OLD.state <> 0 AND (NEW.state, {IS}) IS DISTINCT FROM (OLD.state, {WAS}))
        EXECUTE FUNCTION market_keep_correction()""",
    ],
}
DROP = {
    "sqlite": ["DROP TRIGGER market_candle_corrections"],
    "postgresql": [
        "DROP TRIGGER market_candle_corrections ON market_candle",
        "DROP FUNCTION market_keep_correction()",
    ],
}


def create(apps, schema_editor):
    for statement in CREATE[schema_editor.connection.vendor]:
        schema_editor.execute(statement)


def drop(apps, schema_editor):
    for statement in DROP[schema_editor.connection.vendor]:
        schema_editor.execute(statement)


class Migration(migrations.Migration):

    dependencies = [
        ('market', '0003_figures'),
    ]

    operations = [migrations.RunPython(create, drop)]
