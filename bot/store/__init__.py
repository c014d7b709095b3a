"""What we keep: tables, unit of work, queries, migrations."""
