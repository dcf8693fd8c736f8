//! The event's JSON Schema, as published.

/// The schema's version; older ones stay accepted.
pub const SCHEMA_VERSION: u32 = 1;

/// JSON Schema (draft 2020-12) of [`crate::Event`] as a client sends it.
pub const EVENT_SCHEMA: &str = include_str!("../schema/ai_invocation_event.json");

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Timestamp, batch};
    use serde_json::{Value, json};

    /// Whether the schema and the parser, which must agree, accept an event.
    fn is_accepted(event: &Value) -> bool {
        let schema: Value = serde_json::from_str(EVENT_SCHEMA).unwrap();
        let by_schema = jsonschema::draft202012::is_valid(&schema, event);
        let now = Timestamp::from_micros(1_795_000_000_000_000);
        let by_parser = batch::from_json(event.to_string().as_bytes(), now)
            .is_ok_and(|batch| batch.events.iter().all(Result::is_ok));
        assert_eq!(by_schema, by_parser, "schema on the left, parser on the right: {event}");
        by_schema
    }

    #[test]
    fn costs_are_those_of_the_pattern() {
        for cost in ["0", "007", "999999999", "999999999.999999999", "0.5"] {
            assert!(is_accepted(&json!({"cost_usd": cost})), "{cost}");
        }
        for cost in ["", "-0", "-1", "+1", "1000000000", "0000000001", "1.", ".5", "1.0000000001"] {
            assert!(!is_accepted(&json!({"cost_usd": cost})), "{cost}");
        }
        assert!(!is_accepted(&json!({"cost_usd": 0.5})));
    }

    #[test]
    fn integers_are_those_of_json_schema() {
        for number in ["0", "1000000000000", "7.0", "1e3", "1.5e1", "1000000000000.0", "-0.0"] {
            let event: Value =
                serde_json::from_str(&format!(r#"{{"client_sequence":{number}}}"#)).unwrap();
            assert!(is_accepted(&event), "{number}");
        }
        for number in ["-1", "-1.0", "0.5", "1000000000001", "1e13", "1e300", "\"1\""] {
            let event: Value =
                serde_json::from_str(&format!(r#"{{"usage":{{"input_tokens":{number}}}}}"#))
                    .unwrap();
            assert!(!is_accepted(&event), "{number}");
        }
        assert!(is_accepted(&json!({"schema_version": 1.0})));
        for version in [json!(2), json!(1.5), json!("1"), json!(-1)] {
            assert!(!is_accepted(&json!({"schema_version": version})), "{version}");
        }
    }
}
