//! Where the records are sealed, how to check that, and what the check is worth.

use super::page::Page;
use super::text::{code, counted, number};
use crate::{LedgerRange, Report};

pub(super) fn write(page: &mut Page, report: &Report) {
    let ledger = &report.ledger;
    page.section("Ledger");
    page.bullets(&facts(ledger));
    page.paragraph("The checkpoint, a signed note that covers all records of this report:");
    page.verbatim(&ledger.checkpoint);
    page.section("How to verify this report");
    if report.is_empty() {
        page.paragraph(
            "There is no record whose place in the log could be checked. That nothing was recorded \
             is the word of whoever made this report: a log shows what is in it, not what is not. \
             The checkpoint can be checked as docs/ledger.md says.",
        );
        return;
    }
    page.steps(&steps(ledger));
    page.paragraph(
        "docs/ledger.md describes the formats, docs/reports.md the definition of each figure.",
    );
    page.section("What this report shows, and what it does not");
    page.bullets(&LIMITS);
}

fn facts(ledger: &LedgerRange) -> Vec<String> {
    let mut facts = vec![
        format!("**Log:** {}, origin {}", code(&ledger.log), code(&ledger.origin)),
        format!("**Verifier key:** {}", code(&ledger.verifier_key)),
    ];
    if let Some((first, last)) = ledger.first_index.zip(ledger.last_index) {
        facts.push(format!(
            "**Records:** {}, at indexes {} to {} in {}; the log had {} when the checkpoint was \
             signed",
            number(ledger.count),
            number(first),
            number(last),
            counted(ledger.index_range_count, "range"),
            number(ledger.tree_size),
        ));
        facts.push(format!("**SHA-256 over their entries:** {}", code(&ledger.entries_sha256)));
    }
    facts
}

fn steps(ledger: &LedgerRange) -> Vec<String> {
    let log = ledger.log.as_str();
    let path = |rest: &str| code(&format!("/ledger/{log}/{rest}"));
    vec![
        format!(
            "**The key.** Compare the verifier key above with one that you got another way, not \
             from this report. The service serves its key at {}.",
            path("key")
        ),
        format!(
            "**The log.** Save the checkpoint above as `checkpoint.txt` and run `researchflow \
             ledger verify --checkpoint checkpoint.txt` on the database. \
             It recomputes the whole log and says whether the log still continues this \
             checkpoint. Any tool for C2SP tlog-tiles or RFC 6962 can do the same from {} and {}.",
            path("checkpoint"),
            path("tile/")
        ),
        "**The first and the last record.** The JSON report has their inclusion proofs under \
         `ledger.inclusion_proofs`. A leaf hash is SHA-256(0x00 ‖ entry); the proof leads from it \
         to the root hash in the checkpoint (RFC 6962, 2.1.1)."
            .to_owned(),
        format!(
            "**All records between.** Read the records at `ledger.index_ranges`: each comes with \
             its nonce, its entry and a proof of its own, and its entry is SHA-256(nonce ‖ \
             canonical record). SHA-256 over all the 32-byte entries, in ledger order and with \
             nothing between them, must be {}.",
            code(&ledger.entries_sha256)
        ),
        "**The figures.** Count them again from these records. From the same records, scope and \
         proofs the JSON report has the same bytes."
            .to_owned(),
    ]
}

const LIMITS: [&str; 7] = [
    "These steps show that the records which the report counts are in the log at those places, \
     and that neither they nor any entry before them was changed, removed or reordered since the \
     checkpoint was signed.",
    "They do not show that the report counts every record of its scope. The log hides whose its \
     other entries are: whether one was left out is found only by asking for the records at the \
     indexes between.",
    "They do not show that every AI call was recorded. A call that nobody sent leaves no trace but \
     a gap in its run's sequence numbers, where the sender numbers them.",
    "They do not show that what senders state is true: names, token counts, reported costs, \
     latencies and start times are theirs. The time of taking in is the service's clock.",
    "Whoever holds the log's key could keep two logs and show each to somebody else. Comparing \
     checkpoints with others, or with one that was kept elsewhere, brings that to light.",
    "A record that was erased since, as a deleted project's are, leaves its entry in the log. The \
     entry can still be checked; what the record said cannot.",
    "A scan that found no patient data is no proof that there was none.",
];
