//! Filters for pipes: `grep`, `wc`, `sort`, `uniq`, `head`, `tail`, `tr`, `cut`.

mod grep;
mod pattern;
mod sort;

use alloc::boxed::Box;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;
use core::future::{Future, pending, poll_fn};
use core::pin::Pin;

use super::super::pipe::Pipe;
use super::super::sys::Sys;
use super::files;
use super::options::{Misuse, Options};
use grep::grep;
use sort::{Key, sort};

/// Runs a filter of that name.
pub(super) fn filter<'a>(
    sys: &'a Sys,
    name: &'static str,
    arguments: &'a [String],
) -> Pin<Box<dyn Future<Output = i32> + 'a>> {
    Box::pin(run(sys, name, arguments))
}

/// The options that each filter knows, as [`Options::read`] takes them.
fn known(name: &str) -> &'static str {
    match name {
        "grep" => {
            "e:,regexp m:,max-count v,invert-match i,ignore-case c,count n,line-number q,quiet,silent o,only-matching \
            w,word-regexp E,extended-regexp F,fixed-strings s,no-messages h,no-filename a,text &,color,line-buffered"
        }
        "sort" => "k:,key t:,field-separator n,numeric-sort r,reverse u,unique",
        "cut" => "d:,delimiter f:,fields c:,characters,b,bytes",
        "wc" => "l,lines w,words c,bytes,m",
        "uniq" => "c,count d,repeated u,unique",
        "tr" => "d,delete",
        "head" => "n:,lines c:,bytes q,quiet 0 1 2 3 4 5 6 7 8 9",
        _ => "n:,lines c:,bytes q,quiet f,follow F 0 1 2 3 4 5 6 7 8 9",
    }
}

async fn run(sys: &Sys, name: &str, arguments: &[String]) -> i32 {
    let trouble = if matches!(name, "grep" | "sort") { 2 } else { 1 };
    let options = match read_options(name, arguments) {
        Ok(options) => options,
        Err(complaint) => {
            sys.complain(format_args!("{name}: {complaint}"));
            return trouble;
        }
    };
    if name == "tail" && (options.has('f') || options.has('F')) {
        // How containers are kept running: nothing is ever added to the file.
        pending::<()>().await;
    }
    let mut paths = &options.words[..];
    let mut pattern = options.value('e');
    match name {
        "grep" if pattern.is_none() => {
            let [first, rest @ ..] = paths else {
                sys.usage("grep [-vicnq] PATTERN [FILE]...");
                return trouble;
            };
            (pattern, paths) = (Some(*first), rest);
        }
        // Its words are sets.
        "tr" => paths = &[],
        "head" => paths = &paths[..paths.len().min(1)],
        _ => {}
    }
    let input = match files::input(sys, paths) {
        Ok(input) => input,
        Err(path) => {
            sys.complain(format_args!("{name}: {path}: No such file or directory"));
            return if name == "grep" { 2 } else { 1 };
        }
    };
    match name {
        // These two answer while they read: what writes their lines may never end.
        "grep" => return grep(sys, &options, pattern.unwrap_or_default(), &input).await,
        "head" => return head(sys, &options, &input).await,
        _ => {}
    }
    let bytes = input.read_to_end().await;
    let text = String::from_utf8_lossy(&bytes);
    let output = match name {
        "wc" => wc(&options, &text),
        "sort" => sort(&options, &text),
        "uniq" => uniq(&options, &text),
        "tr" => match options.words[..] {
            [] => return sys.usage("tr [-d] STRING1 [STRING2]"),
            [from, ..] => tr(&options, from, &text),
        },
        "cut" => match options.value('f').or(options.value('c')) {
            None => return sys.fail(format_args!("cut: expected a list of bytes, characters, or fields")),
            Some(list) => cut(&options, list, &text),
        },
        _ => tail(&options, &text),
    };
    sys.stdout.write(output.as_bytes());
    0
}

/// The options of a filter, or what is wrong with them.
fn read_options<'a>(name: &str, arguments: &'a [String]) -> Result<Options<'a>, String> {
    let options = match Options::read(arguments, known(name)) {
        Ok(options) => options,
        Err(Misuse::MissingValue(option)) => return Err(format!("option requires an argument: {option}")),
        Err(Misuse::Unknown(option)) => {
            let dashes = if option.chars().count() == 1 { "-" } else { "--" };
            return Err(format!("{dashes}{option} is not simulated"));
        }
    };
    for letter in ['n', 'c', 'm'] {
        let text = options.value(letter).unwrap_or_default();
        let digits = if name == "tail" { text.trim_start_matches(['+', '-']) } else { text };
        if !matches!(name, "sort" | "cut") && !digits.is_empty() && digits.parse::<u64>().is_err() {
            return Err(format!("invalid number '{text}'"));
        }
    }
    if let Some(key) = options.value('k')
        && (Key::parse(key).is_none() || options.values('k').len() > 1)
    {
        return Err(format!("-k {key}: only one key, of whole fields, is simulated"));
    }
    Ok(options)
}

/// `head [-n N] [-c N] [FILE]`.
async fn head(sys: &Sys, options: &Options<'_>, input: &Pipe) -> i32 {
    let counts_bytes = options.has('c');
    let mut left = units_wanted(options);
    while left > 0 {
        let mut part = if counts_bytes { poll_fn(|_| input.poll_read()).await } else { input.read_line().await };
        if part.is_empty() {
            break;
        }
        if counts_bytes {
            part.truncate(left);
        }
        left -= if counts_bytes { part.len() } else { 1 };
        sys.stdout.write(&part);
    }
    0
}

/// How many lines `head` and `tail` show, as `-n 3`, `-n3` or `-3`, or bytes as `-c 3`; ten lines if nothing is said.
fn units_wanted(options: &Options<'_>) -> usize {
    let mut old = None;
    for letter in options.letters().chars() {
        if let Some(digit) = letter.to_digit(10) {
            old = Some(old.unwrap_or(0_usize).saturating_mul(10).saturating_add(digit as usize));
        }
    }
    let new = options.value('c').or(options.value('n'));
    let new = new.map(|text| text.trim_start_matches(['+', '-']).parse().unwrap_or(usize::MAX));
    new.or(old).unwrap_or(10)
}

/// `wc [-l -w -c] [FILE...]`.
fn wc(options: &Options<'_>, text: &str) -> String {
    let lines = text.bytes().filter(|byte| *byte == b'\n').count();
    let letters = options.letters();
    let mut output = String::new();
    for (letter, number) in [('l', lines), ('w', text.split_whitespace().count()), ('c', text.len())] {
        if letters.is_empty() || letters.contains(letter) {
            let width = if letters.len() == 1 { 0 } else { 10 };
            output += &format!("{number:>width$}");
        }
    }
    output + "\n"
}

/// Lines with their ends.
fn joined(lines: &[&str]) -> String {
    let mut text = String::new();
    for line in lines {
        text += line;
        text += "\n";
    }
    text
}

/// `uniq [-c -d -u] [FILE]`.
fn uniq(options: &Options<'_>, text: &str) -> String {
    let mut output = String::new();
    let mut lines = text.lines().peekable();
    let mut count = 0;
    while let Some(line) = lines.next() {
        count += 1;
        if lines.peek() == Some(&line) {
            continue;
        }
        if (count > 1 || !options.has('d')) && (count == 1 || !options.has('u')) {
            if options.has('c') {
                output += &format!("{count:>7} ");
            }
            output += line;
            output += "\n";
        }
        count = 0;
    }
    output
}

/// `tail [-n N] [-n +N] [-c N] [FILE]`.
fn tail(options: &Options<'_>, text: &str) -> String {
    let wanted = units_wanted(options);
    let from_start = options.value('c').or(options.value('n')).is_some_and(|text| text.starts_with('+'));
    let begin = |all: usize| if from_start { wanted.saturating_sub(1).min(all) } else { all.saturating_sub(wanted) };
    if options.has('c') {
        return String::from_utf8_lossy(&text.as_bytes()[begin(text.len())..]).into_owned();
    }
    let lines: Vec<&str> = text.lines().collect();
    joined(&lines[begin(lines.len())..])
}

/// `tr -d SET` and `tr SET SET`; a set is plain characters, `\n`, and ranges such as `a-z`.
fn tr(options: &Options<'_>, from: &str, text: &str) -> String {
    let from = expand(from);
    let to = expand(options.words.get(1).copied().unwrap_or_default());
    let mut result = String::new();
    for c in text.chars() {
        match from.iter().position(|have| *have == c) {
            Some(_) if options.has('d') => {}
            Some(at) if !to.is_empty() => result.push(to[at.min(to.len() - 1)]),
            _ => result.push(c),
        }
    }
    result
}

fn expand(set: &str) -> Vec<char> {
    let plain: Vec<char> = set.replace("\\n", "\n").replace("\\t", "\t").chars().collect();
    let mut all = Vec::new();
    let mut rest = &plain[..];
    while let [first, more @ ..] = rest {
        match more {
            ['-', last, more @ ..] if first <= last => {
                all.extend(*first..=*last);
                rest = more;
            }
            _ => {
                all.push(*first);
                rest = more;
            }
        }
    }
    all
}

/// `cut -d X -f LIST`, `cut -c LIST`; a list is numbers and ranges.
fn cut(options: &Options<'_>, list: &str, text: &str) -> String {
    let fields = options.has('f');
    let delimiter = if fields { options.value('d').unwrap_or("\t") } else { "" };
    let mut output = String::new();
    for line in text.lines() {
        if fields && !line.contains(delimiter) {
            output += line;
        } else {
            let mut separator = "";
            // An empty delimiter splits into characters, with nothing before the first and behind the last.
            for (at, piece) in line.split(delimiter).enumerate() {
                if is_listed(list, at + usize::from(fields)) {
                    output += separator;
                    output += piece;
                    separator = delimiter;
                }
            }
        }
        output += "\n";
    }
    output
}

fn is_listed(list: &str, number: usize) -> bool {
    list.split(',').any(|range| {
        let (first, last) = range.split_once('-').unwrap_or((range, range));
        let open = first.len() + last.len() < range.len();
        let bound = |text: &str, otherwise: usize| text.parse().unwrap_or(if open { otherwise } else { 0 });
        (bound(first, 1)..=bound(last, usize::MAX)).contains(&number)
    })
}
