//! Names are clients' words. None of them may become markup.

use crate::given::{record, report, scope};
use comrak::{Options, markdown_to_html};
use invocation::{Label, Record};
use report::Report;
use serde_json::json;

const NAMES: [&str; 12] = [
    "a|b|c",
    r"a\|b\",
    "`code` ``more``",
    "<script>alert(1)</script>",
    "<!-- gone",
    "[here](https://evil.example)",
    "![img](https://evil.example/x.png)",
    "https://evil.example www.evil.example evil@example.com",
    "**bold** _it_ ~~no~~",
    "# title",
    "&lt;b&gt; &#124;",
    "abc\u{202e}fed\u{200b}",
];

fn named(name: &str) -> Record {
    let label: Label = name.to_owned().try_into().unwrap();
    let mut record = record(json!({"client_sequence": 5, "status": "error", "latency_ms": 1}), 1);
    for field in [
        &mut record.model,
        &mut record.provider,
        &mut record.agent,
        &mut record.stage,
        &mut record.operation,
        &mut record.run_id,
        &mut record.error_type,
    ] {
        *field = Some(label.clone());
    }
    record.key_id = Some(name.to_owned());
    record.phi_scan.detector_version = name.to_owned();
    record
}

/// The page as GitHub renders it.
fn html(report: &Report) -> String {
    let mut options = Options::default();
    options.extension.table = true;
    options.extension.autolink = true;
    options.extension.strikethrough = true;
    options.render.r#unsafe = true;
    markdown_to_html(&report.to_markdown(), &options)
}

fn count(html: &str, what: &str) -> usize {
    html.matches(what).count()
}

/// The elements of a page, in order, without their text.
fn skeleton(html: &str) -> Vec<&str> {
    html.split('<').skip(1).filter_map(|rest| rest.split('>').next()).collect()
}

#[test]
fn a_page_has_the_same_elements_whatever_the_names_say() {
    let plain = html(&report(scope(), &[named("plain")]));
    assert!(count(&plain, "<td") > 100, "{plain}");
    for name in NAMES {
        let page = html(&report(scope(), &[named(name)]));
        assert_eq!(skeleton(&page), skeleton(&plain), "{name}");
    }
}

#[test]
fn what_an_operator_chose_is_no_markup_either() {
    let with = |name: &str| {
        let mut scope = scope();
        scope.project_name = name.to_owned();
        scope.run_id = Some(name.to_owned());
        let mut report = report(scope, &[named("plain")]);
        report.ledger.origin = name.to_owned();
        report.ledger.verifier_key = name.to_owned();
        report.ledger.checkpoint = format!("{name}\n```\n<b>\n# x\n````\n");
        html(&report)
    };
    let plain = with("plain");
    for name in NAMES.into_iter().chain(["two\nlines\n\n# title"]) {
        assert_eq!(skeleton(&with(name)), skeleton(&plain), "{name}");
    }
}

#[test]
fn a_name_can_be_read_on_the_page() {
    let page = html(&report(scope(), &[named("<b>&\"m\"*1*")]));
    assert!(page.contains("<code>&lt;b&gt;&amp;&quot;m&quot;*1*</code>"), "{page}");
}
