//! Entries as named texts, which is what a Redis stream holds.

use crate::entry::Entry;

/// The form of the fields. Readers refuse forms that they do not know; more fields are no new form.
const VERSION: &str = "1";

/// Names and texts, as in a Redis stream. What an entry does not have is left out.
pub(crate) type Fields = Vec<(String, String)>;

/// The fields are no entry that this version can read. It names the field, never its value.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the field {0} is missing or cannot be read")]
pub struct Malformed(pub &'static str);

/// A type that stands in one field.
trait Text: Sized {
    /// `None`: the field is left out.
    fn write(&self) -> Option<String>;

    /// `None`: it is not such a text.
    fn read(text: Option<&str>) -> Option<Self>;
}

impl Text for String {
    fn write(&self) -> Option<String> {
        Some(self.clone())
    }

    fn read(text: Option<&str>) -> Option<Self> {
        text.map(str::to_owned)
    }
}

impl Text for i64 {
    fn write(&self) -> Option<String> {
        Some(self.to_string())
    }

    fn read(text: Option<&str>) -> Option<Self> {
        text?.parse().ok()
    }
}

impl Text for bool {
    fn write(&self) -> Option<String> {
        Some(if *self { "1" } else { "0" }.to_owned())
    }

    fn read(text: Option<&str>) -> Option<Self> {
        match text? {
            "1" => Some(true),
            "0" => Some(false),
            _ => None,
        }
    }
}

impl<T: Text> Text for Option<T> {
    fn write(&self) -> Option<String> {
        self.as_ref().and_then(T::write)
    }

    fn read(text: Option<&str>) -> Option<Self> {
        text.map_or(Some(None), |text| T::read(Some(text)).map(Some))
    }
}

/// The text of a field.
pub(crate) fn field<'a>(fields: &'a [(String, String)], name: &str) -> Option<&'a str> {
    fields.iter().find(|(field, _)| field == name).map(|(_, text)| text.as_str())
}

/// Both directions, from one list of the fields beside the index.
macro_rules! wire {
    ($($name:ident),*) => {
        /// The entry's fields.
        pub(crate) fn write(entry: &Entry) -> Fields {
            // All of it by name, so that a new field does not compile before it stands here too.
            let Entry { index: _, $($name),* } = entry;
            let version = ("v".to_owned(), VERSION.to_owned());
            let fields = [$((stringify!($name), $name.write())),*];
            let told = fields.into_iter().filter_map(|(name, text)| Some((name.to_owned(), text?)));
            std::iter::once(version).chain(told).collect()
        }

        /// The entry at `index` that has these fields. Others beside them mean nothing.
        ///
        /// # Errors
        /// A field is missing or has another form.
        pub(crate) fn read(index: u64, fields: &[(String, String)]) -> Result<Entry, Malformed> {
            if field(fields, "v") != Some(VERSION) {
                return Err(Malformed("v"));
            }
            $(let $name = Text::read(field(fields, stringify!($name)))
                .ok_or(Malformed(stringify!($name)))?;)*
            Ok(Entry { index, $($name),* })
        }
    };
}

wire!(
    project_id,
    event_id,
    occurred_at,
    run_id,
    stage,
    operation,
    provider,
    model,
    tier,
    agent,
    key_id,
    status,
    error_type,
    latency_us,
    input_tokens,
    output_tokens,
    cache_read_tokens,
    cache_write_tokens,
    reasoning_tokens,
    cost_nano_usd,
    unpriced
);

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn fields_and_back(
            index in 0..1u64 << 53,
            ids in prop::array::uniform3("\\PC{1,20}"),
            names in prop::array::uniform3(prop::option::of("\\PC{1,20}")),
            counts in prop::array::uniform4(any::<i64>()),
            cost in prop::option::of(any::<i64>()),
            unpriced in any::<bool>(),
        ) {
            let ([project_id, event_id, status], [run_id, agent, model]) = (ids, names);
            let [occurred_at, input_tokens, output_tokens, reasoning_tokens] = counts;
            let entry = Entry {
                index, project_id, event_id, status, run_id, agent, model, occurred_at,
                input_tokens, output_tokens, reasoning_tokens, cost_nano_usd: cost, unpriced,
                ..Entry::default()
            };
            prop_assert_eq!(read(index, &write(&entry)), Ok(entry));
        }
    }

    #[test]
    fn another_form_is_refused_and_more_fields_are_not() {
        let mut fields = write(&Entry::default());
        fields.push(("more".to_owned(), "to come".to_owned()));
        assert_eq!(read(0, &fields), Ok(Entry::default()));
        fields[0].1 = "2".to_owned();
        assert_eq!(read(0, &fields), Err(Malformed("v")));
        fields.remove(0);
        assert_eq!(read(0, &fields), Err(Malformed("v")));
    }
}
