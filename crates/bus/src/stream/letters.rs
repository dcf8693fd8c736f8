//! Dead letters, in a stream beside the feed.
//!
//! They are in the order in which they were given up, under ids of Redis's own. It is a list for
//! people: which entries had no effect is known to the group's cursor.

use super::{StreamEntry, StreamFeed};
use crate::batch::DeadLetter;
use crate::bus::DEAD_LETTERS;
use crate::error::Error;
use redis_link::redis::cmd;
use std::collections::BTreeMap;

/// Before the names of the letter's own fields, which so are never those of an entry.
const OWN: char = '_';

impl StreamFeed {
    pub(crate) async fn park(&self, letter: &DeadLetter) -> Result<(), Error> {
        let mut command = cmd("XADD");
        command.arg(self.dead()).arg("MAXLEN").arg("~").arg(DEAD_LETTERS).arg("*");
        for (name, text) in own_fields(letter) {
            command.arg(format!("{OWN}{name}")).arg(text);
        }
        for (name, text) in &letter.fields {
            command.arg(name).arg(text);
        }
        self.ask::<String>(&command).await?;
        // Whoever ends here parks it again; the list shows the newer letter.
        self.acknowledge_indexes(&letter.group, &[letter.index]).await
    }

    pub(crate) async fn dead_letters(&self) -> Result<Vec<DeadLetter>, Error> {
        let letters = self.parked().await?.into_iter().filter_map(|(_, fields)| letter(fields));
        let newest: BTreeMap<(u64, String), DeadLetter> =
            letters.map(|it| ((it.index, it.group.clone()), it)).collect();
        Ok(newest.into_values().collect())
    }

    pub(crate) async fn discard(&self, group: &str, index: u64) -> Result<bool, Error> {
        let mut command = cmd("XDEL");
        command.arg(self.dead());
        let mut found = false;
        for (id, fields) in self.parked().await? {
            if letter(fields).is_some_and(|it| it.index == index && it.group == group) {
                command.arg(id);
                found = true;
            }
        }
        if found {
            self.ask::<u64>(&command).await?;
        }
        Ok(found)
    }

    async fn parked(&self) -> Result<Vec<StreamEntry>, Error> {
        self.ask(cmd("XRANGE").arg(self.dead()).arg("-").arg("+")).await
    }

    fn dead(&self) -> String {
        format!("{}:dead", self.key())
    }
}

fn own_fields(letter: &DeadLetter) -> [(&'static str, String); 5] {
    [
        ("index", letter.index.to_string()),
        ("since", letter.since.to_string()),
        ("group", letter.group.clone()),
        ("deliveries", letter.deliveries.to_string()),
        ("reason", letter.reason.clone()),
    ]
}

/// `None`: somebody else put it there.
fn letter(fields: Vec<(String, String)>) -> Option<DeadLetter> {
    let (own, fields): (Vec<_>, Vec<_>) =
        fields.into_iter().partition(|(name, _)| name.starts_with(OWN));
    let text = |name: &str| {
        own.iter().find(|(own, _)| own.strip_prefix(OWN) == Some(name)).map(|(_, text)| text)
    };
    Some(DeadLetter {
        index: text("index")?.parse().ok()?,
        since: text("since")?.parse().ok()?,
        group: text("group")?.clone(),
        deliveries: text("deliveries")?.parse().ok()?,
        reason: text("reason")?.clone(),
        fields,
    })
}
