//! What the OpenAPI document says that each operation takes.

use super::schema::Schema;
use serde_json::Value;

/// A method at a path.
pub(super) struct Operation<'a> {
    /// `METHOD /path/with/{parameters}`.
    pub(super) name: String,
    pub(super) method: String,
    pub(super) path: &'a str,
    pub(super) parameters: Vec<Parameter<'a>>,
    /// Each media type that its body may be of, with the body's schema.
    pub(super) bodies: Vec<(&'a str, Schema<'a>)>,
}

/// What stands in the path, the query or the head.
pub(super) struct Parameter<'a> {
    /// `path`, `query` or `header`.
    pub(super) place: &'a str,
    pub(super) name: &'a str,
    pub(super) is_required: bool,
    pub(super) schema: Schema<'a>,
}

/// All operations, by path.
pub(super) fn operations(document: &Value) -> Vec<Operation<'_>> {
    let paths = document["paths"].as_object().unwrap();
    let of = |(path, item)| members(item).map(move |(method, it)| (path, method, it));
    let all = paths.iter().flat_map(of);
    all.map(|(path, method, node)| operation(document, path, method, node)).collect()
}

fn operation<'a>(
    document: &'a Value,
    path: &'a str,
    method: &str,
    node: &'a Value,
) -> Operation<'a> {
    let method = method.to_uppercase();
    let parameters = node["parameters"].as_array().into_iter().flatten();
    let parameter = |it: &'a Value| Parameter {
        place: it["in"].as_str().unwrap(),
        name: it["name"].as_str().unwrap(),
        is_required: it["required"] == true,
        schema: Schema::new(document, &it["schema"]),
    };
    let body = |(kind, it): (&'a String, &'a Value)| {
        (kind.as_str(), Schema::new(document, it.get("schema").unwrap_or(&Value::Null)))
    };
    Operation {
        name: format!("{method} {path}"),
        method,
        path,
        parameters: parameters.map(parameter).collect(),
        bodies: members(&node["requestBody"]["content"]).map(body).collect(),
    }
}

fn members(node: &Value) -> impl Iterator<Item = (&String, &Value)> {
    node.as_object().into_iter().flatten()
}
