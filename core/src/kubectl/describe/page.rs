//! Lines of a description, aligned in the end.

use super::super::align::align;
use crate::{api::Value, control::timestamp, time::Instant};
use alloc::{
    format,
    string::{String, ToString},
};

/// Annotations longer than this are shortened, or put on a line of their own.
const MAX_ANNOTATION: usize = 140;

/// A description under way.
#[derive(Debug, Default)]
pub(super) struct Page {
    done: String,
    open: String,
}

impl Page {
    /// A line, two blanks further in for each level.
    pub(super) fn line(&mut self, level: usize, text: &str) {
        self.open.push_str(&"  ".repeat(level));
        self.open.push_str(text);
        self.open.push('\n');
    }

    /// A line for each label.
    pub(super) fn labels(&mut self, level: usize, title: &str, labels: &Value) {
        let mut head = format!("{title}:\t");
        for (name, value) in labels.fields() {
            self.line(level, &format!("{head}{name}={}", value.str()));
            head = "\t".to_string();
        }
        if labels.is_empty() {
            self.line(level, &format!("{head}<none>"));
        }
    }

    /// A line for each annotation but kubectl's own note.
    pub(super) fn annotations(&mut self, level: usize, title: &str, annotations: &Value) {
        let mut head = format!("{title}:\t");
        for (name, value) in annotations.fields() {
            if name == "kubectl.kubernetes.io/last-applied-configuration" {
                continue;
            }
            let value = value.str().trim_end_matches('\n');
            if name.len() + value.len() + 2 > MAX_ANNOTATION || value.contains('\n') {
                self.line(level, &format!("{head}{name}:"));
                for line in value.split('\n') {
                    let shown = match line.char_indices().nth(MAX_ANNOTATION - 2) {
                        Some((end, _)) => format!("{}...", &line[..end]),
                        None => line.to_string(),
                    };
                    self.line(level, &format!("\t  {shown}"));
                }
            } else {
                self.line(level, &format!("{head}{name}: {value}"));
            }
            head = "\t".to_string();
        }
        if head != "\t" {
            self.line(level, &format!("{head}<none>"));
        }
    }

    /// What follows is aligned by itself.
    pub(super) fn flush(&mut self) {
        self.done.push_str(&align(&core::mem::take(&mut self.open), 0, 2));
    }

    /// The whole text.
    pub(super) fn finish(mut self) -> String {
        self.flush();
        self.done
    }
}

/// An RFC 3339 timestamp as Go's RFC1123Z: `Thu, 01 Jan 2026 00:00:00 +0000`.
pub(super) fn date(text: &str) -> String {
    const DAYS: [&str; 7] = ["Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"];
    const MONTHS: [&str; 12] = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
    let (Some(at), Some(month)) = (timestamp::parse(text), text.get(5..7).and_then(|m| m.parse::<usize>().ok())) else {
        return "<unknown>".to_string();
    };
    // Time zero of a cluster, the first second of 2026, is a Thursday.
    let zero = timestamp::parse(&timestamp::emit(Instant::ZERO)).unwrap_or(Instant::ZERO);
    let day = (at.total_micros() - zero.total_micros()).div_euclid(86_400_000_000).rem_euclid(7);
    let month = MONTHS[(month.max(1) - 1).min(11)];
    format!("{}, {} {month} {} {} +0000", DAYS[day as usize], &text[8..10], &text[..4], &text[11..19])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_date_is_written_with_its_day_of_the_week() {
        assert_eq!(date("2026-01-01T00:00:00Z"), "Thu, 01 Jan 2026 00:00:00 +0000");
        assert_eq!(date("2026-03-01T10:02:03Z"), "Sun, 01 Mar 2026 10:02:03 +0000");
        assert_eq!(date(""), "<unknown>");
    }
}
