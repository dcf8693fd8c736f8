//! Somebody with the database in hands alters a record. `ledger verify` must say so, whatever it was.

use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use serde_json::json;
use tests::{Cell, Database, Kind, PROJECT, Service, bodies, both, setting};

both!(
    every_alteration_is_found,
    a_forged_erasure_is_found,
    a_log_that_was_deleted_does_not_begin_again
);

/// A service's database with 2,000 events in it and some audit records; the service is gone.
fn filled(database: Database) -> Service {
    let mut service = Service::start(database);
    for part in 0..4 {
        service.key().ingest(&bodies::events(&format!("e{part}"), 500)).expect(200);
    }
    for scope in ["read", "ingest", "manage"] {
        service.new_key(&[scope]);
    }
    service
        .key()
        .json("PATCH", PROJECT, &json!({"settings": {"content_policy": "redacted"}}))
        .expect(200);
    service.stop();
    assert_eq!(verify(service.database()), 0, "what nobody touched is clean");
    service
}

fn verify(database: &Database) -> i32 {
    database.researchflow(&["ledger", "verify"]).code
}

fn every_alteration_is_found(database: Database) {
    let service = filled(database);
    let origin = service.database();
    let tables = Table::all(origin);
    assert!(tables.len() >= 4, "the tables of records are known by their names");
    let seed = rand::random();
    let mut dice = StdRng::seed_from_u64(seed);
    let mut missed = Vec::new();
    for _ in 0..setting("TAMPER_TRIES", 40) {
        let table = &tables[dice.random_range(0..tables.len())];
        let Some(sql) = table.alteration(origin, &mut dice) else { continue };
        let copy = origin.copy();
        copy.execute(&sql);
        if verify(&copy) != 1 {
            missed.push(sql.chars().take(300).collect::<String>());
        }
    }
    assert!(missed.is_empty(), "seed {seed}: not found:\n{}", missed.join("\n"));
}

/// A record is taken away, and a note left that its project was erased by right.
fn a_forged_erasure_is_found(database: Database) {
    let service = filled(database);
    let copy = service.database().copy();
    copy.execute(
        "INSERT INTO ledger_erasures SELECT 'invocations', 5, 5, project_id FROM invocations WHERE ledger_index = 5;
         DELETE FROM ledger_records WHERE log = 'invocations' AND ledger_index = 5;
         DELETE FROM invocation_labels WHERE ledger_index = 5;
         DELETE FROM invocations WHERE ledger_index = 5;",
    );
    assert_eq!(verify(&copy), 1);
}

fn a_log_that_was_deleted_does_not_begin_again(database: Database) {
    let service = filled(database);
    for logs in ["'audit'", "'invocations'", "'audit', 'invocations'"] {
        let copy = service.database().copy();
        for table in ["records", "entries", "tiles", "heads"] {
            copy.execute(&format!("DELETE FROM ledger_{table} WHERE log IN ({logs})"));
        }
        if logs.contains("audit") {
            copy.execute("DELETE FROM audit_events");
        }
        if logs.contains("invocations") {
            copy.execute("DELETE FROM invocation_labels");
            copy.execute("DELETE FROM invocations");
            copy.execute("DELETE FROM runs");
        }
        assert_eq!(verify(&copy), 1, "{logs}");
        let refused = Service::builder(copy).refused();
        assert_eq!(refused.code, 1, "{logs}: {refused:?}");
        assert!(refused.complaint.contains("head was deleted"), "{logs}: {refused:?}");
    }
}

/// A table that holds records, as its own schema describes it.
struct Table {
    name: String,
    columns: Vec<Cell>,
    rows: usize,
}

impl Table {
    fn all(database: &Database) -> Vec<Self> {
        let mut tables: Vec<Self> = Vec::new();
        for cell in database.columns() {
            if !["invocation", "ledger", "audit"].iter().any(|word| cell.table.contains(word)) {
                continue;
            }
            match tables.last_mut() {
                Some(table) if table.name == cell.table => table.columns.push(cell),
                _ => tables.push(Self { name: cell.table.clone(), columns: vec![cell], rows: 0 }),
            }
        }
        for table in &mut tables {
            table.rows = database.count(&format!("SELECT count(*) FROM {}", table.name));
        }
        tables.retain(|table| table.rows > 0);
        tables
    }

    /// Statements that alter something; none if the dice fell on what this table does not have.
    fn alteration(&self, database: &Database, dice: &mut StdRng) -> Option<String> {
        let name = &self.name;
        let row = self.row(database, dice);
        Some(match dice.random_range(0..8) {
            0..4 => self.edit(database, &row, dice),
            4 => format!("DELETE FROM {name} WHERE {row}"),
            5 => self.swap(database, dice)?,
            6 => {
                let (key, tail) = (&self.number_key()?.column, dice.random_range(0..4));
                format!(
                    "DELETE FROM {name} WHERE {key} >= (SELECT max({key}) FROM {name}) - {tail}"
                )
            }
            _ => self.insert(&row)?,
        })
    }

    /// The condition that only one row, chosen at random, fulfils.
    fn row(&self, database: &Database, dice: &mut StdRng) -> String {
        let offset = dice.random_range(0..self.rows);
        let keys: Vec<&Cell> = self.columns.iter().filter(|cell| cell.key).collect();
        let names: Vec<&str> = keys.iter().map(|cell| cell.column.as_str()).collect();
        let names = names.join(", ");
        let sql =
            format!("SELECT {names} FROM {} ORDER BY {names} LIMIT 1 OFFSET {offset}", self.name);
        let values = database.query(&sql).remove(0);
        let equals =
            |(cell, value): (&&Cell, String)| format!("{} = {}", cell.column, literal(&value));
        keys.iter().zip(values).map(equals).collect::<Vec<_>>().join(" AND ")
    }

    /// One value of one row becomes another: a character, a bit, a number.
    fn edit(&self, database: &Database, row: &str, dice: &mut StdRng) -> String {
        let cell = &self.columns[dice.random_range(0..self.columns.len())];
        let (name, column) = (&self.name, &cell.column);
        let value = match cell.kind.to_ascii_lowercase().as_str() {
            // A neighbour's number would be refused by the database itself.
            "bigint" | "integer" if cell.key => format!("{column} + 1000000"),
            "bigint" | "integer" => format!("coalesce({column}, 0) + 1"),
            "boolean" => format!("NOT {column}"),
            "blob" | "bytea" => flipped(database, name, column, row, dice),
            _ => {
                let long = database.count(&format!(
                    "SELECT coalesce(length({column}), 0) FROM {name} WHERE {row}"
                ));
                let at = if long == 0 { 1 } else { dice.random_range(1..=long) };
                format!(
                    "coalesce(substr({column}, 1, {at} - 1), '') \
                     || CASE substr({column}, {at}, 1) WHEN '~' THEN '^' ELSE '~' END \
                     || coalesce(substr({column}, {at} + 1), '')"
                )
            }
        };
        format!("UPDATE {name} SET {column} = {value} WHERE {row}")
    }

    /// Two rows trade places: each gets the other's number.
    fn swap(&self, database: &Database, dice: &mut StdRng) -> Option<String> {
        self.columns.iter().find(|cell| !cell.key)?;
        let (name, key) = (&self.name, &self.number_key()?.column);
        let one = self.row(database, dice);
        let (fixed, number) = match one.rsplit_once(" AND ") {
            Some((fixed, number)) => (format!("{fixed} AND "), number.to_owned()),
            None => (String::new(), one),
        };
        let number = number.rsplit_once(" = ")?.1.to_owned();
        let others = format!("SELECT {key} FROM {name} WHERE {fixed}{key} <> {number}");
        let others = database.query(&others);
        let other = &others.get(dice.random_range(0..others.len().max(1)))?[0];
        let moved = |from: &str, to: &str| {
            format!("UPDATE {name} SET {key} = {to} WHERE {fixed}{key} = {from};")
        };
        Some([moved(&number, "-1"), moved(other, &number), moved("-1", other)].concat())
    }

    /// A row twice, the second time under another number.
    fn insert(&self, row: &str) -> Option<String> {
        let key = &self.number_key()?.column;
        let names: Vec<&str> = self.columns.iter().map(|cell| cell.column.as_str()).collect();
        let values: Vec<String> = names
            .iter()
            .map(|name| match *name {
                name if name == key => format!("{name} + 1000000"),
                "event_id" => "event_id || '-again'".to_owned(),
                name => name.to_owned(),
            })
            .collect();
        let (names, values, name) = (names.join(", "), values.join(", "), &self.name);
        Some(format!("INSERT INTO {name} ({names}) SELECT {values} FROM {name} WHERE {row}"))
    }

    /// The last column of the primary key, if it counts something.
    fn number_key(&self) -> Option<&Cell> {
        let last = self.columns.iter().rfind(|cell| cell.key)?;
        last.kind.eq_ignore_ascii_case("bigint").then_some(last)
    }
}

fn flipped(database: &Database, table: &str, column: &str, row: &str, dice: &mut StdRng) -> String {
    let hex = match database.kind() {
        Kind::Sqlite => format!("lower(hex({column}))"),
        Kind::Postgres => format!("encode({column}, 'hex')"),
    };
    let mut digits =
        database.query(&format!("SELECT {hex} FROM {table} WHERE {row}")).remove(0).remove(0);
    if digits.is_empty() {
        digits = "00".to_owned();
    } else {
        let at = dice.random_range(0..digits.len());
        let digit =
            u8::from_str_radix(&digits[at..=at], 16).unwrap() ^ (1 << dice.random_range(0..4));
        digits.replace_range(at..=at, &format!("{digit:x}"));
    }
    match database.kind() {
        Kind::Sqlite => format!("x'{digits}'"),
        Kind::Postgres => format!("'\\x{digits}'::bytea"),
    }
}

fn literal(value: &str) -> String {
    if value.parse::<i64>().is_ok() {
        value.to_owned()
    } else {
        format!("'{}'", value.replace('\'', "''"))
    }
}
