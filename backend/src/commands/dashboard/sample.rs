//! What `/metrics` says at one moment.

use std::collections::BTreeMap;
use std::time::Instant;

/// The lines of Prometheus text (its exposition format, 0.0.4), each a value.
#[derive(Debug)]
pub(super) struct Sample {
    pub(super) at: Instant,
    series: Vec<Series>,
}

#[derive(Debug, PartialEq)]
struct Series {
    name: String,
    labels: BTreeMap<String, String>,
    value: f64,
}

impl Sample {
    /// Comments and lines that are not understood are passed over.
    pub(super) fn read(text: &str, at: Instant) -> Self {
        let lines = text.lines().filter(|line| !line.starts_with('#'));
        Self { at, series: lines.filter_map(Series::read).collect() }
    }

    /// The sum over all series of this name with these labels; `None` if there is none.
    pub(super) fn sum(&self, name: &str, labels: &[(&str, &str)]) -> Option<f64> {
        let mut values = self.of(name, labels).map(|series| series.value).peekable();
        values.peek()?;
        Some(values.sum())
    }

    /// The sums by the values of a label.
    pub(super) fn by(&self, name: &str, label: &str) -> BTreeMap<&str, f64> {
        let mut sums = BTreeMap::new();
        for series in self.series.iter().filter(|series| series.name == name) {
            if let Some(value) = series.labels.get(label) {
                *sums.entry(value.as_str()).or_default() += series.value;
            }
        }
        sums
    }

    /// A histogram's buckets, by upper bound: how many observations were at most so great.
    pub(super) fn buckets(&self, name: &str, labels: &[(&str, &str)]) -> Vec<(f64, f64)> {
        let mut buckets: Vec<(f64, f64)> = Vec::new();
        for series in self.of(&format!("{name}_bucket"), labels) {
            let Some(bound) = series.labels.get("le").and_then(|le| le.parse().ok()) else {
                continue;
            };
            match buckets.iter_mut().find(|(known, _)| *known == bound) {
                Some((_, count)) => *count += series.value,
                None => buckets.push((bound, series.value)),
            }
        }
        buckets.sort_by(|a, b| a.0.total_cmp(&b.0));
        buckets
    }

    fn of<'a>(
        &'a self,
        name: &'a str,
        labels: &'a [(&'a str, &'a str)],
    ) -> impl Iterator<Item = &'a Series> {
        let has = move |series: &&Series| {
            series.name == name
                && labels
                    .iter()
                    .all(|(label, value)| series.labels.get(*label).is_some_and(|it| it == value))
        };
        self.series.iter().filter(has)
    }
}

impl Series {
    /// `name{label="value",…} 1.5`
    fn read(line: &str) -> Option<Self> {
        let (series, value) = match line.rfind('}') {
            Some(end) => line.split_at_checked(end + 1)?,
            None => line.split_once(' ')?,
        };
        let (name, labels) = match series.split_once('{') {
            Some((name, labels)) => (name, labels.strip_suffix('}')?),
            None => (series, ""),
        };
        // A timestamp may follow.
        let value = value.split_whitespace().next()?.parse().ok()?;
        Some(Self { name: name.to_owned(), labels: read_labels(labels)?, value })
    }
}

fn read_labels(mut text: &str) -> Option<BTreeMap<String, String>> {
    let mut labels = BTreeMap::new();
    while !text.is_empty() {
        let (name, rest) = text.split_once("=\"")?;
        let (value, rest) = read_value(rest)?;
        labels.insert(name.to_owned(), value);
        text = rest.strip_prefix(',').unwrap_or(rest);
    }
    Some(labels)
}

/// Up to the quote that ends it, and what follows.
fn read_value(text: &str) -> Option<(String, &str)> {
    let mut value = String::new();
    let mut characters = text.char_indices();
    while let Some((at, character)) = characters.next() {
        match character {
            '"' => return Some((value, text.get(at + 1..)?)),
            '\\' => match characters.next()?.1 {
                'n' => value.push('\n'),
                escaped => value.push(escaped),
            },
            other => value.push(other),
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = r#"# HELP hits Hits.
# TYPE hits counter
hits{route="/a",status="200"} 3
hits{route="/a",status="500"} 1
hits{route="say \"{hi}\", \\",status="200"} 2 1700000000000
up 1
took_bucket{route="/a",le="0.1"} 1
took_bucket{route="/b",le="0.1"} 1
took_bucket{route="/a",le="+Inf"} 4
broken{
"#;

    #[test]
    fn series_are_found_by_name_and_labels() {
        let sample = Sample::read(TEXT, Instant::now());
        assert_eq!(sample.sum("hits", &[]), Some(6.0));
        assert_eq!(sample.sum("hits", &[("status", "200")]), Some(5.0));
        assert_eq!(sample.sum("up", &[]), Some(1.0));
        assert_eq!(sample.sum("hits", &[("status", "404")]), None);
        assert_eq!(sample.sum("broken", &[]), None);
        assert_eq!(sample.by("hits", "route").get("say \"{hi}\", \\"), Some(&2.0));
        assert_eq!(sample.buckets("took", &[]), [(0.1, 2.0), (f64::INFINITY, 4.0)]);
        assert_eq!(sample.buckets("took", &[("route", "/b")]), [(0.1, 1.0)]);
    }
}
