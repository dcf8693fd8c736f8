//! A stranger checks an invocation with nothing but what the service publishes.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use ledger::{Checkpoint, Hash, VerifierKey, proof};
use serde_json::Value;
use tests::{Database, PROJECT, Service, bodies, both};

both!(every_invocation_is_proved);

fn every_invocation_is_proved(database: Database) {
    let service = Service::start(database);
    for part in 0..4 {
        service.key().ingest(&bodies::events(&format!("p{part}"), 150)).expect(200);
    }
    let key: VerifierKey =
        service.nobody().get("/ledger/invocations/key").text().trim().parse().unwrap();
    for id in ["p0-0", "p0-149", "p1-105", "p1-106", "p3-149"] {
        let found = service.key().get(&format!("{PROJECT}/invocations/{id}")).expect(200);
        assert_eq!(found["record"]["event_id"], id);
        check(&found, &key);
    }
}

fn check(found: &Value, key: &VerifierKey) {
    let proof = &found["ledger"];
    let text = |name: &str| proof[name].as_str().unwrap();
    let record = serde_json_canonicalizer::to_vec(&found["record"]).unwrap();
    let entry = ledger::entry(&STANDARD.decode(text("nonce")).unwrap(), &record);
    assert_eq!(entry.to_base64(), text("entry"));
    let checkpoint = Checkpoint::open(text("checkpoint"), std::slice::from_ref(key)).unwrap();
    let path = proof["inclusion_proof"].as_array().unwrap();
    let path: Vec<Hash> =
        path.iter().map(|hash| Hash::from_base64(hash.as_str().unwrap()).unwrap()).collect();
    let index = proof["index"].as_u64().unwrap();
    let leaf = ledger::leaf_hash(&entry);
    proof::verify_inclusion(&leaf, index, checkpoint.size, &path, &checkpoint.root).unwrap();
    assert!(
        proof::verify_inclusion(&leaf, index + 1, checkpoint.size, &path, &checkpoint.root)
            .is_err()
    );
}
