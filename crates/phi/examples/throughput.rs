//! Prints how fast text is scanned, in megabytes per second on one core.
#![expect(clippy::print_stdout, reason = "it is a measurement for a terminal")]

use std::hint::black_box;
use std::time::Instant;

const PROSE: &str = "The hypothesis was that early mobilisation would shorten the stay in intensive \
care without raising the rate of adverse events. Participants were assigned at random to usual care \
or to a structured programme, and the assessors did not know which. The outcome did not differ \
between the groups; however, those who began early reported less delirium, and their families were \
more satisfied (a finding that held in every centre). We discuss what this means for practice, and \
why the trial may have been too small to show a difference in mortality.\n";

const NOTE: &str = "Pt seen 03/14/2024 for f/u, DOB 02/11/1931, 93 yo F, MRN 00482913. BP 132/84, HR 72, \
T 37.1, SpO2 97% RA. Labs: Na 138, K 4.2, Cr 0.9, WBC 11.3, Hgb 12.4, Plt 243. Metformin 500 mg BID, \
lisinopril 10 mg daily. Daughter at (555) 201-3344 or jane.doe@example.com; pharmacy fax 555-201-9981. \
Address: 12 Elm St, Boston, MA 02139. Insurance member ID W123456789. Return visit 4/2/2024.\n";

fn measure(name: &str, unit: &str) {
    const BYTES: usize = 64 << 20;
    let text = unit.repeat((4 << 10) / unit.len() + 1);
    let rounds = BYTES / text.len();
    let start = Instant::now();
    let mut found = 0;
    for _ in 0..rounds {
        found += phi::scan(black_box(&text)).map_or(0, |findings| findings.len());
    }
    let seconds = start.elapsed().as_secs_f64();
    let megabytes = (rounds * text.len()) as f64 / 1e6;
    let per_kilobyte = found as f64 / (megabytes * 1e3);
    println!("{name:<16} {:>7.0} MB/s, {per_kilobyte:.1} findings per kB", megabytes / seconds);
}

fn main() {
    measure("prose", PROSE);
    measure("prose, unicode", &PROSE.replace("; ", " — ").replace("not", "n’t"));
    measure("clinical notes", NOTE);
    for hostile in ["1-", "@", "(", "a.", ":", "0", "1a-", "9999 ", "tel 1234567 "] {
        measure(&format!("hostile {hostile:?}"), hostile);
    }
}
