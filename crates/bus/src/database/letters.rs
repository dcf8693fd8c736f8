//! Dead letters, in a document of their own.

use super::DatabaseFeed;
use crate::batch::DeadLetter;
use crate::bus::DEAD_LETTERS;
use crate::error::Error;

/// In the order in which they were given up.
type Letters = Vec<DeadLetter>;

impl DatabaseFeed {
    pub(crate) async fn park(&self, letter: &DeadLetter) -> Result<(), Error> {
        let change = |letters: &mut Letters| {
            letters.retain(|it| (it.index, &it.group) != (letter.index, &letter.group));
            letters.push(letter.clone());
            letters.drain(..letters.len().saturating_sub(DEAD_LETTERS));
            Ok(())
        };
        self.change(&self.letters_name(), change).await?;
        self.release(&letter.group, vec![letter.covers()]).await
    }

    pub(crate) async fn dead_letters(&self) -> Result<Vec<DeadLetter>, Error> {
        let (mut letters, _) = self.load::<Letters>(&self.letters_name()).await?;
        letters.sort_by(|a, b| (a.index, &a.group).cmp(&(b.index, &b.group)));
        Ok(letters)
    }

    pub(crate) async fn discard(&self, group: &str, index: u64) -> Result<bool, Error> {
        let change = |letters: &mut Letters| {
            let before = letters.len();
            letters.retain(|it| (it.index, it.group.as_str()) != (index, group));
            Ok(letters.len() < before)
        };
        self.change(&self.letters_name(), change).await
    }

    fn letters_name(&self) -> String {
        format!("{}:dead", self.settings.stream)
    }
}
