//! The metrics of a process, and what is known of them before there is anything to count.

use prometheus::core::Collector;
use prometheus::proto::{MetricFamily, MetricType};
use std::collections::BTreeMap;
use std::fmt::Write;
use std::sync::{Arc, Mutex, PoisonError};

/// A registry that can tell of its families even while they are empty. Cheap to clone.
#[derive(Clone, Default)]
pub struct Registry {
    inner: prometheus::Registry,
    families: Arc<Mutex<BTreeMap<String, Family>>>,
}

/// What a metric is.
struct Family {
    help: String,
    labels: Vec<String>,
    kind: &'static str,
}

impl Registry {
    /// Adds a metric as it is made, and gives it back to whoever counts.
    ///
    /// # Errors
    /// It could not be made, or there is one of its name.
    pub fn add<M>(&self, made: prometheus::Result<M>) -> prometheus::Result<M>
    where
        M: Collector + Clone + 'static,
    {
        let metric = made?;
        self.register(Box::new(metric.clone()))?;
        Ok(metric)
    }

    /// Adds metrics.
    ///
    /// # Errors
    /// They are there already.
    pub fn register(&self, collector: Box<dyn Collector>) -> prometheus::Result<()> {
        let kinds: BTreeMap<String, MetricType> = collector
            .collect()
            .iter()
            .map(|family| (family.name().to_owned(), family.get_field_type()))
            .collect();
        let mut families = self.families.lock().unwrap_or_else(PoisonError::into_inner);
        for desc in collector.desc() {
            let kind = match kinds.get(&desc.fq_name) {
                Some(MetricType::COUNTER) => "counter",
                Some(MetricType::HISTOGRAM) => "histogram",
                Some(MetricType::SUMMARY) => "summary",
                Some(MetricType::GAUGE) => "gauge",
                // It has nothing to tell yet: by convention this suffix is a counter's alone.
                _ if desc.fq_name.ends_with("_total") => "counter",
                _ => "gauge",
            };
            let (help, labels) = (desc.help.clone(), desc.variable_labels.clone());
            families.insert(desc.fq_name.clone(), Family { help, labels, kind });
        }
        drop(families);
        self.inner.register(collector)
    }

    /// All that there is to count now.
    pub fn gather(&self) -> Vec<MetricFamily> {
        self.inner.gather()
    }

    /// Every metric by name, as a table in Markdown.
    pub fn reference(&self) -> String {
        let families = self.families.lock().unwrap_or_else(PoisonError::into_inner);
        let mut table = "| metric | type | labels | what it says |\n|---|---|---|---|\n".to_owned();
        for (name, Family { help, labels, kind }) in families.iter() {
            let labels = labels.iter().map(|label| format!("`{label}`")).collect::<Vec<_>>();
            let (labels, help) = (labels.join(", "), help.replace('|', "\\|"));
            // Writing to a string cannot fail.
            let _ = writeln!(table, "| `{name}` | {kind} | {labels} | {help} |");
        }
        table
    }
}
