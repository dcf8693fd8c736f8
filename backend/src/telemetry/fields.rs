//! The fields of spans, as log lines have them.

use std::fmt;
use std::mem::take;
use tracing::span::Record;
use tracing_subscriber::field::RecordFields;
use tracing_subscriber::fmt::format::Writer;
use tracing_subscriber::fmt::{FormatFields, FormattedFields};

/// Writes fields in another's format, in one piece: every request has some, and what they are
/// written to would grow with each quotation mark.
pub(super) struct InOnePiece<F>(pub(super) F);

/// Bytes: an id of ours and a trace's, with their names.
const USUAL: usize = 128;

impl<'writer, F: for<'text> FormatFields<'text>> FormatFields<'writer> for InOnePiece<F> {
    fn format_fields<R: RecordFields>(
        &self,
        mut writer: Writer<'writer>,
        fields: R,
    ) -> fmt::Result {
        let mut text = String::with_capacity(USUAL);
        self.0.format_fields(Writer::new(&mut text), fields)?;
        writer.write_str(&text)
    }

    fn add_fields(
        &self,
        current: &'writer mut FormattedFields<Self>,
        fields: &Record<'_>,
    ) -> fmt::Result {
        let mut all = FormattedFields::<F>::new(take(&mut current.fields));
        let outcome = self.0.add_fields(&mut all, fields);
        current.fields = all.fields;
        outcome
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::{self, Write};
    use std::sync::{Arc, Mutex};
    use tracing::field::Empty;
    use tracing::subscriber::with_default;
    use tracing_subscriber::fmt::fmt as lines;
    use tracing_subscriber::fmt::format::{DefaultFields, JsonFields};

    #[derive(Clone, Default)]
    struct Written(Arc<Mutex<Vec<u8>>>);

    impl Written {
        fn text(&self) -> String {
            String::from_utf8(self.0.lock().unwrap().clone()).unwrap()
        }
    }

    impl Write for Written {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().write(bytes)
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    fn log_within_a_span() {
        let span = tracing::info_span!("request", request_id = "a\"b", late = Empty);
        span.record("late", 7);
        span.in_scope(|| tracing::info!("said"));
    }

    #[test]
    fn lines_have_the_fields_of_their_span_also_those_that_came_late() {
        let written = Written::default();
        let make = written.clone();
        let pretty = lines().with_writer(move || make.clone()).without_time();
        with_default(
            pretty.fmt_fields(InOnePiece(DefaultFields::new())).finish(),
            log_within_a_span,
        );
        let text = written.text();
        assert!(text.contains(r#"request{request_id="a\"b" late=7}"#), "{text}");

        let written = Written::default();
        let make = written.clone();
        let json = lines().with_writer(move || make.clone()).json();
        with_default(json.fmt_fields(InOnePiece(JsonFields::new())).finish(), log_within_a_span);
        let line: serde_json::Value = serde_json::from_str(&written.text()).unwrap();
        assert_eq!(line["span"]["request_id"], "a\"b");
        assert_eq!(line["span"]["late"], 7);
    }
}
