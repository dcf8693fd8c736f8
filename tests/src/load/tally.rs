//! What came of a load.

use std::time::Duration;

/// One answer.
#[derive(Debug, Clone, Copy)]
pub struct Answered {
    /// The status; `None` if the connection broke.
    pub status: Option<u16>,
    /// When the request was due, from the start.
    pub due: Duration,
    /// How long after that the answer was there.
    pub after: Duration,
}

/// All answers of a load.
#[derive(Debug)]
pub struct Tally {
    answers: Vec<Answered>,
    unanswered: usize,
    lasted: Duration,
}

impl Tally {
    pub(super) fn new(answers: Vec<Answered>, unanswered: usize, lasted: Duration) -> Self {
        Self { answers, unanswered, lasted }
    }

    /// Those whose requests were due from `from` to before `to`.
    #[must_use]
    pub fn between(&self, from: Duration, to: Duration) -> Self {
        let within = |answer: &&Answered| (from..to).contains(&answer.due);
        let answers = self.answers.iter().filter(within).copied().collect();
        Self { answers, unanswered: 0, lasted: to - from }
    }

    /// How many were answered by one of these statuses.
    pub fn count(&self, is: impl Fn(u16) -> bool) -> usize {
        self.answers.iter().filter(|answer| answer.status.is_some_and(&is)).count()
    }

    /// How many were not answered: the connection broke, or no answer came by the end.
    pub fn failed(&self) -> usize {
        self.unanswered + self.broken()
    }

    /// How many lost their connection.
    pub fn broken(&self) -> usize {
        self.answers.iter().filter(|answer| answer.status.is_none()).count()
    }

    /// How many were never sent, since all connections were taken, or not answered by the end.
    pub fn held_back(&self) -> usize {
        self.unanswered
    }

    /// How many were offered.
    pub fn offered(&self) -> usize {
        self.answers.len() + self.unanswered
    }

    /// Answers a second by one of these statuses, of those that came after `settling` and before the
    /// end. What a load leaves in flight at its end it did not find there at its start, so the start
    /// is left out: as long as the longest answer takes.
    pub fn rate(&self, settling: Duration, is: impl Fn(u16) -> bool) -> f64 {
        let came = |it: &&Answered| (settling..=self.lasted).contains(&(it.due + it.after));
        let count =
            self.answers.iter().filter(came).filter(|it| it.status.is_some_and(&is)).count();
        count as f64 / (self.lasted - settling).as_secs_f64()
    }

    /// The latency, in milliseconds, below which `percent` of the answers by these statuses lie.
    pub fn percentile(&self, percent: usize, is: impl Fn(u16) -> bool) -> f64 {
        let chosen = self.answers.iter().filter(|answer| answer.status.is_some_and(&is));
        let mut times: Vec<Duration> = chosen.map(|answer| answer.after).collect();
        times.sort_unstable();
        let place = (times.len() * percent / 100).min(times.len().saturating_sub(1));
        times.get(place).map_or(f64::NAN, |time| time.as_secs_f64() * 1e3)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_are_of_the_chosen_answers() {
        let answer = |n: u64| Answered {
            status: Some(if n == 0 { 503 } else { 200 }),
            due: Duration::from_secs(n),
            after: Duration::from_millis(n),
        };
        let tally = Tally::new((0..=100).map(answer).collect(), 2, Duration::from_secs(10));
        assert_eq!(tally.percentile(50, |status| status == 200), 51.0);
        assert_eq!(tally.percentile(99, |status| status == 200), 100.0);
        assert_eq!((tally.count(|status| status == 503), tally.failed()), (1, 2));
        // Nine of them came within the ten seconds, five in the second half.
        assert_eq!(tally.rate(Duration::ZERO, |status| status == 200), 0.9);
        assert_eq!(tally.rate(Duration::from_secs(5), |status| status == 200), 1.0);
        let some = tally.between(Duration::from_secs(10), Duration::from_secs(20));
        assert_eq!(some.offered(), 10);
    }
}
