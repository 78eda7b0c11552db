//! Text with tabs, aligned in columns.

use alloc::{string::String, vec::Vec};

/// Aligns tab-separated cells: a column is as wide as its widest cell in a run of lines that have it, plus `padding`,
/// and at least `least`; the last cell of a line is not padded.
///
/// Source: Go's text/tabwriter; kubectl prints tables with (6, 3) and descriptions with (0, 2).
pub(super) fn align(text: &str, least: usize, padding: usize) -> String {
    let lines: Vec<Vec<&str>> = text.split('\n').map(|line| line.split('\t').collect()).collect();
    let mut widths: Vec<Vec<usize>> = lines.iter().map(|cells| alloc::vec![0; cells.len() - 1]).collect();
    let columns = widths.iter().map(Vec::len).max().unwrap_or(0);
    for column in 0..columns {
        let mut at = 0;
        while at < lines.len() {
            let run = lines[at..].iter().take_while(|cells| cells.len() > column + 1).count();
            let widest = lines[at..at + run].iter().map(|cells| cells[column].chars().count()).max().unwrap_or(0);
            for width in &mut widths[at..at + run] {
                width[column] = least.max(widest + padding);
            }
            at += run.max(1);
        }
    }
    let mut out = String::new();
    for (at, (cells, widths)) in lines.iter().zip(&widths).enumerate() {
        if at > 0 {
            out.push('\n');
        }
        for (column, cell) in cells.iter().enumerate() {
            out.push_str(cell);
            let blanks = widths.get(column).map_or(0, |width| width - cell.chars().count());
            out.extend(core::iter::repeat_n(' ', blanks));
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::align;

    #[test]
    fn columns_end_where_a_line_does_without_them() {
        let text = "Name:\tweb\nSelector:\tapp=web\nEvents:\n  Type\tReason\n  Normal\tScheduled\n";
        let aligned = "Name:      web\nSelector:  app=web\nEvents:\n  Type    Reason\n  Normal  Scheduled\n";
        assert_eq!(align(text, 0, 2), aligned);
        assert_eq!(align("A\tB\n1\t2", 6, 3), "A     B\n1     2");
    }
}
