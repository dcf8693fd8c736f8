//! Request bodies → events. One bad event never rejects its neighbours.

use crate::json::{Object, parse, pointed};
use crate::{Event, FieldProblem, Timestamp};
use serde::de::IgnoredAny;
use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;

/// At most this many events in one request.
pub const MAX_EVENTS: usize = 1000;

/// What one request body held.
#[derive(Debug)]
pub struct Batch {
    /// Each event in order, or what is wrong with it; pointers start at the event.
    pub events: Vec<Result<Event, FieldProblem>>,
    /// Whether the body was one bare event, whose fault is then the whole request's.
    pub single: bool,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Envelope<'a> {
    #[serde(borrow)]
    events: Vec<&'a RawValue>,
}

/// Parses `application/json`: one event, or `{"events": [...]}`.
///
/// # Errors
/// The body as a whole is no JSON, not UTF-8, or holds no or too many events.
pub fn from_json(body: &[u8], now: Timestamp) -> Result<Batch, FieldProblem> {
    let text = utf8(body)?;
    match serde_json::from_str::<Object<Envelope<'_>>>(text) {
        Ok(Object(envelope)) => {
            bounded(envelope.events.len(), "/events")?;
            let events = envelope.events.iter().map(|raw| event(raw.get(), now)).collect();
            Ok(Batch { events, single: false })
        }
        Err(error) if !is_one_event(text) => Err(pointed::<Envelope<'_>>(text, &error)),
        Err(_) => Ok(Batch { events: vec![event(text, now)], single: true }),
    }
}

/// Parses `application/x-ndjson`: one event a line, empty lines skipped.
///
/// # Errors
/// The body holds no or too many events.
pub fn from_ndjson(body: &[u8], now: Timestamp) -> Result<Batch, FieldProblem> {
    let lines = || body.split(|byte| *byte == b'\n').filter(|line| !line.trim_ascii().is_empty());
    bounded(lines().count(), "")?;
    let parsed = |line| utf8(line).and_then(|text| event(text, now));
    Ok(Batch { events: lines().map(parsed).collect(), single: false })
}

fn event(text: &str, now: Timestamp) -> Result<Event, FieldProblem> {
    let event: Event = parse(text)?;
    event.check(now)?;
    Ok(event)
}

fn utf8(body: &[u8]) -> Result<&str, FieldProblem> {
    std::str::from_utf8(body).map_err(|error| {
        FieldProblem::malformed(format!("is not valid UTF-8 at byte {}", error.valid_up_to()))
    })
}

fn bounded(count: usize, pointer: &str) -> Result<(), FieldProblem> {
    match count {
        0 => Err(FieldProblem::new(pointer, "must hold at least one event")),
        1..=MAX_EVENTS => Ok(()),
        _ => Err(FieldProblem::new(pointer, format!("must hold at most {MAX_EVENTS} events"))),
    }
}

/// Whether the body is a JSON object without `events`, so that it is to be read as one event.
fn is_one_event(text: &str) -> bool {
    #[derive(Deserialize)]
    struct Probe {
        #[serde(default, deserialize_with = "is_there")]
        events: bool,
    }
    /// Whatever it is, `null` included.
    fn is_there<'de, D: Deserializer<'de>>(value: D) -> Result<bool, D::Error> {
        IgnoredAny::deserialize(value).map(|_| true)
    }
    serde_json::from_str::<Probe>(text).is_ok_and(|probe| !probe.events)
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp::from_micros(1_795_000_000_000_000);

    fn fault(body: &str) -> (String, String) {
        let fault = match from_json(body.as_bytes(), NOW) {
            Err(fault) => fault,
            Ok(mut batch) => batch.events.remove(0).unwrap_err(),
        };
        (fault.pointer, fault.detail)
    }

    #[test]
    fn each_fault_names_its_field_and_never_its_value() {
        let cases = [
            (r#"{"usage":{"input_tokens":-5}}"#, "/usage/input_tokens", "whole number"),
            (r#"{"usage":{"input_tokens":"123-45-6789"}}"#, "/usage/input_tokens", "whole number"),
            (r#"{"usage":{"input_tokens":0.5}}"#, "/usage/input_tokens", "whole number"),
            (r#"{"schema_version":-1}"#, "/schema_version", "must be 1"),
            (r#"{"schema_version":"6789"}"#, "/schema_version", "must be 1"),
            (r#"{"modell":"x"}"#, "/modell", "not a known field"),
            (r#"{"usage":{"tokens":1}}"#, "/usage/tokens", "not a known field"),
            (r#"{"status":"john@example.com"}"#, "/status", "one of"),
            (r#"{"occurred_at":"2999-01-01T00:00:00Z"}"#, "/occurred_at", "future"),
            (r#"{"occurred_at":"1970-01-01T00:00:00Z"}"#, "/occurred_at", "ten years"),
            (r#"{"occurred_at":"yesterday"}"#, "/occurred_at", "RFC 3339"),
            (r#"{"model":""}"#, "/model", "characters"),
            (r#"{"trace_id":"00000000000000000000000000000000"}"#, "/trace_id", "hex"),
            (r#"{"tags":["ok",7]}"#, "/tags/1", "string"),
            (r#"{"events":[]}"#, "/events", "at least one"),
            (r#"{"events":7}"#, "/events", "a list"),
            (r#"{"events":null}"#, "/events", "a list"),
            (r#"{"events":[{"latency_ms":-1}]}"#, "/latency_ms", "milliseconds"),
            (r#"{"model":"a","model":"b"}"#, "/model", "twice"),
            (r#"{"usage":{"input_tokens":1,"input_tokens":2}}"#, "/usage/input_tokens", "twice"),
            (r#"{"attributes":{"dose":"5 mg","dose":"6789"}}"#, "/attributes/dose", "twice"),
            (
                r#"{"attributes":{"a":[{"a/b":{}},{"a":{"a":1,"\u0061":2}}]}}"#,
                "/attributes/a/1/a/a",
                "twice",
            ),
            (
                r#"{"input":{"a`, expected":1,"a`, expected":"john"}}"#,
                "/input/a`, expected",
                "twice",
            ),
            (r#"{"output":["x",{"a/b":1,"a/b":1}]}"#, "/output/1/a~1b", "twice"),
            (r#"{"attributes":[1]}"#, "/attributes", "an object"),
            (r#"{"usage":[]}"#, "/usage", "an object"),
            (r#"{"status":7}"#, "/status", "must be"),
            (r#"{"model":"\ud800"}"#, "/model", "cannot be read"),
            (r#"{"attributes":{"a":1e999}}"#, "/attributes/a", "cannot be read"),
            (r#"{"model":"#, "", "not valid JSON"),
            (r#"{"model":"a""#, "", "not valid JSON"),
            ("[1]", "", "an object"),
            ("[]", "", "an object"),
            ("[[{}]]", "", "an object"),
        ];
        for (body, pointer, detail) in cases {
            let (found_pointer, found_detail) = fault(body);
            assert_eq!(found_pointer, pointer, "{body}: {found_detail}");
            assert!(found_detail.contains(detail), "{body}: {found_detail}");
            assert!(
                !found_detail.contains("6789") && !found_detail.contains("john"),
                "{found_detail}"
            );
        }
    }

    #[test]
    fn a_bad_event_leaves_its_neighbours() {
        let batch = from_json(br#"{"events":[{"model":"a"},{"x":1},{"model":"b"}]}"#, NOW).unwrap();
        let outcomes: Vec<bool> = batch.events.iter().map(Result::is_ok).collect();
        assert_eq!((outcomes, batch.single), (vec![true, false, true], false));
    }

    #[test]
    fn lines_are_events() {
        let body = b"{\"model\":\"a\"}\r\n\n{bad\n{\"model\":\"b\"}\n\xff\n \n{}";
        let batch = from_ndjson(body, NOW).unwrap();
        let outcomes: Vec<bool> = batch.events.iter().map(Result::is_ok).collect();
        assert_eq!(outcomes, [true, false, true, false, true]);
    }

    #[test]
    fn a_line_that_is_not_utf8_leaves_its_neighbours() {
        let batch = from_ndjson(b"{}\n{\"model\":\"\xff\"}\n{}", NOW).unwrap();
        let [Ok(_), Err(fault), Ok(_)] = &batch.events[..] else { panic!("{:?}", batch.events) };
        assert!(fault.detail.contains("byte 10") && fault.malformed, "{fault}");
    }

    #[test]
    fn deep_json_is_refused_not_followed() {
        let bomb = "[".repeat(100_000);
        assert!(from_json(bomb.as_bytes(), NOW).is_err());
        let nested = format!(r#"{{"attributes":{{"a":{}1{}}}}}"#, "[".repeat(40), "]".repeat(40));
        assert_eq!(fault(&nested).0, "/attributes");
    }

    #[test]
    fn invalid_utf8_names_the_byte() {
        let fault = from_json(b"{\"model\":\"\xff\"}", NOW).unwrap_err();
        assert!(fault.detail.contains("byte 10"), "{fault}");
    }
}
