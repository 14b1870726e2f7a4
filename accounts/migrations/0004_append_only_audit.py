"""Has the database itself refuse to change or delete an audit entry.

One change is let through: an entry loses its person when the person is deleted, and keeps the name.
A later migration that rebuilds the table on SQLite loses the triggers there, and must run this again.
"""

from django.db import migrations

TABLE = "accounts_auditentry"
KEPT = ("id", "at", "actor_name", "action", "target", "address", "details")
_UNCHANGED = " AND ".join(f"NEW.{name} IS NOT DISTINCT FROM OLD.{name}" for name in KEPT)

SQLITE = (
    f"""CREATE TRIGGER audit_is_never_changed BEFORE UPDATE ON {TABLE}
    WHEN NOT (NEW.actor_id IS NULL AND {_UNCHANGED.replace("IS NOT DISTINCT FROM", "IS")})
    BEGIN SELECT RAISE(ABORT, 'an audit entry is never changed'); END""",
    f"""CREATE TRIGGER audit_is_never_deleted BEFORE DELETE ON {TABLE}
    BEGIN SELECT RAISE(ABORT, 'an audit entry is never deleted'); END""",
)
POSTGRESQL = (
    """CREATE FUNCTION refuse_audit_change() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN RAISE EXCEPTION 'an audit entry is never changed or deleted'; END $$""",
    f"""CREATE TRIGGER audit_is_never_changed BEFORE UPDATE ON {TABLE} FOR EACH ROW
    WHEN (NOT (NEW.actor_id IS NULL AND {_UNCHANGED})) EXECUTE FUNCTION refuse_audit_change()""",
    f"""CREATE TRIGGER audit_is_never_deleted BEFORE DELETE ON {TABLE} FOR EACH ROW
    EXECUTE FUNCTION refuse_audit_change()""",
)


def guard(apps, schema_editor):
    statements = {"sqlite": SQLITE, "postgresql": POSTGRESQL}
    for statement in statements[schema_editor.connection.vendor]:
        schema_editor.execute(statement, params=None)


def unguard(apps, schema_editor):
    is_postgresql = schema_editor.connection.vendor == "postgresql"
    of_table = f" ON {TABLE}" if is_postgresql else ""
    for name in ("audit_is_never_changed", "audit_is_never_deleted"):
        schema_editor.execute(f"DROP TRIGGER {name}{of_table}", params=None)
    if is_postgresql:
        schema_editor.execute("DROP FUNCTION refuse_audit_change()", params=None)


class Migration(migrations.Migration):
    dependencies = [("accounts", "0003_email_is_ones_own")]

    operations = [migrations.RunPython(guard, unguard)]
