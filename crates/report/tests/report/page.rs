//! The page as a reviewer reads it.

use crate::given::{dozen, proof, report, scope, time};
use report::{Builder, Scope};

#[test]
fn a_report_on_one_run() {
    let mut records = dozen();
    records.truncate(6);
    let run_id = Some("r1".to_owned());
    insta::assert_snapshot!(report(Scope { run_id, ..scope() }, &records).to_markdown(), @r###"
    # Transparency report

    - **Project:** `Trial 12` (`p1`)
    - **Covers:** the run `r1`, at any time
    - **As of:** 2026-11-21T09:06:01.000000Z, when the newest of the records was taken in
    - **Governance mode:** standard (patient data found in text is redacted); 6 records under standard
    - **Content policy:** hash_only (of inputs and outputs a keyed digest is kept); 6 records under hash_only

    ## Summary

    The records tell of 6 AI invocations in 1 run, started between 2026-11-21T09:01:00.000000Z and 2026-11-21T09:06:00.000000Z; 6 of them call a model. These calls took in 4,010 tokens and gave 1,020 tokens. The 4 priced model calls cost $0.25405. 2 model calls could not be priced and are **not** in that sum. 1 invocation ended in an error (16.67 %); 1 invocation was refused by a rule. The scan for patient data made 0 findings in 0 records. By the senders' sequence numbers 4 records are missing.

    ## Usage

    | Total                      | Count |
    | -------------------------- | ----: |
    | Invocations                |     6 |
    | of them model calls        |     6 |
    | Errors                     |     1 |
    | Blocked                    |     1 |
    | Input tokens               | 4,010 |
    | of them read from a cache  | 1,500 |
    | of them written to a cache |     0 |
    | Output tokens              | 1,020 |
    | of them reasoning          |     5 |

    Tokens and costs are those of model calls alone: agents, chains and tools repeat what the calls inside them used.

    ### By model

    | Model | Invocations | Model calls | Errors | Blocked | Input tokens | Output tokens |     Cost | Unpriced |
    | ----- | ----------: | ----------: | -----: | ------: | -----------: | ------------: | -------: | -------: |
    | `m1`  |           6 |           6 |      1 |       1 |        4,010 |         1,020 | $0.25405 |        2 |

    ### By provider

    | Provider | Invocations | Model calls | Errors | Blocked | Input tokens | Output tokens |     Cost | Unpriced |
    | -------- | ----------: | ----------: | -----: | ------: | -----------: | ------------: | -------: | -------: |
    | `acme`   |           6 |           6 |      1 |       1 |        4,010 |         1,020 | $0.25405 |        2 |

    ### By tier

    | Tier   | Invocations | Model calls | Errors | Blocked | Input tokens | Output tokens |     Cost | Unpriced |
    | ------ | ----------: | ----------: | -----: | ------: | -----------: | ------------: | -------: | -------: |
    | `mini` |           6 |           6 |      1 |       1 |        4,010 |         1,020 | $0.25405 |        2 |

    ### By agent

    | Agent    | Invocations | Model calls | Errors | Blocked | Input tokens | Output tokens |     Cost | Unpriced |
    | -------- | ----------: | ----------: | -----: | ------: | -----------: | ------------: | -------: | -------: |
    | `writer` |           6 |           6 |      1 |       1 |        4,010 |         1,020 | $0.25405 |        2 |

    ### By stage

    | Stage        | Invocations | Model calls | Errors | Blocked | Input tokens | Output tokens |     Cost | Unpriced |
    | ------------ | ----------: | ----------: | -----: | ------: | -----------: | ------------: | -------: | -------: |
    | `draft`      |           5 |           5 |      1 |       0 |        4,010 |         1,020 | $0.25405 |        1 |
    | (not stated) |           1 |           1 |      0 |       1 |            0 |             0 |    $0.00 |        1 |

    ### By operation

    | Operation | Invocations | Model calls | Errors | Blocked | Input tokens | Output tokens |     Cost | Unpriced |
    | --------- | ----------: | ----------: | -----: | ------: | -----------: | ------------: | -------: | -------: |
    | `chat`    |           6 |           6 |      1 |       1 |        4,010 |         1,020 | $0.25405 |        2 |

    ### By API key

    | API key | Invocations | Model calls | Errors | Blocked | Input tokens | Output tokens |     Cost | Unpriced |
    | ------- | ----------: | ----------: | -----: | ------: | -----------: | ------------: | -------: | -------: |
    | `k1`    |           6 |           6 |      1 |       1 |        4,010 |         1,020 | $0.25405 |        2 |

    ## Cost

    | Source                        | Model calls |     Cost |
    | ----------------------------- | ----------: | -------: |
    | Computed from the price table |           3 | $0.00405 |
    | Reported by the sender        |           1 |    $0.25 |
    | **Total**                     |           4 | $0.25405 |

    | Version of the price table | Model calls |
    | -------------------------- | ----------: |
    | `test-1`                   |           3 |

    **2 calls of a named model have no price and are not in the total.** Nothing was guessed for them. Their models:

    | Unpriced model | Model calls |
    | -------------- | ----------: |
    | `m1`           |           2 |

    ## Latency

    Milliseconds, of model calls that reached a model and state a time. Percentiles are exact, by nearest rank.

    ### Whole answer

    | Model          | Calls | Least | p50 | p90 | p95 | p99 | Most |
    | -------------- | ----: | ----: | --: | --: | --: | --: | ---: |
    | **All models** |     5 |   100 | 300 | 500 | 500 | 500 |  500 |
    | `m1`           |     5 |   100 | 300 | 500 | 500 | 500 |  500 |

    ### First token

    | Model          | Calls | Least |  p50 |  p90 |  p95 |  p99 | Most |
    | -------------- | ----: | ----: | ---: | ---: | ---: | ---: | ---: |
    | **All models** |     1 |  12.5 | 12.5 | 12.5 | 12.5 | 12.5 | 12.5 |
    | `m1`           |     1 |  12.5 | 12.5 | 12.5 | 12.5 | 12.5 | 12.5 |

    ## Errors

    | Outcome           | Invocations |   Share |
    | ----------------- | ----------: | ------: |
    | Ended in an error |           1 | 16.67 % |
    | Refused by a rule |           1 | 16.67 % |

    | Error type | Invocations |
    | ---------- | ----------: |
    | `timeout`  |           1 |

    ## Patient data (PHI)

    Every text of 6 records was scanned before it was kept. The scanner finds patterns, not names; it can miss what it does not know, and can take harmless text for patient data.

    | Action                             | Records |
    | ---------------------------------- | ------: |
    | Nothing found                      |       6 |
    | Findings redacted                  |       0 |
    | All text dropped (strict mode)     |       0 |
    | Could not be scanned, text dropped |       0 |

    | Version of the scanner | Records |
    | ---------------------- | ------: |
    | `scanner-1`            |       6 |

    ## Runs

    1 run; 0 records belong to no run.

    | Run  | Invocations | Errors |     Cost |                       First |                        Last |
    | ---- | ----------: | -----: | -------: | --------------------------: | --------------------------: |
    | `r1` |           6 |      1 | $0.25405 | 2026-11-21T09:01:00.000000Z | 2026-11-21T09:06:00.000000Z |

    ## Completeness

    Senders may number the events of a run. A number that no record has is a record that was lost, or never sent. What was lost after a run's last record does not show, nor does what was never numbered.

    | Figure                                   | Count |
    | ---------------------------------------- | ----: |
    | Records with a sequence number in a run  |     6 |
    | Records without                          |     0 |
    | Runs checked                             |     1 |
    | of them with missing or repeated numbers |     1 |
    | Missing numbers                          |     4 |
    | Repeated numbers                         |     1 |
    | Records over 5 minutes late              |     0 |
    | Largest lag of a record (ms)             | 1,000 |
    | Records that waited for the database     |     0 |
    | Records by the JSON API                  |     6 |
    | Records by OTLP                          |     0 |

    | Run  | First | Last | Records | Repeated | Missing |  Which |
    | ---- | ----: | ---: | ------: | -------: | ------: | -----: |
    | `r1` |     1 |    9 |       6 |        1 |       4 | 4; 6–8 |

    ## Ledger

    - **Log:** `invocations`, origin `example.org/invocations`
    - **Verifier key:** `example.org/invocations+1a2b3c4d+AQID`
    - **Records:** 6, at indexes 100 to 105 in 1 range; the log had 2,000 when the checkpoint was signed
    - **SHA-256 over their entries:** `8c6487824c611ce38634f26f8c4922514edc0bf8cde936b7d904c0e17c2dff97`

    The checkpoint, a signed note that covers all records of this report:

    ```text
    example.org/invocations
    2000
    qqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqo=

    — example.org/invocations AQID
    ```

    ## How to verify this report

    1. **The key.** Compare the verifier key above with one that you got another way, not from this report. The service serves its key at `/ledger/invocations/key`.
    2. **The log.** Save the checkpoint above as `checkpoint.txt` and run `researchflow ledger verify --checkpoint checkpoint.txt` on the database. It recomputes the whole log and says whether the log still continues this checkpoint. Any tool for C2SP tlog-tiles or RFC 6962 can do the same from `/ledger/invocations/checkpoint` and `/ledger/invocations/tile/`.
    3. **The first and the last record.** The JSON report has their inclusion proofs under `ledger.inclusion_proofs`. A leaf hash is SHA-256(0x00 ‖ entry); the proof leads from it to the root hash in the checkpoint (RFC 6962, 2.1.1).
    4. **All records between.** Read the records at `ledger.index_ranges`: each comes with its nonce, its entry and a proof of its own, and its entry is SHA-256(nonce ‖ canonical record). SHA-256 over all the 32-byte entries, in ledger order and with nothing between them, must be `8c6487824c611ce38634f26f8c4922514edc0bf8cde936b7d904c0e17c2dff97`.
    5. **The figures.** Count them again from these records. From the same records, scope and proofs the JSON report has the same bytes.

    docs/ledger.md describes the formats, docs/reports.md the definition of each figure.

    ## What this report shows, and what it does not

    - These steps show that the records which the report counts are in the log at those places, and that neither they nor any entry before them was changed, removed or reordered since the checkpoint was signed.
    - They do not show that the report counts every record of its scope. The log hides whose its other entries are: whether one was left out is found only by asking for the records at the indexes between.
    - They do not show that every AI call was recorded. A call that nobody sent leaves no trace but a gap in its run's sequence numbers, where the sender numbers them.
    - They do not show that what senders state is true: names, token counts, reported costs, latencies and start times are theirs. The time of taking in is the service's clock.
    - Whoever holds the log's key could keep two logs and show each to somebody else. Comparing checkpoints with others, or with one that was kept elsewhere, brings that to light.
    - A record that was erased since, as a deleted project's are, leaves its entry in the log. The entry can still be checked; what the record said cannot.
    - A scan that found no patient data is no proof that there was none.
    "###);
}

#[test]
fn a_report_on_nothing() {
    let from = Some(time("2026-11-01T00:00:00Z"));
    let to = Some(time("2026-12-01T00:00:00Z"));
    insta::assert_snapshot!(Builder::new(Scope { from, to, ..scope() }).finish(proof()).to_markdown(), @r###"
    # Transparency report

    - **Project:** `Trial 12` (`p1`)
    - **Covers:** the whole project, from 2026-11-01T00:00:00.000000Z and before 2026-12-01T00:00:00.000000Z
    - **As of:** no record
    - **Governance mode:** standard (patient data found in text is redacted)
    - **Content policy:** hash_only (of inputs and outputs a keyed digest is kept)

    ## Summary

    Nothing was recorded in this scope. All figures are zero.

    ## Ledger

    - **Log:** `invocations`, origin `example.org/invocations`
    - **Verifier key:** `example.org/invocations+1a2b3c4d+AQID`

    The checkpoint, a signed note that covers all records of this report:

    ```text
    example.org/invocations
    2000
    qqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqo=

    — example.org/invocations AQID
    ```

    ## How to verify this report

    There is no record whose place in the log could be checked. That nothing was recorded is the word of whoever made this report: a log shows what is in it, not what is not. The checkpoint can be checked as docs/ledger.md says.
    "###);
}
