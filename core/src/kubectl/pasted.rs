//! Help for text that was pasted from a page or a book.
//!
//! The real error comes first, as a real cluster gives it; what stands here is said below it.

use crate::cluster::Hint;
use alloc::{borrow::ToOwned, format, string::String, vec::Vec};

/// What a typesetter makes of the characters of a command.
const TYPOGRAPHIC: &[(char, &str)] = &[
    ('\u{2013}', "-"),
    ('\u{2014}', "--"),
    ('\u{2212}', "-"),
    ('\u{2010}', "-"),
    ('\u{2011}', "-"),
    ('\u{2018}', "'"),
    ('\u{2019}', "'"),
    ('\u{201c}', "\""),
    ('\u{201d}', "\""),
    ('\u{2026}', "..."),
    ('\u{a0}', " "),
];

/// What a command line seems to have caught on its way from a page, and the line without it.
pub(super) fn line(line: &str) -> Option<Hint> {
    let trimmed = line.trim();
    if let Some(rest) = ["$ ", "# ", "> ", "/ # ", "~$ "].iter().find_map(|mark| trimmed.strip_prefix(mark)) {
        let text = "The prompt was copied along with the command.".to_owned();
        return Some(hint("CIP002", text, Some(rest.trim().to_owned())));
    }
    if is_heading(trimmed) {
        let text = "This is a line of a table that a command printed, not a command.".to_owned();
        return Some(hint("CIP002", text, None));
    }
    if ["apiVersion:", "kind:", "EditapiVersion:"].iter().any(|start| trimmed.starts_with(start)) {
        let text = "This is a manifest, not a command: put it in the editor, then kubectl apply -f .".to_owned();
        return Some(hint("CIP002", text, None));
    }
    let strange = trimmed.chars().find(|c| TYPOGRAPHIC.iter().any(|(t, _)| t == c))?;
    let (name, plain) = match strange {
        '\u{2013}' => ("an en dash (–)", "--"),
        '\u{2014}' => ("an em dash (—)", "--"),
        '\u{2018}' | '\u{2019}' => ("a typographic quote", "'"),
        '\u{201c}' | '\u{201d}' => ("a typographic quote", "\""),
        '\u{a0}' => ("a no-break space", "a space"),
        _ => ("a typographic character", "a plain one"),
    };
    let text = format!("Your text has {name} where the command needs {plain}. Pasted from a book?");
    Some(hint("CIP007", text, Some(plain_line(trimmed))))
}

/// The line with plain dashes and quotes; one dash before a word was two, unless the word is a letter or `it`.
fn plain_line(line: &str) -> String {
    let mut words: Vec<String> = Vec::new();
    for word in line.split(' ') {
        let bare = word.trim_start_matches(['\u{2013}', '\u{2014}', '\u{2212}', '\u{2010}', '\u{2011}']);
        let dashes = word.chars().count() - bare.chars().count();
        let mut plain = String::new();
        for c in bare.chars() {
            match TYPOGRAPHIC.iter().find(|(t, _)| *t == c) {
                Some((_, text)) => plain.push_str(text),
                None => plain.push(c),
            }
        }
        let name = plain.split('=').next().unwrap_or("");
        words.push(match dashes {
            0 => plain,
            1 if (name.len() == 1 || matches!(name, "it" | "ti")) && !word.starts_with('\u{2014}') => {
                format!("-{plain}")
            }
            _ => format!("--{plain}"),
        });
    }
    words.join(" ")
}

fn is_heading(line: &str) -> bool {
    let mut words = line.split_whitespace();
    matches!(words.next(), Some("NAME" | "NAMESPACE"))
        && words.next().is_some_and(|word| word.chars().all(|c| c.is_ascii_uppercase() || "-()".contains(c)))
}

/// What is wrong with a manifest that lost its shape on the way.
pub(super) fn manifest(text: &str) -> Option<Hint> {
    if let Some(line) = text.lines().find(|line| line.contains("EditapiVersion") || line.starts_with("CopyapiVersion"))
    {
        let text = format!("\"{}\" has a button's caption of the page in it: it should read apiVersion.", line.trim());
        return Some(hint("CIP002", text, None));
    }
    if text.contains('\t') {
        let words = "YAML is indented with blanks; there is a tab in this text.".to_owned();
        return Some(hint("CIP001", words, Some(text.replace('\t', "  "))));
    }
    if text.contains("{{") {
        let words =
            "This is a template: what stands in {{ }} is filled in before kubectl reads it, as helm template does.";
        return Some(hint("CIP001", words.to_owned(), None));
    }
    has_no_indentation(text).then(|| {
        let text = "The indentation of this document seems lost: everything stands in the first column.".to_owned();
        hint("CIP001", text, None)
    })
}

/// True if the text is a manifest of some size, and no line is indented.
pub(super) fn has_no_indentation(text: &str) -> bool {
    let mut lines = text.lines().filter(|line| !line.trim().is_empty() && !line.starts_with('#'));
    text.lines().count() > 4
        && text.contains("metadata:\n")
        && lines.all(|line| !line.starts_with(' ') && !line.contains('{'))
}

fn hint(code: &str, text: String, action: Option<String>) -> Hint {
    Hint { code: code.to_owned(), text, action }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn corrected(text: &str) -> String {
        line(text).unwrap().action.unwrap()
    }

    #[test]
    fn a_books_dashes_and_quotes_become_the_commands() {
        let book = "kubectl run busybox \u{2013}\u{2013}rm \u{2013}it \u{2013}image=busybox \u{2014}restart Never";
        let plain = "kubectl run busybox --rm -it --image=busybox --restart Never";
        assert_eq!(corrected(book), plain);
        assert_eq!(corrected("kubectl run busybox \u{2013}rm \u{2013}i"), "kubectl run busybox --rm -i");
        assert_eq!(corrected("kubectl get svc -l \u{201c}app=web\u{201d}"), "kubectl get svc -l \"app=web\"");
    }

    #[test]
    fn prompts_and_tables_are_told_from_commands() {
        assert_eq!(corrected("$ kubectl get pods"), "kubectl get pods");
        assert!(line("NAME   READY   STATUS").unwrap().text.contains("table"));
        assert_eq!(line("kubectl get pods"), None);
    }
}
