//! The dashboard that stays: looks come from a thread, so that a service that does not answer never
//! keeps the terminal.

use super::screen::{Screen, Source};
use super::view;
use crate::commands::{Failure, Verdict};
use ratatui::crossterm::event::{self, Event, KeyCode, KeyModifiers};
use std::io::{self, IsTerminal};
use std::sync::mpsc::{self, Receiver};
use std::thread;
use std::time::Duration;

/// How long a key or a look may have to wait before it is seen.
const ATTENTION: Duration = Duration::from_millis(100);

pub(super) fn run(source: Source, interval: Duration) -> Verdict {
    if !io::stdout().is_terminal() {
        return Err(Failure("This is no terminal: use --once.".to_owned()));
    }
    let looks = look_again_and_again(source, interval);
    ratatui::run(|terminal| {
        let mut shown: Option<Screen> = None;
        loop {
            while let Ok(look) = looks.try_recv() {
                shown = Some(look);
            }
            if let Some(screen) = &shown {
                terminal.draw(|frame| view::draw(frame, screen))?;
            }
            if event::poll(ATTENTION)? && is_farewell(&event::read()?) {
                return Ok::<_, io::Error>(());
            }
        }
    })
    .map_err(Failure::new)?;
    Ok(true)
}

/// Ends when nobody listens any more.
fn look_again_and_again(mut source: Source, interval: Duration) -> Receiver<Screen> {
    let (show, looks) = mpsc::channel();
    thread::spawn(move || {
        while show.send(source.look()).is_ok() {
            thread::sleep(interval);
        }
    });
    looks
}

fn is_farewell(event: &Event) -> bool {
    let Event::Key(key) = event else { return false };
    let interrupted =
        key.modifiers.contains(KeyModifiers::CONTROL) && key.code == KeyCode::Char('c');
    interrupted || matches!(key.code, KeyCode::Char('q') | KeyCode::Esc)
}
