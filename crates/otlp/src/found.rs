//! One pass over a span's attributes: each goes to its field's place, if it ranks above what is
//! there, or to the rest.

use crate::dialect::{Field, Reading, Row};
use crate::{bounded::Bounded, content, lookup, value};
use invocation::{Count, Event, Label, Tag};
use opentelemetry_proto::tonic::common::v1::{KeyValue, any_value::Value};
use serde_json::Value as Json;

/// What a field's place holds.
enum Told {
    Whole(Value),
    /// Leaves of a structure: what remains of each key below the row's, and the value.
    Leaves(Vec<(String, Value)>),
}

struct Place {
    rank: u16,
    row: &'static Row,
    told: Told,
}

/// What a span tells, by field.
pub(crate) struct Found {
    places: [Option<Place>; Field::COUNT],
    /// The tags of all rows together.
    pub(crate) tags: Vec<Tag>,
    /// What stays in the attributes.
    pub(crate) rest: Bounded,
    /// The request model that the parameters name.
    pub(crate) parameters_model: Option<Label>,
    /// Whether anything marks the span as AI work.
    pub(crate) is_ai_work: bool,
}

impl Found {
    pub(crate) fn new() -> Self {
        Self {
            places: [const { None }; Field::COUNT],
            tags: Vec::new(),
            rest: Bounded::default(),
            parameters_model: None,
            is_ai_work: false,
        }
    }

    /// Takes a span's attribute; what no row knows goes to the rest.
    pub(crate) fn take(&mut self, attribute: KeyValue) {
        let Some(told) = attribute.value.and_then(|value| value.value) else { return };
        match lookup::row(&attribute.key) {
            Some((rank, row)) => self.place(rank, row, attribute.key, told),
            None => self.rest.add(attribute.key, value::json(told)),
        }
    }

    /// Takes a span event's attribute; what no row knows is dropped.
    pub(crate) fn take_known(&mut self, attribute: KeyValue) {
        if lookup::row(&attribute.key).is_some() {
            self.take(attribute);
        }
    }

    /// Takes what a resource tells of all its spans, where the span itself tells nothing.
    pub(crate) fn take_unless_told(&mut self, attribute: &KeyValue) {
        let row = lookup::row(&attribute.key).map(|(_, row)| row.field as usize);
        let place = row.and_then(|field| self.places.get(field));
        if place.is_some_and(Option::is_none) {
            self.take(attribute.clone());
        }
    }

    fn place(&mut self, rank: u16, row: &'static Row, key: String, told: Value) {
        self.is_ai_work |= row.field.marks_ai_work();
        match row.field {
            Field::Dropped => {}
            Field::Tags => self.tag(told),
            Field::Parameters => self.parameters(key, told),
            Field::Metadata => self.rest.add(key, read(row, told)),
            _ if says_nothing(row, &told) => {}
            field => {
                let Some(place) = self.places.get_mut(field as usize) else { return };
                match place {
                    Some(held) if held.rank < rank => {}
                    Some(Place { rank: held, told: Told::Leaves(leaves), .. })
                        if *held == rank && row.reading == Reading::Path =>
                    {
                        leaves.push((below(row, key), told));
                    }
                    _ => {
                        let told = match row.reading {
                            Reading::Path => Told::Leaves(vec![(below(row, key), told)]),
                            _ => Told::Whole(told),
                        };
                        *place = Some(Place { rank, row, told });
                    }
                }
            }
        }
    }

    fn tag(&mut self, told: Value) {
        let tags = match value::structure(told) {
            Json::Array(items) => items,
            one => vec![one],
        };
        for tag in tags.iter().filter_map(Json::as_str).filter_map(Tag::fit) {
            if self.tags.len() < Event::MAX_TAGS && !self.tags.contains(&tag) {
                self.tags.push(tag);
            }
        }
    }

    /// Keeps the parameters that cannot be content.
    fn parameters(&mut self, key: String, told: Value) {
        const CONTENT: [&str; 8] =
            ["input", "instructions", "messages", "metadata", "prompt", "suffix", "system", "user"];
        let Json::Object(mut parameters) = value::structure(told) else { return };
        if let Some(model) = parameters.get("model").and_then(Json::as_str).and_then(Label::fit) {
            self.parameters_model = Some(model);
        }
        parameters.retain(|name, value| {
            !CONTENT.contains(&name.as_str()) && !value.is_array() && !value.is_object()
        });
        self.rest.add(key, Json::Object(parameters));
    }

    fn whole(&mut self, field: Field) -> Option<(&'static Row, Value)> {
        match self.places.get_mut(field as usize)?.take()? {
            Place { row, told: Told::Whole(value), .. } => Some((row, value)),
            Place { .. } => None,
        }
    }

    /// The field as text.
    pub(crate) fn text(&mut self, field: Field) -> Option<String> {
        value::text(&self.whole(field)?.1).map(std::borrow::Cow::into_owned)
    }

    /// The field as a name, cut to what fits.
    pub(crate) fn label(&mut self, field: Field) -> Option<Label> {
        Label::fit(&value::text(&self.whole(field)?.1)?)
    }

    /// The field as a whole number, where it is in bounds.
    pub(crate) fn count(&mut self, field: Field) -> Option<Count> {
        value::count(&self.whole(field)?.1).and_then(Count::new)
    }

    /// The field as it came, with its row.
    pub(crate) fn raw(&mut self, field: Field) -> Option<(Reading, Value)> {
        self.whole(field).map(|(row, value)| (row.reading, value))
    }

    /// The field as content.
    pub(crate) fn content(&mut self, field: Field) -> Option<Json> {
        let place = self.places.get_mut(field as usize)?.take()?;
        Some(match place.told {
            Told::Whole(told) => read(place.row, told),
            Told::Leaves(leaves) => content::grown(leaves),
        })
    }
}

fn read(row: &Row, told: Value) -> Json {
    match (row.reading, told) {
        (Reading::Quoted, Value::StringValue(text)) => value::quoted(text),
        (_, told) => value::structure(told),
    }
}

fn says_nothing(row: &Row, told: &Value) -> bool {
    let empty = matches!(told, Value::StringValue(text) if text.trim().is_empty());
    empty || row.field.is_count() && value::count(told).is_none()
}

fn below(row: &Row, mut key: String) -> String {
    key.drain(..row.key.len());
    key
}
