//! Each input of an operation → requests that are wrong in that input alone.

use super::document::{Operation, Parameter};
use super::schema::{Broken, Schema};
use serde_json::Value;

/// A request that must be refused.
pub(super) struct Case {
    /// The input that is wrong.
    pub(super) input: String,
    /// How.
    pub(super) fault: String,
    /// The pointer, or the name, that the problem must tell; none if the whole cannot be read.
    pub(super) names: Option<String>,
    pub(super) target: String,
    pub(super) fields: Vec<(String, String)>,
    pub(super) body: Vec<u8>,
}

/// More than any body may have.
const TOO_LARGE: usize = 5 << 20;
/// Deeper than any JSON may be.
const TOO_DEEP: usize = 10_000;

/// All that can be wrong with a request, one thing at a time.
pub(super) fn cases(operation: &Operation<'_>) -> Vec<Case> {
    let mut cases = unknown_query(operation);
    for parameter in &operation.parameters {
        cases.extend(match parameter.place {
            "path" => broken_path(operation, parameter),
            "query" => broken_query(operation, parameter),
            "header" => broken_header(operation, parameter),
            place => panic!("{}: no way is known to break what is in the {place}", operation.name),
        });
    }
    for (kind, schema) in &operation.bodies {
        cases.extend(broken_body(operation, kind, *schema));
    }
    cases
}

impl Operation<'_> {
    /// Everything that is declared, by the names that cases give to inputs.
    pub(super) fn inputs(&self) -> Vec<String> {
        let parameters = self.parameters.iter().map(Parameter::input);
        parameters.chain(self.bodies.iter().map(|(kind, _)| format!("body {kind}"))).collect()
    }

    /// A request in which everything is good but `fault`, still to be put in.
    fn case(&self, input: String, fault: &str, names: Option<String>) -> Case {
        let (fields, body) = self.good_body();
        let target = self.target(|parameter| vec![parameter.good()]);
        Case { input, fault: fault.to_owned(), names, target, fields, body }
    }

    fn good_body(&self) -> (Vec<(String, String)>, Vec<u8>) {
        match self.bodies.iter().find(|(kind, _)| *kind == "application/json") {
            Some((kind, schema)) => {
                (vec![content_type(kind)], schema.example().to_string().into_bytes())
            }
            None => (Vec::new(), Vec::new()),
        }
    }

    /// The path and query, with the values of path and query parameters that `values` tells.
    fn target(&self, values: impl Fn(&Parameter<'_>) -> Vec<String>) -> String {
        let (mut target, mut query) = (self.path.to_owned(), Vec::new());
        for parameter in &self.parameters {
            let values = values(parameter);
            match parameter.place {
                "path" => {
                    target = target.replace(&format!("{{{}}}", parameter.name), &values.concat());
                }
                "query" => {
                    query.extend(values.iter().map(|it| format!("{}={it}", parameter.name)));
                }
                _ => {}
            }
        }
        if query.is_empty() { target } else { format!("{target}?{}", query.join("&")) }
    }

    /// The same, in which one parameter is wrong.
    fn target_with(&self, wrong: &Parameter<'_>, values: &[&str]) -> String {
        self.target(|parameter| {
            if parameter.name == wrong.name && parameter.place == wrong.place {
                values.iter().copied().map(encoded).collect()
            } else if parameter.is_required {
                vec![parameter.good()]
            } else {
                Vec::new()
            }
        })
    }
}

impl Parameter<'_> {
    fn input(&self) -> String {
        format!("{} {}", self.place, self.name)
    }

    /// A value that the schema admits; of the one project that there is.
    fn good(&self) -> String {
        if self.name == "project" { "default".to_owned() } else { text(&self.schema.example()) }
    }

    /// Texts that the schema does not admit; whatever is no text is sent as one.
    fn broken(&self) -> Vec<(&'static str, String)> {
        let is_text = self.schema.example().is_string();
        let other = |it: &Broken| !is_text || it.value.is_string();
        let broken = self.schema.broken().into_iter().filter(other);
        broken.map(|it| (it.fault, text(&it.value))).collect()
    }
}

fn unknown_query(operation: &Operation<'_>) -> Vec<Case> {
    let mut case =
        operation.case("query".to_owned(), "an unknown field", Some("/no_such_field".to_owned()));
    case.target =
        operation.target(
            |parameter| {
                if parameter.is_required { vec![parameter.good()] } else { Vec::new() }
            },
        );
    case.target.push(if case.target.contains('?') { '&' } else { '?' });
    case.target.push_str("no_such_field=1");
    vec![case]
}

/// A path that leads nowhere is 404, which needs no pointer.
fn broken_path(operation: &Operation<'_>, wrong: &Parameter<'_>) -> Vec<Case> {
    let long = "a".repeat(5000);
    let values =
        [("unknown", "no-such-value"), ("too long", &long), ("a NUL", "\0"), ("dots", "../..")];
    let mut targets: Vec<_> = values
        .into_iter()
        .map(|(fault, value)| (fault, operation.target_with(wrong, &[value])))
        .collect();
    targets
        .push(("not UTF-8", operation.target_with(wrong, &["no-such"]).replace("no-such", "%ff")));
    let case = |(fault, target)| Case { target, ..operation.case(wrong.input(), fault, None) };
    targets.into_iter().map(case).collect()
}

fn broken_query(operation: &Operation<'_>, wrong: &Parameter<'_>) -> Vec<Case> {
    let good = wrong.good();
    let mut targets = vec![
        ("twice", operation.target_with(wrong, &[&good, &good])),
        ("not UTF-8", operation.target_with(wrong, &["no-such"]).replace("no-such", "%ff")),
        ("a NUL", operation.target_with(wrong, &["\0"])),
    ];
    if wrong.is_required {
        targets.push(("missing", operation.target_with(wrong, &[])));
    }
    for (fault, value) in wrong.broken() {
        targets.push((fault, operation.target_with(wrong, &[&value])));
    }
    let case = |(fault, target)| {
        // What cannot be decoded has no fields yet.
        let names = (fault != "not UTF-8").then(|| format!("/{}", wrong.name));
        Case { target, ..operation.case(wrong.input(), fault, names) }
    };
    targets.into_iter().map(case).collect()
}

fn broken_header(operation: &Operation<'_>, wrong: &Parameter<'_>) -> Vec<Case> {
    let case = |(fault, value)| {
        let mut case = operation.case(wrong.input(), fault, Some(wrong.name.to_owned()));
        case.fields.push((wrong.name.to_owned(), value));
        case
    };
    wrong.broken().into_iter().map(case).collect()
}

fn broken_body(operation: &Operation<'_>, kind: &str, schema: Schema<'_>) -> Vec<Case> {
    let mut broken = vec![("too large", None, vec![b' '; TOO_LARGE])];
    let raw = |bytes: &[u8]| bytes.to_vec();
    match kind {
        "application/json" => {
            let deep = [b"{\"a\":".repeat(TOO_DEEP), b"}".repeat(TOO_DEEP)].concat();
            broken.extend([
                ("empty", None, Vec::new()),
                ("malformed", None, raw(b"{\"a\":")),
                ("not UTF-8", None, raw(b"{\"a\":\"\xff\"}")),
                ("too deep", None, deep),
                ("followed by more", None, raw(b"{}{}")),
                ("fields without names", Some(String::new()), raw(b"[[{}]]")),
            ]);
            for Broken { pointer, fault, value } in schema.broken() {
                broken.push((fault, Some(pointer), value.to_string().into_bytes()));
            }
        }
        "application/x-ndjson" => {
            broken.push(("empty", None, Vec::new()));
        }
        "application/x-protobuf" => {
            broken.extend([
                ("cut short", None, raw(b"\x0a\x7f\x01")),
                ("of a wrong wire type", None, raw(b"\x0f\x0f\x0f")),
            ]);
        }
        kind => panic!("{}: no way is known to break {kind}", operation.name),
    }
    let (good, _) = operation.good_body();
    let case = |(fault, names, body)| {
        let fields = vec![content_type(kind)];
        Case { body, fields, ..operation.case(format!("body {kind}"), fault, names) }
    };
    let mut cases: Vec<Case> = broken.into_iter().map(case).collect();
    if !good.is_empty() {
        for (fault, fields) in
            [("of a foreign type", vec![content_type("text/plain")]), ("of no type", Vec::new())]
        {
            cases.push(Case { fields, ..operation.case(format!("body {kind}"), fault, None) });
        }
    }
    cases
}

fn content_type(kind: &str) -> (String, String) {
    ("content-type".to_owned(), kind.to_owned())
}

fn text(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

/// As it stands in a path or a query (RFC 3986, 2.1).
fn encoded(text: &str) -> String {
    let byte = |byte: u8| match byte {
        b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' => {
            char::from(byte).to_string()
        }
        byte => format!("%{byte:02x}"),
    };
    text.bytes().map(byte).collect()
}
