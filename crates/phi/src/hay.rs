//! The folded text under the scanner, and the work spent on it.

use std::cell::Cell;

use crate::Class;

/// A finding in folded positions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Found {
    pub(crate) class: Class,
    pub(crate) start: usize,
    pub(crate) end: usize,
}

/// The text that matchers read. Reading outside it yields NUL, which is part of no identifier, so
/// that matchers need no bounds of their own.
pub(crate) struct Hay<'a> {
    bytes: &'a [u8],
    /// The name of the field that the text stands under.
    pub(crate) label: &'a [u8],
    /// The finding before: nothing at or left of it is context.
    pub(crate) last: Option<Found>,
    /// Bytes looked at so far, the measure of work.
    work: Cell<usize>,
}

impl<'a> Hay<'a> {
    pub(crate) fn new(label: &'a str, bytes: &'a [u8]) -> Self {
        Self { bytes, label: label.as_bytes(), last: None, work: Cell::new(0) }
    }

    pub(crate) fn bytes(&self) -> &'a [u8] {
        self.bytes
    }

    pub(crate) fn work(&self) -> usize {
        self.work.get()
    }

    pub(crate) fn charge(&self, bytes: usize) {
        self.work.set(self.work.get().saturating_add(bytes));
    }

    #[inline]
    pub(crate) fn at(&self, at: usize) -> u8 {
        self.bytes.get(at).copied().unwrap_or(0)
    }

    #[inline]
    pub(crate) fn before(&self, at: usize) -> u8 {
        at.checked_sub(1).map_or(0, |at| self.at(at))
    }

    pub(crate) fn slice(&self, start: usize, end: usize) -> &'a [u8] {
        self.bytes.get(start..end).unwrap_or_default()
    }

    /// The end of the run of `wanted` bytes from `from` on, at most `max` of them.
    pub(crate) fn skip(&self, from: usize, max: usize, wanted: impl Fn(u8) -> bool) -> usize {
        let tail = self.bytes.get(from..).unwrap_or_default();
        let run = tail.iter().take(max).take_while(|&&byte| wanted(byte)).count();
        self.charge(run + 1);
        from + run
    }

    /// The start of the run of `wanted` bytes that ends at `to`, at most `max` of them.
    pub(crate) fn skip_back(&self, to: usize, max: usize, wanted: impl Fn(u8) -> bool) -> usize {
        let head = self.bytes.get(..to).unwrap_or_default();
        let run = head.iter().rev().take(max).take_while(|&&byte| wanted(byte)).count();
        self.charge(run + 1);
        to - run
    }

    /// The run of ASCII letters from `from` on.
    pub(crate) fn letters(&self, from: usize) -> &'a [u8] {
        self.slice(from, self.skip(from, 16, |byte| byte.is_ascii_alphabetic()))
    }

    /// Where the finding before ends.
    pub(crate) fn floor(&self) -> usize {
        self.last.map_or(0, |last| last.end)
    }
}
