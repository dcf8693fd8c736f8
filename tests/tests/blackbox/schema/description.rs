//! A schema in lines of text that mean the same whichever database they come from.

use tests::{Database, Kind};

/// Columns, primary keys, indexes and foreign keys, a line each, sorted.
pub(crate) fn describe(database: &Database) -> Vec<String> {
    let queries = match database.kind() {
        Kind::Sqlite => SQLITE,
        Kind::Postgres => POSTGRES,
    };
    let rows = queries.iter().flat_map(|sql| database.query(sql));
    let mut lines: Vec<String> = rows.map(|row| line(&row)).collect();
    lines.sort();
    lines
}

/// The tables with their columns, as `describe` writes them, and nothing else.
pub(crate) fn is_of_columns(line: &str) -> bool {
    line.starts_with("column ") || line.starts_with("primary key ")
}

fn line(row: &[String]) -> String {
    row.iter().map(|value| coarse(value)).filter(|it| !it.is_empty()).collect::<Vec<_>>().join(" ")
}

/// One word for what the two databases, and Diesel, call differently.
pub(crate) fn coarse(kind: &str) -> &str {
    match kind {
        // An SQLite primary key of this type, and of no other, is the row's own number.
        "BIGINT" | "INTEGER" | "BigInt" => "bigint",
        "BLOB" | "bytea" | "Binary" => "bytes",
        "BOOLEAN" | "Bool" => "boolean",
        "TEXT" | "Text" => "text",
        other => other,
    }
}

/// The migrations' own table is theirs.
const SQLITE: [&str; 4] = [
    "SELECT 'column', t.name || '.' || c.name, c.type, CASE c.\"notnull\" WHEN 1 THEN 'not null' END
     FROM sqlite_master t, pragma_table_info(t.name) c
     WHERE t.type = 'table' AND t.name NOT LIKE 'sqlite%' AND t.name NOT LIKE '\\_\\_%' ESCAPE '\\'",
    "SELECT 'primary key', name, group_concat(column, ', ')
     FROM (SELECT t.name, c.name AS column
           FROM sqlite_master t, pragma_table_info(t.name) c
           WHERE t.type = 'table' AND c.pk > 0 AND t.name NOT LIKE '\\_\\_%' ESCAPE '\\'
           ORDER BY t.name, c.pk)
     GROUP BY name",
    // A constraint's index has another name on each database.
    "SELECT CASE \"unique\" WHEN 1 THEN 'unique' END, 'index',
            CASE origin WHEN 'c' THEN index_name END, 'on', table_name, group_concat(column, ', '),
            CASE partial WHEN 1 THEN 'of some rows' END
     FROM (SELECT t.name AS table_name, i.name AS index_name, i.\"unique\", i.origin, i.partial,
                  c.name || CASE c.desc WHEN 1 THEN ' desc' ELSE '' END AS column
           FROM sqlite_master t, pragma_index_list(t.name) i, pragma_index_xinfo(i.name) c
           WHERE t.type = 'table' AND i.origin <> 'pk' AND c.key = 1
             AND t.name NOT LIKE '\\_\\_%' ESCAPE '\\'
           ORDER BY t.name, i.name, c.seqno)
     GROUP BY table_name, index_name",
    "SELECT 'foreign key', t.name || '.' || f.\"from\", 'to', f.\"table\" || '.' || f.\"to\",
            'on delete', lower(f.on_delete)
     FROM sqlite_master t, pragma_foreign_key_list(t.name) f WHERE t.type = 'table'",
];

const POSTGRES: [&str; 4] = [
    "SELECT 'column', table_name || '.' || column_name, data_type,
            CASE is_nullable WHEN 'NO' THEN 'not null' END
     FROM information_schema.columns
     WHERE table_schema = 'public' AND table_name NOT LIKE '\\_\\_%'",
    "SELECT 'primary key', i.indrelid::regclass, string_agg(a.attname, ', ' ORDER BY k.place)
     FROM pg_index i
     JOIN pg_class c ON c.oid = i.indrelid AND c.relnamespace = 'public'::regnamespace
     CROSS JOIN unnest(i.indkey) WITH ORDINALITY AS k (number, place)
     JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = k.number
     WHERE i.indisprimary AND c.relname NOT LIKE '\\_\\_%'
     GROUP BY i.indrelid",
    "SELECT CASE WHEN i.indisunique THEN 'unique' END, 'index',
            CASE WHEN o.oid IS NULL THEN i.indexrelid::regclass::text END, 'on',
            i.indrelid::regclass,
            string_agg(a.attname || CASE i.indoption[k.place - 1] & 1 WHEN 1 THEN ' desc' ELSE '' END,
                       ', ' ORDER BY k.place),
            CASE WHEN i.indpred IS NOT NULL THEN 'of some rows' END
     FROM pg_index i
     JOIN pg_class c ON c.oid = i.indrelid AND c.relnamespace = 'public'::regnamespace
     LEFT JOIN pg_constraint o ON o.conindid = i.indexrelid AND o.contype = 'u'
     CROSS JOIN unnest(i.indkey) WITH ORDINALITY AS k (number, place)
     JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = k.number
     WHERE NOT i.indisprimary AND c.relname NOT LIKE '\\_\\_%'
     GROUP BY i.indexrelid, i.indrelid, i.indisunique, i.indpred, o.oid",
    "SELECT 'foreign key', o.conrelid::regclass || '.' || a.attname, 'to',
            o.confrelid::regclass || '.' || b.attname, 'on delete',
            CASE o.confdeltype WHEN 'c' THEN 'cascade' WHEN 'n' THEN 'set null'
                 WHEN 'r' THEN 'restrict' ELSE 'no action' END
     FROM pg_constraint o
     JOIN pg_attribute a ON a.attrelid = o.conrelid AND a.attnum = o.conkey[1]
     JOIN pg_attribute b ON b.attrelid = o.confrelid AND b.attnum = o.confkey[1]
     WHERE o.contype = 'f' AND o.connamespace = 'public'::regnamespace",
];
